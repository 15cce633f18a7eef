"""As much as a connection carries of the smallest things there are: nobody else may have to wait for it.

What is sent is bounded; that the offender is held back, or closed, is what the rule's other parts show.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tests.socketio.frames import PING, PONG, TEXT, Tcp, encode

from .conftest import UnderAttack
from .offender import POLLING_QUERY, Offender, head

#: Of each kind so many bytes; a loop that is held up by them is for a second or more.
FLOOD_BYTES = 2_000_000
#: Some 10,000 commands; what was read is worked off though the offender is gone.
COMMANDS_BYTES = 120_000
GIVE_UP_S = 20.0


async def flood(raw: Tcp, piece: bytes, size: int = FLOOD_BYTES) -> str:
    """Send and read, until all is sent or the server has closed."""
    reading = asyncio.create_task(read_all(raw))
    block = piece * (60_000 // len(piece))
    answer = "held back"
    try:
        async with asyncio.timeout(GIVE_UP_S):
            for _ in range(size // len(block)):
                raw.send(block)
                await raw.writer.drain()
                if reading.done():
                    break
    except ConnectionError:
        answer = "closed"
    if reading.done():
        answer = "closed"
    reading.cancel()
    return answer


async def read_all(raw: Tcp) -> None:
    with suppress(ConnectionError):
        while await raw.reader.read(65_536):
            pass


FRAMES = {
    "pings": encode(PING),
    "pongs": encode(PONG),
    "long pings": encode(PING, b"x" * 125),
    "Engine.IO pongs": encode(TEXT, b"3"),
    "acks that nobody waits for": encode(TEXT, b"431[]"),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
async def test_frames(under_attack: UnderAttack, frame: bytes) -> None:
    """Two megabytes of the smallest frames."""

    async def attack(offender: Offender) -> str:
        return await flood(await offender.raw_websocket(), frame)

    await under_attack(attack)


async def test_commands(under_attack: UnderAttack) -> None:
    """As many commands as there is room for, each to be worked off in its turn, and then a reset."""

    async def attack(offender: Offender) -> str:
        return await flood(await offender.raw_websocket(), encode(TEXT, b'42["x"]'), COMMANDS_BYTES)

    await under_attack(attack)


REQUESTS = {
    "requests": b"GET /x HTTP/1.1\r\n\r\n",
    "requests for the page": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "headers": b"GET /x HTTP/1.1\r\n" + b"a:b\r\n" * 5_000 + b"\r\n",
    "polls of nobody": f"GET /socket.io/?{POLLING_QUERY}&sid=x HTTP/1.1\r\n\r\n".encode(),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
async def test_requests(under_attack: UnderAttack, request_: bytes) -> None:
    """Two megabytes of the smallest requests, none waiting for an answer."""

    async def attack(offender: Offender) -> str:
        return await flood(await offender.tcp(), request_)

    await under_attack(attack)


@pytest.mark.parametrize("target", ["/api/messages", "polling"])
async def test_chunks(under_attack: UnderAttack, target: str) -> None:
    """Two megabytes of chunks of one byte."""

    async def attack(offender: Offender) -> str:
        raw = await offender.tcp()
        path = target
        if target == "polling":
            polling = await offender.polling()
            path = f"{offender.endpoint.path}?{POLLING_QUERY}&sid={polling.sid}"
        token = f"Authorization: Bearer {offender.token()}"
        raw.send(head("POST", path, token, "Content-Type: application/json", "Transfer-Encoding: chunked"))
        return await flood(raw, b"1\r\n4\r\n")

    await under_attack(attack)
