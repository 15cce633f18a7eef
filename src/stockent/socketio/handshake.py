"""How a WebSocket comes in: `Front` or uvicorn hands over the head of an upgrade request, picows does the rest.

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
from .connection import WEBSOCKET, Request
from .deflate import negotiate
from .door import Door
from .engine import BAD_REQUEST, STOPPING, UNKNOWN_SID, Engine, Refusal
from .upgrades import FORWARDED, Upgrade, parse_upgrade
from .websocket import WebSocketLink

log = logging.getLogger("stockent.socketio")

#: picows' least; the buffer grows for a frame that needs more, up to `max_payload_bytes`.
_READ_BUFFER_BYTES = 2_048
#: Read at a time. Without it picows doubles its buffer for as long as a peer keeps it full, to megabytes.
_MAX_READ_BYTES = 2_048
_SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
_NO_UPGRADE = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


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


class _Wire:
    """A TCP connection as picows is shown it when it begins.

    It sets options that uvloop has set already, and reads others for a line of a log that nobody reads. By uvloop's
    stand-in for a socket these are 18 system calls, 15 µs.
    """

    __slots__ = ("tcp",)

    def __init__(self, tcp: asyncio.Transport) -> None:
        self.tcp = tcp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tcp, name)

    def get_extra_info(self, name: str) -> Any:
        if name == "socket":
            return _Socket(self.tcp.get_extra_info("socket").fileno())
        return self.tcp.get_extra_info(name) if name == "ssl_object" else None


class _Socket:
    __slots__ = ("_fileno",)

    def __init__(self, fileno: int) -> None:
        self._fileno = fileno

    def fileno(self) -> int:
        return self._fileno

    def setsockopt(self, *_option: int) -> None: ...

    def getsockopt(self, *_option: int) -> int:
        return 0


class _UvicornProtocol(WSProtocol):  # type: ignore[misc] # a C class without types
    """picows reads into its own buffer; the head of the request comes by `begin`, from uvicorn by `data_received`."""

    __slots__ = ("_accept", "_door", "_peer", "_tcp", "_upgrade")

    def __init__(self, accept: Callable[[str, Upgrade], Any], door: Door, max_frame_bytes: int) -> None:
        super().__init__(
            None,
            None,
            False,
            # picows lets go of it at the handshake.
            self._answer,
            _picows_log,
            True,
            # The head is there, whole.
            None,
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
        self._tcp: asyncio.Transport | None = None
        self._upgrade: Upgrade | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        self._tcp = transport
        super().connection_made(_Wire(transport))

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.disconnected(self._peer)
        super().connection_lost(exc)

    def get_buffer(self, size_hint: int) -> memoryview:
        # Called for each read: `super()` would cost as much again.
        return WSProtocol.get_buffer(self, size_hint)[:_MAX_READ_BYTES]  # type: ignore[no-any-return]

    def begin(self, transport: asyncio.Transport, upgrade: Upgrade) -> None:
        self.connection_made(transport)
        self._answer_to(upgrade)

    def data_received(self, data: bytes) -> None:
        """A head that uvicorn has put together."""
        upgrade, tcp = parse_upgrade(data), self._tcp
        if upgrade is not None:
            self._answer_to(upgrade)
        elif tcp is not None:
            tcp.write(_NO_UPGRADE)
            tcp.close()

    def _answer_to(self, upgrade: Upgrade) -> None:
        self._upgrade, self._tcp = upgrade, None
        head = upgrade.shortest()
        super().get_buffer(len(head))[: len(head)] = head
        self.buffer_updated(len(head))

    def _answer(self, _shortest: WSUpgradeRequest) -> Any:
        upgrade, self._upgrade = self._upgrade, None
        assert upgrade is not None
        return self._accept(self._peer, upgrade)


class _Switching:
    """picows' response 101, for a third of the time. What it is made of does not stay in memory."""

    __slots__ = ("_extensions", "headers")

    status = HTTPStatus.SWITCHING_PROTOCOLS

    def __init__(self, extensions: str | None) -> None:
        self._extensions = extensions
        #: picows puts its answer to the key here.
        self.headers: dict[str, str] | None = {}

    def to_bytes(self) -> bytearray:
        headers, self.headers = self.headers, None
        assert headers is not None
        if self._extensions is not None:
            headers["Sec-WebSocket-Extensions"] = self._extensions
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return bytearray(_SWITCHING + lines.encode() + b"\r\n")


def _accept(engines: dict[str, Engine], proxies: Proxies, peer: str, upgrade: Upgrade) -> Any:
    path, _, query_string = upgrade.target.partition("?")
    engine = engines.get(path.removesuffix("/"))
    if engine is None:
        return None
    headers = upgrade.headers
    query = engine.check(query_string, headers.get("origin"))
    if isinstance(query, Refusal):
        return _refuse(engine, query)
    if engine.stopping:
        return _refuse(engine, STOPPING)
    if query.transport != WEBSOCKET:
        return _refuse(engine, BAD_REQUEST)
    address = proxies.client(peer, headers.get(FORWARDED, ""))
    connection = None
    if query.sid is not None:
        connection = engine.connections.get(query.sid)
        if connection is None or not engine.may_speak_now(connection, headers):
            return _refuse(engine, UNKNOWN_SID)
    elif refusal := engine.admit(address):
        return _refuse(engine, refusal)
    agreement = None
    if engine.limits.min_deflated_bytes is not None and upgrade.extensions:
        agreement = negotiate(upgrade.extensions)
    max_deflated_bytes = agreement.max_bytes if agreement else 0
    request = Request(engine.path if path == engine.path else path, query.all, headers, address)
    link = WebSocketLink(engine, request, connection, max_deflated_bytes=max_deflated_bytes)
    return WSUpgradeResponseWithListener(_Switching(agreement.answer if agreement else None), link)  # type: ignore[arg-type] # looks like one


def _refuse(engine: Engine, refusal: Refusal) -> WSUpgradeResponseWithListener:
    engine.refused[refusal.message] += 1
    response = WSUpgradeResponse.create_error_response(
        HTTPStatus(refusal.status), refusal.body(), {"Content-Type": "application/json", **refusal.headers()}
    )
    return WSUpgradeResponseWithListener(response, None)
