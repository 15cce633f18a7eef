"""The workloads: how the load generator is called for each, and which of its figures are compared.

Every peer does the same: sockets join a room by a command, a text said to a room reaches each socket in it, its
sender's too, and is acknowledged. For the whole product that is a durable message in a conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """`path` leads into the load generator's result; the value is shown as value / `unit_size`."""

    name: str
    path: tuple[str, ...]
    unit: str
    unit_size: float = 1
    more_is_better: bool = True

    def of(self, result: dict[str, Any]) -> float | None:
        value: Any = result
        for key in self.path:
            value = value.get(key) if isinstance(value, dict) else None
        return None if value is None else float(value) / self.unit_size


_DELIVERIES = Figure("deliveries", ("deliveries_per_s",), "/s")
#: What a neighbour on the server's core takes away does not change this one.
_PER_CPU = Figure("deliveries per CPU second", ("server", "deliveries_per_cpu_s"), "/s")
_MESSAGES = Figure("messages", ("messages_per_s",), "/s")
_ACK = tuple(Figure(f"ack {q}", ("ack_ms", q), "ms", more_is_better=False) for q in ("p50", "p99"))
_RECEIPT = tuple(
    Figure(f"receipt {q}", ("receipt_ms", q), "ms", more_is_better=False) for q in ("p50", "p99")
)
_OPENED = (
    Figure("opened", ("opened_per_s",), "/s"),
    Figure("open p50", ("open_ms", "p50"), "ms", more_is_better=False),
)


@dataclass(frozen=True)
class Workload:
    """`window`: unfinished messages of one sender. `rate`: messages a second of all, at scheduled times, instead.

    `lively`: so many people of the room type, receive, read and react meanwhile; the product alone knows such.
    `primed`: the same sockets have been there once before what is measured, and have gone.
    `deflate`: the WebSockets offer permessage-deflate.
    """

    name: str
    mode: str
    sockets: int
    figures: tuple[Figure, ...]
    joins: bool = True
    window: int = 1
    rate: float | None = None
    quick_sockets: int | None = None
    primed: bool = False
    lively: int = 0
    deflate: bool = False

    @property
    def group_of(self) -> int:
        """How many sockets share one room."""
        return self.sockets if self.mode == "fanout" else 2

    def sized(self, *, quick: bool) -> int:
        return self.quick_sockets if quick and self.quick_sockets else self.sockets

    def arguments(self, *, quick: bool, duration_s: float) -> list[str]:
        arguments = [self.mode, "--sockets", str(self.sized(quick=quick)), "--window", str(self.window)]
        if self.rate is not None:
            arguments += ["--rate", str(self.rate)]
        if self.mode == "idle":
            arguments += ["--hold", "3" if quick else "30"]
        elif self.mode != "connect":
            arguments += ["--duration", str(duration_s), "--warmup", "0.5" if quick else "1.5"]
        return arguments


WORKLOADS: tuple[Workload, ...] = (
    Workload("fanout-1000", "fanout", 1000, (_DELIVERIES, _PER_CPU, *_RECEIPT), window=4),
    Workload("fanout-100", "fanout", 100, (_DELIVERIES, _PER_CPU, *_RECEIPT), window=4),
    Workload("fanout-100-lively", "fanout", 100, (_DELIVERIES, _PER_CPU, *_RECEIPT), window=4, lively=20),
    Workload("pairs-500", "pairs", 1000, (_MESSAGES, _DELIVERIES, _PER_CPU, *_ACK, *_RECEIPT)),
    Workload("pairs-500-window-8", "pairs", 1000, (_MESSAGES, _DELIVERIES, _PER_CPU, *_ACK), window=8),
    Workload("pairs-500-paced", "pairs", 1000, (_MESSAGES, *_ACK, *_RECEIPT), rate=2000),
    Workload("single", "single", 2, (*_ACK, *_RECEIPT)),
    Workload("connect", "connect", 5000, _OPENED, joins=False, quick_sockets=1000),
    Workload("reconnect", "connect", 5000, _OPENED, joins=False, quick_sockets=1000, primed=True),
    Workload(
        "idle",
        "idle",
        10_000,
        (
            Figure("memory", ("server", "bytes_per_socket"), "KB/socket", 1024, more_is_better=False),
            Figure("idle CPU", ("server", "idle_cpu_share"), "%", 0.01, more_is_better=False),
        ),
        joins=False,
        quick_sockets=2000,
    ),
)
