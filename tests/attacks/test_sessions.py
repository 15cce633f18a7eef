"""How sessions begin, are upgraded and end, when nothing of it goes as it should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from tests.socketio.frames import TEXT, Tcp, encode, upgrade_head
from tests.socketio.wire import Client, Closed

from .acts import is_alive
from .conftest import UnderAttack
from .offender import POLLING_QUERY, WEBSOCKET_QUERY, Offender, head
from .rule import Arena

#: How many connections are cut beside each other.
AT_ONCE = 50

QUERIES = {
    "transport=__proto__": "EIO=4&transport=__proto__",
    "no transport": "EIO=4",
    "transport twice": "EIO=4&transport={0}&transport={0}",
    "EIO empty": "EIO=&transport={0}",
    "EIO=abc": "EIO=abc&transport={0}",
    "EIO=99": "EIO=99&transport={0}",
    "EIO=3": "EIO=3&transport={0}",
    "no EIO": "transport={0}",
    "EIO twice": "EIO=4&EIO=4&transport={0}",
    "sid=__proto__": "EIO=4&transport={0}&sid=__proto__",
    "sid twice": "EIO=4&transport={0}&sid=a&sid=b",
    "NUL in the sid": "EIO=4&transport={0}&sid=%00",
    "NUL in the sid, as it is": "EIO=4&transport={0}&sid=\0",
    "a sid of a megabyte": "EIO=4&transport={0}&sid=" + "s" * 1_000_000,
}


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
async def test_queries(under_attack: UnderAttack, transport: str, query: str) -> None:
    """Queries that no client asks with (CVE-2023-31125)."""

    async def attack(offender: Offender) -> str:
        asked = query.format(transport)
        if transport == "websocket":
            status, _ = await offender.answer_to(upgrade_head(offender.endpoint, asked))
        else:
            target = f"{offender.endpoint.path}?{asked}"
            status, _ = await offender.answer_to(head("GET", target, "Connection: close"))
        # What is a megabyte larger than a head may be is not read to its end.
        assert status == 400 or (status == 0 and len(query) > 100_000)
        return "400"

    await under_attack(attack)


async def test_bytes_behind_an_upgrade(under_attack: UnderAttack) -> None:
    """An upgrade, fresh or over a polling sid, with bytes right behind it (CVE-2022-21676)."""

    async def attack(offender: Offender) -> str:
        polling = await offender.polling()
        for query in (WEBSOCKET_QUERY, f"{WEBSOCKET_QUERY}&sid={polling.sid}"):
            for behind in (b"test", encode(TEXT, b"2probe"), b"\0" * 100_000):
                status, answer = await offender.answer_to(upgrade_head(offender.endpoint, query) + behind)
                assert status == 400 or not answer
        assert await is_alive(polling)
        return "400"

    await under_attack(attack)


# cut at each byte


async def cut(offender: Offender, data: bytes, begin: Callable[[Offender], Awaitable[Tcp]]) -> None:
    """Once for each byte: begin, send so many, reset."""
    for first in range(0, len(data) + 1, AT_ONCE):
        sizes = range(first, min(first + AT_ONCE, len(data) + 1))
        await asyncio.gather(*(cut_at(offender, data[:size], begin) for size in sizes))


async def cut_at(offender: Offender, data: bytes, begin: Callable[[Offender], Awaitable[Tcp]]) -> None:
    raw = await begin(offender)
    raw.send(data)
    await raw.writer.drain()
    raw.reset()


async def fresh(offender: Offender) -> Tcp:
    return await offender.tcp()


async def bare_websocket(offender: Offender) -> Tcp:
    return await offender.raw_websocket(entered=False)


async def test_reset_in_the_handshake(under_attack: UnderAttack) -> None:
    """TCP RST at each byte of the handshake (CVE-2022-41940)."""

    async def attack(offender: Offender) -> str:
        connect = b"40" + json.dumps(offender.auth()).encode()
        await cut(offender, upgrade_head(offender.endpoint), fresh)
        await cut(offender, encode(TEXT, connect), bare_websocket)
        polling = await offender.polling(entered=False)
        push = head(
            "POST", f"{offender.endpoint.path}?{POLLING_QUERY}&sid={polling.sid}", "Content-Length: 9"
        )
        await cut(offender, push + b'42["m",1', fresh)
        return "none: it left"

    await under_attack(attack)


async def test_reset_in_the_polling_handshake(under_attack: UnderAttack, hurried: Arena) -> None:
    """TCP RST at each byte of the polling handshake (CVE-2022-41940)."""

    async def attack(offender: Offender) -> str:
        await cut(offender, head("GET", f"{offender.endpoint.path}?{POLLING_QUERY}"), fresh)
        return "none: it left"

    await under_attack(attack)


async def test_reset_in_the_upgrade(under_attack: UnderAttack) -> None:
    """TCP RST at each byte of the upgrade (CVE-2022-41940)."""

    async def attack(offender: Offender) -> str:
        polling = await offender.polling()
        probe = upgrade_head(offender.endpoint, f"{WEBSOCKET_QUERY}&sid={polling.sid}")
        await cut(offender, probe[:-1], fresh)
        assert await is_alive(polling)
        before, upgrade = encode(TEXT, b"2probe"), encode(TEXT, b"5")
        for size in range(len(before) + 1):
            await cut_probe(offender, before[:size], b"")
        for size in range(len(upgrade)):
            await cut_probe(offender, before, upgrade[:size])
        return "none: it left"

    await under_attack(attack)


async def cut_probe(offender: Offender, before: bytes, upgrade: bytes) -> None:
    """The session goes on by polling."""
    polling = await offender.polling()
    raw = await offender.tcp()
    await raw.upgrade(offender.endpoint, f"{WEBSOCKET_QUERY}&sid={polling.sid}")
    raw.send(before)
    if upgrade:
        assert (await raw.frame()).payload == b"3probe"
        raw.send(upgrade)
    await raw.writer.drain()
    raw.reset()
    await until_probe_is_gone(polling)
    assert await is_alive(polling)


async def until_probe_is_gone(polling: Client) -> None:
    """While a WebSocket probes, polls come back at once; so does the first one after it."""
    await polling.send('42["leave_conversation",{"conversationId":"x"}]')


# transports


async def test_two_polls(under_attack: UnderAttack) -> None:
    """Two GETs for one sid."""

    async def attack(offender: Offender) -> str:
        polling = await offender.polling()
        first = asyncio.create_task(polling.poll())
        while (await polling.poll()).status != 400:
            pass
        assert (await first).status in (200, 400)
        assert await polling.closed() == 400
        return "400, closed"

    await under_attack(attack)


async def test_a_poll_that_is_left(under_attack: UnderAttack) -> None:
    """A GET that is aborted."""

    async def attack(offender: Offender) -> str:
        for _ in range(20):
            polling = await offender.polling()
            raw = await offender.tcp()
            raw.send(head("GET", f"{offender.endpoint.path}?{POLLING_QUERY}&sid={polling.sid}"))
            await raw.writer.drain()
            raw.reset()
        return "none: it left"

    await under_attack(attack)


async def test_a_second_websocket(under_attack: UnderAttack) -> None:
    """A second WebSocket, and polling, on an upgraded sid."""

    async def attack(offender: Offender) -> str:
        polling = await offender.polling()
        upgraded = await offender.upgrade(polling)
        second = await offender.probe(polling)
        assert await second.closed() == 1008
        assert (await polling.poll()).status == 400
        assert (await polling.push('42["m"]')).status == 400
        assert await is_alive(upgraded)
        return "close 1008, 400"

    await under_attack(attack)


async def test_a_websocket_that_only_probes(under_attack: UnderAttack, hurried: Arena) -> None:
    """An upgrade that is begun and never finished, 100 times."""

    async def probe(offender: Offender) -> None:
        polling = await offender.polling()
        probing = await offender.probe(polling)
        await probing.send("2probe")
        assert await probing.closed() in (1000, 1008)
        assert await is_alive(polling)

    async def attack(offender: Offender) -> str:
        await asyncio.gather(*(probe(offender) for _ in range(100)))
        return "closed"

    await under_attack(attack)


# nobody connects


CROWD = 10_000


async def test_nobody_connects(under_attack: UnderAttack, hurried: Arena) -> None:
    """No connect within the connect timeout, 10⁴ times."""

    async def attack(offender: Offender) -> str:
        doors = asyncio.Semaphore(AT_ONCE)

        async def wait() -> None:
            async with doors:
                raw = await offender.raw_websocket(entered=False)
            assert await raw.close_code() == 1008

        await asyncio.gather(*(wait() for _ in range(CROWD)))
        return "close 1008"

    await under_attack(attack)


async def test_nobody_connects_by_polling(under_attack: UnderAttack, hurried: Arena) -> None:
    """No connect within the connect timeout, by polling."""

    async def wait(offender: Offender) -> None:
        polling = await offender.polling(entered=False)
        with suppress(Closed):
            while True:
                assert await polling.receive_any() in ("1", "6")
        assert (await polling.poll()).status == 400

    async def attack(offender: Offender) -> str:
        await asyncio.gather(*(wait(offender) for _ in range(300)))
        return "400, closed"

    await under_attack(attack)
