"""Connection state recovery over the wire: who comes back to the socket that was lost, and what comes with it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

import pytest

from stockent.socketio import ConnectError, Limits, Lost, Namespace, Reason, Server, Socket
from stockent.socketio.recovery import Recovery
from tests.waiting import poll_until

from .conftest import Serve
from .serving import Endpoint
from .wire import Client, Clients

LIMITS = Limits(recovery_window_s=600.0)
TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])


class Entered(NamedTuple):
    sid: str
    pid: str


async def enter(client: Client, *, to: str = "/", **auth: Any) -> Entered:
    """Connect as a client that can use offsets."""
    head = "40" if to == "/" else f"40{to},"
    await client.send(head + json.dumps({"recovery": True} | auth))
    packet = await client.receive()
    assert isinstance(packet, str)
    assert packet.startswith(head), packet
    answer = json.loads(packet[len(head) :])
    return Entered(answer["sid"], answer["pid"])


class House:
    """A server with one namespace, whose connections the test can cut."""

    def __init__(self, server: Server, endpoint: Endpoint, clients: Clients) -> None:
        self.server = server
        self.endpoint = endpoint
        self.clients = clients
        self.namespace: Namespace = server.of("/")

    @property
    def recovery(self) -> Recovery:
        assert self.namespace.recovery is not None
        return self.namespace.recovery

    async def open(self, transport: str = "websocket") -> Client:
        return await self.clients.open(transport, self.endpoint)

    async def come(self, transport: str = "websocket", **auth: Any) -> tuple[Client, Socket, str]:
        """A connected client, its socket at the server, and its pid."""
        client = await self.open(transport)
        entered = await enter(client, **auth)
        return client, self.namespace.sockets[entered.sid], entered.pid

    def cut(self, socket: Socket, reason: str = Reason.TRANSPORT_ERROR) -> None:
        self.server.engine.close(socket.connection, reason)
        assert socket.id not in self.namespace.sockets


@pytest.fixture
async def house(serve: Serve, clients: Clients) -> House:
    server = Server(limits=LIMITS)
    server.of("/")
    return House(server, await serve(server), clients)


async def told(client: Client, count: int) -> list[Any]:
    """The first argument of the next events; each has an offset behind it."""
    events = [await client.event() for _ in range(count)]
    assert all(len(event) == 3 and isinstance(event[2], str) for event in events), events
    return [event[1] for event in events]


async def offset_of_next(client: Client) -> str:
    return str((await client.event())[-1])


# coming back


@TRANSPORTS
@pytest.mark.parametrize("back_by", ["websocket", "polling"])
async def test_a_lost_socket_comes_back_with_its_id_its_rooms_and_what_it_missed(
    house: House, transport: str, back_by: str
) -> None:
    client, socket, pid = await house.come(transport)
    socket.join("kitchen")
    house.namespace.to("kitchen").emit("m", 1)
    offset = await offset_of_next(client)
    house.namespace.to("kitchen").emit("m", 2)
    house.cut(socket)
    house.namespace.to("kitchen", "hall").emit("m", 3)
    house.namespace.to("hall").emit("m", "not for it")
    house.namespace.emit("m", 4)
    house.namespace.to(socket.id).emit("m", 5)
    socket.emit("m", 6)

    client = await house.open(back_by)
    assert await enter(client, pid=pid, offset=offset) == (socket.id, pid)
    restored = house.namespace.sockets[socket.id]
    assert restored is not socket
    assert (restored.recovered, restored.rooms) == (True, {"kitchen"})
    house.namespace.to("kitchen").emit("m", 7)
    socket.emit("m", "to the one that it came back as")

    assert await told(client, 7) == [2, 3, 4, 5, 6, 7, "to the one that it came back as"]


async def test_a_socket_may_be_lost_again_and_again(house: House) -> None:
    client, socket, pid = await house.come()
    socket.join("kitchen")
    house.namespace.to("kitchen").emit("m", 0)
    offset = await offset_of_next(client)
    for number in range(3):
        house.cut(house.namespace.sockets[socket.id])
        house.namespace.to("kitchen").emit("m", number)
        client = await house.open()
        assert await enter(client, pid=pid, offset=offset) == (socket.id, pid)
        _, what, offset = await client.event()
        assert what == number


async def test_a_socket_comes_back_over_polling_and_is_upgraded(house: House) -> None:
    client, socket, pid = await house.come()
    house.namespace.emit("m", 0)
    offset = await offset_of_next(client)
    await client.send("1")
    await poll_until(lambda: not house.namespace.sockets)
    for number in range(1, 40):
        house.namespace.emit("m", number)

    polling = await house.clients.polling(house.endpoint)
    assert await enter(polling, pid=pid, offset=offset) == (socket.id, pid)
    upgraded = await house.clients.upgrade(house.endpoint, polling)
    house.namespace.emit("m", 40)
    heard = []
    while polling._received:  # what the poll that brought the answer brought beside it
        heard += await told(polling, 1)

    assert heard + await told(upgraded, 40 - len(heard)) == list(range(1, 41))


async def test_what_is_emitted_while_the_client_is_being_admitted_is_missed_and_comes_in_its_place(
    serve: Serve, clients: Clients
) -> None:
    server, gates, asked = Server(limits=LIMITS), [asyncio.Event(), asyncio.Event()], asyncio.Event()
    chat = server.of("/")

    @chat.use
    async def admit(socket: Socket) -> None:
        if "pid" in socket.auth:
            asked.set()
            await gates[0].wait()

    @chat.on_recover
    async def may_return(socket: Socket, lost: Lost) -> bool:
        asked.set()
        await gates[1].wait()
        return True

    @chat.on_connect
    def connected(socket: Socket) -> None:
        socket.emit("m", "welcome back" if socket.recovered else "welcome")

    house = House(server, await serve(server), clients)
    client, socket, pid = await house.come()
    offset = await offset_of_next(client)
    socket.join("kitchen", "hall")
    house.cut(socket)
    client = await house.open()
    coming = asyncio.create_task(enter(client, pid=pid, offset=offset))
    for number, gate in enumerate(gates):
        await asked.wait()
        asked.clear()
        chat.to("kitchen").emit("m", number)
        gate.set()
    await coming
    chat.to("kitchen").emit("m", "new")

    assert await told(client, 4) == [0, 1, "welcome back", "new"]


async def test_a_room_that_is_left_while_the_client_is_being_admitted_is_not_joined_again(
    serve: Serve, clients: Clients
) -> None:
    server, gate, asked = Server(limits=LIMITS), asyncio.Event(), asyncio.Event()
    chat = server.of("/")

    @chat.on_recover
    async def may_return(socket: Socket, lost: Lost) -> bool:
        asked.set()
        await gate.wait()
        return True

    house = House(server, await serve(server), clients)
    _, socket, pid = await house.come()
    socket.join("kitchen", "hall")
    house.cut(socket)
    client = await house.open()
    coming = asyncio.create_task(enter(client, pid=pid))
    await asked.wait()
    chat.to("hall").leave("kitchen")
    chat.to("kitchen").emit("m", "not for it")
    gate.set()
    await coming
    chat.to("kitchen").emit("m", "not for it either")
    chat.to("hall").emit("m", 1)

    assert await told(client, 1) == [1]
    assert chat.sockets[socket.id].rooms == {"hall"}


async def test_attachments_are_missed_and_come_as_well(house: House) -> None:
    _, socket, pid = await house.come()
    house.cut(socket)
    house.namespace.emit("m", {"a": b"\x01"})

    client = await house.open()
    await enter(client, pid=pid)
    head, attachment = await client.receive_many(2)
    assert isinstance(head, str)
    assert head.startswith('451-["m",{"a":{"_placeholder":true,"num":0}},"')
    assert attachment == b"\x01"


async def test_each_namespace_of_a_connection_is_recovered_by_itself(house: House) -> None:
    house.server.of("/other")
    client, socket, pid = await house.come()
    other = await enter(client, to="/other")
    house.cut(socket)
    house.namespace.emit("m", 1)
    house.server.of("/other").emit("m", 2)

    client = await house.open()
    assert await enter(client, to="/other", pid=other.pid) == other
    assert (await client.event("/other"))[1] == 2
    assert (await enter(client, pid=other.pid)).sid != socket.id, "it is a pid of the other namespace"
    assert await enter(await house.open(), pid=pid) == (socket.id, pid)


async def test_the_data_of_a_lost_socket_comes_back_where_nobody_has_set_any(house: House) -> None:
    _, socket, pid = await house.come()
    socket.data = {"name": "Ann"}
    house.cut(socket)
    await enter(await house.open(), pid=pid)

    assert house.namespace.sockets[socket.id].data == {"name": "Ann"}


# not coming back


@pytest.mark.parametrize(
    "reason",
    [Reason.TRANSPORT_CLOSE, Reason.TRANSPORT_ERROR, Reason.PING_TIMEOUT, Reason.SLOW_READER],
)
async def test_after_a_loss_one_comes_back(house: House, reason: str) -> None:
    _, socket, pid = await house.come()
    house.cut(socket, reason)

    assert await enter(await house.open(), pid=pid) == (socket.id, pid)


@pytest.mark.parametrize("reason", [Reason.FORCED_CLOSE, Reason.PARSE_ERROR, Reason.SHUTTING_DOWN])
async def test_after_an_end_that_was_meant_one_does_not(house: House, reason: str) -> None:
    _, socket, pid = await house.come()
    house.cut(socket, reason)

    await refused(house, socket, pid)


async def test_who_left_does_not_come_back(house: House) -> None:
    client, socket, pid = await house.come()
    await client.send("41")
    await poll_until(lambda: not house.namespace.sockets)

    await refused(house, socket, pid)


@pytest.mark.parametrize("close", [False, True])
async def test_who_was_disconnected_does_not_come_back(house: House, close: bool) -> None:
    _, socket, pid = await house.come()
    socket.disconnect(close=close)

    await refused(house, socket, pid)


@pytest.mark.parametrize("while_lost", [False, True])
async def test_who_is_disconnected_by_a_broadcast_does_not_come_back(house: House, while_lost: bool) -> None:
    _, socket, pid = await house.come()
    socket.join("kitchen")
    if while_lost:
        house.cut(socket)
    house.namespace.to("kitchen").disconnect()

    await refused(house, socket, pid)


async def test_who_comes_when_the_time_is_over_is_new(house: House) -> None:
    _, socket, pid = await house.come()
    house.cut(socket)
    now = asyncio.get_running_loop().time()
    house.recovery.expire(now=now + 599.0)
    assert house.recovery.lost
    house.recovery.expire(now=now + 601.0)

    await refused(house, socket, pid)


async def refused(house: House, socket: Socket, pid: str) -> None:
    """The pid brings a new socket, and nothing of the old one."""
    house.namespace.to("kitchen", socket.id).emit("m", "not for it")
    client = await house.open()
    entered = await enter(client, pid=pid)
    assert entered.sid != socket.id
    assert entered.pid != pid
    new = house.namespace.sockets[entered.sid]
    assert (new.recovered, new.rooms) == (False, None)
    new.emit("m", 1)
    assert await told(client, 1) == [1]


async def test_the_pid_of_a_socket_that_is_there_brings_a_new_one_and_harms_nobody(house: House) -> None:
    client, socket, pid = await house.come()
    await refused(house, socket, pid)
    socket.emit("m", 2)

    assert await told(client, 2) == ["not for it", 2]


async def test_of_two_that_come_at_once_by_one_pid_one_is_restored(serve: Serve, clients: Clients) -> None:
    server, gate = Server(limits=LIMITS), asyncio.Event()
    coming: list[Socket] = []

    @server.of("/").on_recover
    async def may_return(socket: Socket, lost: Lost) -> bool:
        coming.append(socket)
        await gate.wait()
        return True

    house = House(server, await serve(server), clients)
    _, socket, pid = await house.come()
    house.cut(socket)
    both = [await house.open(), await house.open()]
    entering = [asyncio.create_task(enter(client, pid=pid)) for client in both]
    await poll_until(lambda: len(coming) == 2)
    gate.set()
    entered = [await each for each in entering]

    assert sum(each == (socket.id, pid) for each in entered) == 1
    assert len({each.sid for each in entered} | {each.pid for each in entered}) == 4


async def test_a_client_that_goes_while_it_is_being_admitted_may_come_again(
    serve: Serve, clients: Clients
) -> None:
    server, gate, asked = Server(limits=LIMITS), asyncio.Event(), asyncio.Event()

    @server.of("/").on_recover
    async def may_return(socket: Socket, lost: Lost) -> bool:
        asked.set()
        await gate.wait()
        return True

    house = House(server, await serve(server), clients)
    _, socket, pid = await house.come()
    house.cut(socket)
    client = await house.open()
    await client.send(f'40{{"recovery":true,"pid":"{pid}"}}')
    await asked.wait()
    [connection] = server.engine.connections.values()
    server.engine.close(connection, Reason.TRANSPORT_ERROR)
    gate.set()

    assert await enter(await house.open(), pid=pid) == (socket.id, pid)


# who is let back


async def test_a_client_is_admitted_again_and_when_refused_may_come_with_something_better(
    serve: Serve, clients: Clients
) -> None:
    server = Server(limits=LIMITS)

    @server.of("/").use
    async def admit(socket: Socket) -> None:
        if socket.auth.get("token") != "good":
            raise ConnectError("not you")

    house = House(server, await serve(server), clients)
    _, socket, pid = await house.come(token="good")
    socket.join("kitchen")
    house.cut(socket)
    server.of("/").to("kitchen").emit("m", 1)
    client = await house.open()
    await client.send(f'40{{"recovery":true,"pid":"{pid}","token":"expired"}}')
    assert await client.receive() == '44{"message":"not you"}'

    assert await enter(client, pid=pid, token="good") == (socket.id, pid)
    assert await told(client, 1) == [1]


@pytest.mark.parametrize("how", ["says no", "fails"])
async def test_whom_the_application_does_not_let_back_gets_a_new_socket(
    serve: Serve, clients: Clients, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(limits=LIMITS)
    asked: list[tuple[str, Any, set[str] | None]] = []

    @server.of("/").on_recover
    async def may_return(socket: Socket, lost: Lost) -> bool:
        asked.append((lost.id, lost.data, lost.rooms))
        if how == "fails":
            raise RuntimeError("of the application")
        return False

    house = House(server, await serve(server), clients)
    _, socket, pid = await house.come()
    socket.data = "ann"
    socket.join("kitchen")
    house.cut(socket)

    await refused(house, socket, pid)
    assert asked == [(socket.id, "ann", {"kitchen"})]
    assert ("handler failed" in caplog.text) is (how == "fails")


# whom it concerns, and what it costs the others


async def test_a_client_without_offsets_gets_none_beside_one_that_has_them(house: House) -> None:
    following, _, _ = await house.come()
    silent, unwilling = await house.open(), await house.open("polling")
    await silent.enter()
    await unwilling.send('40{"recovery":false}')
    assert list(json.loads(str(await unwilling.receive())[2:])) == ["sid"]
    house.namespace.emit("m", {"n": 1}, "last")

    event = await following.event()
    assert event[:-1] == ["m", {"n": 1}, "last"]
    assert len(event[-1]) < 20
    assert await silent.event() == await unwilling.event() == ["m", {"n": 1}, "last"]


async def test_who_cannot_use_offsets_is_forgotten_when_lost(house: House) -> None:
    client = await house.open()
    socket = house.namespace.sockets[await client.enter()]
    house.cut(socket)
    socket.emit("m", 1)
    house.namespace.to(socket.id).emit("m", 1)

    assert not house.recovery.lost
    assert len(house.recovery.log) == 0


async def test_with_recovery_off_nobody_has_a_pid_or_an_offset(serve: Serve, clients: Clients) -> None:
    server = Server()
    server.of("/")
    client = await clients.websocket(await serve(server))
    await client.send('40{"recovery":true,"pid":"x","offset":"y"}')
    assert list(json.loads(str(await client.receive())[2:])) == ["sid"]
    server.of("/").emit("m", 1)

    assert await client.event() == ["m", 1]
    assert server.of("/").recovery is None


async def test_what_is_volatile_is_heard_by_who_is_there_and_not_kept(house: House) -> None:
    client, socket, pid = await house.come()
    _, lost, lost_pid = await house.come()
    house.cut(lost)
    house.namespace.emit("m", 1)
    house.namespace.to().emit_volatile("m", 2)
    assert await told(client, 1) == [1]
    offset = await offset_of_next(client)
    house.cut(socket)
    house.namespace.emit("m", 3)

    client = await house.open()
    assert await enter(client, pid=pid, offset=offset) == (socket.id, pid)
    assert await told(client, 1) == [3]
    client = await house.open()
    await enter(client, pid=lost_pid)
    assert await told(client, 2) == [1, 3]


async def test_what_is_volatile_for_one_socket_is_not_kept_for_it_either(house: House) -> None:
    client, socket, pid = await house.come()
    house.namespace.emit("m", 1)
    socket.emit_volatile("m", 2)
    assert await told(client, 2) == [1, 2]
    house.cut(socket)
    socket.emit_volatile("m", 3)
    socket.emit("m", 4)

    client = await house.open()
    assert await enter(client, pid=pid) == (socket.id, pid)
    assert await told(client, 2) == [1, 4]


async def test_a_question_has_no_offset_and_is_not_asked_again(house: House) -> None:
    client, socket, pid = await house.come()
    asking = asyncio.create_task(socket.call("question", 1, timeout_s=60))
    assert await client.receive() == '420["question",1]'
    house.cut(socket)
    with pytest.raises(ConnectionError):
        await asking

    client = await house.open()
    await enter(client, pid=pid)
    house.namespace.emit("m", 1)
    assert await told(client, 1) == [1]


async def test_a_lost_socket_is_reached(house: House) -> None:
    _, socket, _ = await house.come()
    socket.join("kitchen")
    house.cut(socket)
    reaches = house.namespace.reaches

    assert reaches(["kitchen"])
    assert reaches([])
    assert not reaches(["hall"])
    assert not reaches(["kitchen"], [socket.id])
    house.namespace.to("kitchen").leave("kitchen")
    assert not reaches(["kitchen"])


async def test_what_nobody_could_hear_is_not_kept(house: House) -> None:
    await house.come()
    house.namespace.to("kitchen").emit("m", 1)
    assert len(house.recovery.log) == 0
    house.namespace.emit("m", 1)
    assert len(house.recovery.log) == 1


@TRANSPORTS
async def test_an_answered_ping_stands_for_what_was_sent_before_it(
    serve: Serve, clients: Clients, transport: str
) -> None:
    """So that a client's old offset does no harm when the events after it, of others, are not kept any more."""
    limits = Limits(
        recovery_window_s=600.0, ping_interval_s=0.02, ping_timeout_s=5.0, max_recovery_bytes=10_000
    )
    server = Server(limits=limits)
    server.of("/")
    house = House(server, await serve(server), clients)
    client, socket, pid = await house.come(transport)
    socket.emit("m", 1)
    offset = await offset_of_next(client)
    _, other, _ = await house.come()
    for _ in range(50):
        other.emit("m", "x" * 500)
    assert house.recovery.log.dropped.position > 1
    dropped_at = house.recovery.log.dropped.at
    while socket.connection.heard_at <= dropped_at:
        assert await client.receive_any() == "2"
        await client.send("3")
    house.cut(socket)

    assert await enter(await house.open(), pid=pid, offset=offset) == (socket.id, pid)


async def test_a_server_that_stops_keeps_nobody(house: House) -> None:
    _, socket, _ = await house.come()
    await house.server.stop()

    assert not house.recovery.lost
    socket.emit("m", 1)
    assert len(house.recovery.log) == 0
