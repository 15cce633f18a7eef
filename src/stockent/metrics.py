"""The figures of a running node in the text format of Prometheus: what `GET /metrics` answers. See `docs/metrics.md`.

Nothing is counted here. Where things happen they leave plain numbers; they are read when somebody asks, on the event
loop, and so a figure costs the paths that it is about next to nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from .figures import LoopWatch
from .gateway.figures import GatewayFigures
from .http.figures import Answered
from .messaging.ports import Store
from .messaging.ports.figures import Buckets
from .socketio import Namespace, Server
from .socketio.connection import POLLING, WEBSOCKET, Reason

PREFIX = "stockent_"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the figures are kept."""

    server: Server
    namespace: Namespace
    gateway: GatewayFigures
    answers: Counter[Answered]
    store: Store
    watch: LoopWatch


class Metrics:
    """Call it for the figures of this moment."""

    def __init__(self, sources: Sources) -> None:
        self._registry = CollectorRegistry()
        # Descriptors, memory, CPU and the start of the process, as every Prometheus client names them.
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._registry.register(_Node(sources))

    def __call__(self) -> bytes:
        return generate_latest(self._registry)


class _Node(Collector):
    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def describe(self) -> list[Metric]:
        """Nothing: the registry would else collect once when it is made, before there is an event loop."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._connections()
        yield from self._commands()
        yield from self._writes()
        yield from self._loop()

    def _connections(self) -> Iterator[Metric]:
        engine, namespace = self._sources.server.engine, self._sources.namespace
        by_transport = Counter(connection.transport for connection in engine.connections.values())
        yield _gauges(
            "connections",
            "Engine.IO sessions now.",
            "transport",
            {transport: by_transport[transport] for transport in (WEBSOCKET, POLLING)},
        )
        yield _gauge("sockets", "Sockets connected to the main namespace now.", len(namespace.sockets))
        yield _gauge("rooms", "Rooms with a socket in them now.", len(namespace.rooms))
        yield _count("events_emitted", "Events sent, to however many sockets.", namespace.emitted)
        yield _count("events_delivered", "Events times the sockets that got them.", namespace.delivered)
        yield _counts("connections_ended", "Sessions that ended.", ("reason",), _alone(engine.ended))
        yield _counts(
            "connections_refused", "Requests answered in a session's stead.", ("why",), _alone(engine.refused)
        )
        yield _count(
            "slow_readers_closed",
            "Sessions whose reader fell too far behind.",
            engine.ended[Reason.SLOW_READER],
        )

    def _commands(self) -> Iterator[Metric]:
        gateway = self._sources.gateway
        yield _counts(
            "commands", "Commands by how they were acked.", ("command", "outcome"), gateway.commands
        )
        yield _histogram("ack_seconds", "From a command's turn to its ack.", gateway.ack_s)
        yield _counts("sockets_refused", "Sockets not let in.", ("code",), _alone(gateway.refused))
        yield _counts(
            "http_answers",
            "Requests answered, without those of Socket.IO.",
            Answered._fields,
            {tuple(map(str, answered)): count for answered, count in self._sources.answers.items()},
        )

    def _writes(self) -> Iterator[Metric]:
        store = self._sources.store
        yield _gauge("store_waiting_writes", "Writes that no batch has taken yet.", store.waiting_writes)
        yield _count("store_writes", "Writes committed.", store.figures.writes)
        yield _count("store_writes_refused", "Writes whose batch failed.", store.figures.refused)
        yield _histogram("store_batch_seconds", "Batches, each one commit.", store.figures.batch_s)

    def _loop(self) -> Iterator[Metric]:
        watch = self._sources.watch
        stalls = {("running",): watch.running_stalls, ("blocked",): watch.blocked_stalls}
        yield _counts("loop_stalls", "Turns of the event loop over 100 ms.", ("cause",), stalls)
        yield _histogram("loop_late_seconds", "How late the loop came round.", watch.late)
        yield _histogram("loop_own_seconds", "What its thread ran meanwhile.", watch.own)
        yield _gauges(
            "loop_worst_seconds", "The worst of each since the start.", "figure", watch.worst._asdict()
        )
        yield _gauge("tasks", "Tasks of asyncio now.", len(asyncio.all_tasks()))


def _alone(counts: Mapping[str, int]) -> dict[tuple[str, ...], int]:
    return {(name,): count for name, count in counts.items()}


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, meaning, value=value)


def _gauges(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    metric = GaugeMetricFamily(PREFIX + name, meaning, labels=[label])
    for each, value in values.items():
        metric.add_metric([each], value)
    return metric


def _count(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, meaning, value=value)


def _counts(name: str, meaning: str, labels: tuple[str, ...], counts: Mapping[Any, int]) -> Metric:
    metric = CounterMetricFamily(PREFIX + name, meaning, labels=labels)
    for key, value in counts.items():
        metric.add_metric(key, value)
    return metric


def _histogram(name: str, meaning: str, values: Buckets) -> Metric:
    return HistogramMetricFamily(PREFIX + name, meaning, buckets=values.buckets(), sum_value=values.total)
