"""Who is admitted to a namespace: middleware, refusals, limits, and clients that go while they are being judged."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from stockent.socketio import ConnectError, Limits, Server, Socket
from tests.waiting import poll_until

from .conftest import Serve
from .wire import Clients

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])


def guarded_server() -> Server:
    """Admits who sends the token `good`, and remembers the user; refuses others with data, or by an error."""
    server = Server()
    namespace = server.of("/")

    @namespace.use
    async def authenticate(socket: Socket) -> None:
        await asyncio.sleep(0)
        token = socket.auth.get("token")
        if token == "bug":
            raise ZeroDivisionError("secret detail")
        if token == "bare":
            raise ConnectError("no")
        if token != "good":
            raise ConnectError("not you", {"code": "auth_invalid", "tries": [1, None]})
        socket.data = {"user": "ann"}

    namespace.on("who")(lambda socket: socket.data["user"])
    return server


@TRANSPORTS
async def test_middleware_admits_and_what_it_keeps_is_there_for_handlers(
    serve: Serve, clients: Clients, transport: str
) -> None:
    client = await clients.open(transport, await serve(guarded_server()))

    await client.enter(auth={"token": "good"})

    await client.send('421["who"]')
    assert await client.receive() == '431["ann"]'


@TRANSPORTS
@pytest.mark.parametrize(
    ("auth", "refusal"),
    [
        ({"token": "bad"}, {"message": "not you", "data": {"code": "auth_invalid", "tries": [1, None]}}),
        (None, {"message": "not you", "data": {"code": "auth_invalid", "tries": [1, None]}}),
        ({"token": "bare"}, {"message": "no"}),
        ({"token": "bug"}, {"message": "Internal error"}),
    ],
)
async def test_a_refusal_carries_its_data_and_the_client_may_try_again(
    serve: Serve, clients: Clients, transport: str, auth: Any, refusal: Any
) -> None:
    server = guarded_server()
    client = await clients.open(transport, await serve(server))

    await client.send("40" + ("" if auth is None else json.dumps(auth)))
    packet = await client.receive()

    assert isinstance(packet, str)
    assert packet[:2] == "44"
    assert json.loads(packet[2:]) == refusal
    assert not server.of("/").sockets
    await client.enter(auth={"token": "good"})
    assert len(server.of("/").sockets) == 1


async def test_a_refused_client_cannot_send_events(serve: Serve, clients: Clients) -> None:
    client = await clients.websocket(await serve(guarded_server()))
    await client.send('40{"token":"bad"}')
    await client.receive()

    assert await client.is_refused('421["who"]')


async def test_middleware_runs_in_the_order_of_registration_up_to_the_refusal(
    serve: Serve, clients: Clients
) -> None:
    server, ran = Server(), list[str]()
    namespace = server.of("/")

    @namespace.use
    async def first(socket: Socket) -> None:
        ran.append("first")

    @namespace.use
    async def second(socket: Socket) -> None:
        ran.append("second")
        raise ConnectError("stop")

    @namespace.use
    async def third(socket: Socket) -> None:
        ran.append("third")

    client = await clients.websocket(await serve(server))
    await client.send("40")

    assert await client.receive() == '44{"message":"stop"}'
    assert ran == ["first", "second"]


@TRANSPORTS
async def test_the_request_that_opened_the_connection_is_there_for_middleware(
    serve: Serve, clients: Clients, transport: str
) -> None:
    server = Server()
    client = await clients.open(
        transport, await serve(server_that_shows_requests(server)), {"X-Color": "red"}
    )

    await client.enter()

    path, query, color, address = (await client.event())[1:]
    assert path == "/socket.io/"
    assert query == {"EIO": "4", "transport": transport}
    assert (color, address) == ("red", "127.0.0.1")


def server_that_shows_requests(server: Server) -> Server:
    @server.of("/").on_connect
    def connect(socket: Socket) -> None:
        request = socket.request
        socket.emit("request", request.path, dict(request.query), request.headers["x-color"], request.address)

    return server


@TRANSPORTS
async def test_a_client_that_goes_while_it_is_judged_leaves_nothing_behind(
    serve: Serve, clients: Clients, transport: str
) -> None:
    server, judged, gate, connected = Server(), asyncio.Event(), asyncio.Event(), list[Socket]()
    namespace = server.of("/")
    namespace.on_connect(connected.append)

    @namespace.use
    async def judge(socket: Socket) -> None:
        judged.set()
        await gate.wait()

    client = await clients.open(transport, await serve(server))
    await client.send("40")
    await judged.wait()
    await client.send("1")
    await poll_until(lambda: not server.engine.connections)
    gate.set()
    await server.stop()

    assert connected == []
    assert not namespace.sockets


async def test_a_client_that_is_judged_longer_than_the_connect_timeout_is_closed(
    serve: Serve, clients: Clients
) -> None:
    server, gate = Server(limits=Limits(connect_timeout_s=0.05)), asyncio.Event()

    @server.of("/").use
    async def judge(socket: Socket) -> None:
        await gate.wait()

    client = await clients.websocket(await serve(server))
    await client.send("40")

    assert await client.closed() == 1008
    gate.set()


@TRANSPORTS
async def test_a_connection_has_no_more_namespaces_than_allowed(
    serve: Serve, clients: Clients, transport: str
) -> None:
    server = Server(limits=Limits(max_namespaces=2))
    for name in ("/a", "/b", "/c"):
        server.of(name)
    client = await clients.open(transport, await serve(server))
    await client.enter("/a")
    await client.enter("/b")

    await client.send("40/c,")
    assert await client.receive() == '44/c,{"message":"Too many namespaces"}'

    await client.send("41/a,")
    await client.enter("/c")


async def test_ten_thousand_unknown_namespaces_are_ten_thousand_refusals(
    serve: Serve, clients: Clients
) -> None:
    server = Server()
    client = await clients.websocket(await serve(server))

    for start in range(0, 10_000, 500):
        await client.send(*(f"40/{number}," for number in range(start, start + 500)))
        for number in range(start, start + 500):
            assert await client.receive() == f'44/{number},{{"message":"Invalid namespace"}}'

    assert len(server.engine.connections) == 1


async def test_namespaces_are_made_by_the_server_and_only_once() -> None:
    server = Server()

    assert server.of("/a") is server.of("/a")
    assert server.of("/a") is not server.of("/b")
    with pytest.raises(ValueError, match="slash"):
        server.of("a")
