"""How a WebSocket comes in: uvicorn hands over the head of an upgrade request, and picows does the rest.

Everything is decided before the answer to the head: the path, the origin, the session that is named, the door, and
compression. What comes afterwards is `websocket`'s.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from picows import WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener
from picows.picows import WSAutoPingStrategy, WSProtocol  # type: ignore[attr-defined] # not in its stub

from .addresses import Proxies
from .connection import WEBSOCKET
from .deflate import negotiate
from .door import Door
from .engine import BAD_REQUEST, STOPPING, UNKNOWN_SID, Engine, Refusal
from .websocket import WebSocketLink, lower_headers

log = logging.getLogger("stockent.socketio")

#: picows' least; the buffer grows for a frame that needs more, up to `max_payload_bytes`.
_READ_BUFFER_BYTES = 2_048
#: Read at a time. Without it picows doubles its buffer for as long as a peer keeps it full, to megabytes.
_MAX_READ_BYTES = 2_048
_HEAD_TIMEOUT_S = 5.0
_EXTENSIONS = "Sec-WebSocket-Extensions"
_FORWARDED = "X-Forwarded-For"


class _PicowsLog(logging.LoggerAdapter[logging.Logger]):
    """An adapter, because picows makes a child logger for each connection from a plain Logger (about 1 KB)."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("stockent.socketio.frames"), {})
        # Its connect and disconnect lines say less than ours.
        self.logger.setLevel(logging.WARNING)

    def error(self, msg: object, *args: object, **options: Any) -> None:
        """A frame that is refused is the peer's mistake: nobody from outside writes errors into our log."""
        if str(msg).startswith("WS parser error"):
            log.info("closed: bad frame", extra={"error": str(args[0])})
        else:
            super().error(msg, *args, **options)


_picows_log = _PicowsLog()


def websocket_protocol(engines: Sequence[Engine], proxies: Proxies, door: Door) -> Callable[..., WSProtocol]:
    """The factory for uvicorn's `ws=`: upgrade requests to an engine's path become its sessions, others get 404."""
    max_frame_bytes = max(engine.limits.max_payload_bytes for engine in engines)
    accept = partial(_accept, {engine.path.removesuffix("/"): engine for engine in engines}, proxies)

    def factory(**_uvicorn: Any) -> WSProtocol:
        return _UvicornProtocol(accept, door, max_frame_bytes)

    return factory


class _UvicornProtocol(WSProtocol):  # type: ignore[misc] # a C class without types
    """picows reads into its own buffer; uvicorn hands the head of the request over by `data_received`."""

    __slots__ = ("_accept", "_door", "_peer")

    def __init__(
        self, accept: Callable[[str, WSUpgradeRequest], Any], door: Door, max_frame_bytes: int
    ) -> None:
        super().__init__(
            None,
            None,
            False,
            # picows lets go of it at the handshake.
            self._answer,
            _picows_log,
            True,
            _HEAD_TIMEOUT_S,
            False,
            20,
            20,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            # Pings come to the link, which looks at their reserved bits first.
            False,
            max_frame_bytes,
            None,
            _READ_BUFFER_BYTES,
        )
        self._accept = accept
        self._door = door
        self._peer = ""

    def connection_made(self, transport: asyncio.Transport) -> None:
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.disconnected(self._peer)
        super().connection_lost(exc)

    def _answer(self, request: WSUpgradeRequest) -> Any:
        return self._accept(self._peer, request)

    def get_buffer(self, size_hint: int) -> memoryview:
        # Called for each read: `super()` would cost as much again.
        return WSProtocol.get_buffer(self, size_hint)[:_MAX_READ_BYTES]  # type: ignore[no-any-return]

    def data_received(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            buffer = self.get_buffer(len(view))
            size = min(len(buffer), len(view))
            buffer[:size] = view[:size]
            self.buffer_updated(size)
            view = view[size:]


def _accept(engines: dict[str, Engine], proxies: Proxies, peer: str, request: WSUpgradeRequest) -> Any:
    path, _, query_string = request.path.decode("latin-1").partition("?")
    engine = engines.get(path.removesuffix("/"))
    if engine is None:
        return None
    query = engine.check(query_string, request.headers.get("origin"))
    if isinstance(query, Refusal):
        return _refuse(engine, query)
    if engine.stopping:
        return _refuse(engine, STOPPING)
    if query.transport != WEBSOCKET:
        return _refuse(engine, BAD_REQUEST)
    address = proxies.client(peer, ",".join(request.headers.getall(_FORWARDED, ())))
    connection = None
    if query.sid is not None:
        connection = engine.connections.get(query.sid)
        if connection is None or not engine.may_speak_now(connection, lower_headers(request)):
            return _refuse(engine, UNKNOWN_SID)
    elif refusal := engine.admit(address):
        return _refuse(engine, refusal)
    agreement = None
    if engine.limits.min_deflated_bytes is not None:
        agreement = negotiate(", ".join(request.headers.getall(_EXTENSIONS, ())))
    response = WSUpgradeResponse.create_101_response({_EXTENSIONS: agreement.answer} if agreement else None)
    max_deflated_bytes = agreement.max_bytes if agreement else 0
    link = WebSocketLink(engine, query, connection, address=address, max_deflated_bytes=max_deflated_bytes)
    return WSUpgradeResponseWithListener(response, link)


def _refuse(engine: Engine, refusal: Refusal) -> WSUpgradeResponseWithListener:
    engine.refused[refusal.message] += 1
    response = WSUpgradeResponse.create_error_response(
        HTTPStatus(refusal.status), refusal.body(), {"Content-Type": "application/json", **refusal.headers()}
    )
    return WSUpgradeResponseWithListener(response, None)
