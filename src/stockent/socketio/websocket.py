"""WebSocket frames ↔ Engine.IO sessions, by picows. `handshake` makes a link for each WebSocket that it lets in.

Frames of text and binary become packets of a session; nothing here knows what they mean.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
)

from .connection import WEBSOCKET, Connection, Reason, Request, State
from .deflate import DeflateError, InflatedTooLargeError, inflate
from .engine import Engine, Query
from .frames import pong_frame
from .packets import PacketError

log = logging.getLogger("stockent.socketio")

#: Then others have a turn: a peer that floods small frames (10⁶ pings a second) would hold up the loop for seconds.
_MAX_FRAMES_PER_TURN = 128
#: Close codes that a peer may send: those of RFC 6455, section 7.4.1, and three that were registered later.
_SENT_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_TEXT = WSMsgType.TEXT
#: More of one turn is written before its end.
_MAX_UNSENT_BYTES = 65_536
_CLOSE_CODES = {
    Reason.PARSE_ERROR: WSCloseCode.UNSUPPORTED_DATA,
    Reason.SHUTTING_DOWN: WSCloseCode.GOING_AWAY,
    Reason.SLOW_READER: WSCloseCode.POLICY_VIOLATION,
    Reason.CONNECT_TIMEOUT: WSCloseCode.POLICY_VIOLATION,
    Reason.FLOODING: WSCloseCode.POLICY_VIOLATION,
}


class WebSocketLink(WSListener):
    """One WebSocket: the `Link` of a session, or of a session's probe until the upgrade is done."""

    __slots__ = (
        "_address",
        "_closed",
        "_connection",
        "_engine",
        "_fragments",
        "_frames",
        "_held",
        "_query",
        "_resting",
        "_tcp",
        "_timer",
        "_transport",
        "_unsent",
        "max_deflated_bytes",
    )

    def __init__(
        self,
        engine: Engine,
        query: Query,
        connection: Connection | None,
        *,
        address: str,
        max_deflated_bytes: int,
    ) -> None:
        """`max_deflated_bytes`: as agreed on; 0 where permessage-deflate was not negotiated."""
        self.max_deflated_bytes = max_deflated_bytes
        self._engine = engine
        self._query: Query | None = query
        self._address = address
        self._connection = connection
        self._fragments: _Fragments | None = None
        #: Ends the probe, or the link.
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        #: Frames of this turn of the loop, for one write at its end. Bytes, so that an idle link has no list to keep.
        self._unsent = b""
        #: Frames since reading last rested; and whether it rests, or is held by the layer above.
        self._frames = 0
        self._resting = False
        self._held = False

    # Link

    def send(self, frames: bytes) -> None:
        unsent = self._unsent
        if not unsent:
            if not self._closed:
                self._unsent = frames
                self._engine.outbox.add(self)
        elif len(unsent) + len(frames) <= _MAX_UNSENT_BYTES:
            self._unsent = unsent + frames
        else:
            self.flush()
            self._unsent = frames

    def flush(self) -> None:
        frames, self._unsent = self._unsent, b""
        # After a frame that it refuses, picows sends the close frame by itself.
        if frames and not self._transport.is_close_frame_sent:
            self._tcp.write(frames)

    def close(self, reason: str) -> None:
        if self._closed:
            return
        self._end_sending()
        if reason == Reason.SLOW_READER or reason == Reason.PING_TIMEOUT:
            # Whoever does not read would not read a close frame either.
            self._transport.disconnect(graceful=False)
            return
        self._transport.send_close(_CLOSE_CODES.get(reason, WSCloseCode.OK), reason)
        self._hang_up_later()
        if reason == Reason.FLOODING:
            # What goes on coming is not worth reading, not even to find the answer to the close frame in it.
            self._tcp.pause_reading()

    def _end_sending(self) -> None:
        """Nothing is sent from now on but a close frame, behind what was sent before."""
        self.flush()
        self._closed = True

    # frames

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._tcp = transport.underlying_transport
        self._tcp.set_write_buffer_limits(high=self._engine.limits.max_backlog_bytes)
        query, self._query = self._query, None
        assert query is not None
        if self._connection is None:
            self._connection = self._engine.open(WEBSOCKET, self, _request(transport, query, self._address))
        elif self._connection.begin_upgrade(self):
            self._call_later(self._engine.limits.upgrade_timeout_s, self._end_probe)
        else:
            # A second WebSocket for one session: the first stays as it is.
            self._connection = None
            self._closed = True
            transport.send_close(WSCloseCode.POLICY_VIOLATION, "session cannot be upgraded")
            transport.disconnect()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._frames += 1
        if self._frames >= _MAX_FRAMES_PER_TURN:
            self._rest()
        # Also sent by picows, which goes on reading for 10 ms after a frame that it has refused.
        if transport.is_close_frame_sent:
            if frame.msg_type == WSMsgType.CLOSE:
                transport.disconnect()
            return
        connection = self._connection
        if connection is not None and self._engine.floods(connection, frame.payload_size):
            self._end_flood(connection)
            return
        try:
            if frame.fin and self._fragments is None and not (frame.rsv1 or frame.rsv2 or frame.rsv3):
                kind = frame.msg_type
                if kind is _TEXT:
                    self._take_text(frame.get_payload_as_utf8_text())
                    return
                if kind is WSMsgType.BINARY:
                    self._take_binary(frame.get_payload_as_bytes())
                    return
            self._take_other(transport, frame)
        except UnicodeDecodeError:
            self._fail(WSCloseCode.INVALID_TEXT, "text is not UTF-8")
        except FrameError as error:
            self._fail(error.code, str(error))
        except PacketError:
            # The engine has closed the session, and with it this link.
            if not self._closed:
                self._end_probe()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        refused_by_picows = transport.is_close_frame_sent and not self._closed
        self._closed = True
        self._part(Reason.TRANSPORT_ERROR if refused_by_picows else Reason.TRANSPORT_CLOSE)
        self._let_go()

    def _let_go(self) -> None:
        """What knows each other would wait for the collector, which comes to what has lived for long only after hours:
        6 KB for each connection, and whatever of a message had come.
        """
        self._connection = None
        self._fragments = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._unsent = b""
        self.max_deflated_bytes = 0
        del self._transport, self._tcp

    def pause_writing(self) -> None:
        """The peer has not read `max_backlog_bytes`. Called from within a send, so the end comes a little later."""
        if self._connection is not None and self._connection.link is self:
            log.warning("closed: slow reader", extra={"sid": self._connection.sid})
            self._engine.close_soon(self._connection, Reason.SLOW_READER)

    def resume_writing(self) -> None:
        """The connection is being closed by then."""

    # reading, for the layer above

    def pause_reading(self) -> None:
        self._held = True
        self._tcp.pause_reading()

    def resume_reading(self) -> None:
        self._held = False
        if not self._closed and not self._resting:
            self._tcp.resume_reading()

    def _rest(self) -> None:
        """Read no more in this turn of the loop."""
        self._frames = 0
        tcp = self._tcp
        if not self._resting and not tcp.is_closing():
            self._resting = True
            tcp.pause_reading()
            asyncio.get_running_loop().call_soon(self._go_on, tcp)

    def _go_on(self, tcp: asyncio.Transport) -> None:
        self._resting = False
        if not self._held and not tcp.is_closing():
            tcp.resume_reading()

    def _take_text(self, packet: str) -> None:
        connection = self._connection
        assert connection is not None
        if connection.link is self:
            self._engine.receive_text(connection, packet)
        elif connection.probe is self:
            old = cast(Any, connection.link)
            probed = connection.probed
            if connection.receive_probe(packet):
                old.hand_over(connection)
                if connection.state is State.CLOSED:
                    self.close(Reason.FORCED_CLOSE)
            elif not probed:
                # The client waits for its poll to end before it sends the upgrade packet.
                old.release()

    def _take_binary(self, message: bytes) -> None:
        connection = self._connection
        assert connection is not None
        if connection.link is not self:
            raise PacketError("a binary message before the upgrade")
        self._engine.receive_binary(connection, message)

    def _take_other(self, transport: WSTransport, frame: WSFrame) -> None:
        """Everything but a whole data frame. Fragmented and long control frames are refused by picows."""
        kind = frame.msg_type
        if (frame.rsv1 and not self._may_be_deflated(kind)) or frame.rsv2 or frame.rsv3:
            raise FrameError(WSCloseCode.PROTOCOL_ERROR, "reserved bit without an extension")
        if kind == WSMsgType.CLOSE:
            code = _close_code(frame)
            self._end_sending()
            transport.send_close(code)
            transport.disconnect()
            self._hang_up_later()
            self._part(Reason.TRANSPORT_CLOSE)
        elif kind == WSMsgType.PING:
            self.send(pong_frame(frame.get_payload_as_bytes()))
        elif kind != WSMsgType.PONG:
            self._take_fragment(frame)

    def _may_be_deflated(self, kind: WSMsgType) -> bool:
        """RFC 7692, section 6.1: the first frame of a message says that it is compressed, no other does."""
        return self.max_deflated_bytes > 0 and kind in (WSMsgType.TEXT, WSMsgType.BINARY)

    def _take_fragment(self, frame: WSFrame) -> None:
        """RFC 6455, section 5.4, with bounds on the size of the whole and the number of its parts.

        A compressed message in one frame is a message of one fragment.
        """
        limits = self._engine.limits
        if frame.msg_type == WSMsgType.CONTINUATION:
            if self._fragments is None:
                raise FrameError(WSCloseCode.PROTOCOL_ERROR, "continuation of nothing")
        elif self._fragments is not None:
            raise FrameError(WSCloseCode.PROTOCOL_ERROR, "a new message inside a fragmented one")
        else:
            is_text = frame.msg_type == WSMsgType.TEXT
            self._fragments = _Fragments(is_text=is_text, is_deflated=bool(frame.rsv1))
        fragments = self._fragments
        fragments.data += frame.get_payload_as_bytes()
        fragments.count += 1
        if len(fragments.data) > limits.max_payload_bytes:
            raise FrameError(
                WSCloseCode.MESSAGE_TOO_BIG, f"a message has at most {limits.max_payload_bytes} bytes"
            )
        if fragments.count > limits.max_fragments:
            raise FrameError(
                WSCloseCode.POLICY_VIOLATION, f"a message has at most {limits.max_fragments} fragments"
            )
        if frame.fin:
            self._fragments = None
            message = self._inflate(fragments.data) if fragments.is_deflated else fragments.data
            if fragments.is_text:
                self._take_text(message.decode("utf-8"))
            else:
                self._take_binary(bytes(message))

    def _inflate(self, data: bytearray) -> bytes:
        try:
            return inflate(data, max_bytes=self._engine.limits.max_payload_bytes)
        except InflatedTooLargeError as error:
            raise FrameError(WSCloseCode.MESSAGE_TOO_BIG, str(error)) from error
        except DeflateError as error:
            raise FrameError(WSCloseCode.INVALID_TEXT, str(error)) from error

    def _fail(self, code: WSCloseCode, message: str) -> None:
        log.info("closed: bad frame", extra={"error": message})
        self._fragments = None
        self._end_sending()
        self._transport.send_close(code, message)
        self._hang_up_later()
        self._part(Reason.TRANSPORT_ERROR)

    def _part(self, reason: str) -> None:
        """This WebSocket carries nothing any more: what it carried ends, what it was to take over goes on."""
        connection = self._connection
        if connection is None:
            return
        if connection.link is self:
            self._engine.close(connection, reason)
        else:
            connection.abandon_upgrade(self)

    def _hang_up_later(self) -> None:
        """A peer that neither answers the close frame nor reads what waits for it must not keep us waiting."""
        self._call_later(self._engine.limits.linger_s, partial(self._transport.disconnect, False))

    def _call_later(self, delay_s: float, callback: Callable[[], object]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay_s, callback)

    def _end_flood(self, connection: Connection) -> None:
        if connection.link is self:
            log.warning("closed: flooding", extra={"sid": connection.sid})
            self._engine.close(connection, Reason.FLOODING)
        else:
            self._end_probe()

    def _end_probe(self) -> None:
        connection = self._connection
        if connection is not None and connection.link is not self and not self._closed:
            connection.abandon_upgrade(self)
            self.close(Reason.TRANSPORT_ERROR)


class FrameError(Exception):
    """The peer broke RFC 6455; `code` is the close code that says how."""

    def __init__(self, code: WSCloseCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def _close_code(frame: WSFrame) -> WSCloseCode:
    """What a close frame is answered with. Raises `FrameError` for a code that nobody may send (section 7.4)."""
    payload = frame.get_payload_as_bytes()
    if not payload:
        return WSCloseCode.OK
    code = int.from_bytes(payload[:2], "big")
    if code not in _SENT_CODES and not 3_000 <= code < 5_000:
        raise FrameError(WSCloseCode.PROTOCOL_ERROR, "no such close code")
    return frame.get_close_code()


class _Fragments:
    __slots__ = ("count", "data", "is_deflated", "is_text")

    def __init__(self, *, is_text: bool, is_deflated: bool) -> None:
        self.data = bytearray()
        self.count = 0
        self.is_text = is_text
        self.is_deflated = is_deflated


def _request(transport: WSTransport, query: Query, address: str) -> Request:
    request = transport.request
    path = request.path.decode("latin-1").partition("?")[0]
    headers = lower_headers(request)
    # picows keeps both for as long as the connection lives: about 2 KB that nobody reads.
    request.headers.clear()
    transport.response.headers.clear()
    return Request(path, query.all, headers, address)


def lower_headers(request: WSUpgradeRequest) -> dict[str, str]:
    """As `Request` has them."""
    return {name.lower(): value for name, value in request.headers.items()}
