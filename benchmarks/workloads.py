"""The workloads: how the load generator is called for each, who takes part, and which figures are compared.

Every peer does the same: sockets join a room by a command, a text said to a room reaches each socket in it, its
sender's too, and is acknowledged. For the whole product that is a durable message in a conversation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from . import texts
from .requests import Kind

#: Peers whom a user of the product would or could have instead, and the floor, which nobody can have.
_PRODUCT, _ENGINE, _NODE, _REPLACED = "product", "engine", "node", "replaced"
PEER_NAMES = _ALL = (_PRODUCT, _ENGINE, _REPLACED, _NODE, "python-socketio", "floor")
_SERVERS = (_PRODUCT, _ENGINE, _NODE, _REPLACED)
_OPEN = (_PRODUCT, _ENGINE, _NODE)
#: Sockets of an idle server are pinged every 25 s: each once while they are watched.
_HOLD_S, _QUICK_HOLD_S = 26.0, 3.0
_WARMUP_S, _QUICK_WARMUP_S = 0.8, 0.3
#: For the estimate: starting a server, filling it, and stopping it; sockets opened a second.
_AROUND_S, _OPENED_PER_S = 2.2, 2_000


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


def _quantiles(name: str, key: str, *inside: str) -> tuple[Figure, Figure]:
    p50, p99 = (Figure(f"{name} {q}", (*inside, key, q), "ms", more_is_better=False) for q in ("p50", "p99"))
    return p50, p99


_DELIVERIES = Figure("deliveries", ("deliveries_per_s",), "/s")
#: What a neighbour on the server's core takes away does not change this one.
_PER_CPU = Figure("deliveries per CPU second", ("server", "deliveries_per_cpu_s"), "/s")
_MESSAGES = Figure("messages", ("messages_per_s",), "/s")
_ACK = _quantiles("ack", "ack_ms")
_RECEIPT = _quantiles("receipt", "receipt_ms")
_FANOUT = (_DELIVERIES, _PER_CPU, *_RECEIPT)
_PAIRS = (_MESSAGES, *_ACK, _PER_CPU)
_PACED = (_RECEIPT[1], _RECEIPT[0], *_ACK, Figure("CPU", ("server", "cpu_share"), "%", 0.01, False))
_OPENED = (
    Figure("opened", ("opened_per_s",), "/s"),
    Figure("open p50", ("open_ms", "p50"), "ms", more_is_better=False),
)
_IDLE = (
    Figure("memory", ("server", "bytes_per_socket"), "KB/socket", 1024, more_is_better=False),
    Figure("idle CPU", ("server", "idle_cpu_share"), "%", 0.01, more_is_better=False),
)
_ANSWERED = (
    Figure("requests", ("requests_per_s",), "/s"),
    Figure("requests per CPU second", ("server", "requests_per_cpu_s"), "/s"),
    *_quantiles("answer", "latency_ms"),
)
#: What is measured beside a store of some size, in this order; see `growth`.
GROWTH_ACTS = ("send", "history", "deep history", "list", "unread", "list of 10,000", "unread of 10,000")
_GROWN = tuple(
    figure
    for act in GROWTH_ACTS
    for figure in _quantiles(act, "ack_ms" if act == "send" else "latency_ms", act)
)


@dataclass(frozen=True)
class Workload:
    """`figures`: the first `compared` of them stand for the workload where peers are compared.

    `window`: unfinished messages of one sender. `rate`: messages a second of all, at scheduled times, instead.
    `text_bytes`: of one message. `requests`: which HTTP request is made, for the mode `http`; see `requests`.
    `lively`: so many people of the room type, receive, read and react meanwhile; the product alone knows such.
    `primed`: the same sockets have been there once before what is measured, and have gone.
    `stored`: messages that are there before, for the mode `growth`. `longer`: more seconds than others, by this
    factor. `family`: workloads of one take turns with each other. `in_quick`, `in_default`: whether it belongs to
    such a run.
    """

    name: str
    mode: str
    sockets: int
    figures: tuple[Figure, ...]
    peers: tuple[str, ...] = PEER_NAMES
    about: str = ""
    joins: bool = True
    window: int = 1
    rate: float | None = None
    text_bytes: int = 64
    polling: bool = False
    deflate: bool = False
    requests: Kind | None = None
    quick_sockets: int | None = None
    primed: bool = False
    lively: int = 0
    stored: int = 0
    longer: float = 1
    family: str = ""
    in_quick: bool = True
    in_default: bool = True
    compared: int = 1

    @property
    def compared_figures(self) -> tuple[Figure, ...]:
        return self.figures[: self.compared]

    @property
    def group_of(self) -> int:
        """How many sockets share one room."""
        return self.sockets if self.mode == "fanout" else 2

    @property
    def baseline(self) -> str:
        """The peer that ratios refer to: the one that its user would pick instead."""
        return _NODE if _NODE in self.peers else _REPLACED

    def sized(self, *, quick: bool) -> int:
        return self.quick_sockets if quick and self.quick_sockets else self.sockets

    def arguments(self, *, quick: bool, duration_s: float) -> list[str]:
        arguments = [self.mode, "--sockets", str(self.sized(quick=quick))]
        if self.mode == "idle":
            return [*arguments, "--hold", str(_QUICK_HOLD_S if quick else _HOLD_S)]
        if self.mode != "connect":
            warmup_s = _QUICK_WARMUP_S if quick else _WARMUP_S
            arguments += ["--duration", str(duration_s * self.longer), "--warmup", str(warmup_s)]
        if self.mode in ("fanout", "pairs", "single"):
            arguments += [
                "--window",
                str(self.window),
                "--payload",
                str(self.text_bytes - self._larger_bytes),
            ]
        if self.rate is not None:
            arguments += ["--rate", str(self.rate)]
        if self.polling:
            arguments += ["--transport", "polling"]
        if self.deflate:
            arguments += ["--deflate"]
        return arguments

    def texted(self, argument: str) -> str:
        """Where the generator's own text would be too many characters, the packet with the rest of it behind that."""
        return argument.replace("{text}", "{text}" + texts.filler(self._larger_bytes))

    @property
    def _larger_bytes(self) -> int:
        return self.text_bytes - texts.HEAD_BYTES if self.text_bytes > texts.PLAIN_UPTO_BYTES else 0

    def estimate_s(self, *, quick: bool, duration_s: float) -> float:
        """What one turn of one peer takes, roughly."""
        opening_s = self.sized(quick=quick) / _OPENED_PER_S
        if self.mode == "growth":
            return _AROUND_S + len(GROWTH_ACTS) * (0.3 + duration_s / 2)
        if self.mode == "idle":
            return _AROUND_S + opening_s + (_QUICK_HOLD_S if quick else _HOLD_S)
        if self.mode == "connect":
            return _AROUND_S + opening_s * (2 if self.primed else 1)
        return _AROUND_S + opening_s + (_QUICK_WARMUP_S if quick else _WARMUP_S) + duration_s * self.longer


def turns(
    workloads: Sequence[Workload], peers: Sequence[str], rounds: int
) -> Iterator[tuple[Workload, int, str]]:
    """Workload, round and peer of each measurement, so that those which are compared stand next to each other."""
    for _, family in groupby(workloads, key=lambda workload: workload.family or workload.name):
        together = list(family)
        for number in range(rounds):
            for workload in together:
                yield from ((workload, number, peer) for peer in peers if peer in workload.peers)


def _fanout(sockets: int, peers: tuple[str, ...], **more: Any) -> Workload:
    return Workload(
        f"fanout-{sockets}",
        "fanout",
        sockets,
        _FANOUT,
        peers,
        about=f"fan-out to {sockets:,}",
        window=4,
        **more,
    )


def _texts(name: str, size: int, *, deflate: bool, in_quick: bool = False) -> Workload:
    about = f"fan-out to 100, {name}, {'compressed' if deflate else 'not compressed'}"
    key = f"text-{name.replace(' ', '').lower()}" + ("-deflate" if deflate else "")
    return Workload(
        key,
        "fanout",
        100,
        _FANOUT,
        _OPEN,
        about,
        window=4,
        text_bytes=size,
        deflate=deflate,
        in_quick=in_quick,
    )


def _http(name: Kind, about: str) -> Workload:
    return Workload(
        f"http-{name}",
        "http",
        32,
        _ANSWERED,
        (_PRODUCT, _REPLACED),
        f"HTTP: {about}",
        joins=False,
        requests=name,
    )


def _grown(stored: int, shown: str, **more: Any) -> Workload:
    return Workload(
        f"growth-{shown}", "growth", 1, _GROWN, (_PRODUCT,), f"{stored:,} messages stored", joins=False,
        stored=stored, family="growth", **more,
    )  # fmt: skip


WORKLOADS: tuple[Workload, ...] = (
    _fanout(100, _ALL),
    _fanout(1000, _ALL),
    _fanout(5000, (_PRODUCT, _ENGINE, _NODE, "floor"), in_quick=False),
    Workload(
        "fanout-100-lively", "fanout", 100, _FANOUT, (_PRODUCT,), about="fan-out to 100, and they type, read and react",
        window=4, lively=20, in_quick=False,
    ),
    Workload("pairs-500", "pairs", 1000, _PAIRS, _ALL, about="500 pairs", compared=2),
    Workload(
        "pairs-500-window-4", "pairs", 1000, _PAIRS, _SERVERS, about="500 pairs, 4 messages each",
        window=4, in_quick=False,
    ),
    Workload("single", "single", 2, (*_ACK, *_RECEIPT), _ALL, about="one message at a time", compared=2),
    Workload(
        "paced-300", "pairs", 1000, _PACED, (_PRODUCT, _REPLACED, _NODE), about="500 pairs, 300 messages/s",
        rate=300, longer=1.5, in_quick=False,
    ),
    Workload("paced-3000", "pairs", 1000, _PACED, _SERVERS, about="500 pairs, 3,000 messages/s", rate=3000),
    Workload("connect", "connect", 5000, _OPENED, _ALL, about="opening connections", joins=False, quick_sockets=1000),
    Workload(
        "reconnect", "connect", 5000, _OPENED, _OPEN, about="the same sockets again", joins=False, quick_sockets=1000,
        primed=True, in_quick=False,
    ),
    Workload(
        "idle", "idle", 10_000, _IDLE, _OPEN, about="10,000 idle connections",
        joins=False, quick_sockets=2000, compared=2,
    ),
    Workload("polling-500", "pairs", 1000, _PAIRS, _OPEN, about="500 pairs, long polling", polling=True),
    _texts("64 B", 64, deflate=True),
    _texts("1 KB", 1024, deflate=False),
    _texts("1 KB", 1024, deflate=True, in_quick=True),
    _texts("16 KB", 16 * 1024, deflate=False),
    _texts("16 KB", 16 * 1024, deflate=True),
    _http("send", "send"),
    _http("history", "history page of 50"),
    _http("list", "list of 30 conversations"),
    _http("unread", "unread counts"),
    _grown(1_000, "1e3"),
    _grown(100_000, "1e5", in_quick=False),
    _grown(10_000_000, "1e7", in_quick=False, in_default=False),
)  # fmt: skip
