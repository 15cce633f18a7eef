"""What `broker.py` obliges every broker to, held against each of them. A new broker is one more line in `BROKERS`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stockent.socketio import Broadcast, Broker, LocalBroker, Server
from stockent.socketio.broker import Action

from .conftest import Serve
from .wire import Clients

#: Name → what makes a broker that carries for one node.
BROKERS: dict[str, Callable[[], Broker]] = {"local": LocalBroker}


@pytest.fixture(params=list(BROKERS))
def broker(request: pytest.FixtureRequest) -> Broker:
    return BROKERS[request.param]()


def emission(number: int, *to: str) -> Broadcast:
    return Broadcast(Action.EMIT, "/", to, ("event", number), ("elsewhere",))


async def test_what_is_published_has_been_delivered_here_when_publish_returns(broker: Broker) -> None:
    delivered: list[Broadcast] = []
    await broker.start(delivered.append)

    for action in Action:
        broadcast = Broadcast(action, "/chat", ("a", "b"), ("event", {"n": 1}), ("c",))
        broker.publish(broadcast)
        assert delivered.pop() == broadcast

    await broker.stop()


async def test_broadcasts_are_delivered_once_and_in_the_order_of_publishing(broker: Broker) -> None:
    delivered: list[int] = []
    await broker.start(lambda broadcast: delivered.append(broadcast.args[1]))

    for number in range(200):
        broker.publish(emission(number, "room"))
    await broker.stop()

    assert delivered == list(range(200))


async def test_order_holds_when_a_delivery_publishes_the_next(broker: Broker) -> None:
    delivered: list[int] = []

    def deliver(broadcast: Broadcast) -> None:
        number = broadcast.args[1]
        delivered.append(number)
        if number < 3:
            broker.publish(emission(number + 1, "room"))

    await broker.start(deliver)
    broker.publish(emission(0, "room"))
    await broker.stop()

    assert delivered == [0, 1, 2, 3]


async def test_publishing_needs_a_running_broker(broker: Broker) -> None:
    delivered: list[Broadcast] = []
    with pytest.raises(RuntimeError):
        broker.publish(emission(1))

    await broker.start(delivered.append)
    broker.publish(emission(2))
    await broker.stop()

    with pytest.raises(RuntimeError):
        broker.publish(emission(3))
    assert [broadcast.args[1] for broadcast in delivered] == [2]


async def test_a_broker_says_whether_it_carries(broker: Broker) -> None:
    with pytest.raises(ConnectionError):
        await broker.ping()

    await broker.start(lambda broadcast: None)
    await broker.ping()
    await broker.stop()

    with pytest.raises(ConnectionError):
        await broker.ping()


async def test_stopping_twice_is_stopping_once(broker: Broker) -> None:
    await broker.start(lambda broadcast: None)

    await broker.stop()
    await broker.stop()


async def test_a_node_that_is_alone_hears_of_nobody_elsewhere(broker: Broker) -> None:
    await broker.start(lambda broadcast: None)

    assert not broker.hears_elsewhere("/", ["room"])
    assert not broker.hears_elsewhere("/", [])

    await broker.stop()


async def test_a_server_emits_through_its_broker(broker: Broker, serve: Serve, clients: Clients) -> None:
    server = Server(broker=broker)
    namespace = server.of("/")
    endpoint = await serve(server)
    client = await clients.websocket(endpoint)
    sid = await client.enter()
    namespace.sockets[sid].join("room", "other")

    namespace.to("room").emit("to-room", 1)
    namespace.to("room").except_("other").emit("to-nobody")
    namespace.to("room").leave("other")
    namespace.to("room").except_("other").emit("to-room", 2)
    namespace.to(sid).disconnect()

    assert await client.event() == ["to-room", 1]
    assert await client.event() == ["to-room", 2]
    assert await client.receive() == "41"
    assert await client.closed() == 1000
