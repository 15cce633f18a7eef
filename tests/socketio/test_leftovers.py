"""What a session leaves behind: nothing, and at once. The collector comes late to what has lived for long."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from stockent.socketio import Limits, Server
from stockent.socketio.connection import Connection
from stockent.socketio.heads import HttpProtocol
from stockent.socketio.packets import Decoder
from stockent.socketio.polling import PollingLink
from stockent.socketio.sessions import Session
from stockent.socketio.websocket import WebSocketLink
from tests.waiting import poll_until

from .conftest import OpenTcp, Serve
from .frames import BINARY, CLOSE, TEXT, Tcp, encode
from .serving import Endpoint
from .wire import Clients

HALF = '452-["m",{"_placeholder":true,"num":0}]'
OF_A_SESSION = (Connection, Session, Decoder, PollingLink, WebSocketLink)
WATCHED = (*OF_A_SESSION, HttpProtocol)


def existing() -> Counter[type]:
    return Counter(type(each) for each in gc.get_objects() if type(each) in WATCHED)


@pytest.fixture(autouse=True)
def before() -> Iterator[Counter[type]]:
    """What other tests have left alive; without a collector from here on."""
    gc.collect()
    gc.disable()
    yield existing()
    gc.enable()


@pytest.fixture
async def endpoint(serve: Serve) -> Endpoint:
    server = Server(limits=Limits(linger_s=0.05))
    server.of("/").on_any(lambda socket, name, *args: None)
    return await serve(server)


Alive = Callable[..., set[type]]


@pytest.fixture
def alive(before: Counter[type]) -> Alive:
    """Of these kinds those of which more are there than before the test; each test makes one session."""
    return lambda *kinds: {kind for kind, count in (existing() - before).items() if kind in kinds and count}


@pytest.mark.parametrize("end", ["reset", "close", "half-close", "broken frame"])
@pytest.mark.parametrize("entered", [True, False], ids=["entered", "not entered"])
async def test_a_websocket_that_is_gone_leaves_nothing(
    endpoint: Endpoint, tcp: OpenTcp, alive: Alive, end: str, entered: bool
) -> None:
    raw: Tcp = await tcp(endpoint)
    await raw.upgrade(endpoint)
    await raw.frame()
    if entered:
        raw.send(encode(TEXT, b"40"))
        await raw.frame()
        raw.send(encode(TEXT, HALF.encode()) + encode(BINARY, b"x" * 1_000))
        await raw.writer.drain()
    assert alive(*OF_A_SESSION) == set(OF_A_SESSION) - {PollingLink}
    if end == "reset":
        raw.reset()
    elif end == "close":
        raw.send(encode(CLOSE, b"\x03\xe8"))
    elif end == "broken frame":
        raw.send(encode(3))
    else:
        raw.writer.write_eof()
    await poll_until(lambda: not alive(*WATCHED))


async def test_an_upgraded_session_leaves_nothing(endpoint: Endpoint, clients: Clients, alive: Alive) -> None:
    polling = await clients.polling(endpoint)
    await polling.enter()
    upgraded = await clients.upgrade(endpoint, polling)
    await upgraded.send(HALF, b"x")
    await poll_until(lambda: alive(PollingLink, WebSocketLink) == {WebSocketLink})
    await upgraded.close()
    await poll_until(lambda: not alive(*OF_A_SESSION))


async def test_a_polling_session_leaves_nothing(endpoint: Endpoint, clients: Clients, alive: Alive) -> None:
    polling = await clients.polling(endpoint)
    await polling.enter()
    await polling.send(HALF, b"x")
    assert alive(*OF_A_SESSION) == set(OF_A_SESSION) - {WebSocketLink}
    await polling.push("1")
    await poll_until(lambda: not alive(*OF_A_SESSION))
