"""From polling to a WebSocket: nothing is lost, doubled or reordered, and whatever fails leaves polling as it was."""

from __future__ import annotations

import asyncio
import random

import pytest

from stockent.socketio import Limits, Reason, Server, Socket
from tests.waiting import poll_until

from .conftest import OpenTcp, Serve
from .frames import BINARY, TEXT, encode
from .serving import Endpoint
from .wire import WITHIN_S, Client, Clients, Packet, PollingClient, WebSocketClient, from_payload


@pytest.fixture
def engine(echo: Endpoint) -> Endpoint:
    return echo.at("/engine.io/")


async def is_well(client: Client) -> bool:
    """Does the session still carry in both directions?"""
    await client.send("4still there")
    return await client.receive() == "4still there"


# by the protocol


async def test_a_session_moves_to_the_websocket(engine: Endpoint, clients: Clients) -> None:
    polling = await clients.polling(engine)
    websocket = await clients.probe(engine, polling)

    await websocket.send("2probe")
    assert await websocket.receive_any() == "3probe"
    assert (await polling.poll()).text == "6"
    await websocket.send("5", "4hello", b"bytes")

    assert await websocket.receive_many(2) == ["4hello", b"bytes"]


async def test_a_poll_that_waits_is_released_by_the_probe(engine: Endpoint, clients: Clients) -> None:
    polling = await clients.polling(engine)
    poll = asyncio.create_task(polling.poll())

    websocket, last = await clients.upgrade_while_polling(engine, polling, poll)

    assert last == ["6"]
    assert await is_well(websocket)


async def test_the_heartbeat_goes_on_over_the_websocket(engine: Endpoint, clients: Clients) -> None:
    websocket = await clients.upgrade(engine, await clients.polling(engine))

    assert await websocket.receive_any() == "2"
    await websocket.send("3")
    assert await websocket.receive_any() == "2"
    assert await websocket.closed() == 1006


async def test_polling_requests_after_the_upgrade_are_refused_and_change_nothing(
    engine: Endpoint, clients: Clients
) -> None:
    polling = await clients.polling(engine)
    websocket = await clients.upgrade(engine, polling)
    await websocket.send("4a")
    assert await websocket.receive() == "4a"

    assert (await polling.poll()).status == 400
    assert (await polling.push("4b")).status == 400
    assert (await polling.push("1")).status == 400

    assert await is_well(websocket)


async def test_a_second_websocket_after_the_upgrade_is_closed_and_the_first_lives(
    engine: Endpoint, clients: Clients
) -> None:
    polling = await clients.polling(engine)
    first = await clients.upgrade(engine, polling)
    await first.send("4a")
    assert await first.receive() == "4a"

    second = await clients.probe(engine, polling)

    assert await second.closed() == 1008
    assert await is_well(first)


async def test_a_second_websocket_beside_a_probe_is_closed_and_the_probe_goes_on(
    engine: Endpoint, clients: Clients
) -> None:
    polling = await clients.polling(engine)
    first = await clients.probe(engine, polling)
    await first.send("2probe")
    assert await first.receive_any() == "3probe"

    second = await clients.probe(engine, polling)

    assert await second.closed() == 1008
    await first.send("5")
    assert await is_well(first)


async def test_a_websocket_for_a_session_that_began_as_one_is_closed(
    engine: Endpoint, clients: Clients
) -> None:
    first = await clients.websocket(engine)

    second = await clients.probe(engine, first)

    assert await second.closed() == 1008
    assert await is_well(first)


# a probe that fails

BAD_PROBES: dict[str, list[Packet]] = {
    "no probe": ["4hello"],
    "a ping without its word": ["2"],
    "the upgrade at once": ["5"],
    "a binary message": [b"2probe"],
    "a message behind the probe": ["2probe", "4hello"],
    "a binary message behind the probe": ["2probe", b"5"],
    "the probe twice": ["2probe", "2probe"],
}


@pytest.mark.parametrize("packets", BAD_PROBES.values(), ids=BAD_PROBES.keys())
async def test_a_wrong_probe_is_closed_while_polling_goes_on_and_may_try_again(
    engine: Endpoint, clients: Clients, packets: list[Packet]
) -> None:
    polling = await clients.polling(engine)
    probe = await clients.probe(engine, polling)

    await probe.send(*packets)

    await probe.closed()
    assert await is_well(polling)
    assert await is_well(await clients.upgrade(engine, polling))


async def test_a_probe_that_breaks_off_leaves_polling_as_it_was(
    engine: Endpoint, clients: Clients, tcp: OpenTcp
) -> None:
    polling = await clients.polling(engine)
    poll = asyncio.create_task(polling.poll())
    probe = await tcp(engine)
    await probe.upgrade(engine, f"EIO=4&transport=websocket&sid={polling.sid}")
    probe.send(encode(TEXT, b"2probe"))
    assert (await probe.frame()).payload == b"3probe"

    probe.reset()

    assert (await poll).text == "6"
    assert await is_well(polling)
    await poll_until_upgradable(engine, clients, polling)


async def test_a_probe_with_a_broken_frame_leaves_polling_as_it_was(
    engine: Endpoint, clients: Clients, tcp: OpenTcp
) -> None:
    polling = await clients.polling(engine)
    probe = await tcp(engine)
    await probe.upgrade(engine, f"EIO=4&transport=websocket&sid={polling.sid}")

    probe.send(encode(BINARY, b"x", rsv=4))

    assert await probe.close_code() == 1002
    assert await is_well(polling)
    await poll_until_upgradable(engine, clients, polling)


async def poll_until_upgradable(engine: Endpoint, clients: Clients, polling: PollingClient) -> None:
    """The server may learn a little later than the test that a probe is gone; it must then admit the next."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            probe = await clients.probe(engine, polling)
            await probe.send("2probe")
            if await probe.ws.recv() == "3probe":
                break
    await probe.send("5")
    assert await is_well(probe)


async def test_a_probe_that_takes_too_long_is_closed_and_polling_goes_on(
    serve: Serve, clients: Clients
) -> None:
    server = Server(limits=Limits(upgrade_timeout_s=0.1))
    server.of("/").on("m")(lambda socket, n: socket.emit("m", n))
    endpoint = await serve(server)
    polling = await clients.polling(endpoint)
    await polling.enter()
    probe = await clients.probe(endpoint, polling)
    await probe.send("2probe")

    assert await probe.closed() == 1000

    await polling.send('42["m",1]')
    assert await polling.event() == ["m", 1]
    websocket = await clients.upgrade(endpoint, polling)
    await websocket.send('42["m",2]')
    assert await websocket.event() == ["m", 2]


async def test_the_end_of_the_session_ends_its_probe_too(engine: Endpoint, clients: Clients) -> None:
    polling = await clients.polling(engine)
    probe = await clients.probe(engine, polling)
    await probe.send("2probe")
    assert await probe.receive_any() == "3probe"

    await polling.send("1")

    assert await probe.closed() == 1000


async def test_a_session_that_breaks_during_the_upgrade_tells_its_client_by_it(
    serve: Serve, clients: Clients
) -> None:
    server = Server()
    namespace = server.of("/")
    endpoint = await serve(server)
    polling = await clients.polling(endpoint)
    socket = namespace.sockets[await polling.enter()]
    probe = await clients.probe(endpoint, polling)
    await probe.send("2probe")
    assert await probe.receive_any() == "3probe"

    server.engine.close(socket.connection, Reason.SLOW_READER)
    await probe.send("5")

    assert await probe.receive() == "6"
    assert await probe.closed() == 1000


@pytest.mark.parametrize("upgrades", [True, False])
async def test_a_session_that_the_server_ends_during_the_upgrade_tells_its_client_by_it(
    serve: Serve, clients: Clients, *, upgrades: bool
) -> None:
    """The client polls no more by then. Without this it would learn of the end by its ping timeout."""
    server = Server(limits=Limits(upgrade_timeout_s=0.2))
    namespace = server.of("/")
    endpoint = await serve(server)
    polling = await clients.polling(endpoint)
    socket = namespace.sockets[await polling.enter()]
    probe = await clients.probe(endpoint, polling)
    await probe.send("2probe")
    assert await probe.receive_any() == "3probe"

    socket.emit("last", "words")
    socket.disconnect(close=True)

    assert not server.engine.connections
    if upgrades:
        await probe.send("5")
        assert await probe.receive_many(2) == ['42["last","words"]', "41"]
    assert await probe.closed() == 1000
    assert (await polling.poll()).status == (400 if upgrades else 200)


# nothing lost, nothing twice, nothing out of order


async def count(socket: Socket, burst: int, enough: asyncio.Event) -> int:
    """Emit `n` with 0, 1, 2…, `burst` of them in each turn of the loop, until it is enough; returns how many."""
    number = 0
    while not enough.is_set():
        for _ in range(burst):
            emit_number(socket, number)
            number += 1
        await asyncio.sleep(0)
    return number


def emit_number(socket: Socket, number: int) -> None:
    socket.emit("n", number, b"odd" if number % 2 else "even")


def numbers(packets: list[Packet]) -> list[int]:
    """The counted events among these packets; each odd one must have its attachment right behind it."""
    counted: list[int] = []
    rest = iter(without_noise(packets))
    for packet in rest:
        assert isinstance(packet, str), f"the attachment {packet!r} without its event"
        head, _, arguments = packet.partition('["n",')
        number = int(arguments.partition(",")[0])
        assert (head, next(rest, None)) == ("451-", b"odd") if number % 2 else head == "42"
        counted.append(number)
    return counted


def without_noise(packets: list[Packet]) -> list[Packet]:
    return [packet for packet in packets if packet not in ("2", "6")]


@pytest.mark.parametrize("seed", range(20))
async def test_what_the_server_sends_during_the_upgrade_arrives_once_and_in_order(
    serve: Serve, clients: Clients, seed: int
) -> None:
    chance = random.Random(seed)
    server, enough = Server(), asyncio.Event()
    namespace = server.of("/")
    endpoint = await serve(server)
    polling = await clients.polling(endpoint)
    socket = namespace.sockets[await polling.enter()]
    counting = asyncio.create_task(count(socket, chance.choice([1, 2, 5]), enough))

    polled: list[Packet] = []
    for _ in range(chance.randrange(4)):
        polled += from_payload((await polling.poll()).text)
    poll = asyncio.create_task(polling.poll())
    websocket, last = await clients.upgrade_while_polling(endpoint, polling, poll)
    polled += last
    pushed = [await websocket.receive() for _ in range(chance.randrange(100))]
    enough.set()
    total = await counting
    packets = total + total // 2
    pushed += await websocket.receive_many(packets - len(without_noise(polled)) - len(pushed))

    assert numbers(polled + pushed) == list(range(total))
    assert without_noise(polled)
    assert pushed


async def test_what_waits_for_a_poll_comes_first_over_the_websocket(serve: Serve, clients: Clients) -> None:
    server = Server()
    namespace = server.of("/")
    endpoint = await serve(server)
    polling = await clients.polling(endpoint)
    socket = namespace.sockets[await polling.enter()]

    emit_number(socket, 0)
    probe = await clients.probe(endpoint, polling)
    await probe.send("2probe")
    assert await probe.receive_any() == "3probe"
    emit_number(socket, 1)
    await probe.send("5")
    await poll_until(lambda: socket.connection.transport == "websocket")
    emit_number(socket, 2)

    assert numbers([await probe.receive() for _ in range(4)]) == [0, 1, 2]


async def test_what_the_client_sends_across_the_upgrade_is_handled_in_order(
    serve: Serve, clients: Clients
) -> None:
    server, gate, handled = Server(), asyncio.Event(), list[int]()

    @server.of("/").on("n")
    async def take(socket: Socket, number: int) -> None:
        await gate.wait()
        handled.append(number)

    endpoint = await serve(server)
    polling = await clients.polling(endpoint)
    await polling.enter()
    await polling.send(*(f'42["n",{number}]' for number in range(20)))
    websocket: WebSocketClient = await clients.upgrade(endpoint, polling)
    await websocket.send(*(f'42["n",{number}]' for number in range(20, 200)))
    assert handled == []

    gate.set()

    await poll_until(lambda: len(handled) == 200)
    assert handled == list(range(200))
