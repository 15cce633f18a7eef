"""Every bound of the Socket.IO server, by name. Nothing that a client can make grow is without one."""

from __future__ import annotations

from dataclasses import dataclass

from .. import codings


@dataclass(frozen=True, slots=True)
class Limits:
    """Durations in seconds, sizes in bytes. The first three are told to the client in the Engine.IO handshake."""

    ping_interval_s: float = 25.0
    ping_timeout_s: float = 20.0
    #: One WebSocket message, one polling request body.
    max_payload_bytes: int = 1_000_000
    #: A text packet from this size is compressed for the WebSockets that negotiated it; None negotiates with nobody.
    min_deflated_bytes: int | None = 1_024
    #: The body of a poll's answer is coded from this size, as its Accept-Encoding allows; None codes none.
    min_coded_bytes: int | None = codings.MIN_CODED_BYTES
    #: From the Engine.IO handshake to the first accepted namespace.
    connect_timeout_s: float = 45.0
    #: From the WebSocket's arrival on a polling session to the upgrade packet.
    upgrade_timeout_s: float = 10.0
    #: From the opening of a connection, or the first byte of a further request on it, to the end of the request's head.
    head_timeout_s: float = 20.0
    #: Address and headers of one request, together.
    max_head_bytes: int = 32_768
    max_headers: int = 100
    #: Requests on one connection that wait for the answers to those before them.
    max_pipelined: int = 16
    #: From a polling request's head to the end of its body.
    body_timeout_s: float = 20.0
    #: How long a session that the server closed waits for the poll, or the WebSocket's close frame, that answers it.
    linger_s: float = 5.0
    #: Bytes that wait for a reader before it is closed as too slow. It may come back and resume.
    max_backlog_bytes: int = 1_048_576
    #: What one session may send in the long run, and at once; None for all that it can. A frame or request counts as
    #: `min_counted_bytes` at least.
    max_bytes_per_s: float | None = None
    burst_bytes: int = 4_000_000
    min_counted_bytes: int = 256
    #: Packets of one connection that wait for its running handler; then reading from it pauses.
    max_inbox_packets: int = 64
    max_packets_per_body: int = 1_000
    #: More wait for the next poll. Clients on python-engineio take no more at a time, and give up otherwise.
    max_packets_per_poll: int = 16
    max_attachments: int = 10
    #: Arrays and objects inside each other in one packet. What handlers get, they can walk and send on.
    max_depth: int = 100
    max_fragments: int = 256
    max_namespaces: int = 10
    max_namespace_chars: int = 128
    #: Acknowledgements that one socket may owe at a time.
    max_pending_acks: int = 1_000
    #: Rooms that one socket may be in.
    max_rooms: int = 1_000
    #: For how long a lost socket may come back and get what it missed; 0 for never, and then it costs nothing.
    recovery_window_s: float = 0.0
    #: Events that are kept for that, of each namespace.
    max_recovery_bytes: int = 33_554_432
    #: Lost sockets that may come back, of each namespace, and the rooms that they all are in, together.
    max_lost_sockets: int = 10_000
    max_lost_rooms: int = 200_000
