"""HTTP long polling ↔ Engine.IO sessions, as an ASGI application: GET waits for packets, POST brings them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from .. import codings
from .connection import CLOSE_PACKET, NOOP_PACKET, POLLING, Connection, Reason, Request, State
from .engine import BAD_METHOD, BAD_REQUEST, STOPPING, UNKNOWN_SID, Engine, Query, Refusal
from .frames import messages
from .packets import PacketError, decode_payload, encode_payload

log = logging.getLogger("stockent.socketio")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_TEXT = b"text/plain; charset=UTF-8"
_TOO_LARGE = Refusal(413, 3, "Payload too large")
_FLOODING = Refusal(429, 3, "Too many bytes", 1)
_BODY_TIMEOUT = Refusal(408, 3, "Body took too long")
_DUPLICATE_POLL = Refusal(400, 3, "Another poll is waiting")
_DUPLICATE_PUSH = Refusal(400, 3, "Another request is being read")

#: Ends that a client with a working transport learns by its next poll.
_LINGERING = frozenset(
    {Reason.TRANSPORT_CLOSE, Reason.FORCED_CLOSE, Reason.SERVER_DISCONNECT, Reason.SHUTTING_DOWN}
)

#: Ends that are not the server's wish. python-engineio does not come back after a close packet; the status of the next
#: poll tells these.
_COMING_BACK = frozenset(
    {Reason.TRANSPORT_CLOSE, Reason.SHUTTING_DOWN, Reason.SLOW_READER, Reason.PING_TIMEOUT}
)


class PollingLink:
    """Packets of a polling session that wait for a GET, and the GET that waits for packets."""

    __slots__ = (
        "_backlog_bytes",
        "_closed",
        "_connection",
        "_engine",
        "_farewell",
        "_packets",
        "drained",
        "poll",
        "pushing",
    )

    max_deflated_bytes = 0

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._packets: deque[str | bytes] = deque()
        self._backlog_bytes = 0
        self._closed = False
        #: The close packet, where it must come by a poll of its own.
        self._farewell: str | None = None
        #: Set while a GET waits; its result is the response's body.
        self.poll: asyncio.Future[bytes] | None = None
        #: Set while reading is paused; POSTs wait for it.
        self.drained: asyncio.Event | None = None
        #: A POST is being read, or its packets wait for room.
        self.pushing = False

    def attach(self, connection: Connection) -> None:
        self._connection = connection

    # Link

    def send(self, frames: bytes) -> None:
        for packet in messages(frames):
            self._add(packet, _size(packet))

    def close(self, reason: str) -> None:
        """The waiting poll is answered; without one, the next poll within `linger_s` gets what is left."""
        if self._closed:
            return
        self._closed = True
        self.resume_reading()
        last = (NOOP_PACKET if reason in _COMING_BACK else CLOSE_PACKET).decode()
        if reason == Reason.FORCED_CLOSE and self._packets:
            # The JavaScript client handles a close before the packets of the same payload. It would miss that the
            # server disconnected it, take the connection for lost, and come back.
            self._farewell = last
        else:
            self._put(last, len(last))
        if self.poll is not None:
            self._answer()
        # Each knows the other: from here on only the session knows its link, and neither waits for the collector.
        connection, self._connection = self._connection, None
        if (self._packets or self._farewell) and reason in _LINGERING and connection is not None:
            self._linger(connection)

    # polls

    def take(self) -> bytes | None:
        """The body for a GET that has come, or None when it must wait. What has no room comes by the next."""
        if not self._packets:
            if self._farewell is None:
                return None
            self._put(self._farewell, len(self._farewell))
            self._farewell = None
        count = min(len(self._packets), self._engine.limits.max_packets_per_poll)
        taken = [self._packets.popleft() for _ in range(count)]
        self._backlog_bytes -= sum(map(_size, taken))
        return encode_payload(taken)

    def release(self) -> None:
        """End the waiting GET, with a noop if there is nothing to say (protocol, "Upgrade")."""
        if self.poll is not None:
            if not self._packets:
                self._put(NOOP_PACKET.decode(), len(NOOP_PACKET))
            self._answer()

    def hand_over(self, connection: Connection) -> None:
        """The session has a new link: give it what waits here, before anything newer."""
        self._closed = True
        self._engine.lingering.pop(connection.sid, None)
        if self.drained is not None:
            connection.link.pause_reading()
        self.resume_reading()
        packets, self._packets = self._packets, deque()
        for packet in packets:
            if isinstance(packet, str):
                connection.send_text(packet.encode())
            else:
                connection.send_binary(packet)
        self.release()

    # reading, for the layer above

    def pause_reading(self) -> None:
        if self.drained is None:
            self.drained = asyncio.Event()

    def resume_reading(self) -> None:
        if self.drained is not None:
            self.drained.set()
            self.drained = None

    def _add(self, packet: str | bytes, size: int) -> None:
        if self._closed:
            return
        self._put(packet, size)
        if self.poll is not None:
            # Answer a little later: what is sent in the same turn of the loop goes along.
            if not self.poll.done() and len(self._packets) == 1:
                asyncio.get_running_loop().call_soon(self._answer)
        elif self._backlog_bytes > self._engine.limits.max_backlog_bytes and self._connection is not None:
            log.warning("closed: slow reader", extra={"sid": self._connection.sid})
            self._packets.clear()
            self._backlog_bytes = 0
            self._engine.close_soon(self._connection, Reason.SLOW_READER)

    def _put(self, packet: str | bytes, size: int) -> None:
        self._packets.append(packet)
        self._backlog_bytes += size

    def _answer(self) -> None:
        poll = self.poll
        if poll is None or poll.done():
            return
        body = self.take()
        if body is not None:
            self.poll = None
            poll.set_result(body)

    def _linger(self, connection: Connection) -> None:
        lingering = self._engine.lingering
        lingering[connection.sid] = connection
        asyncio.get_running_loop().call_later(
            self._engine.limits.linger_s, lingering.pop, connection.sid, None
        )


class Polling:
    """The ASGI application of one engine. Its lifespan events are not its business: `Engine.stop` ends the sessions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get("origin")
        method = scope["method"]
        if method == "OPTIONS":
            await _respond(send, 204, b"", self._cors(origin, preflight=True))
            return
        query = self._engine.check(scope["query_string"].decode("latin-1"), origin)
        if isinstance(query, Refusal):
            await self._refuse(send, query, None if query.status == 403 else origin)
            return
        answer = await self._answer(method, query, headers, scope, receive)
        if isinstance(answer, Refusal):
            await self._refuse(send, answer, origin)
        elif answer is not None:
            await self._succeed(send, answer, origin, headers.get("accept-encoding", ""))

    async def _answer(
        self, method: str, query: Query, headers: dict[str, str], scope: Scope, receive: Receive
    ) -> bytes | Refusal | None:
        engine = self._engine
        if query.transport != POLLING:
            return BAD_REQUEST
        if query.sid is None:
            if method != "GET":
                return BAD_METHOD
            if engine.stopping:
                return STOPPING
            client = scope.get("client")
            address = str(client[0]) if client else ""
            return engine.admit(address) or self._open(query, headers, scope["path"], address)
        connection = engine.connections.get(query.sid) or engine.lingering.get(query.sid)
        if connection is None or not await engine.may_speak(connection, headers):
            return UNKNOWN_SID
        if connection.state is not State.OPEN:
            return self._last_words(method, connection)
        if connection.transport != POLLING:
            return BAD_REQUEST
        if engine.floods(connection, 0):
            return self._end_flood(connection)
        if method == "GET":
            return await self._poll(connection, receive)
        if method == "POST":
            return await self._push(connection, headers, receive)
        return BAD_METHOD

    def _open(self, query: Query, headers: dict[str, str], path: str, address: str) -> bytes:
        link = PollingLink(self._engine)
        request = Request(path, query.all, headers, address)
        link.attach(self._engine.open(POLLING, link, request))
        body = link.take()
        assert body is not None
        return body

    def _last_words(self, method: str, connection: Connection) -> bytes | Refusal:
        link = connection.link
        lingers = method == "GET" and connection.sid in self._engine.lingering
        body = link.take() if lingers and isinstance(link, PollingLink) else None
        return UNKNOWN_SID if body is None else body

    async def _poll(self, connection: Connection, receive: Receive) -> bytes | Refusal | None:
        link = connection.link
        assert isinstance(link, PollingLink)
        if link.poll is not None:
            self._engine.close(connection, Reason.TRANSPORT_ERROR)
            return _DUPLICATE_POLL
        body = link.take()
        if body is not None:
            return body
        if connection.probed:
            return NOOP_PACKET
        poll: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        link.poll = poll
        gone = asyncio.ensure_future(_disconnected(receive))
        gone.add_done_callback(lambda _: poll.cancel())
        try:
            return await poll
        except asyncio.CancelledError:
            # The client went away, or the server ends this request: what it would have got may be lost.
            link.poll = None
            self._engine.close(connection, Reason.TRANSPORT_ERROR)
            if not gone.done():
                raise
            return None
        finally:
            gone.cancel()

    async def _push(
        self, connection: Connection, headers: dict[str, str], receive: Receive
    ) -> bytes | Refusal | None:
        link = connection.link
        assert isinstance(link, PollingLink)
        if link.pushing:
            # Bodies beside each other would have no order, and no bound while reading is paused.
            self._engine.close(connection, Reason.TRANSPORT_ERROR)
            return _DUPLICATE_PUSH
        link.pushing = True
        try:
            return await self._read_push(connection, headers, receive)
        finally:
            link.pushing = False

    async def _read_push(
        self, connection: Connection, headers: dict[str, str], receive: Receive
    ) -> bytes | Refusal | None:
        limits = self._engine.limits
        length = headers.get("content-length", "0")
        if length.isdigit() and len(length) < 16 and int(length) > limits.max_payload_bytes:
            return _TOO_LARGE
        try:
            async with asyncio.timeout(limits.body_timeout_s):
                body = await _read(receive, limits.max_payload_bytes)
        except TimeoutError:
            return _BODY_TIMEOUT
        if isinstance(body, Refusal) or body is None:
            return body
        if self._engine.floods(connection, len(body)):
            return self._end_flood(connection)
        return await self._feed(connection, body)

    def _end_flood(self, connection: Connection) -> Refusal:
        if connection.state is State.OPEN:
            log.warning("closed: flooding", extra={"sid": connection.sid})
        self._engine.close(connection, Reason.FLOODING)
        return _FLOODING

    async def _feed(self, connection: Connection, body: bytes) -> bytes | Refusal:
        engine = self._engine
        try:
            for packet in decode_payload(body, max_packets=engine.limits.max_packets_per_body):
                if isinstance(packet, str):
                    engine.receive_text(connection, packet)
                else:
                    engine.receive_binary(connection, packet)
                await _until_drained(connection)
        except PacketError as error:
            log.info("closed: malformed payload", extra={"sid": connection.sid, "error": str(error)})
            engine.close(connection, Reason.PARSE_ERROR)
            return BAD_REQUEST
        return b"ok"

    async def _succeed(self, send: Send, body: bytes, origin: str | None, accepted: str) -> None:
        headers = self._cors(origin)
        least = self._engine.limits.min_coded_bytes
        if least is not None and len(body) >= least:
            headers.append((b"vary", b"Accept-Encoding"))
            coding = codings.choose(accepted)
            if coding is not None:
                body = await codings.encode(coding, body)
                headers.append((b"content-encoding", coding.encode()))
        await _respond(send, 200, body, headers)

    async def _refuse(self, send: Send, refusal: Refusal, origin: str | None) -> None:
        self._engine.refused[refusal.message] += 1
        headers = self._cors(origin)
        headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers().items()]
        await _respond(send, refusal.status, refusal.body(), headers, b"application/json")

    def _cors(self, origin: str | None, *, preflight: bool = False) -> Headers:
        """Headers for an allowed origin (Fetch, "CORS protocol"); none for another, so a browser shows nothing."""
        allowed = self._engine.origins
        if origin is None or (allowed is not None and origin not in allowed):
            return [(b"vary", b"Origin")]
        headers = [(b"vary", b"Origin"), (b"access-control-allow-origin", origin.encode("latin-1"))]
        if allowed is not None:
            headers.append((b"access-control-allow-credentials", b"true"))
        if preflight:
            headers += [
                (b"access-control-allow-methods", b"GET, POST"),
                (b"access-control-allow-headers", b"Content-Type, Authorization"),
                (b"access-control-max-age", b"600"),
            ]
        return headers


def _size(packet: str | bytes) -> int:
    return len(packet if isinstance(packet, bytes) or packet.isascii() else packet.encode())


async def _until_drained(connection: Connection) -> None:
    """Wait while the layer above has paused reading from this session."""
    link = connection.link
    while isinstance(link, PollingLink) and link.drained is not None and connection.state is State.OPEN:
        await link.drained.wait()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read(receive: Receive, limit: int) -> bytes | Refusal | None:
    """The request's body; None when the client went away before its end."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            return _TOO_LARGE
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _respond(
    send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]], content_type: bytes = _TEXT
) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", str(len(body)).encode()),
                (b"cache-control", b"no-store"),
                (b"x-content-type-options", b"nosniff"),
                *([(b"connection", b"close")] if status in (408, 413) else ()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
