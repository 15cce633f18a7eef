"""Handlers: in order for one connection, beside each other for several; what becomes of their results and errors."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stockent.socketio import Limits, Server, Socket
from tests.waiting import poll_until

from .conftest import Serve
from .wire import Clients

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])


class Gate:
    """Handlers of `slow` that wait until the test opens it, and what happened in which order."""

    def __init__(self, server: Server) -> None:
        self.opened = asyncio.Event()
        self.history: list[Any] = []
        namespace = server.of("/")
        namespace.on("slow")(self._slow)
        namespace.on("quick")(self._quick)

    async def _slow(self, socket: Socket, tag: Any) -> Any:
        self.history.append(("begin", tag))
        await self.opened.wait()
        self.history.append(("end", tag))
        return tag

    def _quick(self, socket: Socket, tag: Any) -> Any:
        self.history.append(tag)
        return tag


@TRANSPORTS
async def test_a_quick_event_behind_a_slow_one_waits_for_it(
    serve: Serve, clients: Clients, transport: str
) -> None:
    server = Server()
    gate = Gate(server)
    client = await clients.open(transport, await serve(server))
    await client.enter()

    await client.send('421["slow","a"]', '422["quick","b"]', '423["slow","c"]', '424["quick","d"]')
    await poll_until(lambda: gate.history)
    assert gate.history == [("begin", "a")]
    gate.opened.set()

    assert await client.receive_many(4) == ['431["a"]', '432["b"]', '433["c"]', '434["d"]']
    assert gate.history == [("begin", "a"), ("end", "a"), "b", ("begin", "c"), ("end", "c"), "d"]


class Waiting:
    """Overlapping handlers that each wait for their own tag to be let go, and others that do not overlap."""

    def __init__(self, server: Server) -> None:
        self.begun: list[Any] = []
        self.ends: dict[Any, asyncio.Event] = {}
        server.of("/").on_any(self._any, overlapping=["send"])

    def let_go(self, *tags: str) -> None:
        for tag in tags:
            self.ends[tag].set()

    async def _any(self, socket: Socket, event: str, tag: Any) -> Any:
        self.begun.append(tag)
        self.ends[tag] = asyncio.Event()
        await self.ends[tag].wait()
        return tag


@TRANSPORTS
async def test_overlapping_events_begin_beside_each_other_and_are_acknowledged_in_their_order(
    serve: Serve, clients: Clients, transport: str
) -> None:
    server = Server()
    waiting = Waiting(server)
    client = await clients.open(transport, await serve(server))
    await client.enter()

    await client.send('421["send","a"]', '422["send","b"]', '423["other","c"]', '424["send","d"]')
    await poll_until(lambda: len(waiting.begun) == 2)
    waiting.let_go("b")
    assert waiting.begun == ["a", "b"], "what does not overlap waits for all before it"
    waiting.let_go("a")
    assert await client.receive_many(2) == ['431["a"]', '432["b"]']

    await poll_until(lambda: len(waiting.begun) == 3)
    assert waiting.begun == ["a", "b", "c"], "and what overlaps waits for it"
    waiting.let_go("c")
    await poll_until(lambda: len(waiting.begun) == 4)
    waiting.let_go("d")
    assert await client.receive_many(2) == ['433["c"]', '434["d"]']


async def test_overlapping_events_beyond_the_limit_wait_and_are_all_begun_in_the_end(
    serve: Serve, clients: Clients
) -> None:
    server = Server(limits=Limits(max_inbox_packets=3))
    waiting = Waiting(server)
    client = await clients.websocket(await serve(server))
    await client.enter()

    tags = [str(number) for number in range(12)]
    await client.send(*(f'42{tag}["send","{tag}"]' for tag in tags))
    for number, tag in enumerate(tags):
        await poll_until(lambda tag=tag: tag in waiting.ends)  # type: ignore[misc]
        assert len(waiting.begun) <= number + 3
        waiting.let_go(tag)
        assert await client.receive() == f'43{tag}["{tag}"]'
    assert waiting.begun == tags


async def test_a_packet_that_is_malformed_ends_what_waits_but_not_what_has_begun(
    serve: Serve, clients: Clients
) -> None:
    server = Server()
    waiting = Waiting(server)
    client = await clients.websocket(await serve(server))
    await client.enter()

    await client.send('42["send","a"]', '42/nowhere,["send","b"]', '42["send","c"]')
    await poll_until(lambda: waiting.begun)
    working = asyncio.create_task(server.settle(timeout_s=5))
    waiting.let_go("a")
    assert await working
    assert waiting.begun == ["a"]


async def test_order_holds_across_the_namespaces_of_one_connection(serve: Serve, clients: Clients) -> None:
    server = Server()
    gate = Gate(server)
    server.of("/other").on("quick")(lambda socket, tag: gate.history.append(tag))
    client = await clients.websocket(await serve(server))
    await client.enter()
    await client.enter("/other")

    await client.send('42["slow","a"]', '42/other,["quick","b"]', '42["quick","c"]')
    await poll_until(lambda: gate.history)
    gate.opened.set()

    await poll_until(lambda: len(gate.history) == 4)
    assert gate.history == [("begin", "a"), ("end", "a"), "b", "c"]


@TRANSPORTS
async def test_a_slow_handler_delays_only_its_own_connection(
    serve: Serve, clients: Clients, transport: str
) -> None:
    server = Server()
    gate = Gate(server)
    endpoint = await serve(server)
    slow, other = await clients.open(transport, endpoint), await clients.open(transport, endpoint)
    await slow.enter()
    await other.enter()

    await slow.send('421["slow","a"]', '422["quick","b"]')
    await poll_until(lambda: gate.history)
    for number in range(20):
        await other.send(f'42{number}["quick",{number}]')
        assert await other.receive() == f"43{number}[{number}]"

    gate.opened.set()
    assert await slow.receive_many(2) == ['431["a"]', '432["b"]']


async def test_events_wait_for_the_connect_handler(serve: Serve, clients: Clients) -> None:
    server = Server()
    gate = Gate(server)

    @server.of("/").on_connect
    async def connect(socket: Socket) -> None:
        await gate.opened.wait()
        gate.history.append("connected")

    client = await clients.websocket(await serve(server))
    await client.enter()
    await client.send('421["quick","a"]')
    gate.opened.set()

    assert await client.receive() == '431["a"]'
    assert gate.history == ["connected", "a"]


# results

RESULTS: dict[str, tuple[Any, str]] = {
    "nothing": (None, "431[]"),
    "one value": ({"ok": True}, '431[{"ok":true}]'),
    "a list is one value": ([1, 2], "431[[1,2]]"),
    "a tuple is several": ((1, "b"), '431[1,"b"]'),
    "an empty tuple is none": ((), "431[]"),
    "false": (False, "431[false]"),
}


@pytest.mark.parametrize("is_coroutine", [False, True], ids=["function", "coroutine function"])
@pytest.mark.parametrize(("value", "ack"), RESULTS.values(), ids=RESULTS.keys())
async def test_what_a_handler_returns_is_the_ack(
    serve: Serve, clients: Clients, value: Any, ack: str, *, is_coroutine: bool
) -> None:
    server = Server()
    answer_with(server, value, is_coroutine=is_coroutine)
    client = await clients.websocket(await serve(server))
    await client.enter()

    await client.send('42["ask"]', '421["ask"]')

    assert await client.receive() == ack


def answer_with(server: Server, value: Any, *, is_coroutine: bool) -> None:
    """Let `ask` be answered by the value, or raise it when it is an exception; `m` is answered by its argument."""

    def answer(socket: Socket) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    async def answer_later(socket: Socket) -> Any:
        return answer(socket)

    server.of("/").on("ask")(answer_later if is_coroutine else answer)
    server.of("/").on("m")(lambda socket, argument: argument)


UNANSWERABLE: dict[str, Any] = {
    "an error": ZeroDivisionError("inside"),
    "what JSON cannot say": object(),
    "what JSON cannot say, inside": {"a": [object()]},
}


@TRANSPORTS
@pytest.mark.parametrize("is_coroutine", [False, True], ids=["function", "coroutine function"])
@pytest.mark.parametrize("value", UNANSWERABLE.values(), ids=UNANSWERABLE.keys())
async def test_a_handler_that_fails_is_logged_not_answered_and_stops_nothing(
    serve: Serve,
    clients: Clients,
    caplog: pytest.LogCaptureFixture,
    value: Any,
    transport: str,
    *,
    is_coroutine: bool,
) -> None:
    server = Server()
    answer_with(server, value, is_coroutine=is_coroutine)
    client = await clients.open(transport, await serve(server))
    sid = await client.enter()

    await client.send('421["ask"]', '422["m","after"]')
    assert await client.receive() == '432["after"]'
    await client.send('423["m","later"]')
    assert await client.receive() == '433["later"]'

    failures = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [record.message for record in failures] == ["handler failed"]
    assert (failures[0].__dict__["socket"], failures[0].__dict__["event"]) == (sid, "ask")


async def test_a_handler_called_with_arguments_that_it_does_not_take_stops_nothing(
    serve: Serve, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    answer_with(server, "one", is_coroutine=False)
    client = await clients.websocket(await serve(server))
    await client.enter()

    await client.send('421["m"]', '422["m",1,2,3]', '423["m","right"]')

    assert await client.receive() == '433["right"]'
    assert [record.message for record in caplog.records if record.exc_info] == ["handler failed"] * 2


async def test_on_any_takes_what_has_no_handler_of_its_own(serve: Serve, clients: Clients) -> None:
    server = Server()
    namespace = server.of("/")
    namespace.on("known")(lambda socket, *args: ["known", *args])
    namespace.on_any(lambda socket, event, *args: ["any", event, *args])
    client = await clients.websocket(await serve(server))
    await client.enter()

    await client.send('421["known",1]', '422["unknown",2]')

    assert await client.receive_many(2) == ['431[["known",1]]', '432[["any","unknown",2]]']


async def test_a_handler_that_ends_its_own_connection_gets_nothing_more(
    serve: Serve, clients: Clients
) -> None:
    server, handled = Server(), list[str]()

    @server.of("/").on("bye")
    def bye(socket: Socket) -> str:
        handled.append("bye")
        socket.disconnect(close=True)
        socket.emit("into", "the void")
        return "never sent"

    server.of("/").on("m")(lambda socket: handled.append("m"))
    client = await clients.websocket(await serve(server))
    await client.enter()

    await client.send('421["bye"]', '42["m"]')

    assert await client.receive() == "41"
    assert await client.closed() == 1000
    assert handled == ["bye"]


@pytest.mark.parametrize("name", ["connect", "disconnect", "connect_error", "error", "connection"])
def test_names_with_a_meaning_of_their_own_can_be_neither_handled_nor_emitted(name: str) -> None:
    namespace = Server().of("/")

    with pytest.raises(ValueError, match="reserved"):
        namespace.on(name)(lambda socket: None)
    with pytest.raises(ValueError, match="reserved"):
        namespace.emit(name)
