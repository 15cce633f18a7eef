"""The first bytes of a TCP connection: whether it becomes a WebSocket, or speaks HTTP with uvicorn.

A head that asks for a WebSocket and comes in one piece never meets uvicorn, whose parser and state for a connection
are a fifth of what it costs to open one. Anything else is uvicorn's from its first byte on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from .door import Door, TurnedAway
from .heads import HeadWatch, HttpProtocol
from .upgrades import parse_upgrade

#: WebSockets that are let in within one turn of the event loop: 64 take 4 ms, and what they send next comes in the
#: turns after. Two thousand that come at once would else hold up everybody for a fifth of a second.
MAX_ADMITTED = 64


class Arrivals:
    """Who asks to become a WebSocket, in order. One for a listener."""

    def __init__(self) -> None:
        self._waiting: deque[Front] = deque()

    def add(self, front: Front) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._admit)
        self._waiting.append(front)

    def _admit(self) -> None:
        for _ in range(min(len(self._waiting), MAX_ADMITTED)):
            self._waiting.popleft().admit()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._admit)


class Front(asyncio.Protocol):
    """A connection until it is known what it wants. `uvicorn`: what uvicorn makes a protocol with."""

    __slots__ = (
        "_arrivals",
        "_door",
        "_head",
        "_peer",
        "_turned_away",
        "_uvicorn",
        "_waits",
        "_watch",
        "transport",
    )

    def __init__(self, watch: HeadWatch, door: Door, arrivals: Arrivals, **uvicorn: Any) -> None:
        self.transport: asyncio.Transport | None = None
        self._watch = watch
        self._door = door
        self._arrivals = arrivals
        self._uvicorn = uvicorn
        self._peer = ""
        self._turned_away: TurnedAway | None = None
        self._head = b""
        #: Among the arrivals; what comes meanwhile is looked at then.
        self._waits = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # it is no other
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        self._turned_away = self._door.connected(self._peer)
        if self._turned_away is not None and self._turned_away.abruptly:
            transport.abort()
            return
        self._uvicorn["server_state"].connections.add(self)
        self._watch.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.transport is not None:
            self._watch.discard(self.transport)
            self._door.disconnected(self._peer)
            self._let_go()

    def data_received(self, data: bytes) -> None:
        if self._turned_away is not None:
            self._turn_away(self._turned_away)
            return
        self._head += data
        if self._waits:
            return
        if _may_be_upgrade(self._head):
            self._waits = True
            self._arrivals.add(self)
        else:
            self._speak_http()

    def admit(self) -> None:
        """Its turn among the arrivals has come."""
        transport, head, limits = self.transport, self._head, self._watch.limits
        if transport is None or transport.is_closing():
            return
        fits = len(head) <= limits.max_head_bytes and head.count(b"\r\n") <= limits.max_headers
        upgrade = parse_upgrade(head) if fits else None
        if upgrade is None:
            self._speak_http()
            return
        self._watch.discard(transport)
        protocol: Any = self._uvicorn["config"].ws_protocol_class()
        self._let_go()
        protocol.begin(transport, upgrade)
        transport.set_protocol(protocol)

    def shutdown(self) -> None:
        """uvicorn asks for it when it stops."""
        if self.transport is not None:
            self.transport.close()

    def _speak_http(self) -> None:
        transport, head = self.transport, self._head
        assert transport is not None
        protocol = HttpProtocol(self._watch, self._door, **self._uvicorn)
        self._let_go()
        protocol.connection_made(transport)
        transport.set_protocol(protocol)
        protocol.data_received(head)

    def _let_go(self) -> None:
        """The connection is another protocol's, or nobody's any more."""
        self._uvicorn["server_state"].connections.discard(self)
        self.transport = None
        self._head = b""

    def _turn_away(self, answer: TurnedAway) -> None:
        """Not before something was asked: closing with bytes unread would take the answer from the client again."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(answer.response())
            self.transport.close()


def _may_be_upgrade(head: bytes) -> bool:
    """At a glance: a whole head, and no GET of a page. A wrong no only takes the longer way."""
    return (
        head.startswith(b"GET ")
        and head.endswith(b"\r\n\r\n")
        and b"\r\nupgrade: websocket\r\n" in head.lower()
    )
