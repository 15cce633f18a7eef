"""What is sent in one turn of the event loop: one write for each connection, in the order in which it was sent."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

import pytest

from stockent.socketio import Limits, Server, Socket
from stockent.socketio.outbox import Outbox

from .conftest import OpenTcp, Serve
from .frames import BINARY, CLOSE, PING, PONG, TEXT, Frame, Tcp, encode
from .serving import Endpoint
from .wire import Clients

#: Where Linux's `struct tcp_info` has how many segments with data came.
_DATA_SEGMENTS_AT = 152


class Talk:
    """A server whose handlers send more than one thing at a time, and hand-made clients of it."""

    def __init__(self, endpoint: Endpoint, server: Server, tcp: OpenTcp) -> None:
        self.namespace = server.of("/")
        self._endpoint = endpoint
        self._tcp = tcp

    async def enter(self) -> tuple[Tcp, Socket]:
        raw: Tcp = await self._tcp(self._endpoint)
        await raw.upgrade(self._endpoint)
        raw.send(encode(TEXT, b"40"))
        await raw.frame()
        return raw, self.namespace.sockets[(await raw.frame()).payload.decode().split('"')[3]]


@pytest.fixture
async def talk(serve: Serve, tcp: OpenTcp) -> Talk:
    server = Server(limits=Limits(max_backlog_bytes=20_000_000))

    @server.of("/").on("say")
    def say(_socket: Socket, *texts: str) -> int:
        for text in texts:
            server.of("/").emit("said", text)
        return len(texts)

    return Talk(await serve(server), server, tcp)


def segments(raw: Tcp) -> int:
    """How many pieces of data TCP has brought. Of small ones each write makes one."""
    tcp = raw.writer.get_extra_info("socket")
    info = tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return int(struct.unpack_from("=I", info, _DATA_SEGMENTS_AT)[0])


async def payloads(raw: Tcp, count: int) -> list[bytes]:
    return [(await raw.frame()).payload for _ in range(count)]


linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how many segments came")


@linux
async def test_the_events_of_one_turn_go_to_each_in_one_write(talk: Talk) -> None:
    people = [(await talk.enter())[0] for _ in range(3)]
    before = [segments(raw) for raw in people]

    for number in range(5):
        talk.namespace.emit("m", number)

    for raw, count in zip(people, before, strict=True):
        assert await payloads(raw, 5) == [b'42["m",%d]' % number for number in range(5)]
        assert segments(raw) == count + 1


@linux
async def test_the_events_of_two_turns_do_not_wait_for_each_other(talk: Talk) -> None:
    raw, person = await talk.enter()
    before = segments(raw)

    for number in range(3):
        person.emit("m", number)
        assert (await raw.frame()).payload == b'42["m",%d]' % number

    assert segments(raw) == before + 3


@linux
async def test_what_a_command_is_told_and_its_ack_come_together_and_in_order(talk: Talk) -> None:
    raw, _ = await talk.enter()
    before = segments(raw)

    raw.send(encode(TEXT, b'421["say","a","b"]') + encode(TEXT, b'422["say","c"]'))

    assert await payloads(raw, 5) == [
        b'42["said","a"]',
        b'42["said","b"]',
        b"431[2]",
        b'42["said","c"]',
        b"432[1]",
    ]
    assert segments(raw) == before + 1


async def test_a_pong_takes_its_place_among_what_is_sent(talk: Talk) -> None:
    raw, _ = await talk.enter()

    raw.send(encode(TEXT, b'42["say","a"]') + encode(PING, b"1") + encode(TEXT, b'42["say","b"]'))

    assert [await raw.frame() for _ in range(3)] == [
        Frame(TEXT, b'42["said","a"]'),
        Frame(PONG, b"1"),
        Frame(TEXT, b'42["said","b"]'),
    ]


async def test_attachments_stay_behind_their_packet(talk: Talk) -> None:
    raw, person = await talk.enter()

    person.emit("m", b"\x01", b"\x02")
    person.emit("n")

    assert [await raw.frame() for _ in range(4)] == [
        Frame(TEXT, b'452-["m",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'),
        Frame(BINARY, b"\x01"),
        Frame(BINARY, b"\x02"),
        Frame(TEXT, b'42["n"]'),
    ]


async def test_what_was_sent_comes_before_the_end_and_nothing_behind_it(talk: Talk) -> None:
    raw, person = await talk.enter()

    person.emit("m", 1)
    person.disconnect(close=True)
    person.connection.send_text(b'42["m",2]')

    assert await payloads(raw, 2) == [b'42["m",1]', b"41"]
    assert (await raw.frame()).opcode == CLOSE
    raw.send(encode(CLOSE))
    assert await raw.end() == b""


@pytest.mark.parametrize("ending", [encode(CLOSE), encode(TEXT, b"\xff")], ids=["its own wish", "a mistake"])
async def test_a_peer_that_ends_is_told_what_was_sent_before(talk: Talk, ending: bytes) -> None:
    raw, _ = await talk.enter()

    raw.send(encode(TEXT, b'42["say","a"]') + ending)

    assert (await raw.frame()).payload == b'42["said","a"]'
    assert (await raw.frame()).opcode == CLOSE


async def test_nothing_is_sent_behind_the_close_frame_for_a_frame_that_cannot_be_parsed(talk: Talk) -> None:
    raw, _ = await talk.enter()

    raw.send(encode(TEXT, b'42["say","a"]') + encode(TEXT, b'42["say","b"]') + encode(3))

    behind = []
    while (frame := await raw.frame()).opcode != CLOSE:
        behind.append(frame)
    raw.send(encode(CLOSE))
    assert await raw.end() == b""
    assert len(behind) <= 1


async def test_much_of_one_turn_comes_whole_and_in_order(talk: Talk) -> None:
    raw, person = await talk.enter()
    sizes = [1, 125, 126, 200, 5_000, 65_535, 65_536, 200_000, 3] * 10

    for size in sizes:
        person.emit("m", "x" * size)

    for size in sizes:
        assert (await raw.frame()).payload == b'42["m","' + b"x" * size + b'"]'


async def test_one_that_goes_in_the_turn_costs_the_others_nothing(talk: Talk, clients: Clients) -> None:
    gone, person = await talk.enter()
    staying, _ = await talk.enter()

    person.connection.link.close("ping timeout")
    talk.namespace.emit("m", 1)
    gone.reset()
    talk.namespace.emit("m", 2)

    assert await payloads(staying, 2) == [b'42["m",1]', b'42["m",2]']


class Busy:
    """A link that has more to write as soon as it has written."""

    def __init__(self, outbox: Outbox) -> None:
        self.flushed = 0
        self._outbox = outbox

    def flush(self) -> None:
        self.flushed += 1
        self._outbox.add(self)


async def test_what_comes_up_while_it_is_written_waits_for_the_next_turn() -> None:
    outbox = Outbox()
    link = Busy(outbox)
    outbox.add(link)
    assert link.flushed == 0

    for turns in range(1, 4):
        await asyncio.sleep(0)
        assert link.flushed == turns
