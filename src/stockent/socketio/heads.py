"""The heads of HTTP requests, until uvicorn or picows has one whole: how long they may take, how large they may be.

uvicorn itself bounds neither, and treats the beginning of a WebSocket more loosely than this server wants it.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from httptools import HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from .door import Door, TurnedAway
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
        self._due: dict[HttpProtocol, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, protocol: HttpProtocol) -> None:
        loop = protocol.loop
        self._due[protocol] = loop.time() + self.limits.head_timeout_s
        if self._timer is None:
            self._timer = loop.call_later(self.limits.head_timeout_s, self._look, loop)

    def discard(self, protocol: HttpProtocol) -> None:
        self._due.pop(protocol, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing came, or half a head: there is nobody to answer."""
        self._timer = None
        now = loop.time()
        for protocol, due in tuple(self._due.items()):
            if due > now:
                self._timer = loop.call_later(due - now, self._look, loop)
                break
            self.discard(protocol)
            protocol.transport.abort()


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with bounds on a head, and with two differences in how a WebSocket begins.

    A head that comes in one piece goes to picows as it came: uvicorn would take it apart and put it together again
    (13 % of the cost of a connection). And bytes right behind an upgrade request are refused, not dropped: a client
    must wait for the answer (RFC 6455, section 4.1).
    """

    def __init__(self, watch: HeadWatch, door: Door, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._watch = watch
        self._door = door
        self._peer = ""
        self._turned_away: TurnedAway | None = None
        self._received = b""
        self._head_bytes = 0
        self._told = False
        self._untold_bytes = 0
        self._headers = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else ""
        self._turned_away = self._door.connected(self._peer)
        if self._turned_away is not None and self._turned_away.abruptly:
            transport.abort()
            return
        self._watch.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.discard(self)
        self._door.disconnected(self._peer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._turned_away is not None:
            self._turn_away(self._turned_away)
            return
        cycle: RequestResponseCycle | None = self.cycle
        if (
            cycle is None
            and self.ws_protocol_class is not None
            and _is_upgrade_head(data)
            and len(data) <= self._watch.limits.max_head_bytes
            and data.count(b"\r\n") <= self._watch.limits.max_headers
        ):
            self._hand_over(data)
            return
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
            self._watch.add(self)

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._told = True
        self._watch.discard(self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._told = True
        super().on_body(body)

    def _turn_away(self, answer: TurnedAway) -> None:
        """Not before something was asked: closing with bytes unread would take the answer from the client again."""
        if not self.transport.is_closing():
            self.transport.write(answer.response())
            self.transport.close()

    # WebSockets

    def handle_websocket_upgrade(self) -> None:
        upgrade = sys.exception()
        if isinstance(upgrade, HttpParserUpgrade) and upgrade.args[0] < len(self._received):
            self.send_400_response("Bytes behind an upgrade request.")
        else:
            super().handle_websocket_upgrade()
            self._let_go()

    def _hand_over(self, head: bytes) -> None:
        self._watch.discard(self)
        self.connections.discard(self)
        protocol: Any = self.ws_protocol_class(  # type: ignore[misc, call-arg] # any protocol factory
            config=self.config, server_state=self.server_state, app_state=self.app_state
        )
        protocol.connection_made(self.transport)
        protocol.data_received(head)
        self.transport.set_protocol(protocol)
        self._let_go()

    def _let_go(self) -> None:
        """The connection is another protocol's. The parser knows this one, so both would wait for the collector."""
        self.parser = None  # type: ignore[assignment] # as uvicorn does when a connection is lost

    def _count(self, size_bytes: int) -> None:
        self._told = True
        self._head_bytes += size_bytes
        limits = self._watch.limits
        if self._head_bytes > limits.max_head_bytes:
            raise HeadTooLargeError(f"a request head has at most {limits.max_head_bytes} bytes")
        if self._headers > limits.max_headers:
            raise HeadTooLargeError(f"a request has at most {limits.max_headers} headers")


def _is_upgrade_head(data: bytes) -> bool:
    """A whole request head and nothing behind it, that asks for a WebSocket. A wrong no only takes the longer way."""
    return (
        data.startswith(b"GET ")
        and data.find(b"\r\n\r\n") == len(data) - 4
        and b"\r\nupgrade: websocket\r\n" in data.lower()
    )
