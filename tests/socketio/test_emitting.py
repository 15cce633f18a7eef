"""Who hears what: a socket, rooms, everybody, and the exceptions, over both transports at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from stockent.socketio import Limits, Namespace, Server, Socket, TooManyRooms
from tests.waiting import poll_until

from .conftest import Serve
from .wire import Client, Clients


@dataclass
class Person:
    client: Client
    socket: Socket


class Crowd:
    """Four connected clients: `ann` and `bob` by WebSocket, `eve` and `dan` by polling."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.people: dict[str, Person] = {}

    def __getitem__(self, name: str) -> Socket:
        return self.people[name].socket

    async def heard(self) -> dict[str, list[Any]]:
        """What each has received so far. A last event to each, outside of rooms, marks the end."""
        heard = {}
        for name, person in self.people.items():
            person.socket.emit("end")
            events = []
            while (event := await person.client.event())[0] != "end":
                events.append(event[1])
            heard[name] = events
        return heard


@pytest.fixture
async def crowd(serve: Serve, clients: Clients) -> Crowd:
    server = Server(limits=Limits(max_rooms=3))
    namespace = server.of("/")
    crowd = Crowd(namespace)
    endpoint = await serve(server)
    for name, transport in {
        "ann": "websocket",
        "bob": "websocket",
        "eve": "polling",
        "dan": "polling",
    }.items():
        client = await clients.open(transport, endpoint)
        crowd.people[name] = Person(client, namespace.sockets[await client.enter()])
    return crowd


async def test_a_socket_is_told_what_is_emitted_to_it_alone(crowd: Crowd) -> None:
    crowd["ann"].emit("m", 1)
    crowd["eve"].emit("m", 2)

    assert await crowd.heard() == {"ann": [1], "bob": [], "eve": [2], "dan": []}


async def test_the_namespace_is_everybody(crowd: Crowd) -> None:
    crowd.namespace.emit("m", 1)
    crowd.namespace.to().emit("m", 2)

    assert await crowd.heard() == {name: [1, 2] for name in crowd.people}


async def test_a_room_is_its_members(crowd: Crowd) -> None:
    crowd["ann"].join("kitchen")
    crowd["eve"].join("kitchen", "hall")

    crowd.namespace.to("kitchen").emit("m", 1)
    crowd.namespace.to("hall").emit("m", 2)
    crowd.namespace.to("nowhere").emit("m", 3)

    assert await crowd.heard() == {"ann": [1], "bob": [], "eve": [1, 2], "dan": []}


async def test_who_is_in_several_addressed_rooms_hears_once(crowd: Crowd) -> None:
    crowd["ann"].join("kitchen", "hall")
    crowd["dan"].join("hall")

    crowd.namespace.to("kitchen", "hall").emit("m", 1)
    crowd.namespace.to("kitchen").to("hall", "kitchen").emit("m", 2)

    assert await crowd.heard() == {"ann": [1, 2], "bob": [], "eve": [], "dan": [1, 2]}


async def test_members_of_excepted_rooms_hear_nothing(crowd: Crowd) -> None:
    for name in crowd.people:
        crowd[name].join("kitchen")
    crowd["bob"].join("hall")
    crowd["eve"].join("cellar")

    crowd.namespace.to("kitchen").except_("hall").emit("m", 1)
    crowd.namespace.to("kitchen").except_("hall").except_("cellar", "nowhere").emit("m", 2)
    crowd.namespace.except_("kitchen").emit("m", 3)
    crowd.namespace.except_("hall", "cellar").emit("m", 4)

    assert await crowd.heard() == {"ann": [1, 2, 4], "bob": [], "eve": [1], "dan": [1, 2, 4]}


async def test_a_socket_speaks_to_a_room_without_hearing_itself(crowd: Crowd) -> None:
    crowd["ann"].join("kitchen")
    crowd["bob"].join("kitchen")

    crowd["ann"].to("kitchen").emit("m", 1)
    crowd["dan"].to("kitchen").emit("m", 2)
    crowd["eve"].to().emit("m", 3)

    assert await crowd.heard() == {"ann": [2, 3], "bob": [1, 2, 3], "eve": [], "dan": [3]}


async def test_a_sockets_id_is_a_room(crowd: Crowd) -> None:
    crowd.namespace.to(crowd["ann"].id, crowd["eve"].id).emit("m", 1)
    crowd.namespace.except_(crowd["ann"].id, crowd["eve"].id).emit("m", 2)

    assert await crowd.heard() == {"ann": [1], "bob": [2], "eve": [1], "dan": [2]}


async def test_an_emission_can_be_kept_and_used_again(crowd: Crowd) -> None:
    crowd["ann"].join("kitchen")
    kitchen = crowd.namespace.to("kitchen")
    with_bob = kitchen.to(crowd["bob"].id)

    kitchen.emit("m", 1)
    with_bob.emit("m", 2)
    kitchen.except_("kitchen").emit("m", 3)

    assert await crowd.heard() == {"ann": [1, 2], "bob": [2], "eve": [], "dan": []}


async def test_who_left_a_room_does_not_hear_it(crowd: Crowd) -> None:
    for name in crowd.people:
        crowd[name].join("kitchen")
    crowd["ann"].leave("kitchen", "nowhere")
    crowd["dan"].join("hall")
    crowd.namespace.to("hall").leave("kitchen")

    crowd.namespace.to("kitchen").emit("m", 1)

    assert await crowd.heard() == {"ann": [], "bob": [1], "eve": [1], "dan": []}
    assert crowd["dan"].rooms == {"hall"}


async def test_a_room_is_closed_by_letting_its_members_leave(crowd: Crowd) -> None:
    for name in crowd.people:
        crowd[name].join("kitchen")

    crowd.namespace.to("kitchen").leave("kitchen")

    assert len(crowd.namespace.rooms) == 0


async def test_disconnecting_a_room_closes_the_connections_of_its_members(crowd: Crowd) -> None:
    crowd["ann"].join("kitchen")
    crowd["eve"].join("kitchen")

    crowd.namespace.to("kitchen").disconnect()

    for name in ("ann", "eve"):
        client = crowd.people.pop(name).client
        assert await client.receive() == "41"
        assert await client.closed() in (1000, 400)
    crowd.namespace.emit("m", 1)
    assert await crowd.heard() == {"bob": [1], "dan": [1]}


async def test_binary_reaches_a_room_on_both_transports_in_one_piece(crowd: Crowd) -> None:
    for number in range(50):
        crowd.namespace.emit("m", number, b"bytes", {"in": b"side"})

    for person in crowd.people.values():
        for number in range(50):
            text, *attachments = await person.client.receive_many(3)
            assert isinstance(text, str)
            assert text.startswith(f'452-["m",{number},{{"_placeholder":true,"num":0}}')
            assert attachments == [b"bytes", b"side"]


async def test_reaches_tells_whether_anybody_would_hear(crowd: Crowd) -> None:
    crowd["ann"].join("kitchen", "hall")

    assert crowd.namespace.reaches(["kitchen"])
    assert crowd.namespace.reaches(["nowhere", "kitchen"])
    assert crowd.namespace.reaches([])
    assert crowd.namespace.reaches([], ["kitchen"])
    assert not crowd.namespace.reaches(["nowhere"])
    assert not crowd.namespace.reaches(["kitchen"], ["hall"])
    assert not crowd.namespace.reaches([], [crowd[name].id for name in crowd.people])


async def test_a_socket_joins_no_more_rooms_than_allowed(crowd: Crowd) -> None:
    crowd["ann"].join("a", "b", "c")

    with pytest.raises(TooManyRooms):
        crowd["ann"].join("d")

    crowd["ann"].leave("a")
    crowd["ann"].join("d")
    assert crowd["ann"].rooms == {"b", "c", "d"}


async def test_who_has_gone_can_neither_join_nor_be_told(crowd: Crowd) -> None:
    ann = crowd.people.pop("ann")
    ann.socket.join("kitchen")
    await ann.client.send("41")
    await poll_until(lambda: not ann.socket.connected)

    ann.socket.join("kitchen", "hall")
    ann.socket.emit("m", 1)
    crowd.namespace.to(ann.socket.id, "kitchen").emit("m", 2)

    assert ann.socket.rooms is None
    assert len(crowd.namespace.rooms) == 0
    assert await crowd.heard() == {"bob": [], "eve": [], "dan": []}


async def test_an_emission_in_one_namespace_is_not_heard_in_another(serve: Serve, clients: Clients) -> None:
    server = Server()
    main, other = server.of("/"), server.of("/other")
    client = await clients.websocket(await serve(server))
    main.sockets[await client.enter()].join("kitchen")
    other.sockets[await client.enter("/other")].join("kitchen")

    main.to("kitchen").emit("m", 1)
    other.to("kitchen").emit("m", 2)

    assert await client.receive_many(2) == ['42["m",1]', '42/other,["m",2]']
