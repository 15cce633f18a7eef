"""What handlers see of Socket.IO: a namespace, its sockets, and broadcasts to rooms."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol, TypeVar

import msgspec

from .broker import EMIT, Action, Broadcast, Broker
from .connection import Connection, Request
from .deflate import Deflater
from .limits import Limits
from .packets import EVENT, RESERVED_EVENTS, Packet, encode
from .recovery import Lost, Recovery
from .rooms import Rooms, deliver
from .trails import Trail

Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)


class ConnectError(Exception):
    """Raised by a middleware to refuse a connection; the client gets `connect_error` with `message` and `data`."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class Disconnected(ConnectionError):
    """The socket went away before it answered."""


class _Disconnect(Protocol):
    def __call__(self, socket: Socket, *, close: bool) -> None: ...


class Emission(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A broadcast being addressed: `namespace.to("a", "b").except_("c").emit("event", 1)`."""

    _namespace: Namespace
    _to: tuple[str, ...]
    _except: tuple[str, ...]

    def to(self, *rooms: str) -> Emission:
        """And to the sockets in these rooms. A socket in several of them is reached once; a socket's id is a room."""
        return Emission(self._namespace, self._to + rooms, self._except)

    def except_(self, *rooms: str) -> Emission:
        """But not to sockets in any of these rooms."""
        return Emission(self._namespace, self._to, self._except + rooms)

    def emit(self, event: str, *args: Any) -> None:
        self._publish(EMIT, (_event_name(event), *args))

    def emit_volatile(self, event: str, *args: Any) -> None:
        """As `emit`, of what is worth nothing later: who is lost at the moment does not get it on coming back."""
        self._publish(EMIT, (_event_name(event), *args), volatile=True)

    def leave(self, *rooms: str) -> None:
        """Let the addressed sockets leave these rooms, on every node."""
        self._publish(Action.LEAVE, rooms)

    def disconnect(self) -> None:
        """Close the connections of the addressed sockets, on every node."""
        self._publish(Action.DISCONNECT, ())

    def _publish(self, action: Action, args: Sequence[Any], *, volatile: bool = False) -> None:
        namespace = self._namespace
        namespace.broker.publish(Broadcast(action, namespace.name, self._to, args, self._except, volatile))


class Namespace:
    """One namespace: its handlers, and the sockets connected to it on this node."""

    def __init__(
        self, name: str, limits: Limits, broker: Broker, deflater: Deflater, disconnect: _Disconnect
    ) -> None:
        self.name = name
        self.limits = limits
        self.deflater = deflater
        self.broker = broker
        self.sockets: dict[str, Socket] = {}
        self.rooms: Rooms[Socket] = Rooms(self.sockets, max_rooms=limits.max_rooms)
        self.recovery = Recovery(limits) if limits.recovery_window_s else None
        self.recover_handler: Callable[[Socket, Lost], Awaitable[bool]] | None = None
        self.connect_handler: Handler | None = None
        self.disconnect_handler: Handler | None = None
        #: Events sent so far, and how many sockets of this node got one.
        self.emitted = 0
        self.delivered = 0
        self._handlers: dict[str, Handler] = {}
        self._any_handler: Handler | None = None
        #: Events of one connection that may be begun while others of these are not finished.
        self.overlapping: frozenset[str] = frozenset()
        self._middleware: list[Callable[[Socket], Awaitable[None]]] = []
        self._end = disconnect

    # registering

    def use(self, middleware: Callable[[Socket], Awaitable[None]]) -> Callable[[Socket], Awaitable[None]]:
        """Run before a socket is connected, in the order of registration; raise `ConnectError` to refuse it."""
        self._middleware.append(middleware)
        return middleware

    def on(self, event: str) -> Callable[[H], H]:
        """Decorate the handler of an event: `handler(socket, *args)`. What it returns answers the client's ack.

        A tuple answers with several arguments. An exception is logged and leaves the ack unanswered.
        """

        def register(handler: H) -> H:
            self._handlers[_event_name(event)] = handler
            return handler

        return register

    def on_any(self, handler: Callable[..., Any], *, overlapping: Collection[str] = ()) -> Callable[..., Any]:
        """The handler of events that have none of their own: `handler(socket, event, *args)`.

        Those of a connection run one after another. Of `overlapping` ones that follow each other, each is begun without
        waiting for the end of those before it; their acks keep the order. Name what has decided all that it does
        before it first waits.
        """
        self._any_handler = handler
        self.overlapping = frozenset(overlapping)
        return handler

    def on_recover(
        self, handler: Callable[[Socket, Lost], Awaitable[bool]]
    ) -> Callable[[Socket, Lost], Awaitable[bool]]:
        """`handler(socket, lost)`, after the middlewares: may this socket take the place of that lost one?

        `lost` has its `id`, `data` and `rooms`. All of the rooms or no recovery: on False, or when the handler raises,
        the socket is a new one. A room that `lost` leaves meanwhile is not joined again. A socket whose `data` no
        middleware has set gets that of `lost`.
        """
        self.recover_handler = handler
        return handler

    def on_connect(self, handler: H) -> H:
        """`handler(socket)`, once the client was told that it is connected."""
        self.connect_handler = handler
        return handler

    def on_disconnect(self, handler: H) -> H:
        """`handler(socket, reason)`, when the socket has left its rooms. Reasons are those of `Reason`."""
        self.disconnect_handler = handler
        return handler

    # emitting

    def emit(self, event: str, *args: Any) -> None:
        """Send to every socket of the namespace, on every node."""
        self.to().emit(event, *args)

    def to(self, *rooms: str) -> Emission:
        return Emission(self, rooms, ())

    def except_(self, *rooms: str) -> Emission:
        return Emission(self, (), rooms)

    def address(self, to: Sequence[str], except_rooms: Sequence[str] = ()) -> Emission:
        """`to(...).except_(...)` at once, for callers that have both in sequences."""
        return Emission(self, tuple(to), tuple(except_rooms))

    def reaches(self, to: Sequence[str], except_rooms: Sequence[str] = ()) -> bool:
        """Would an emission so addressed reach a socket, or be kept for a lost one?

        Perhaps a wrong yes for another node's, never a wrong no.
        """
        here = self.rooms.reaches(to, except_rooms) if to else bool(self.select(to, except_rooms))
        if not here and self.recovery is not None:
            here = self.recovery.is_missed(to, except_rooms)
        return here or self.broker.hears_elsewhere(self.name, to)

    def select(self, to: Sequence[str], except_rooms: Sequence[str]) -> AbstractSet[Socket]:
        """The sockets of this node that an emission so addressed reaches. Valid until rooms change."""
        if to:
            return self.rooms.select(to, except_rooms)
        everyone = set(self.sockets.values())
        return everyone.difference(*map(self.rooms.members, except_rooms))

    # for the server

    def handler(self, event: str) -> Handler | None:
        """What an event is handled by, to be called as `handler(socket, *args)`."""
        own, any_handler = self._handlers.get(event), self._any_handler
        if own is not None or any_handler is None:
            return own
        return lambda socket, *args: any_handler(socket, event, *args)

    async def admit(self, socket: Socket) -> None:
        for middleware in self._middleware:
            await middleware(socket)

    def spread(
        self, packet: Packet, to: Sequence[str], except_rooms: Sequence[str] = (), *, volatile: bool = False
    ) -> None:
        """Send an event to the sockets of this node that are so addressed, and keep it for those who lost it."""
        sockets = self.select(to, except_rooms)
        self.emitted += bool(sockets)
        self.delivered += len(sockets)
        recovery = self.recovery
        if recovery is None or recovery.is_unused:
            if sockets:
                deliver(encode(packet), sockets, self.deflater)
            return
        following, others = recovery.split(sockets, among=len(self.sockets))
        is_kept = not volatile and (bool(following) or recovery.is_missed(to, except_rooms))
        if not sockets and not is_kept:
            return
        packets = encode(packet)
        if others:
            deliver(packets, others, self.deflater)
        if is_kept:
            now = asyncio.get_running_loop().time()
            packets = recovery.log.append(packets, to, except_rooms, now=now)
        elif following:
            packets = recovery.log.stamp(packets)
        if following:
            deliver(packets, following, self.deflater)

    def tell(self, trail: Trail, packet: Packet) -> None:
        """Send an event to the one socket of a trail, or keep it while that is lost."""
        recovery = self.recovery
        assert recovery is not None
        socket = self.sockets.get(trail.id)
        if socket is None and not recovery.is_lost(trail):
            return
        now = asyncio.get_running_loop().time()
        packets = recovery.log.append(encode(packet), (trail.pid,), (), now=now)
        if socket is not None:
            self.emitted += 1
            self.delivered += 1
            deliver(packets, (socket,), self.deflater)

    def add(self, socket: Socket) -> None:
        socket.connected = True
        self.sockets[socket.id] = socket

    def follow(self, socket: Socket) -> None:
        """A new socket, not added yet, gets offsets from now on."""
        assert self.recovery is not None
        socket.trail = self.recovery.begin(socket.id)
        self.recovery.followers.add(socket)

    def restore(
        self, socket: Socket, lost: Trail, claim: dict[str, Any], *, now: float
    ) -> list[list[bytes]] | None:
        """Let a socket, not added yet, take a lost one's place. What it missed is to be sent before anything newer.

        None if that cannot be had: then it is a new one.
        """
        assert self.recovery is not None
        taken = self.recovery.take(lost, claim, now=now)
        if taken is None:
            return None
        rooms, missed = taken
        socket.id, socket.trail, socket.recovered = lost.id, lost, True
        if socket.data is None:
            socket.data = lost.data
        lost.data = None
        self.recovery.followers.add(socket)
        for room in rooms:
            self.rooms.join(socket, room)
        return missed

    def remove(self, socket: Socket, *, is_lost: bool = False) -> None:
        socket.connected = False
        recovery = self.recovery
        if recovery is not None and socket.trail is not None:
            recovery.followers.discard(socket)
            if is_lost:
                now = asyncio.get_running_loop().time()
                recovery.lose(socket.trail, socket, heard_at=socket.connection.heard_at, now=now)
        self.rooms.leave_all(socket)
        self.sockets.pop(socket.id, None)
        socket.abandon()

    def end(self, socket: Socket, *, close: bool) -> None:
        self._end(socket, close=close)


class Socket:
    """One client on one namespace. `data` is the application's own; `auth` what the client sent to connect.

    `recovered`: it took the place of a lost one, with its id and rooms. Both are settled once it is connected.
    """

    __slots__ = (
        "_acks",
        "_next_ack",
        "auth",
        "connected",
        "connection",
        "data",
        "id",
        "namespace",
        "recovered",
        "rooms",
        "trail",
    )

    def __init__(self, namespace: Namespace, connection: Connection, auth: dict[str, Any]) -> None:
        self.id = secrets.token_urlsafe(15)
        self.namespace = namespace
        self.connection = connection
        self.auth = auth
        self.data: Any = None
        self.connected = False
        self.recovered = False
        #: The rooms that it is in; change them by `join` and `leave`.
        self.rooms: set[str] | None = None
        #: Where its client can use offsets.
        self.trail: Trail | None = None
        self._acks: dict[int, asyncio.Future[list[Any]]] | None = None
        self._next_ack = 0

    @property
    def request(self) -> Request:
        """The HTTP request that opened the connection: headers, query, address."""
        return self.connection.request

    def emit(self, event: str, *args: Any) -> None:
        """Send to this client. Never blocks; nothing is sent once it is disconnected.

        While it is lost and may come back, it is kept for that; if it has come back, sent to the one it came back as.
        """
        packet = Packet(EVENT, self.namespace.name, [_event_name(event), *args])
        if self.trail is not None:
            self.namespace.tell(self.trail, packet)
        elif self.connected:
            self.namespace.emitted += 1
            self.namespace.delivered += 1
            self.send(packet)

    async def call(self, event: str, *args: Any, timeout_s: float) -> list[Any]:
        """Send and wait for the client's ack; returns its arguments.

        Raises TimeoutError, `Disconnected`, or RuntimeError when `Limits.max_pending_acks` are owed already.
        """
        if not self.connected:
            raise Disconnected("the socket is not connected")
        if self._acks is None:
            self._acks = {}
        if len(self._acks) >= self.namespace.limits.max_pending_acks:
            raise RuntimeError(f"{len(self._acks)} acks are owed already")
        ack_id = self._next_ack
        packet = Packet(EVENT, self.namespace.name, [_event_name(event), *args], ack_id)
        packets = encode(packet)
        self._next_ack += 1
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._acks[ack_id] = answer
        deliver(packets, (self,), self.namespace.deflater)
        try:
            async with asyncio.timeout(timeout_s):
                return await answer
        finally:
            self._acks.pop(ack_id, None)

    def join(self, *rooms: str) -> None:
        """Idempotent. Raises `TooManyRooms`; does nothing once disconnected, so nothing of it can stay behind."""
        if self.connected:
            namespace = self.namespace
            for room in rooms:
                namespace.rooms.join(self, room)
                if self.trail is not None and namespace.recovery is not None:
                    self.trail.join(room, last=namespace.recovery.log.last)

    def leave(self, *rooms: str) -> None:
        namespace = self.namespace
        for room in rooms:
            if self.trail is not None and namespace.recovery is not None and self.connected:
                self.trail.leave(room, last=namespace.recovery.log.last)
            namespace.rooms.leave(self, room)

    def to(self, *rooms: str) -> Emission:
        """A broadcast to these rooms without this socket; without rooms, to everybody else."""
        return Emission(self.namespace, rooms, (self.id,))

    def disconnect(self, *, close: bool = False) -> None:
        """End this socket; with `close` the connection under it, and so every namespace on it."""
        self.namespace.end(self, close=close)

    # for the server

    def send(self, packet: Packet) -> None:
        deliver(encode(packet), (self,), self.namespace.deflater)

    def take_ack(self, ack_id: int | None, args: list[Any]) -> None:
        """An ack that nobody waits for (any more) is dropped."""
        answer = self._acks.get(ack_id) if self._acks and ack_id is not None else None
        if answer is not None and not answer.done():
            answer.set_result(args)

    def abandon(self) -> None:
        for answer in (self._acks or {}).values():
            if not answer.done():
                answer.set_exception(Disconnected("the socket went away before it answered"))


def _event_name(event: str) -> str:
    if event in RESERVED_EVENTS:
        raise ValueError(f"the event name {event!r} is reserved")
    return event
