"""Fixtures of the tests over the wire: start a server, open raw clients, and take both down again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession

from stockent.socketio import Server

from .frames import Tcp
from .serving import Endpoint, running
from .wire import Clients

Serve = Callable[[Server], Awaitable[Endpoint]]
OpenTcp = Callable[..., Awaitable[Tcp]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server of the test's own making."""
    async with AsyncExitStack() as stack:

        async def start(server: Server) -> Endpoint:
            return await stack.enter_async_context(running(server))

        yield start


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    async with ClientSession() as http, AsyncExitStack() as stack:
        yield Clients(stack, http)


@pytest.fixture
async def tcp() -> AsyncIterator[OpenTcp]:
    """Open plain TCP connections: `await tcp(endpoint, receive_buffer_bytes=…)`."""
    async with AsyncExitStack() as stack:

        async def start(endpoint: Endpoint, *, receive_buffer_bytes: int | None = None) -> Tcp:
            connection = await Tcp.open(endpoint, receive_buffer_bytes=receive_buffer_bytes)
            stack.push_async_callback(connection.close)
            return connection

        yield start
