"""The composition root: builds everything, knows the order of starting and stopping, and sees all packages.

Starting: store, whose lock bars every other process from the files too, then files, broker and sockets, HTTP, then the
port opens. Stopping (SIGTERM, SIGINT): the port closes, clients are told to come back, what runs ends and what comes is
refused, sockets are closed, and files and store finish what they accepted.
"""

from __future__ import annotations

import asyncio
import errno
import socket as sockets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import structlog

from . import logs
from .auth import Authenticator
from .config import Settings
from .demo import Demo, seed
from .descriptors import connections_within, raise_limit
from .door import NodeDoor
from .figures import LoopWatch
from .gateway import Gateway, SocketEmitter
from .heap import Heap
from .http.app import create_app
from .http.figures import Answered
from .inspecting import MediaInspector
from .messaging.attachments import Attachments
from .messaging.blobs import Blobs
from .messaging.commands import MAX_WATCHED
from .messaging.domain import Domain
from .messaging.ports import Store
from .messaging.sweeping import Sweeper
from .messaging.timers import CallLater, loop_call_later
from .metrics import Metrics, Sources
from .open_files import open_files
from .rates import Limit, Rates, RateSettings
from .socketio import Limits, Listener, Proxies, Server, listener, tune_collector
from .store import is_held, open_store

log = structlog.get_logger("stockent.server")

#: Between the notice and the close: time for it to leave the socket buffers.
DRAIN_S = 0.2
#: How long commands that run may take to end. The store answers within its own bounds, which are shorter.
SETTLE_S = 5.0
#: How long a start waits for another process that has the port or the store: one that is being stopped. Supervisors
#: may start the next before the last has gone.
WAIT_S = 10.0
WAIT_STEP_S = 0.05
BACKLOG = 4_096
#: A message of 5,000 characters is at most 60 KB of escaped JSON; files do not come this way.
#: Of its rooms one is the user's; whom a socket watches takes nothing from the conversations that it has in view.
LIMITS = Limits(max_payload_bytes=256_000, max_rooms=1 + 1_000 + MAX_WATCHED)


@dataclass(frozen=True, slots=True)
class Node:
    """A running node, its port open."""

    domain: Domain
    attachments: Attachments
    sweeper: Sweeper
    server: Server
    gateway: Gateway
    rates: Rates
    door: NodeDoor
    watch: LoopWatch
    heap: Heap
    listener: Listener
    port: int


def run(
    settings: Settings,
    *,
    demo: bool = False,
    on_started: Callable[[int], None] | None = None,
    wait_s: float = WAIT_S,
) -> None:
    """Serve until SIGTERM or SIGINT. `on_started` is called with the port once it is open.

    For up to `wait_s` it waits for a process that has the port or the store. Raises OSError when the port cannot be
    had, `StoreError` when the store cannot open.
    """
    logs.configure(settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, demo=demo, on_started=on_started, wait_s=wait_s))


async def _serve(
    settings: Settings, *, demo: bool, on_started: Callable[[int], None] | None, wait_s: float
) -> None:
    until = asyncio.get_running_loop().time() + wait_s
    # The port first: who comes from here on waits in its queue, and is not turned away.
    with await _bound(settings, until) as sock:
        await _store_free(settings, until)
        async with node(settings, sock, demo=demo) as running:
            # Who is told that it listens may stop it at once, and is to see it drain.
            with running.listener.capture_signals():
                log.info("listening", host=settings.host, port=running.port)
                if on_started is not None:
                    on_started(running.port)
                tune_collector()
                # Not before: what a start takes holds up nobody.
                running.watch.start()
                running.heap.start()
                await running.listener.serve(sockets=[sock])


@asynccontextmanager
async def node(
    settings: Settings,
    sock: sockets.socket,
    *,
    demo: bool = False,
    now: Callable[[], float] = time.time,
    call_later: CallLater = loop_call_later,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Node]:
    """Everything but the listener's own loop, built and started; stopped in reverse order.

    `now` and `call_later` are what tokens, typing and presence are timed by, see `Domain`; `monotonic` times rates.
    """
    port = int(sock.getsockname()[1])
    if demo:
        await seed(settings)
    store = open_store(settings.database_url)
    await store.open()
    try:
        async with open_files(settings) as files:
            rates = Rates(settings.rates, now=monotonic)
            built = await _build(
                settings, store, files, port, rates, demo=demo, now=now, call_later=call_later
            )
            try:
                yield built
            finally:
                built.watch.stop()
                built.heap.stop()
                built.gateway.stop()
                await built.sweeper.stop()
                await built.server.stop()
                await built.domain.presence.stop()
    finally:
        await store.close()
        log.info("stopped")


async def _build(
    settings: Settings,
    store: Store,
    files: tuple[Blobs, MediaInspector],
    port: int,
    rates: Rates,
    *,
    demo: bool,
    now: Callable[[], float],
    call_later: CallLater,
) -> Node:
    origins = settings.allowed_origins(port=port)
    authenticator = Authenticator(settings, now=now)
    proxies = Proxies(settings.trusted_proxies)
    door = NodeDoor(rates, proxies, most_connections=_most_connections(settings.rates))
    server = Server(limits=limits(settings), origins=origins, door=door)
    namespace = server.of("/")
    domain = Domain(store, SocketEmitter(namespace), settings.policy, now=now, call_later=call_later)
    blobs, inspector = files
    attachments = Attachments(domain, blobs, inspector)
    sweeper = Sweeper(domain, attachments, blobs)
    gateway = Gateway(namespace, domain, authenticator, rates)
    server.engine.guard = gateway.guard
    watch, heap = LoopWatch(), Heap(server.engine.ended.total)
    answers: Counter[Answered] = Counter()
    shown = Demo(settings, now=now) if demo else None

    async def ready() -> None:
        await store.ping()
        await attachments.ping()
        await server.broker.ping()

    async def before_stop() -> None:
        log.info("stopping", sockets=len(namespace.sockets))
        server.engine.refuse_new()
        gateway.drain()
        attachments.stop()
        settled, _ = await asyncio.gather(server.settle(timeout_s=SETTLE_S), asyncio.sleep(DRAIN_S))
        if not settled:
            log.warning("commands_cut_off", after_s=SETTLE_S)
        # The broker stays until HTTP has ended too: what a request still commits, it announces.
        server.engine.stop()

    place = settings.files_place
    app = create_app(
        domain,
        authenticator,
        attachments,
        allowed_origins=origins,
        files_origin=place.endpoint if place is not None and place.links else None,
        demo=shown,
        readiness=ready,
        rates=rates,
        is_stopping=lambda: server.engine.stopping,
        metrics=Metrics(Sources(server, namespace, gateway.figures, answers, store, watch)),
        answers=answers,
    )
    await server.start()
    gateway.start()
    sweeper.start()
    port_listener = listener(
        [server.engine],
        host=settings.host,
        port=port,
        app=app,
        before_stop=before_stop,
        proxies=proxies,
        door=door,
    )
    return Node(domain, attachments, sweeper, server, gateway, rates, door, watch, heap, port_listener, port)


def _most_connections(rates: RateSettings) -> int:
    """What was asked for, but no more than the system's limit of open files allows."""
    possible = connections_within(raise_limit())
    wanted = rates.caps[Limit.NODE_CONNECTIONS] or possible
    if wanted > possible:
        log.warning("node_connections_lowered", wanted=wanted, possible=possible)
    return min(wanted, possible)


def limits(settings: Settings) -> Limits:
    """What one connection may do: `LIMITS`, the bytes that the rates let it send, and how long it may come back."""
    here = replace(LIMITS, recovery_window_s=settings.recovery_window_s)
    pace = settings.rates.paces.get(Limit.CONNECTION_BYTES)
    return here if pace is None else replace(here, max_bytes_per_s=pace.per_s, burst_bytes=pace.burst)


async def _bound(settings: Settings, until: float) -> sockets.socket:
    """The port, as soon as it is free; the last attempt is made after `until`."""
    told = False
    while True:
        is_last = asyncio.get_running_loop().time() >= until
        try:
            return bind(settings.host, settings.port)
        except OSError as error:
            if is_last or error.errno != errno.EADDRINUSE:
                raise
        if not told:
            log.warning("waiting", reason=f"port {settings.port} is in use")
            told = True
        await asyncio.sleep(WAIT_STEP_S)


async def _store_free(settings: Settings, until: float) -> None:
    """Return when no other process has the store, or at `until`: then opening it tells."""
    told = False
    while (reason := is_held(settings.database_url)) and asyncio.get_running_loop().time() < until:
        if not told:
            log.warning("waiting", reason=reason)
            told = True
        await asyncio.sleep(WAIT_STEP_S)


def bind(host: str, port: int) -> sockets.socket:
    """Take the port before anything else is started, so that a port in use is the first thing told."""
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    sock = sockets.socket(family, sockets.SOCK_STREAM)
    try:
        sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
