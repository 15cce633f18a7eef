"""The client of python-socketio, unmodified, over WebSocket, polling, and the upgrade between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
import socketio  # type: ignore[import-untyped] # it carries no types
from aiohttp import ClientSession

from tests.socketio.serving import Endpoint, running
from tests.waiting import poll_until

from .server import COUNTED, make_server

WITHIN_S = 3

TRANSPORTS = {
    "websocket": ["websocket"],
    "polling": ["polling"],
    "polling, then websocket": ["polling", "websocket"],
}


class Client:
    """python-socketio's client, and what it heard: (namespace, event, arguments)."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.heard: list[tuple[str, str, tuple[Any, ...]]] = []
        for namespace in ("/", "/custom", "/guarded", "/counting"):
            client.on("*", self._hear(namespace), namespace=namespace)
            for event in ("disconnect", "connect_error"):
                client.on(event, partial(self._hear(namespace), event), namespace=namespace)

    def _hear(self, namespace: str) -> Callable[..., None]:
        return lambda event, *args: self.heard.append((namespace, event, args))

    async def next(self, event: str, namespace: str = "/") -> tuple[Any, ...]:
        """The arguments of the first event of that name that was heard and not taken yet."""

        def find() -> tuple[str, str, tuple[Any, ...]] | None:
            return next((entry for entry in self.heard if entry[:2] == (namespace, event)), None)

        entry = await poll_until(find, WITHIN_S)
        assert entry is not None
        self.heard.remove(entry)
        return entry[2]

    async def ask(self, event: str, *args: Any, namespace: str = "/") -> Any:
        return await self.client.call(event, args, namespace=namespace, timeout=WITHIN_S)


class Connect:
    """Opens clients over the transports of the test: `await connect("/", auth=…)`."""

    def __init__(
        self, endpoint: Endpoint, transports: list[str], http: ClientSession, stack: AsyncExitStack
    ) -> None:
        self.endpoint = endpoint
        self._transports = transports
        self._http = http
        self._stack = stack

    async def __call__(self, *namespaces: str, auth: Any = None, reconnection: bool = False) -> Client:
        client = self.prepare(reconnection=reconnection)
        await self.open(client, *namespaces, auth=auth)
        return client

    def prepare(self, *, reconnection: bool = False) -> Client:
        client = socketio.AsyncClient(
            reconnection=reconnection,
            reconnection_delay=0.02,
            reconnection_delay_max=0.05,
            # Its own it leaves open when it loses a connection.
            http_session=self._http,
        )
        self._stack.push_async_callback(client.shutdown)
        return Client(client)

    async def open(self, client: Client, *namespaces: str, auth: Any) -> None:
        await client.client.connect(
            self.endpoint.origin,
            transports=self._transports,
            namespaces=list(namespaces) or ["/"],
            auth=auth,
            wait_timeout=WITHIN_S,
        )


@pytest.fixture(params=list(TRANSPORTS))
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    async with running(make_server()) as endpoint, ClientSession() as http, AsyncExitStack() as stack:
        yield Connect(endpoint, TRANSPORTS[request.param], http, stack)


async def test_it_connects_with_auth(connect: Connect) -> None:
    client = await connect(auth={"token": "abc"})

    assert await client.next("auth") == ({"token": "abc"},)
    assert client.client.get_sid("/")


async def test_it_gets_an_ack_with_everything_that_it_sent(connect: Connect) -> None:
    client = await connect()

    assert await client.ask("echo", 1, "zwei €🎉", {"three": [True, None]}) == (
        1,
        "zwei €🎉",
        {"three": [True, None]},
    )
    assert await client.ask("echo") is None
    answers = await asyncio.gather(*(client.ask("echo", number) for number in range(50)))
    assert answers == list(range(50))


async def test_it_answers_the_servers_question(connect: Connect) -> None:
    client = await connect()
    client.client.on("question", lambda a, b: (a + b, b"\x07"))

    assert await client.ask("ask-me", 20, 22) == {"sum": 42, "seven": b"\x07"}


async def test_it_sends_and_gets_binary(connect: Connect) -> None:
    client = await connect()

    sent = {"first": b"\x00\xff" * 500, "list": [b"", {"plain": True}]}
    assert await client.ask("echo", sent) == sent
    await client.client.emit("send-binary")
    assert await client.next("binary") == ({"deep": [{"er": b"\x01\x02\x03"}]}, b"")


async def test_it_lives_in_two_namespaces(connect: Connect) -> None:
    client = await connect("/", "/custom", auth={"a": 1})

    assert await client.next("auth") == ({"a": 1},)
    assert await client.next("auth", "/custom") == ({"a": 1},)
    assert client.client.get_sid("/") != client.client.get_sid("/custom")


async def test_it_is_refused_with_data_and_admitted_with_another_token(connect: Connect) -> None:
    client = connect.prepare()

    with pytest.raises(socketio.exceptions.ConnectionError):
        await connect.open(client, "/guarded", auth={"token": "bad"})

    (refusal,) = await client.next("connect_error", "/guarded")
    assert refusal == {"message": "not you", "data": {"code": "auth_invalid"}}
    await connect.open(client, "/guarded", auth={"token": "good"})
    assert await client.ask("whoami", namespace="/guarded") == "ann"


async def test_it_comes_back_after_the_server_dropped_the_connection(connect: Connect) -> None:
    client = await connect(auth={"n": 1}, reconnection=True)
    await client.next("auth")
    before = client.client.get_sid("/")

    await client.client.emit("drop-me")

    assert await client.next("auth") == ({"n": 1},)
    assert client.client.get_sid("/") != before
    assert await client.ask("echo", "back") == "back"


async def test_it_comes_back_after_a_planned_restart_of_the_server(connect: Connect, free_port: int) -> None:
    async with running(make_server(), port=free_port) as endpoint:
        connect.endpoint = endpoint
        client = await connect(auth={"n": 1}, reconnection=True)
        assert await client.next("auth") == ({"n": 1},)
        before = client.client.get_sid("/")

    async with running(make_server(), port=free_port):
        assert await client.next("auth") == ({"n": 1},)
        assert client.client.get_sid("/") != before
        assert await client.ask("echo", "back") == "back"
        await client.client.disconnect()


async def test_it_learns_that_the_server_ended_its_socket(connect: Connect) -> None:
    client = await connect()

    await client.client.emit("end-me", False)

    assert await client.next("disconnect") == (client.client.reason.SERVER_DISCONNECT,)


async def test_it_leaves_and_the_server_is_told_why(connect: Connect) -> None:
    leaver, witness = await connect(), await connect()
    sid = leaver.client.get_sid("/")

    await leaver.client.disconnect()

    assert await witness.ask("reason-of", sid) in ("client namespace disconnect", "transport close")


async def test_it_hears_everything_in_order_from_the_first_moment_on(connect: Connect) -> None:
    client = await connect("/counting")
    await client.next("done", "/counting")

    numbers = [args for _, event, args in client.heard if event == "n"]
    assert numbers == [(number, b"x" * (number % 3)) for number in range(COUNTED)]


async def test_it_is_heard_in_order(connect: Connect) -> None:
    client = await connect()

    for number in range(300):
        await client.client.emit("note", number)

    assert await client.ask("noted") == tuple(range(300))


async def test_it_sends_and_gets_large_messages(connect: Connect) -> None:
    client = await connect()

    assert await client.ask("echo", "x" * 900_000) == "x" * 900_000
    assert await client.ask("echo", b"\x00" * 700_000) == b"\x00" * 700_000


async def test_it_hears_its_rooms_and_no_others(connect: Connect) -> None:
    one, two = await connect(), await connect()
    await one.ask("join", "kitchen")
    await two.ask("join", "hall")

    await two.ask("tell", "kitchen", "one only")
    await one.ask("tell", "kitchen", "not to oneself")
    await asyncio.gather(one.ask("echo"), two.ask("echo"))

    assert [args for _, event, args in one.heard if event == "told"] == [("one only",)]
    assert not [args for _, event, args in two.heard if event == "told"]


async def test_it_is_kept_alive_by_pings(connect: Connect) -> None:
    client = await connect()
    started = asyncio.get_running_loop().time()

    await poll_until(lambda: asyncio.get_running_loop().time() - started > 0.8)

    assert client.client.connected
    assert await client.ask("echo", "alive") == "alive"
