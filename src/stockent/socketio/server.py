"""Socket.IO on an engine: namespaces, sockets, their handlers and acknowledgements.

Commands of one connection run one after another, but for those that a namespace lets overlap; a slow handler delays
only its own connection. Handlers may be plain functions, which then run at once, or coroutine functions.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeGuard

from .broker import EMIT, Action, Broadcast, Broker, LocalBroker
from .connection import Connection, Reason, State
from .deflate import Deflater
from .door import Door
from .engine import Engine
from .limits import Limits
from .namespace import ConnectError, Namespace, Socket
from .packets import ACK, EVENT, Kind, Packet, PacketError, encode
from .recovery import LOSSES, SWEEP_S, is_follower
from .rooms import deliver
from .sessions import Ack, Run, Session
from .trails import Trail

log = logging.getLogger("stockent.socketio")

_CONNECT, _DISCONNECT = Kind.CONNECT, Kind.DISCONNECT


class Server:
    """A Socket.IO server (protocol 5 on Engine.IO 4).

    `origins`: the exact origins of browsers that may connect, None for any. Clients that send no `Origin` are not
    browsers; the check does not concern them. `door` judges who may open a session, by default everybody.
    """

    def __init__(
        self,
        *,
        path: str = "/socket.io/",
        limits: Limits | None = None,
        origins: Collection[str] | None = None,
        broker: Broker | None = None,
        door: Door | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.broker: Broker = broker or LocalBroker()
        #: Compresses for every namespace, and counts what it does.
        self.deflater = Deflater(self.limits)
        self.engine = Engine(self, path=path, limits=self.limits, origins=origins, door=door)
        self._namespaces: dict[str, Namespace] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None

    def of(self, name: str) -> Namespace:
        """The namespace of that name, made on first use. Clients can connect only to those made before."""
        if not name.startswith("/"):
            raise ValueError(f"a namespace begins with a slash, got {name!r}")
        namespace = self._namespaces.get(name)
        if namespace is None:
            namespace = self._namespaces[name] = Namespace(
                name, self.limits, self.broker, self.deflater, self._disconnect
            )
        return namespace

    async def start(self) -> None:
        await self.broker.start(self._deliver)

    async def settle(self, *, timeout_s: float) -> bool:
        """Wait for the handlers that run now, with what is queued behind each. Returns whether all ended in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._working:
                    await asyncio.wait(self._working)
        return not self._working

    async def stop(self, *, timeout_s: float = 5.0) -> None:
        """Disconnect everybody, then wait for the handlers that still run, at most `timeout_s`. Idempotent."""
        self.engine.stop()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        if self._working:
            await asyncio.wait(self._working, timeout=timeout_s)
        for task in self._working:
            task.cancel()
        await self.broker.stop()

    # Application, for the engine

    def opened(self, connection: Connection) -> None:
        connection.session = Session(self.limits)

    def text(self, connection: Connection, message: str) -> None:
        session: Session = connection.session
        packet = session.decoder.text(message)
        if packet is not None:
            self._take(connection, session, packet)
        elif not session.sockets:
            # Else a client that never connects could keep parts of packets in memory (CVE-2026-48804).
            raise PacketError("a binary packet before a namespace was connected")

    def binary(self, connection: Connection, message: bytes) -> None:
        session: Session = connection.session
        packet = session.decoder.binary(message)
        if packet is not None:
            self._take(connection, session, packet)

    def closed(self, connection: Connection, reason: str) -> None:
        session: Session = connection.session
        session.inbox = None
        # What came of a packet whose rest never will (CVE-2026-48804).
        session.decoder.clear()
        for socket in tuple(session.sockets.values()):
            self._leave(session, socket, reason)

    # packets, in order

    def _take(self, connection: Connection, session: Session, packet: Packet) -> None:
        if packet.kind is ACK:
            # Not queued: the handler that runs may be waiting for this very ack.
            socket = session.sockets.get(packet.namespace)
            if socket is not None:
                socket.take_ack(packet.id, packet.data)
            return
        if session.inbox or not self._begin(connection, session, packet):
            self._queue(connection, session, packet)

    def _begin(self, connection: Connection, session: Session, packet: Packet) -> bool:
        """Begin what a packet asks. False while it has to wait for those before it."""
        overlaps, running = self._overlaps(packet), session.running
        if running:
            may_join = overlaps and running[-1].overlaps and len(running) < self.limits.max_inbox_packets
            if not may_join:
                return False
        run = Run(overlaps=overlaps)
        work = self._handle(connection, session, packet, run)
        if work is None and not running:
            if run.ack is not None:
                self._acknowledge(run.ack)
            return True
        running.append(run)
        if work is None:
            self._answer(session, run)
        else:
            run.task = task = asyncio.create_task(self._work(connection, session, run, work))
            self._working.add(task)
        return True

    def _overlaps(self, packet: Packet) -> bool:
        namespace = self._namespaces.get(packet.namespace)
        return packet.kind is EVENT and namespace is not None and packet.data[0] in namespace.overlapping

    def _queue(self, connection: Connection, session: Session, packet: Packet) -> None:
        if session.inbox is None:
            session.inbox = deque()
        session.inbox.append(packet)
        if len(session.inbox) >= self.limits.max_inbox_packets and not session.paused:
            session.paused = True
            connection.link.pause_reading()

    async def _work(
        self, connection: Connection, session: Session, run: Run, work: Coroutine[Any, Any, None]
    ) -> None:
        """Finish one packet, then begin what waits for it."""
        try:
            await work
        except PacketError as error:
            self._end_malformed(connection, error)
        finally:
            # Not by a done callback: that is one more turn of the loop for each packet.
            task, run.task = run.task, None
            if task is not None:
                self._working.discard(task)
        self._answer(session, run)
        self._go_on(connection, session)

    def _answer(self, session: Session, run: Run) -> None:
        """A packet is done: acknowledge it, unless one before it is not, and those behind it that waited for that."""
        run.is_done = True
        running = session.running
        while running and running[0].is_done:
            ack = running.pop(0).ack
            if ack is not None:
                self._acknowledge(ack)

    def _acknowledge(self, ack: Ack) -> None:
        try:
            _acknowledge(ack.socket, ack.id, ack.value)
        except Exception:
            log.exception("handler failed", extra={"socket": ack.socket.id, "event": ack.event[:80]})

    def _go_on(self, connection: Connection, session: Session) -> None:
        try:
            while session.inbox and self._begin(connection, session, session.inbox[0]):
                if session.inbox:
                    session.inbox.popleft()
        except PacketError as error:
            self._end_malformed(connection, error)
        inbox = session.inbox
        if session.paused and inbox is not None and len(inbox) <= self.limits.max_inbox_packets // 2:
            session.paused = False
            connection.link.resume_reading()

    def _end_malformed(self, connection: Connection, error: PacketError) -> None:
        log.info("closed: malformed packet", extra={"sid": connection.sid, "error": str(error)})
        self.engine.close(connection, Reason.PARSE_ERROR)

    def _handle(
        self, connection: Connection, session: Session, packet: Packet, run: Run
    ) -> Coroutine[Any, Any, None] | None:
        """Do what a packet asks; what cannot be done at once is returned to be awaited."""
        if packet.kind is _CONNECT:
            return self._connect(connection, session, packet)
        socket = session.sockets.get(packet.namespace)
        if socket is None:
            raise PacketError(f"not connected to the namespace {packet.namespace[:40]!r}")
        if packet.kind is _DISCONNECT:
            self._leave(session, socket, Reason.CLIENT_DISCONNECT)
            return None
        return self._event(socket, packet, run)

    def _event(self, socket: Socket, packet: Packet, run: Run) -> Coroutine[Any, Any, None] | None:
        name, *args = packet.data
        namespace = socket.namespace
        handler = namespace.handler(name)
        if handler is None:
            log.debug("no handler", extra={"socket": socket.id, "event": name[:80]})
            return None
        try:
            result = handler(socket, *args)
            if _can_be_awaited(result):
                return self._finish(socket, packet.id, name, result, run)
            if packet.id is not None:
                run.ack = Ack(socket, packet.id, name, result)
        except Exception:
            log.exception("handler failed", extra={"socket": socket.id, "event": name[:80]})
        return None

    async def _finish(
        self, socket: Socket, ack_id: int | None, name: str, result: Awaitable[Any], run: Run | None = None
    ) -> None:
        try:
            value = await result
            if run is not None and ack_id is not None:
                run.ack = Ack(socket, ack_id, name, value)
        except Exception:
            log.exception("handler failed", extra={"socket": socket.id, "event": name[:80]})

    # namespaces

    async def _connect(self, connection: Connection, session: Session, packet: Packet) -> None:
        name = packet.namespace
        namespace = self._namespaces.get(name)
        if namespace is None:
            self._refuse(connection, name, ConnectError("Invalid namespace"))
            return
        if name in session.sockets:
            raise PacketError("already connected to this namespace")
        if len(session.sockets) >= self.limits.max_namespaces:
            self._refuse(connection, name, ConnectError("Too many namespaces"))
            return
        claim: dict[str, Any] = packet.data or {}
        socket = Socket(namespace, connection, claim)
        follows = namespace.recovery is not None and is_follower(connection.request, claim)
        try:
            await namespace.admit(socket)
            lost = await self._find_lost(socket, claim) if follows else None
        except ConnectError as refusal:
            self._refuse(connection, name, refusal)
            return
        except Exception:
            log.exception("middleware failed", extra={"sid": connection.sid, "namespace": name})
            self._refuse(connection, name, ConnectError("Internal error"))
            return
        if connection.state is not State.OPEN:
            return
        connection.connect_due = None
        session.sockets[name] = socket
        # No await from here until all that was missed is on its way: what is emitted next comes behind it.
        missed = self._follow(socket, lost, claim) if follows else ()
        namespace.add(socket)
        _send(connection, Packet(Kind.CONNECT, name, _connected(socket)))
        for packets in missed:
            deliver(packets, (socket,), self.deflater)
        log.debug("connect", extra={"socket": socket.id, "sid": connection.sid, "namespace": name})
        notice = self._call(namespace.connect_handler, socket)
        if notice is not None:
            await notice

    async def _find_lost(self, socket: Socket, claim: dict[str, Any]) -> Trail | None:
        """The lost socket that this one may take the place of, if the application agrees."""
        namespace = socket.namespace
        assert namespace.recovery is not None
        lost = namespace.recovery.find(claim)
        if lost is None or namespace.recover_handler is None:
            return lost
        try:
            return lost if await namespace.recover_handler(socket, lost) else None
        except Exception:
            log.exception("handler failed", extra={"socket": socket.id, "handler": "on_recover"})
            return None

    def _follow(self, socket: Socket, lost: Trail | None, claim: dict[str, Any]) -> Sequence[list[bytes]]:
        """Restore a socket, or begin its trail; returns what it missed."""
        loop = asyncio.get_running_loop()
        if self._sweep is None:
            self._sweep = loop.call_later(SWEEP_S, self._drop_old)
        if lost is not None:
            missed = socket.namespace.restore(socket, lost, claim, now=loop.time())
            if missed is not None:
                return missed
        socket.namespace.follow(socket)
        return ()

    def _drop_old(self) -> None:
        """Bring memory back where no new event pushes old ones out, for as long as there is anything."""
        loop = asyncio.get_running_loop()
        recoveries = [each.recovery for each in self._namespaces.values() if each.recovery is not None]
        for recovery in recoveries:
            recovery.expire(now=loop.time())
        busy = any(not recovery.is_unused or len(recovery.log) for recovery in recoveries)
        self._sweep = loop.call_later(SWEEP_S, self._drop_old) if busy else None

    def _refuse(self, connection: Connection, namespace: str, refusal: ConnectError) -> None:
        log.debug("refused", extra={"sid": connection.sid, "error": refusal.message})
        body: dict[str, Any] = {"message": refusal.message}
        if refusal.data is not None:
            body["data"] = refusal.data
        _send(connection, Packet(Kind.CONNECT_ERROR, namespace, body))

    def _leave(self, session: Session, socket: Socket, reason: str) -> None:
        namespace = socket.namespace
        session.sockets.pop(namespace.name, None)
        if not session.sockets and socket.connection.state is State.OPEN:
            loop = asyncio.get_running_loop()
            socket.connection.connect_due = loop.time() + self.limits.connect_timeout_s
        namespace.remove(socket, is_lost=reason in LOSSES)
        log.debug("disconnect", extra={"socket": socket.id, "reason": reason})
        notice = self._call(namespace.disconnect_handler, socket, reason)
        if notice is not None:
            self._supervise(notice)

    def _disconnect(self, socket: Socket, *, close: bool) -> None:
        """The server's own wish to end a socket, or with `close` the whole connection."""
        connection = socket.connection
        if connection.state is not State.OPEN or not socket.connected:
            return
        _send(connection, Packet(Kind.DISCONNECT, socket.namespace.name))
        self._leave(connection.session, socket, Reason.SERVER_DISCONNECT)
        if close:
            self.engine.close(connection, Reason.FORCED_CLOSE)

    def _call(
        self, handler: Callable[..., Any] | None, socket: Socket, *args: Any
    ) -> Coroutine[Any, Any, None] | None:
        """Call a handler that answers nobody; what it has still to do is returned to be awaited."""
        if handler is None:
            return None
        try:
            result = handler(socket, *args)
        except Exception:
            log.exception("handler failed", extra={"socket": socket.id, "handler": repr(handler)})
            return None
        return self._finish(socket, None, repr(handler), result) if _can_be_awaited(result) else None

    def _supervise(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    # the broker's deliveries

    def _deliver(self, broadcast: Broadcast) -> None:
        namespace = self._namespaces.get(broadcast.namespace)
        if namespace is None:
            return
        to, except_rooms, recovery = broadcast.to, broadcast.except_rooms, namespace.recovery
        if broadcast.action is EMIT:
            packet = Packet(EVENT, namespace.name, broadcast.args)
            namespace.spread(packet, to, except_rooms, volatile=broadcast.volatile)
        elif broadcast.action is Action.LEAVE:
            for socket in tuple(namespace.select(to, except_rooms)):
                socket.leave(*broadcast.args)
            if recovery is not None:
                recovery.let_leave(to, except_rooms, broadcast.args)
        else:
            for socket in tuple(namespace.select(to, except_rooms)):
                self._disconnect(socket, close=True)
            if recovery is not None:
                recovery.end(to, except_rooms)


def _can_be_awaited(result: object) -> TypeGuard[Awaitable[Any]]:
    """As `isinstance(result, Awaitable)` finds out, for a quarter of the time."""
    return hasattr(type(result), "__await__")


def _connected(socket: Socket) -> dict[str, str]:
    return {"sid": socket.id} if socket.trail is None else {"sid": socket.id, "pid": socket.trail.pid}


def _send(connection: Connection, packet: Packet) -> None:
    """Send a packet about a socket itself: it has no attachments, and is too small to compress."""
    (text,) = encode(packet)
    connection.send_text(text)


def _acknowledge(socket: Socket, ack_id: int, value: Any) -> None:
    """A tuple is several arguments, None is none, anything else is one."""
    args: Sequence[Any] = value if isinstance(value, tuple) else () if value is None else (value,)
    if socket.connected:
        socket.send(Packet(ACK, socket.namespace.name, args, ack_id))
