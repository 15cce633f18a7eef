"""The heads of HTTP requests, until uvicorn or picows has one whole: how long they may take, how large they may be.

uvicorn itself bounds neither, and treats the beginning of a WebSocket more loosely than this server wants it.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from httptools import HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from .door import Door
from .limits import Limits


class HeadTooLargeError(ValueError):
    """Raised into the parser, which ends the request; uvicorn answers 400 and closes."""


class TooManyRequestsError(ValueError):
    """As `HeadTooLargeError`: uvicorn itself would read on for as long as it answers, and keep all that it reads."""


class HeadWatch:
    """Connections whose request head is awaited, in the order of their deadlines; one timer for all of a listener.

    A timer for each would be a fifth of the cost of opening a WebSocket.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._due: dict[asyncio.Transport, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        self._due[transport] = loop.time() + self.limits.head_timeout_s
        if self._timer is None:
            self._timer = loop.call_later(self.limits.head_timeout_s, self._look, loop)

    def discard(self, transport: asyncio.Transport) -> None:
        self._due.pop(transport, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing came, or half a head: there is nobody to answer."""
        self._timer = None
        now = loop.time()
        for transport, due in tuple(self._due.items()):
            if due > now:
                self._timer = loop.call_later(due - now, self._look, loop)
                break
            self.discard(transport)
            transport.abort()


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with bounds on a head, and one difference in how a WebSocket begins: bytes right behind an upgrade
    request are refused, not dropped. A client must wait for the answer (RFC 6455, section 4.1).

    `Front` makes it when a connection's first bytes have come; until then both door and watch know it already.
    """

    def __init__(self, watch: HeadWatch, door: Door, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._watch = watch
        self._door = door
        self._peer = ""
        self._received = b""
        self._head_bytes = 0
        self._told = False
        self._untold_bytes = 0
        self._headers = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else ""

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.discard(self.transport)
        self._door.disconnected(self._peer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received = data
        self._told = False
        super().data_received(data)
        self._received = b""
        self._untold_bytes = 0 if self._told else self._untold_bytes + len(data)
        if self._untold_bytes > self._watch.limits.max_head_bytes and not self.transport.is_closing():
            # One line that does not end, in the head or behind the body: the parser keeps it and tells nothing of it.
            self.send_400_response("A line of the request is too long.")

    # the parser's callbacks

    def on_message_begin(self) -> None:
        limit = self._watch.limits.max_pipelined
        if len(self.pipeline) >= limit:
            raise TooManyRequestsError(f"at most {limit} requests wait on one connection")
        super().on_message_begin()
        self._told = True
        self._head_bytes = 0
        self._headers = 0
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None:
            # The first request's time runs since the connection was opened.
            self._watch.add(self.transport)

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._told = True
        self._watch.discard(self.transport)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._told = True
        super().on_body(body)

    # WebSockets

    def handle_websocket_upgrade(self) -> None:
        upgrade = sys.exception()
        if isinstance(upgrade, HttpParserUpgrade) and upgrade.args[0] < len(self._received):
            self.send_400_response("Bytes behind an upgrade request.")
        else:
            super().handle_websocket_upgrade()
            # The connection is another protocol's. The parser knows this one, so both would wait for the collector.
            self.parser = None  # type: ignore[assignment] # as uvicorn does when a connection is lost

    def _count(self, size_bytes: int) -> None:
        self._told = True
        self._head_bytes += size_bytes
        limits = self._watch.limits
        if self._head_bytes > limits.max_head_bytes:
            raise HeadTooLargeError(f"a request head has at most {limits.max_head_bytes} bytes")
        if self._headers > limits.max_headers:
            raise HeadTooLargeError(f"a request has at most {limits.max_headers} headers")
