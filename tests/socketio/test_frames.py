"""WebSocket frames (RFC 6455) as no client should send them: each gets its close code, and never reaches a handler."""

from __future__ import annotations

import asyncio
import struct

import pytest

from stockent.socketio import Limits, Reason, Server, Socket
from stockent.socketio.front import MAX_ADMITTED
from tests.waiting import poll_until

from .conftest import OpenTcp, Serve
from .frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, Tcp, encode, upgrade_head
from .serving import Endpoint
from .wire import Clients

PROTOCOL_ERROR, INVALID_TEXT, POLICY_VIOLATION, TOO_BIG = 1002, 1007, 1008, 1009
LIMITS = Limits(max_payload_bytes=10_000, max_fragments=20)


class Echo:
    """A Socket.IO server that answers `m` and remembers what reached its handler."""

    def __init__(self) -> None:
        self.server = Server(limits=LIMITS)
        self.handled: list[object] = []
        self.ends: list[str] = []
        self.endpoint: Endpoint
        self.server.of("/").on_disconnect(lambda socket, reason: self.ends.append(reason))

        @self.server.of("/").on("m")
        def handle(socket: Socket, argument: object) -> object:
            self.handled.append(argument)
            return argument


@pytest.fixture
async def echoing(serve: Serve) -> Echo:
    echoing = Echo()
    echoing.endpoint = await serve(echoing.server)
    return echoing


@pytest.fixture
async def raw(echoing: Echo, tcp: OpenTcp) -> Tcp:
    """A WebSocket made by hand that is connected to the main namespace."""
    raw: Tcp = await tcp(echoing.endpoint)
    await raw.upgrade(echoing.endpoint)
    raw.send(encode(TEXT, b"40"))
    await raw.frame()
    assert (await raw.frame()).payload.startswith(b"40")
    return raw


EVENT = b'421["m","x"]'

BROKEN: dict[str, tuple[list[bytes], int]] = {
    "not masked": ([encode(TEXT, EVENT, masked=False)], PROTOCOL_ERROR),
    "first reserved bit": ([encode(TEXT, EVENT, rsv=4)], PROTOCOL_ERROR),
    "second reserved bit": ([encode(TEXT, EVENT, rsv=2)], PROTOCOL_ERROR),
    "third reserved bit": ([encode(BINARY, EVENT, rsv=1)], PROTOCOL_ERROR),
    "a ping with a reserved bit": ([encode(PING, b"", rsv=4)], PROTOCOL_ERROR),
    "a pong with a reserved bit": ([encode(PONG, b"", rsv=1)], PROTOCOL_ERROR),
    "a close with a reserved bit": ([encode(CLOSE, b"", rsv=2)], PROTOCOL_ERROR),
    "a continuation with a reserved bit": (
        [encode(TEXT, b"4", fin=False), encode(CONTINUATION, b"2", rsv=4)],
        PROTOCOL_ERROR,
    ),
    "a reserved opcode": ([encode(3, EVENT)], PROTOCOL_ERROR),
    "a reserved control opcode": ([encode(11)], PROTOCOL_ERROR),
    "a ping of 126 bytes": ([encode(PING, b"x" * 126)], PROTOCOL_ERROR),
    "a fragmented ping": ([encode(PING, b"x", fin=False)], PROTOCOL_ERROR),
    "a length with the top bit set": (
        [b"\x81\xff" + struct.pack("!Q", 1 << 63) + b"mask"],
        PROTOCOL_ERROR,
    ),
    "a length that fits fewer bytes": (
        [b"\x81\xfe" + struct.pack("!H", 12) + b"maskmaskmask"],
        PROTOCOL_ERROR,
    ),
    "a continuation of nothing": ([encode(CONTINUATION, EVENT)], PROTOCOL_ERROR),
    "a message inside a fragmented one": (
        [encode(TEXT, b"4", fin=False), encode(TEXT, EVENT)],
        PROTOCOL_ERROR,
    ),
    "a fragmented message inside another": (
        [encode(TEXT, b"4", fin=False), encode(BINARY, EVENT, fin=False)],
        PROTOCOL_ERROR,
    ),
    "a close of one byte": ([encode(CLOSE, b"\x03")], PROTOCOL_ERROR),
    "a close by 1005": ([encode(CLOSE, struct.pack("!H", 1005))], PROTOCOL_ERROR),
    "a close by 0": ([encode(CLOSE, b"\x00\x00")], PROTOCOL_ERROR),
    "a close by 1006": ([encode(CLOSE, struct.pack("!H", 1006))], PROTOCOL_ERROR),
    "a close by 999": ([encode(CLOSE, struct.pack("!H", 999))], PROTOCOL_ERROR),
    "a close whose reason is not UTF-8": ([encode(CLOSE, struct.pack("!H", 1000) + b"\xff")], INVALID_TEXT),
    "text that is not UTF-8": ([encode(TEXT, b'421["m","\xff"]')], INVALID_TEXT),
    "a surrogate in UTF-8": ([encode(TEXT, b'421["m","\xed\xa0\x80"]')], INVALID_TEXT),
    "fragmented text that is not UTF-8": (
        [encode(TEXT, b'421["m","\xc3', fin=False), encode(CONTINUATION, b'("]')],
        INVALID_TEXT,
    ),
    "a frame over the limit": ([encode(TEXT, b'421["m","' + b"x" * 10_000 + b'"]')], TOO_BIG),
    "a frame that claims to be endless": ([encode(BINARY, b"x", length=(1 << 63) - 1)], TOO_BIG),
    "fragments over the limit": (
        [encode(TEXT, b"4" * 6_000, fin=False), encode(CONTINUATION, b"4" * 6_000)],
        TOO_BIG,
    ),
    "fragments without end": (
        [encode(TEXT, b"4", fin=False)] + [encode(0, b"x", fin=False)] * 20,
        POLICY_VIOLATION,
    ),
    "empty fragments without end": (
        [encode(TEXT, fin=False)] + [encode(0, fin=False)] * 20,
        POLICY_VIOLATION,
    ),
}


@pytest.mark.parametrize(("frames", "code"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_frame_against_the_rules_is_closed_with_its_code_and_handled_by_nobody(
    echoing: Echo, raw: Tcp, clients: Clients, frames: list[bytes], code: int
) -> None:
    healthy = await clients.websocket(echoing.endpoint)
    await healthy.enter()

    raw.send(b"".join(frames))
    # Behind a frame that was refused nothing is taken, not even what is in order.
    raw.send(encode(TEXT, b'42["m","behind"]'))

    assert await raw.close_code() == code
    await poll_until(lambda: echoing.ends)
    assert echoing.ends == [Reason.TRANSPORT_ERROR]
    await healthy.send(EVENT.decode())
    assert await healthy.receive() == '431["x"]'
    assert echoing.handled == ["x"]


async def test_a_message_over_the_limit_is_not_handled_even_when_all_of_it_arrives(
    echoing: Echo, raw: Tcp
) -> None:
    message = encode(TEXT, b'42["m","' + b"x" * 20_000 + b'"]')
    raw.send(message[:8])
    assert (await raw.frame()).opcode == CLOSE
    raw.send(message[8:])

    await poll_until(lambda: not echoing.server.engine.connections)
    assert echoing.handled == []


async def test_a_message_of_exactly_the_limit_is_handled(echoing: Echo, raw: Tcp) -> None:
    filling = LIMITS.max_payload_bytes - len(b'421["m",""]')
    raw.send(encode(TEXT, b'421["m","' + b"x" * filling + b'"]'))

    assert len((await raw.frame()).payload) == len(b'431[""]') + filling


@pytest.mark.parametrize("parts", [2, 3, 11])
async def test_a_fragmented_message_is_one_message_whatever_comes_between(
    echoing: Echo, raw: Tcp, parts: int
) -> None:
    message = '421["m","ä€🎉"]'.encode()
    size = len(message) // parts
    raw.send(encode(TEXT, message[:size], fin=False))
    for part in range(1, parts - 1):
        raw.send(encode(PING, b"between"))
        raw.send(encode(CONTINUATION, message[part * size : (part + 1) * size], fin=False))
    raw.send(encode(CONTINUATION, message[(parts - 1) * size :]))

    for _ in range(1, parts - 1):
        assert await raw.frame() == Frame(PONG, b"between")
    assert (await raw.frame()).payload == '431["ä€🎉"]'.encode()


async def test_a_fragmented_attachment_is_one_attachment(echoing: Echo, raw: Tcp) -> None:
    raw.send(encode(TEXT, b'451-1["m",{"_placeholder":true,"num":0}]'))
    raw.send(encode(BINARY, b"\x01", fin=False) + encode(CONTINUATION, b"\x02"))

    await poll_until(lambda: echoing.handled)
    assert echoing.handled == [b"\x01\x02"]


async def test_a_message_that_comes_byte_by_byte_is_a_message(echoing: Echo, raw: Tcp) -> None:
    for byte in encode(TEXT, EVENT):
        raw.send(bytes([byte]))
        await raw.writer.drain()

    assert (await raw.frame()).payload == b'431["x"]'


async def test_a_ping_is_answered_by_its_own_content(raw: Tcp) -> None:
    raw.send(encode(PING, b"") + encode(PONG, b"unasked") + encode(PING, b"x" * 125))

    assert await raw.frame() == Frame(PONG, b"")
    assert await raw.frame() == Frame(PONG, b"x" * 125)


@pytest.mark.parametrize(
    ("payload", "code"), [(b"", 1000), (struct.pack("!H", 1001) + b"bye", 1001), (b"\x0f\x9f", 3999)]
)
async def test_a_close_frame_is_answered_and_ends_the_session_at_once(
    echoing: Echo, raw: Tcp, payload: bytes, code: int
) -> None:
    raw.send(encode(CLOSE, payload) + encode(TEXT, EVENT))

    assert await raw.frame() == Frame(CLOSE, struct.pack("!H", code))
    assert await raw.end() == b""
    assert not echoing.server.engine.connections
    assert echoing.handled == []


# the way in


async def test_bytes_right_behind_the_request_for_an_upgrade_are_refused(echoing: Echo, tcp: OpenTcp) -> None:
    """CVE-2022-21676; a client must wait for the answer (RFC 6455, section 4.1)."""
    raw = await tcp(echoing.endpoint)
    raw.send(upgrade_head(echoing.endpoint) + b"test")

    assert (await raw.head()).startswith(b"HTTP/1.1 400 ")
    await raw.end()
    assert not echoing.server.engine.connections


async def test_bytes_right_behind_the_request_of_a_probe_are_refused_and_polling_goes_on(
    echoing: Echo, tcp: OpenTcp, clients: Clients
) -> None:
    polling = await clients.polling(echoing.endpoint)
    raw = await tcp(echoing.endpoint)
    raw.send(upgrade_head(echoing.endpoint, f"EIO=4&transport=websocket&sid={polling.sid}") + b"test")

    assert (await raw.head()).startswith(b"HTTP/1.1 400 ")
    await polling.enter()
    await polling.send(EVENT.decode())
    assert await polling.receive() == '431["x"]'


HEADS = {
    "no key": ("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", ""),
    "a key that is none": ("AAAAAAAAAAAAAAAAAAAAAA==", "short"),
    "no version": ("Sec-WebSocket-Version: 13\r\n", ""),
}


@pytest.mark.parametrize(("old", "new"), HEADS.values(), ids=HEADS.keys())
async def test_a_head_that_is_not_of_a_websocket_is_a_400_and_opens_nothing(
    echoing: Echo, tcp: OpenTcp, old: str, new: str
) -> None:
    raw = await tcp(echoing.endpoint)
    head = upgrade_head(echoing.endpoint).decode()
    assert old in head

    raw.send(head.replace(old, new).encode())

    assert (await raw.head()).startswith(b"HTTP/1.1 4")
    assert not echoing.server.engine.connections


@pytest.mark.parametrize("connection", ["Upgrade", "keep-alive, Upgrade", "upgrade,keep-alive"])
@pytest.mark.parametrize("in_pieces", [False, True])
async def test_the_upgrade_may_be_one_of_several_options_of_the_connection(
    echoing: Echo, tcp: OpenTcp, connection: str, in_pieces: bool
) -> None:
    """Firefox sends `keep-alive, Upgrade` (RFC 6455, section 4.2.1: a token of the list)."""
    raw = await tcp(echoing.endpoint)
    head = upgrade_head(echoing.endpoint).replace(
        b"Connection: Upgrade", f"Connection: {connection}".encode()
    )
    assert connection.encode() in head
    for part in [head[:50], head[50:]] if in_pieces else [head]:
        raw.send(part)
        await raw.writer.drain()
        await asyncio.sleep(0)

    assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
    assert len(echoing.server.engine.connections) == 1


LONG = "A" * 3_000


@pytest.mark.parametrize(
    "line",
    [
        "Connection: keep-alive",
        f"Sec-WebSocket-Key: {LONG}",
        f"Sec-WebSocket-Version: {LONG}",
        "Transfer-Encoding: chunked",
        "Content-Length: 4",
        "X y: z",
        " folded",
        "X-Nul: a\x00b",
    ],
)
async def test_a_line_that_no_upgrade_has_opens_nothing(echoing: Echo, tcp: OpenTcp, line: str) -> None:
    raw = await tcp(echoing.endpoint)
    raw.send(upgrade_head(echoing.endpoint)[:-2] + line.encode() + b"\r\n\r\n")

    assert (await raw.head()).startswith(b"HTTP/1.1 4")
    assert not echoing.server.engine.connections


async def test_a_crowd_that_asks_at_once_is_let_in_a_part_at_a_time(echoing: Echo, tcp: OpenTcp) -> None:
    """So that what others send in the meantime is not held up until the last of them is in."""
    crowd = [await tcp(echoing.endpoint) for _ in range(2 * MAX_ADMITTED + 3)]
    engine = echoing.server.engine
    opened: list[int] = []
    loop = asyncio.get_running_loop()

    def look() -> None:
        opened.append(len(engine.connections))
        if opened[-1] < len(crowd):
            loop.call_soon(look)

    for raw in crowd:
        raw.send(upgrade_head(echoing.endpoint))
    loop.call_soon(look)

    for raw in crowd:
        assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
    assert opened[-1] == len(crowd)
    assert max(now - before for before, now in zip([0, *opened], opened, strict=False)) <= MAX_ADMITTED


async def test_bytes_behind_a_request_that_waits_for_its_turn_are_refused(
    echoing: Echo, tcp: OpenTcp
) -> None:
    raw = await tcp(echoing.endpoint)
    raw.send(upgrade_head(echoing.endpoint))
    raw.send(b"test")

    assert (await raw.head()).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 101 "))
    await raw.end()
    await poll_until(lambda: not echoing.server.engine.connections)


async def test_a_head_in_pieces_is_a_head(echoing: Echo, tcp: OpenTcp) -> None:
    raw = await tcp(echoing.endpoint)
    head = upgrade_head(echoing.endpoint)
    for start in range(0, len(head), 7):
        raw.send(head[start : start + 7])
        await raw.writer.drain()
        await asyncio.sleep(0)

    assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
