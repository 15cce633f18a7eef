"""The proxy passes bytes on as they are, and cuts a connection with a reset after so many of its responses' bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from stockent.torture.proxy import LEAST_BYTES, MOST_BYTES, Proxy


class Fixed(Proxy):
    """With a number of bytes that the test chooses."""

    def __init__(self, port: int, budget: int) -> None:
        super().__init__(Random(1), lambda: port)
        self._fixed = budget

    def budget(self) -> int:
        return self._fixed


@asynccontextmanager
async def echo_behind(budget: int) -> AsyncIterator[Fixed]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Fixed(server.sockets[0].getsockname()[1], budget)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
        server.close()
        await server.wait_closed()


async def test_what_goes_through_comes_out_the_same() -> None:
    sent = os.urandom(3_000_000)
    async with echo_behind(10_000_000) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(sent)
        assert await reader.readexactly(len(sent)) == sent
        writer.close()
        await writer.wait_closed()
        assert proxy.cuts == 0


async def test_a_connection_is_reset_when_its_bytes_are_used_up() -> None:
    async with echo_behind(1_000) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(bytes(600))
        assert await reader.readexactly(600) == bytes(600)
        writer.write(bytes(600))
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(600)
        assert proxy.cuts == 1
        writer.transport.abort()


async def test_nobody_behind_it_ends_the_connection() -> None:
    async with echo_behind(1_000) as proxy:
        lost = Fixed(1, 1_000)
        await lost.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", lost.port)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.transport.abort()
        await lost.stop()
        assert proxy.cuts == 0


def test_budgets_lie_in_their_range_and_differ() -> None:
    proxy = Proxy(Random(1), lambda: 1)
    budgets = {proxy.budget() for _ in range(1_000)}
    assert LEAST_BYTES <= min(budgets) < 1_000
    assert 100_000 < max(budgets) <= MOST_BYTES
