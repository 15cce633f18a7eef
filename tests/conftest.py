"""What every test may use: uvloop as in production, a free port, a running echo server, and `poll_until`.

`poll_until` is imported (`from tests.conftest import poll_until`); the others are fixtures.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from stockent.socketio.__main__ import LIMITS, Echo, socketio_echo
from stockent.socketio.engine import Engine
from tests.socketio.serving import Endpoint, running
from tests.waiting import poll_until as poll_until


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The product runs on uvloop, so do its tests."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now. Prefer port 0 where the server can tell what it took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def echo() -> AsyncIterator[Endpoint]:
    """The server of `python -m stockent.socketio` in this process: `/socket.io/`, and bare echo at `/engine.io/`."""
    async with running(socketio_echo(), Engine(Echo(), path="/engine.io/", limits=LIMITS)) as endpoint:
        yield endpoint
