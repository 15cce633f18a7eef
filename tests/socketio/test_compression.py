"""permessage-deflate over the wire: for whom, once an event, and what a client must not send."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from stockent.socketio import Limits, Reason, Server, Socket
from tests.waiting import poll_until

from .conftest import OpenTcp, Serve
from .frames import BINARY, CONTINUATION, PING, PONG, TEXT, Frame, Tcp, encode
from .serving import Endpoint
from .test_deflate import ANSWER, PLAIN, bomb, peer_deflates, peer_inflates
from .wire import Clients

PROTOCOL_ERROR, INVALID_TEXT, POLICY_VIOLATION, TOO_BIG = 1002, 1007, 1008, 1009
RSV1 = 4
THRESHOLD = 500
LIMITS = Limits(max_payload_bytes=10_000, max_fragments=20, min_deflated_bytes=THRESHOLD)
LONG = "said again and again, " * 40
BROWSER = (f"{PLAIN}; client_max_window_bits",)


class Chat:
    """A Socket.IO server with one room; it remembers what reached its handler."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.server = Server(limits=limits)
        self.handled: list[object] = []
        self.ends: list[str] = []
        self.endpoint: Endpoint
        self.chat = self.server.of("/")
        self.chat.on_connect(lambda socket: socket.join("room"))
        self.chat.on_disconnect(lambda socket, reason: self.ends.append(reason))

        @self.chat.on("m")
        def handle(socket: Socket, argument: object) -> object:
            self.handled.append(argument)
            return argument

    def tell(self, text: str) -> None:
        self.chat.to("room").emit("told", text)


@pytest.fixture
async def chat(serve: Serve) -> Chat:
    chat = Chat()
    chat.endpoint = await serve(chat.server)
    return chat


async def connected(tcp: OpenTcp, chat: Chat, *, offers: tuple[str, ...] = BROWSER) -> Tcp:
    """A WebSocket made by hand that has negotiated, if it offers, and is connected to the main namespace."""
    raw = await tcp(chat.endpoint)
    taken = await raw.upgrade(chat.endpoint, offers=offers)
    assert bool(taken) == bool(offers)
    raw.send(encode(TEXT, b"40"))
    await raw.frame()
    assert (await raw.frame()).payload.startswith(b"40")
    return raw


@pytest.fixture
async def raw(chat: Chat, tcp: OpenTcp) -> Tcp:
    return await connected(tcp, chat)


def event(text: str, name: str = "told") -> bytes:
    return b"42" + json.dumps([name, text], separators=(",", ":")).encode()


# what is sent


async def test_an_event_is_compressed_once_for_everybody_who_negotiated_it(chat: Chat, tcp: OpenTcp) -> None:
    compressed = [await connected(tcp, chat) for _ in range(5)]
    plain = [await connected(tcp, chat, offers=()) for _ in range(2)]

    chat.tell(LONG)

    frames = [await raw.frame() for raw in compressed]
    assert frames == [frames[0]] * 5
    assert (frames[0].opcode, frames[0].rsv) == (TEXT, RSV1)
    assert peer_inflates(frames[0].payload) == event(LONG)
    assert [await raw.frame() for raw in plain] == [Frame(TEXT, event(LONG))] * 2
    counts = chat.server.deflater
    assert (counts.payloads, counts.plain_bytes) == (1, len(event(LONG)))
    assert counts.deflated_bytes == len(frames[0].payload)


async def test_an_event_is_not_compressed_where_nobody_negotiated_it(chat: Chat, tcp: OpenTcp) -> None:
    raw = await connected(tcp, chat, offers=())

    chat.tell(LONG)

    assert await raw.frame() == Frame(TEXT, event(LONG))
    assert chat.server.deflater.payloads == 0


async def test_each_event_is_inflated_without_the_ones_before(chat: Chat, raw: Tcp, tcp: OpenTcp) -> None:
    chat.tell(LONG + "first")
    await raw.frame()
    late = await connected(tcp, chat)

    chat.tell(LONG + "second")

    for each in (raw, late):
        assert peer_inflates((await each.frame()).payload) == event(LONG + "second")


async def test_a_packet_below_the_threshold_is_not_compressed(chat: Chat, raw: Tcp) -> None:
    filling = THRESHOLD - len(event(""))

    chat.tell("x" * (filling - 1))
    chat.tell("x" * filling)

    assert await raw.frame() == Frame(TEXT, event("x" * (filling - 1)))
    assert (await raw.frame()).rsv == RSV1
    assert chat.server.deflater.payloads == 1


async def test_what_does_not_get_smaller_is_sent_as_it_is(serve: Serve, tcp: OpenTcp) -> None:
    chat = Chat(Limits(min_deflated_bytes=1))
    chat.endpoint = await serve(chat.server)
    raw = await connected(tcp, chat)

    chat.tell("~")

    assert await raw.frame() == Frame(TEXT, event("~"))


async def test_acks_and_events_to_one_are_compressed_too(chat: Chat, raw: Tcp) -> None:
    raw.send(encode(TEXT, b"421" + event(LONG, "m")[2:]))
    ack = await raw.frame()
    (socket,) = chat.chat.sockets.values()
    socket.emit("told", LONG)
    told = await raw.frame()

    assert (ack.rsv, told.rsv) == (RSV1, RSV1)
    assert json.loads(peer_inflates(ack.payload)[3:]) == [LONG]
    assert peer_inflates(told.payload) == event(LONG)


async def test_attachments_follow_their_compressed_packet_as_they_are(chat: Chat, raw: Tcp) -> None:
    chat.chat.to("room").emit("told", LONG, b"\x01" * 1_000)

    head = await raw.frame()
    assert head.rsv == RSV1
    assert peer_inflates(head.payload).startswith(b"451-")
    assert await raw.frame() == Frame(BINARY, b"\x01" * 1_000)


async def test_a_client_with_a_small_window_gets_what_fits_into_it_compressed(
    chat: Chat, tcp: OpenTcp
) -> None:
    raw = await connected(tcp, chat, offers=(f"{PLAIN}; server_max_window_bits=10",))
    largest = "x" * (1_024 - len(event("")))

    chat.tell(largest)
    chat.tell(largest + "x")

    fitting = await raw.frame()
    assert fitting.rsv == RSV1
    assert peer_inflates(fitting.payload, window_bits=10) == event(largest)
    assert await raw.frame() == Frame(TEXT, event(largest + "x"))


async def test_a_session_that_is_upgraded_gets_compressed_packets_from_then_on(
    chat: Chat, clients: Clients, tcp: OpenTcp
) -> None:
    polling = await clients.polling(chat.endpoint)
    await polling.enter()
    raw = await tcp(chat.endpoint)
    await raw.upgrade(chat.endpoint, f"EIO=4&transport=websocket&sid={polling.sid}", offers=BROWSER)
    raw.send(encode(TEXT, b"2probe"))
    assert await raw.frame() == Frame(TEXT, b"3probe")

    chat.tell(LONG + "while polling")
    raw.send(encode(TEXT, b"5"))
    assert await raw.frame() == Frame(TEXT, event(LONG + "while polling"))
    chat.tell(LONG)

    assert peer_inflates((await raw.frame()).payload) == event(LONG)


# the offer


async def test_offers_in_several_headers_are_one_list(chat: Chat, tcp: OpenTcp) -> None:
    raw = await tcp(chat.endpoint)

    assert await raw.upgrade(chat.endpoint, offers=("x-other", f"{PLAIN}; nonsense", PLAIN)) == ANSWER


@pytest.mark.parametrize("offer", ["x-other", f"{PLAIN}; nonsense", ";;,,==", PLAIN + "; " * 5_000])
async def test_an_offer_that_is_declined_leaves_an_ordinary_websocket(
    chat: Chat, tcp: OpenTcp, offer: str
) -> None:
    raw = await tcp(chat.endpoint)
    assert await raw.upgrade(chat.endpoint, offers=(offer,)) is None
    await raw.frame()

    raw.send(encode(TEXT, b"40", rsv=RSV1))

    assert await raw.close_code() == PROTOCOL_ERROR


async def test_it_can_be_turned_off(serve: Serve, tcp: OpenTcp) -> None:
    chat = Chat(Limits(min_deflated_bytes=None))
    chat.endpoint = await serve(chat.server)
    raw = await tcp(chat.endpoint)
    assert await raw.upgrade(chat.endpoint, offers=BROWSER) is None
    raw.send(encode(TEXT, b"40"))
    await raw.frame()
    await raw.frame()

    chat.tell(LONG)

    assert await raw.frame() == Frame(TEXT, event(LONG))


# what comes


EVENT = b'421["m","x"]'
SHORT_ACK = b'431["x"]'


def halves(data: bytes) -> tuple[bytes, bytes]:
    return data[: len(data) // 2], data[len(data) // 2 :]


async def test_a_compressed_message_is_handled(chat: Chat, raw: Tcp) -> None:
    raw.send(encode(TEXT, peer_deflates('421["m","ä€🎉"]'.encode()), rsv=RSV1))

    assert (await raw.frame()).payload == '431["ä€🎉"]'.encode()


async def test_plain_and_compressed_messages_may_take_turns(chat: Chat, raw: Tcp) -> None:
    for _ in range(3):
        raw.send(encode(TEXT, peer_deflates(EVENT), rsv=RSV1) + encode(TEXT, EVENT))

    for _ in range(6):
        assert (await raw.frame()).payload == SHORT_ACK


async def test_a_fragmented_compressed_message_is_one_message_whatever_comes_between(
    chat: Chat, raw: Tcp
) -> None:
    first, second = halves(peer_deflates(EVENT))
    raw.send(encode(TEXT, first, fin=False, rsv=RSV1) + encode(PING, b"between"))
    raw.send(encode(CONTINUATION, second, fin=False) + encode(CONTINUATION, b""))

    assert await raw.frame() == Frame(PONG, b"between")
    assert (await raw.frame()).payload == SHORT_ACK


async def test_a_compressed_attachment_is_an_attachment(chat: Chat, raw: Tcp) -> None:
    raw.send(encode(TEXT, b'451-1["m",{"_placeholder":true,"num":0}]'))
    raw.send(encode(BINARY, peer_deflates(b"\x01" * 900), rsv=RSV1))

    await poll_until(lambda: chat.handled)
    assert chat.handled == [b"\x01" * 900]


async def test_an_empty_compressed_attachment_is_empty(chat: Chat, raw: Tcp) -> None:
    raw.send(encode(TEXT, b'451-1["m",{"_placeholder":true,"num":0}]'))
    raw.send(encode(BINARY, b"\x00", rsv=RSV1))

    await poll_until(lambda: chat.handled)
    assert chat.handled == [b""]


async def test_a_compressed_message_of_exactly_the_limit_is_handled(chat: Chat, raw: Tcp) -> None:
    filling = LIMITS.max_payload_bytes - len(b'421["m",""]')
    raw.send(encode(TEXT, peer_deflates(b'421["m","' + b"x" * filling + b'"]'), rsv=RSV1))

    assert len(peer_inflates((await raw.frame()).payload)) == len(b'431[""]') + filling


DEFLATED = peer_deflates(EVENT)
NOISE = b"".join(zlib.crc32(b"%d" % n).to_bytes(4, "big") for n in range(1_600))

BROKEN: dict[str, tuple[list[bytes], int]] = {
    "a continuation that says it is compressed": (
        [encode(TEXT, b"42", fin=False), encode(CONTINUATION, DEFLATED, rsv=RSV1)],
        PROTOCOL_ERROR,
    ),
    "a continuation of a compressed message that says so again": (
        [encode(TEXT, DEFLATED[:5], fin=False, rsv=RSV1), encode(CONTINUATION, DEFLATED[5:], rsv=RSV1)],
        PROTOCOL_ERROR,
    ),
    "a compressed ping": ([encode(PING, b"", rsv=RSV1)], PROTOCOL_ERROR),
    "a compressed pong": ([encode(PONG, b"", rsv=RSV1)], PROTOCOL_ERROR),
    "another reserved bit beside it": ([encode(TEXT, DEFLATED, rsv=RSV1 | 2)], PROTOCOL_ERROR),
    "another reserved bit alone": ([encode(TEXT, EVENT, rsv=1)], PROTOCOL_ERROR),
    "a compressed message inside a fragmented one": (
        [encode(TEXT, b"4", fin=False), encode(TEXT, DEFLATED, rsv=RSV1)],
        PROTOCOL_ERROR,
    ),
    "a plain message that says it is compressed": ([encode(TEXT, EVENT, rsv=RSV1)], INVALID_TEXT),
    "an empty frame that says it is compressed": ([encode(TEXT, b"", rsv=RSV1)], INVALID_TEXT),
    "a compressed message cut short": ([encode(TEXT, DEFLATED[:-3], rsv=RSV1)], INVALID_TEXT),
    "compressed text that is not UTF-8": (
        [encode(TEXT, peer_deflates(b'421["m","\xff"]'), rsv=RSV1)],
        INVALID_TEXT,
    ),
    "one byte over the limit, inflated": (
        [encode(TEXT, peer_deflates(b"4" * (LIMITS.max_payload_bytes + 1)), rsv=RSV1)],
        TOO_BIG,
    ),
    "a bomb": ([encode(BINARY, bomb(1 << 23)[: LIMITS.max_payload_bytes], rsv=RSV1)], TOO_BIG),
    "a bomb in fragments": (
        [
            encode(TEXT, bomb(1 << 22)[:2_000], fin=False, rsv=RSV1),
            encode(CONTINUATION, bomb(1 << 22)[2_000:]),
        ],
        TOO_BIG,
    ),
    "compressed fragments over the limit": (
        [encode(TEXT, NOISE, fin=False, rsv=RSV1), encode(CONTINUATION, NOISE)],
        TOO_BIG,
    ),
    "compressed fragments without end": (
        [encode(TEXT, b"", fin=False, rsv=RSV1)] + [encode(CONTINUATION, b"", fin=False)] * 20,
        POLICY_VIOLATION,
    ),
}


@pytest.mark.parametrize(("frames", "code"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_compressed_frame_against_the_rules_is_closed_with_its_code_and_handled_by_nobody(
    chat: Chat, raw: Tcp, clients: Clients, frames: list[bytes], code: int
) -> None:
    healthy = await clients.websocket(chat.endpoint)
    await healthy.enter()

    raw.send(b"".join(frames))
    raw.send(encode(TEXT, b'42["m","behind"]'))

    assert await raw.close_code() == code
    await poll_until(lambda: chat.ends)
    assert chat.ends == [Reason.TRANSPORT_ERROR]
    await healthy.send(EVENT.decode())
    assert await healthy.receive() == SHORT_ACK.decode()
    assert chat.handled == ["x"]


# a client of another maker


class Library(NamedTuple):
    """The client of `websockets`, and the largest packet that its window allows to compress."""

    ws: ClientConnection
    max_bytes: int


#: The first is what the library offers by itself.
WINDOWS = {
    "small windows": (
        ClientPerMessageDeflateFactory(server_max_window_bits=12, client_max_window_bits=12),
        4_096,
    ),
    "no parameters": (ClientPerMessageDeflateFactory(client_max_window_bits=None), 1 << 30),
    "named windows": (
        ClientPerMessageDeflateFactory(server_max_window_bits=15, client_max_window_bits=15),
        1 << 30,
    ),
}


@pytest.fixture(params=list(WINDOWS))
async def library(request: pytest.FixtureRequest, chat: Chat) -> AsyncIterator[Library]:
    extension, max_bytes = WINDOWS[request.param]
    url = chat.endpoint.ws("EIO=4&transport=websocket")
    async with connect(url, compression=None, extensions=[extension], proxy=None) as ws:
        await ws.recv()
        await ws.send("40")
        await ws.recv()
        yield Library(ws, max_bytes)


@pytest.mark.parametrize("size", [1, 300, 600, 4_000, 4_200, 9_900])
async def test_another_makers_client_says_and_hears_messages_of_any_size(
    chat: Chat, library: Library, size: int
) -> None:
    text = (LONG * 20)[:size]
    told = event(text).decode()

    async with asyncio.timeout(5):
        for number in range(3):
            await library.ws.send(f'421["m",{number}]')
            assert await library.ws.recv() == f"431[{number}]"
            await library.ws.send(told.replace("told", "m"))
            chat.tell(text)
            assert await library.ws.recv() == told

    await poll_until(lambda: len(chat.handled) == 6)
    assert chat.handled == [0, text, 1, text, 2, text]
    assert (chat.server.deflater.payloads == 3) == (THRESHOLD <= len(told) <= library.max_bytes)
