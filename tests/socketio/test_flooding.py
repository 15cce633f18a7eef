"""How much a session may send: its end when it is more, at whatever level it floods, and nobody else's."""

from __future__ import annotations

import pytest

from stockent.socketio import Limits, Reason, Server, Socket
from stockent.socketio.connection import Connection, Request

from .conftest import OpenTcp, Serve
from .frames import PING, TEXT, Frame, encode
from .serving import Endpoint
from .wire import Clients

#: Nothing of it comes back within a test.
LIMITS = Limits(max_bytes_per_s=0.001, burst_bytes=100_000, min_counted_bytes=500, linger_s=0.2)


class Ends:
    """A server whose sockets echo, and the reasons of their ends."""

    def __init__(self, limits: Limits) -> None:
        self.server = Server(limits=limits)
        self.reasons: list[str] = []
        namespace = self.server.of("/")
        namespace.on("echo")(lambda socket, *args: args)
        namespace.on_disconnect(self._note)

    def _note(self, socket: Socket, reason: str) -> None:
        self.reasons.append(reason)


async def test_a_websocket_that_sends_too_many_bytes_is_closed_by_1008(
    serve: Serve, clients: Clients
) -> None:
    ends = Ends(LIMITS)
    endpoint = await serve(ends.server)
    flooder, control = await clients.websocket(endpoint), await clients.websocket(endpoint)
    await flooder.enter()
    await control.enter()
    for _ in range(4):
        await flooder.send('42["echo","' + "x" * 30_000 + '"]')
    assert await flooder.closed() == 1008
    assert ends.reasons == [Reason.FLOODING]
    await control.send('421["echo","still here"]')
    assert await control.receive() == '431["still here"]'


@pytest.mark.parametrize("opcode", [TEXT, PING])
async def test_frames_without_content_flood_too(serve: Serve, tcp: OpenTcp, opcode: int) -> None:
    endpoint = await serve(Ends(LIMITS).server)
    connection = await tcp(endpoint)
    await connection.upgrade(endpoint)
    connection.send(encode(opcode, b"3") * 201)
    assert await connection.close_code() == 1008


async def test_what_a_burst_allows_is_taken(serve: Serve, tcp: OpenTcp) -> None:
    endpoint = await serve(Ends(LIMITS).server)
    connection = await tcp(endpoint)
    await connection.upgrade(endpoint)
    await connection.frame()
    connection.send(encode(PING, b"x") * 199)
    for _ in range(199):
        assert (await connection.frame()) == Frame(0xA, b"x")


async def test_polling_that_sends_too_many_bytes_ends_with_429(serve: Serve, clients: Clients) -> None:
    ends = Ends(LIMITS)
    client = await clients.polling(await serve(ends.server))
    await client.enter()
    for _ in range(3):
        await client.send('42["echo","' + "x" * 30_000 + '"]')
    answer = await client.push('42["echo","' + "x" * 30_000 + '"]')
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    assert ends.reasons == [Reason.FLOODING]
    assert (await client.push("3")).status == 400, "the session is gone"


async def test_a_server_that_names_no_rate_takes_all_that_comes(serve: Serve, tcp: OpenTcp) -> None:
    endpoint: Endpoint = await serve(Ends(Limits()).server)
    connection = await tcp(endpoint)
    await connection.upgrade(endpoint)
    await connection.frame()
    connection.send(encode(PING, b"x") * 20_000)
    for _ in range(20_000):
        assert (await connection.frame()).payload == b"x"


class Nowhere:
    """A link that sends to nobody."""

    max_deflated_bytes = 0

    def send(self, frames: bytes) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self, reason: str) -> None: ...


def test_what_was_sent_is_forgiven_at_the_pace() -> None:
    limits = Limits(max_bytes_per_s=100.0, burst_bytes=1_000, min_counted_bytes=50)
    connection = Connection("sid", "websocket", Nowhere(), Request("/", {}, {}, ""), limits, now=0.0)
    assert not connection.floods(1_000, now=0.0)
    assert not connection.floods(400, now=4.0)
    assert not connection.floods(1, now=4.5)
    assert connection.floods(1, now=4.5)
    rested = Connection("sid", "websocket", Nowhere(), Request("/", {}, {}, ""), limits, now=0.0)
    assert not rested.floods(1_000, now=1_000.0), "a long silence earns one burst"
    assert rested.floods(1_000, now=1_000.0)
    unlimited = Connection("sid", "polling", Nowhere(), Request("/", {}, {}, ""), Limits(), now=0.0)
    assert not unlimited.floods(10**9, now=0.0)
