"""The sessions of one Engine.IO endpoint: opening, finding, closing them, and their heartbeats. Transports feed it.

It knows one event loop and one clock (the loop's, monotonic), and nothing of Socket.IO: an `Application` above it gets
opened connections, their messages and their end.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

from .connection import POLLING, WEBSOCKET, ClosedByPeer, Connection, Link, Reason, Request, State
from .door import Door, OpenDoor
from .limits import Limits
from .outbox import Outbox
from .packets import PacketError

log = logging.getLogger("stockent.socketio")

#: Longer query strings are not of any client; sids and transports are short.
MAX_QUERY_CHARS = 2_048
#: Sessions whose time has come that are seen to in one turn of the event loop. Closing one takes 30 µs.
MAX_TICKS = 200
_CLOSED = State.CLOSED


class Application(Protocol):
    """What stands on the sessions. Called on the event loop; must not block, nor raise anything but PacketError."""

    def opened(self, connection: Connection) -> None: ...

    def text(self, connection: Connection, message: str) -> None: ...

    def binary(self, connection: Connection, message: bytes) -> None: ...

    def closed(self, connection: Connection, reason: str) -> None:
        """Called once for each opened connection; nothing is called for it afterwards."""
        ...


class Refusal(NamedTuple):
    """An answer to a request that opens or finds no session: HTTP status, and the code of the Engine.IO protocol."""

    status: int
    code: int
    message: str
    retry_after_s: int | None = None

    def headers(self) -> dict[str, str]:
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}

    def body(self) -> bytes:
        return json.dumps({"code": self.code, "message": self.message}).encode()


UNKNOWN_TRANSPORT = Refusal(400, 0, "Transport unknown")
UNKNOWN_SID = Refusal(400, 1, "Session ID unknown")
BAD_METHOD = Refusal(400, 2, "Bad handshake method")
BAD_REQUEST = Refusal(400, 3, "Bad request")
FORBIDDEN = Refusal(403, 4, "Origin not allowed")
UNSUPPORTED_VERSION = Refusal(400, 5, "Unsupported protocol version")
STOPPING = Refusal(503, 3, "Server is stopping")


#: Is a later request of a session its own? By the request's headers, in lower case.
Guard = Callable[[Connection, Mapping[str, str]], Awaitable[bool]]


class Query(NamedTuple):
    transport: str
    sid: str | None
    all: Mapping[str, str]


@lru_cache(maxsize=64)
def _parse(query_string: str) -> Query | Refusal:
    """Remembered, because every WebSocket of a client library opens with the same one."""
    pairs = parse_qsl(query_string, keep_blank_values=True)
    query = MappingProxyType(dict(pairs))
    names = [name for name, _ in pairs]
    if query.get("transport") not in (POLLING, WEBSOCKET) or names.count("transport") != 1:
        return UNKNOWN_TRANSPORT
    if query.get("EIO") != "4" or names.count("EIO") != 1:
        return UNSUPPORTED_VERSION
    if names.count("sid") > 1:
        return BAD_REQUEST
    return Query(query["transport"], query.get("sid"), query)


class Engine:
    """One Engine.IO endpoint at `path`, also found with or without the slash at its end.

    `origins` None allows any; else exactly these, and clients that send none. `guard` judges each later request that
    names a session (GET, POST, upgrade); where it refuses, the answer is as if there were none, and the session lives.
    """

    def __init__(
        self,
        application: Application,
        *,
        path: str,
        limits: Limits,
        origins: Collection[str] | None = None,
        door: Door | None = None,
    ) -> None:
        self.application = application
        self.path = path
        self.limits = limits
        self.origins = None if origins is None else frozenset(origins)
        self.guard: Guard | None = None
        self._door: Door = door or OpenDoor()
        self.connections: dict[str, Connection] = {}
        #: Closed polling sessions whose client does not know yet, by sid, for `linger_s`.
        self.lingering: dict[str, Connection] = {}
        self.stopping = False
        #: How sessions ended, by `Reason`, and what was answered instead of a session, by `Refusal.message`.
        self.ended: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.outbox = Outbox()
        self._counts = limits.max_bytes_per_s is not None
        self._heartbeats = Heartbeats(self._tick)

    # requests

    def check(self, query_string: str, origin: str | None) -> Query | Refusal:
        """Hold a request's origin and query against the protocol ("Handshake", "Transports")."""
        if origin is not None and self.origins is not None and origin not in self.origins:
            log.info("refused: origin not allowed", extra={"origin": origin[:200]})
            return FORBIDDEN
        return BAD_REQUEST if len(query_string) > MAX_QUERY_CHARS else _parse(query_string)

    async def may_speak(self, connection: Connection, headers: Mapping[str, str]) -> bool:
        """May a request with these headers speak for this session?"""
        if self.guard is None or await self.guard(connection, headers):
            return True
        log.info("refused: not of this session", extra={"sid": connection.sid})
        return False

    def may_speak_now(self, connection: Connection, headers: Mapping[str, str]) -> bool:
        """As `may_speak`, where nothing can be waited for: what would take time is refused."""
        judging = self.may_speak(connection, headers)
        try:
            judging.send(None)
        except StopIteration as judged:
            return bool(judged.value)
        judging.close()
        return False

    def admit(self, address: str) -> Refusal | None:
        """Ask the door for a session; `open` must follow at once where nothing is refused."""
        turned = self._door.admit(address)
        if turned is None:
            return None
        log.debug("refused: turned away", extra={"address": address, "error": turned.message})
        return Refusal(turned.status, 3, turned.message, turned.retry_after_s)

    def open(self, transport: str, link: Link, request: Request) -> Connection:
        """Begin a session and send its open packet."""
        now = asyncio.get_running_loop().time()
        connection = Connection(secrets.token_urlsafe(15), transport, link, request, self.limits, now=now)
        self.connections[connection.sid] = connection
        self._door.opened(request.address)
        self._heartbeats.add(connection)
        log.debug("open", extra={"sid": connection.sid, "transport": transport, "address": request.address})
        connection.send_text(connection.open_packet())
        self.application.opened(connection)
        return connection

    # what transports read

    def receive_text(self, connection: Connection, packet: str) -> None:
        """Take a text packet; a wrong one closes the session and raises `PacketError`, so that POST can answer 400."""
        if connection.state is _CLOSED:
            return
        try:
            message = connection.receive_text(packet, now=self._heartbeats.now())
            if message is not None:
                self.application.text(connection, message)
        except ClosedByPeer:
            self.close(connection, Reason.TRANSPORT_CLOSE)
        except PacketError as error:
            self._refuse(connection, error)
            raise

    def receive_binary(self, connection: Connection, message: bytes) -> None:
        """As `receive_text`, for a binary message."""
        if connection.state is State.CLOSED:
            return
        try:
            self.application.binary(connection, message)
        except PacketError as error:
            self._refuse(connection, error)
            raise

    def floods(self, connection: Connection, size_bytes: int) -> bool:
        """Count what a transport read for a session, before it is looked at. True when that was too much."""
        return self._counts and connection.floods(size_bytes, now=self._heartbeats.now())

    def _refuse(self, connection: Connection, error: PacketError) -> None:
        log.info("closed: malformed packet", extra={"sid": connection.sid, "error": str(error)})
        self.close(connection, Reason.PARSE_ERROR)

    # the end

    def close(self, connection: Connection, reason: str) -> None:
        """End a session from either side. Idempotent."""
        if connection.state is State.CLOSED:
            return
        connection.state = State.CLOSED
        self.ended[reason] += 1
        self.connections.pop(connection.sid, None)
        self._door.closed(connection.request.address)
        self._heartbeats.remove(connection)
        log.debug("close", extra={"sid": connection.sid, "reason": reason})
        connection.link.close(reason)
        # A client whose probe was answered polls no more: unless it closed by itself, it learns of the end by the
        # upgrade, for which the probe stays its time.
        if reason == Reason.TRANSPORT_CLOSE or not connection.probed:
            probe, connection.probe = connection.probe, None
            if probe is not None:
                probe.close(reason)
        self.application.closed(connection, reason)

    def close_soon(self, connection: Connection, reason: str) -> None:
        """As `close`, but after what is running now: safe inside a delivery loop."""
        asyncio.get_running_loop().call_soon(self.close, connection, reason)

    def refuse_new(self) -> None:
        """Before a planned stop: sessions that are there go on, and none is opened any more."""
        self.stopping = True

    def stop(self) -> None:
        """End every session; new ones are refused."""
        self.refuse_new()
        for connection in tuple(self.connections.values()):
            self.close(connection, Reason.SHUTTING_DOWN)
        self._heartbeats.stop()

    def _tick(self, connection: Connection, now: float) -> None:
        reason = connection.tick(now=now)
        if reason is not None:
            self.close(connection, reason)


class Heartbeats:
    """One timer for all sessions: a heap of their deadlines. A deadline that moved is found out when it comes up."""

    __slots__ = ("_due", "_entries", "_handle", "_heap", "_loop", "_serial", "_tick", "now")

    def __init__(self, tick: Callable[[Connection, float], None]) -> None:
        self._tick = tick
        self._heap: list[list[Any]] = []
        self._entries: dict[Connection, list[Any]] = {}
        self._handle: asyncio.Handle | None = None
        #: When the handle runs. Not asked of it: uvloop's has no time when it is due at once.
        self._due = 0.0
        self._serial = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        #: The loop's clock; only a connection that was added asks for it.
        self.now: Callable[[], float]

    def add(self, connection: Connection) -> None:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self.now = self._loop.time
        self._push(connection)
        self._arm()

    def remove(self, connection: Connection) -> None:
        entry = self._entries.pop(connection, None)
        if entry is not None:
            # The heap keeps an empty entry until its time; the connection itself is free now.
            entry[2] = None

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._heap.clear()
        self._entries.clear()

    def _push(self, connection: Connection) -> None:
        self._serial += 1
        entry = [connection.deadline(), self._serial, connection]
        self._entries[connection] = entry
        heapq.heappush(self._heap, entry)

    def _arm(self) -> None:
        if not self._heap:
            return
        due = self._heap[0][0]
        if self._handle is not None:
            if self._due <= due:
                return
            self._handle.cancel()
        assert self._loop is not None
        self._due = due
        self._handle = self._loop.call_at(due, self._run)

    def _run(self) -> None:
        self._handle = None
        now = self.now()
        for _ in range(MAX_TICKS):
            if not self._heap or self._heap[0][0] > now:
                break
            connection = heapq.heappop(self._heap)[2]
            if connection is None:
                continue
            self._tick(connection, now)
            if connection.state is State.OPEN:
                self._push(connection)
        self._arm()
