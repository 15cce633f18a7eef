"""The server asks and waits: `Socket.call`, its answers, and every way in which none comes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stockent.socketio import Disconnected, Limits, Namespace, Server, Socket
from tests.waiting import poll_until

from .conftest import Serve
from .wire import Client, Clients


@pytest.fixture
def server() -> Server:
    return Server(limits=Limits(max_pending_acks=3))


@pytest.fixture(params=["websocket", "polling"])
async def client(request: pytest.FixtureRequest, server: Server, serve: Serve, clients: Clients) -> Client:
    """A client that is connected to the namespace of `namespace`."""
    server.of("/")
    client = await clients.open(request.param, await serve(server))
    await client.enter()
    return client


@pytest.fixture
def namespace(server: Server) -> Namespace:
    return server.of("/")


def only(namespace: Namespace) -> Socket:
    (socket,) = namespace.sockets.values()
    return socket


def asking(socket: Socket, *args: Any, timeout_s: float = 5) -> asyncio.Task[list[Any]]:
    return asyncio.create_task(socket.call("question", *args, timeout_s=timeout_s))


async def test_a_call_returns_the_arguments_of_the_ack(namespace: Namespace, client: Client) -> None:
    first, second = asking(only(namespace), {"n": 1}), asking(only(namespace))

    assert await client.receive_many(2) == ['420["question",{"n":1}]', '421["question"]']
    await client.send('431["b",[2]]', "430[]")

    assert await first == []
    assert await second == ["b", [2]]


async def test_binary_goes_out_and_comes_back(namespace: Namespace, client: Client) -> None:
    answer = asking(only(namespace), b"\x01\x02")

    assert await client.receive_many(2) == ['451-0["question",{"_placeholder":true,"num":0}]', b"\x01\x02"]
    await client.send('461-0[{"_placeholder":true,"num":0}]', b"\x03")

    assert await answer == [b"\x03"]


async def test_a_call_is_answered_while_a_handler_of_the_same_connection_runs(
    namespace: Namespace, client: Client
) -> None:
    @namespace.on("ask-me")
    async def ask_me(socket: Socket) -> Any:
        (answer,) = await socket.call("question", timeout_s=5)
        return {"answer": answer}

    await client.send('427["ask-me"]')
    assert await client.receive() == '420["question"]'
    await client.send('428["ask-me"]', "430[42]")

    assert await client.receive() == '437[{"answer":42}]'
    assert await client.receive() == '421["question"]'
    await client.send("431[43]")
    assert await client.receive() == '438[{"answer":43}]'


async def test_a_call_that_is_not_answered_times_out_and_a_late_answer_is_nothing(
    namespace: Namespace, client: Client
) -> None:
    with pytest.raises(TimeoutError):
        await only(namespace).call("question", timeout_s=0.01)

    late = asking(only(namespace))
    assert await client.receive_many(2) == ['420["question"]', '421["question"]']
    await client.send('430["late"]', '431["in time"]')
    assert await late == ["in time"]


@pytest.mark.parametrize("close", [False, True])
async def test_a_call_ends_with_the_socket(namespace: Namespace, client: Client, *, close: bool) -> None:
    socket = only(namespace)
    answer = asking(socket)
    await client.receive()

    socket.disconnect(close=close)

    with pytest.raises(Disconnected):
        await answer
    with pytest.raises(Disconnected):
        await socket.call("question", timeout_s=1)


async def test_a_call_ends_when_the_client_goes(namespace: Namespace, client: Client) -> None:
    answer = asking(only(namespace))
    await client.receive()

    await client.send("41")

    with pytest.raises(Disconnected):
        await answer


async def test_an_ack_answers_once(namespace: Namespace, client: Client) -> None:
    answer = asking(only(namespace))
    await client.receive()

    await client.send('430["first"]', '430["second"]', '4399["other"]')

    assert await answer == ["first"]


async def test_an_ack_of_another_namespace_is_no_answer(
    server: Server, serve: Serve, clients: Clients
) -> None:
    server.of("/other")
    namespace = server.of("/")
    client = await clients.websocket(await serve(server))
    await client.enter()
    await client.enter("/other")
    answer = asking(only(namespace))
    await client.receive()

    await client.send('43/other,0["wrong"]', '430["right"]')

    assert await answer == ["right"]


async def test_a_socket_owes_no_more_acks_than_allowed(namespace: Namespace, client: Client) -> None:
    socket = only(namespace)
    owed = [asking(socket) for _ in range(3)]
    await client.receive_many(3)

    with pytest.raises(RuntimeError, match="3 acks"):
        await socket.call("question", timeout_s=1)

    await client.send("431[]")
    await owed[1]
    again = asking(socket)
    assert await client.receive() == '423["question"]'
    await client.send("430[]", "432[]", "433[]")
    await asyncio.gather(*owed, again)


async def test_a_cancelled_call_is_forgotten(namespace: Namespace, client: Client) -> None:
    socket = only(namespace)
    owed = [asking(socket) for _ in range(3)]
    await client.receive_many(3)

    for call in owed:
        call.cancel()
    await poll_until(lambda: all(call.done() for call in owed))

    answer = asking(socket)
    await client.receive()
    await client.send('430["nobody"]', '433["here"]')
    assert await answer == ["here"]


async def test_a_call_of_what_json_cannot_say_owes_nothing(namespace: Namespace, client: Client) -> None:
    socket = only(namespace)
    for _ in range(4):
        with pytest.raises(TypeError):
            await socket.call("question", object(), timeout_s=1)

    answer = asking(socket)
    await client.receive()
    await client.send('430["fine"]')
    assert await answer == ["fine"]
