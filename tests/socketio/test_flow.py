"""Readers that stop reading and writers that do not stop writing: each is bounded, and nobody beside them notices."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stockent.socketio import Limits, Namespace, Reason, Server, Socket
from tests.waiting import poll_until

from .conftest import OpenTcp, Serve
from .frames import CLOSE, TEXT, Tcp, encode
from .serving import Endpoint
from .wire import Clients, WebSocketClient

KILOBYTE = "x" * 1_000


class Ends:
    """The reasons by which sockets of a namespace ended."""

    def __init__(self, namespace: Namespace) -> None:
        self.reasons: dict[str, str] = {}

        @namespace.on_disconnect
        def ended(socket: Socket, reason: str) -> None:
            self.reasons[socket.id] = reason


async def enter(connection: Tcp, endpoint: Endpoint) -> str:
    """Connect a hand-made WebSocket to the main namespace; returns the socket's id."""
    await connection.upgrade(endpoint)
    connection.send(encode(TEXT, b"40"))
    assert (await connection.frame()).payload[:1] == b"0"
    return (await connection.frame()).payload.decode().split('"')[3]


# readers that stop reading


async def test_a_websocket_that_stops_reading_is_closed_at_its_byte_limit_and_others_get_everything(
    serve: Serve, clients: Clients, tcp: OpenTcp
) -> None:
    server = Server(limits=Limits(max_backlog_bytes=100_000))
    namespace = server.of("/")
    ends = Ends(namespace)
    endpoint = await serve(server)
    slow = await tcp(endpoint, receive_buffer_bytes=4_096)
    slow_id = await enter(slow, endpoint)
    healthy = await clients.websocket(endpoint)
    await healthy.enter()

    sent = 0
    while slow_id not in ends.reasons:
        namespace.emit("m", sent, KILOBYTE)
        sent += 1
        assert await healthy.receive() == f'42["m",{sent - 1},"{KILOBYTE}"]'
        assert sent < 20_000

    assert ends.reasons == {slow_id: Reason.SLOW_READER}
    assert sent > 100
    assert list(namespace.sockets) != [slow_id]
    await slow.end()


async def test_a_flood_in_one_turn_of_the_loop_closes_its_reader_and_spares_the_others(
    serve: Serve, clients: Clients, tcp: OpenTcp
) -> None:
    server = Server(limits=Limits(max_backlog_bytes=50_000))
    namespace = server.of("/")
    ends = Ends(namespace)
    endpoint = await serve(server)
    slow = await tcp(endpoint, receive_buffer_bytes=4_096)
    slow_id = await enter(slow, endpoint)
    healthy = await clients.websocket(endpoint)
    await healthy.enter()

    for number in range(10_000):
        namespace.sockets[slow_id].emit("m", number, KILOBYTE)
    namespace.emit("last")

    assert await healthy.event() == ["last"]
    await poll_until(lambda: ends.reasons)
    assert ends.reasons == {slow_id: Reason.SLOW_READER}


async def test_a_client_that_does_not_poll_is_closed_at_its_byte_limit(
    serve: Serve, clients: Clients
) -> None:
    server = Server(limits=Limits(max_backlog_bytes=100_000))
    namespace = server.of("/")
    ends = Ends(namespace)
    endpoint = await serve(server)
    slow, healthy = await clients.polling(endpoint), await clients.polling(endpoint)
    slow_id = await slow.enter()
    await healthy.enter()

    for number in range(95):
        namespace.emit("m", number, KILOBYTE)
        assert await healthy.event() == ["m", number, KILOBYTE]
    assert not ends.reasons
    for number in range(95, 105):
        namespace.emit("m", number, KILOBYTE)
        assert await healthy.event() == ["m", number, KILOBYTE]

    assert ends.reasons == {slow_id: Reason.SLOW_READER}
    assert (await slow.poll()).status == 400


async def test_a_client_that_polls_in_time_gets_any_amount(serve: Serve, clients: Clients) -> None:
    server = Server(limits=Limits(max_backlog_bytes=100_000))
    namespace = server.of("/")
    client = await clients.polling(await serve(server))
    await client.enter()

    for number in range(300):
        namespace.emit("m", number, KILOBYTE)
        if number % 50 == 49:
            for expected in range(number - 49, number + 1):
                assert await client.event() == ["m", expected, KILOBYTE]


@pytest.mark.parametrize("ending", ["garbage", "close frame", "bad frame", "server"])
async def test_a_connection_that_ends_while_its_reader_stands_still_is_not_kept_for_it(
    serve: Serve, tcp: OpenTcp, ending: str
) -> None:
    """A closed connection that waited for its last bytes to be read would be a megabyte for ever."""
    server = Server(limits=Limits(max_backlog_bytes=20_000_000, linger_s=0.1))
    namespace = server.of("/")
    endpoint = await serve(server)
    slow = await tcp(endpoint, receive_buffer_bytes=4_096)
    socket = namespace.sockets[await enter(slow, endpoint)]
    files_of_both_sides = open_files()
    for _ in range(10_000):  # more than the system buffers
        socket.emit("m", KILOBYTE)

    if ending == "server":
        socket.disconnect(close=True)
    else:
        slow.send(
            {"garbage": encode(TEXT, b"x"), "close frame": encode(CLOSE), "bad frame": encode(0)}[ending]
        )

    await poll_until(lambda: not server.engine.connections)
    await poll_until(lambda: open_files() < files_of_both_sides)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# writers that do not stop writing


class Blocked:
    """A server whose handler of `n` waits for the gate."""

    def __init__(self, limits: Limits) -> None:
        self.server = Server(limits=limits)
        self.gate = asyncio.Event()
        self.handled: list[int] = []
        namespace = self.server.of("/")
        namespace.on("ping")(lambda socket: "pong")

        @namespace.on("n")
        async def take(socket: Socket, number: int, _filling: str = "") -> None:
            await self.gate.wait()
            self.handled.append(number)

    async def handled_all(self, count: int) -> bool:
        await poll_until(lambda: len(self.handled) >= count, 20)
        return self.handled == list(range(count))


async def go_round(control: WebSocketClient, times: int) -> None:
    """Time passes for the server: whatever it would do meanwhile, it has done."""
    for _ in range(times):
        await control.send('421["ping"]')
        assert await control.receive() == '431["pong"]'


def flood(connection: Tcp, first: int, count: int) -> None:
    """Write without waiting, far more than the buffers of the system hold."""
    for number in range(first, first + count):
        connection.send(encode(TEXT, f'42["n",{number},"{KILOBYTE * 10}"]'.encode()))


async def assert_held_up(connection: Tcp, control: WebSocketClient) -> None:
    """Nobody takes what the connection writes, while others are served."""
    await go_round(control, 30)
    before = connection.writer.transport.get_write_buffer_size()
    await go_round(control, 100)
    assert connection.writer.transport.get_write_buffer_size() == before > 0


async def test_a_websocket_that_floods_a_busy_handler_is_held_up_and_loses_nothing(
    serve: Serve, clients: Clients, tcp: OpenTcp
) -> None:
    blocked = Blocked(Limits(max_inbox_packets=8))
    endpoint = await serve(blocked.server)
    control = await clients.websocket(endpoint)
    await control.enter()
    connection = await tcp(endpoint)
    await enter(connection, endpoint)

    flood(connection, 0, 2_000)
    await assert_held_up(connection, control)
    blocked.gate.set()

    assert await blocked.handled_all(2_000)


async def test_a_websocket_that_took_over_a_flooded_session_is_held_up_too(
    serve: Serve, clients: Clients, tcp: OpenTcp
) -> None:
    blocked = Blocked(Limits(max_inbox_packets=8))
    endpoint = await serve(blocked.server)
    control = await clients.websocket(endpoint)
    await control.enter()
    polling = await clients.polling(endpoint)
    await polling.enter()
    push = asyncio.create_task(polling.push("\x1e".join(f'42["n",{number}]' for number in range(9))))
    await go_round(control, 5)
    assert not push.done()

    connection = await tcp(endpoint)
    await connection.upgrade(endpoint, f"EIO=4&transport=websocket&sid={polling.sid}")
    connection.send(encode(TEXT, b"2probe"))
    assert (await connection.frame()).payload == b"3probe"
    connection.send(encode(TEXT, b"5"))
    assert (await push).status == 200
    flood(connection, 9, 2_000)
    await assert_held_up(connection, control)
    blocked.gate.set()

    assert await blocked.handled_all(2_009)


async def test_a_post_is_answered_when_its_packets_have_found_room(serve: Serve, clients: Clients) -> None:
    blocked = Blocked(Limits(max_inbox_packets=4))
    endpoint = await serve(blocked.server)
    control = await clients.websocket(endpoint)
    await control.enter()
    client = await clients.polling(endpoint)
    await client.enter()

    push = asyncio.create_task(client.push("\x1e".join(f'42["n",{number}]' for number in range(100))))
    await go_round(control, 20)
    assert not push.done()
    blocked.gate.set()

    assert (await push).text == "ok"
    assert await blocked.handled_all(100)


async def test_a_post_that_waits_for_room_ends_with_its_session(serve: Serve, clients: Clients) -> None:
    blocked = Blocked(Limits(max_inbox_packets=4))
    endpoint = await serve(blocked.server)
    control = await clients.websocket(endpoint)
    await control.enter()
    client = await clients.polling(endpoint)
    sid = await client.enter()
    push = asyncio.create_task(client.push("\x1e".join(f'42["n",{number}]' for number in range(100))))
    await go_round(control, 20)
    assert not push.done()

    blocked.server.of("/").sockets[sid].disconnect(close=True)

    assert (await push).status == 200
    blocked.gate.set()
    await go_round(control, 5)
    assert blocked.handled == [0]


async def test_a_second_post_beside_one_that_waits_is_refused_and_ends_the_session(
    serve: Serve, clients: Clients
) -> None:
    """Else a client could leave any number of bodies waiting for its own busy handler."""
    blocked = Blocked(Limits(max_inbox_packets=4))
    endpoint = await serve(blocked.server)
    ends = Ends(blocked.server.of("/"))
    control = await clients.websocket(endpoint)
    await control.enter()
    client = await clients.polling(endpoint)
    sid = await client.enter()
    push = asyncio.create_task(client.push("\x1e".join(f'42["n",{number}]' for number in range(100))))
    await go_round(control, 20)
    assert not push.done()

    assert (await client.push('42["n",100]')).status == 400

    await push
    assert ends.reasons == {sid: Reason.TRANSPORT_ERROR}
    assert (await client.poll()).status == 400
    blocked.gate.set()
