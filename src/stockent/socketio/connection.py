"""One Engine.IO session, whatever carries it: handshake, heartbeat, upgrade, close. No I/O; `now` is an argument.

A transport feeds what it read into `receive_text` and `receive_binary`, and gives the session a `Link` to write to.
The engine calls `tick` at the deadline that the session names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import Any, Protocol

import msgspec

from .frames import binary_frame, text_frame
from .limits import Limits
from .packets import CLOSE, MESSAGE, NOOP, OPEN, PING, PONG, UPGRADE, PacketError

PING_FRAME = text_frame(PING.encode())
PROBE_FRAME = text_frame(b"3probe")
NOOP_PACKET = NOOP.encode()
CLOSE_PACKET = CLOSE.encode()

POLLING = "polling"
WEBSOCKET = "websocket"


class Reason:
    """Why a connection or socket ended: the words that Socket.IO clients know, `SLOW_READER` and `FLOODING`."""

    CLIENT_DISCONNECT = "client namespace disconnect"
    SERVER_DISCONNECT = "server namespace disconnect"
    SHUTTING_DOWN = "server shutting down"
    PING_TIMEOUT = "ping timeout"
    TRANSPORT_CLOSE = "transport close"
    TRANSPORT_ERROR = "transport error"
    PARSE_ERROR = "parse error"
    FORCED_CLOSE = "forced close"
    CONNECT_TIMEOUT = "connect timeout"
    SLOW_READER = "slow reader"
    FLOODING = "flooding"


class Link(Protocol):
    """Where a session's packets go. Sending never blocks and never raises; order is kept."""

    @property
    def max_deflated_bytes(self) -> int:
        """The largest text packet, before compression, that may come as a `deflated_frame`; 0 for none."""
        ...

    def send(self, frames: bytes) -> None:
        """Take whole `frames`. They may go out a little later, with what else is sent in this turn of the loop."""
        ...

    def pause_reading(self) -> None:
        """Let the peer wait with what it sends. What was read already may still come."""
        ...

    def resume_reading(self) -> None: ...

    def close(self, reason: str) -> None:
        """End the transport, telling the peer if it still listens. Idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """The HTTP request that opened a session. `headers` are lower-case; of a repeated one the last stays."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    address: str


class State(Enum):
    OPEN = auto()
    CLOSED = auto()


class Connection:
    """One Engine.IO session.

    `session` belongs to the layer above (Socket.IO's state of this connection), `owner` to the engine's guard.
    """

    __slots__ = (
        "_caught_up_at",
        "_limits",
        "_next_ping",
        "_pinged_at",
        "_pong_due",
        "connect_due",
        "heard_at",
        "link",
        "owner",
        "probe",
        "probed",
        "request",
        "session",
        "sid",
        "state",
        "transport",
    )

    def __init__(
        self, sid: str, transport: str, link: Link, request: Request, limits: Limits, *, now: float
    ) -> None:
        self.sid = sid
        self.transport = transport
        self.request = request
        self.state = State.OPEN
        self.session: Any = None
        self.owner: Any = None
        #: A WebSocket that asked to take over this polling session, until it has.
        self.probe: Link | None = None
        self.probed = False
        #: When the session ends unless the layer above has cleared this (None) by accepting a namespace.
        self.connect_due: float | None = now + limits.connect_timeout_s
        #: When the last ping was sent that the peer has answered: what was sent before has arrived.
        self.heard_at = -inf
        self._limits = limits
        #: When the peer may send a whole burst again, were it silent until then.
        self._caught_up_at = now
        self._next_ping = now + limits.ping_interval_s
        self._pinged_at = -inf
        self._pong_due: float | None = None
        self.link = link

    def send_text(self, packet: bytes) -> None:
        """Send one text packet: UTF-8, with its type in front."""
        self.link.send(text_frame(packet))

    def send_binary(self, message: bytes) -> None:
        self.link.send(binary_frame(message))

    def open_packet(self) -> bytes:
        """The handshake (protocol, "Handshake"): times in milliseconds."""
        limits = self._limits
        return OPEN.encode() + msgspec.json.encode(
            {
                "sid": self.sid,
                "upgrades": [WEBSOCKET] if self.transport == POLLING else [],
                "pingInterval": round(limits.ping_interval_s * 1000),
                "pingTimeout": round(limits.ping_timeout_s * 1000),
                "maxPayload": limits.max_payload_bytes,
            }
        )

    # what the peer sent

    def receive_text(self, packet: str, *, now: float) -> str | None:
        """Take one text packet from the session's own transport.

        Returns the text of a message, else None. Raises `PacketError` for what does not belong there, and
        `ClosedByPeer` for a close packet.
        """
        kind = packet[:1]
        if kind == MESSAGE:
            return packet[1:]
        if packet == PONG:
            if self._pong_due is not None:
                self.heard_at = self._pinged_at
            self._pong_due = None
            self._next_ping = now + self._limits.ping_interval_s
            return None
        if packet == CLOSE:
            raise ClosedByPeer
        raise PacketError(f"unexpected Engine.IO packet {packet[:8]!r}")

    def floods(self, size_bytes: int, *, now: float) -> bool:
        """Count what came. True when it is more than `Limits.max_bytes_per_s` and `burst_bytes` allow."""
        limits = self._limits
        if limits.max_bytes_per_s is None:
            return False
        counted = max(size_bytes, limits.min_counted_bytes)
        caught_up_at = max(self._caught_up_at, now) + counted / limits.max_bytes_per_s
        self._caught_up_at = caught_up_at
        return caught_up_at - now > limits.burst_bytes / limits.max_bytes_per_s

    # the upgrade (protocol, "Upgrade")

    def begin_upgrade(self, link: Link) -> bool:
        """A WebSocket came for this session. False if it cannot be upgraded (any more)."""
        if self.state is not State.OPEN or self.transport != POLLING or self.probe is not None:
            return False
        self.probe = link
        self.probed = False
        return True

    def receive_probe(self, packet: str) -> bool:
        """Take a packet of the probing WebSocket. True when it has taken over.

        What waits in the polling buffer must then be sent through the new link before anything else.
        """
        assert self.probe is not None
        if not self.probed:
            if packet != PING + "probe":
                raise PacketError(f"expected the packet 2probe, got {packet[:8]!r}")
            self.probed = True
            self.probe.send(PROBE_FRAME)
            return False
        if packet != UPGRADE:
            raise PacketError(f"expected the upgrade packet, got {packet[:8]!r}")
        self.transport = WEBSOCKET
        self.link = self.probe
        self.probe = None
        return True

    def abandon_upgrade(self, link: Link) -> None:
        """The probing WebSocket went away; polling goes on."""
        if self.probe is link:
            self.probe = None
            self.probed = False

    # time

    def deadline(self) -> float:
        """When `tick` is to be called, at the latest."""
        due = self._next_ping if self._pong_due is None else min(self._pong_due, self._next_ping)
        return due if self.connect_due is None else min(due, self.connect_due)

    def tick(self, *, now: float) -> str | None:
        """Send a ping when it is time. Returns the reason to close, or None."""
        if self.connect_due is not None and now >= self.connect_due:
            return Reason.CONNECT_TIMEOUT
        if self._pong_due is not None and now >= self._pong_due:
            return Reason.PING_TIMEOUT
        if now >= self._next_ping:
            self._next_ping = now + self._limits.ping_interval_s
            if self._pong_due is None:
                self._pinged_at = now
                self._pong_due = now + self._limits.ping_timeout_s
                self.link.send(PING_FRAME)
        return None


class ClosedByPeer(Exception):
    """The peer sent the close packet."""
