"""Rooms by themselves: the two mirrored maps, who is addressed, and the loop that delivers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockent.socketio import Limits, TooManyRooms
from stockent.socketio.deflate import Deflater
from stockent.socketio.rooms import Rooms, deliver


class Wire:
    def __init__(self) -> None:
        self.sent: list[bytes] = []

    @property
    def link(self) -> Wire:
        return self

    def send(self, frames: bytes) -> None:
        self.sent.append(frames)


class Person:
    """A member of rooms, as `Socket` is one."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.rooms: set[str] | None = None
        self.connection: Any = Wire()

    def __repr__(self) -> str:
        return self.id


NAMES = ("ann", "bob", "eve", "dan")


class House:
    """Four people and the rooms of their namespace."""

    def __init__(self, max_rooms: int = 100) -> None:
        self.people = {name: Person(name) for name in NAMES}
        self.rooms: Rooms[Person] = Rooms(self.people, max_rooms=max_rooms)

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def join(self, room: str, *names: str) -> None:
        for name in names:
            self.rooms.join(self[name], room)

    def reached(self, *to: str, without: tuple[str, ...] = ()) -> list[str]:
        return sorted(person.id for person in self.rooms.select(to, without))


@pytest.fixture
def house() -> House:
    return House()


# the two maps


def test_joining_shows_on_both_sides(house: House) -> None:
    house.join("kitchen", "ann", "bob")

    assert house.rooms.members("kitchen") == {house["ann"], house["bob"]}
    assert house["ann"].rooms == {"kitchen"}
    assert "kitchen" in house.rooms


def test_joining_twice_is_joining_once(house: House) -> None:
    house.join("kitchen", "ann", "ann")
    house.rooms.leave(house["ann"], "kitchen")

    assert house.reached("kitchen") == []


def test_leaving_shows_on_both_sides_and_leaves_the_others(house: House) -> None:
    house.join("kitchen", "ann", "bob")
    house.join("hall", "ann")

    house.rooms.leave(house["ann"], "kitchen")

    assert house.reached("kitchen") == ["bob"]
    assert house["ann"].rooms == {"hall"}


def test_leaving_a_room_that_one_is_not_in_does_nothing(house: House) -> None:
    house.join("kitchen", "bob")

    house.rooms.leave(house["ann"], "kitchen")
    house.rooms.leave(house["bob"], "nowhere")

    assert house.reached("kitchen") == ["bob"]


def test_a_room_that_the_last_member_left_is_forgotten(house: House) -> None:
    house.join("kitchen", "ann")
    assert len(house.rooms) == 1

    house.rooms.leave(house["ann"], "kitchen")

    assert len(house.rooms) == 0
    assert "kitchen" not in house.rooms


def test_leaving_everything_leaves_no_trace(house: House) -> None:
    house.join("kitchen", "ann", "bob")
    house.join("hall", "ann")

    house.rooms.leave_all(house["ann"])
    house.rooms.leave_all(house["eve"])

    assert house["ann"].rooms is None
    assert "hall" not in house.rooms
    assert house.reached("kitchen") == ["bob"]


def test_a_room_that_is_closed_is_left_by_all(house: House) -> None:
    house.join("kitchen", "ann", "bob")
    house.join("hall", "ann")

    house.rooms.close("kitchen")
    house.rooms.close("nowhere")

    assert "kitchen" not in house.rooms
    assert (house["ann"].rooms, house["bob"].rooms) == ({"hall"}, set())


def test_a_member_of_as_many_rooms_as_allowed_joins_no_other() -> None:
    house = House(max_rooms=2)
    house.join("kitchen", "ann")
    house.join("hall", "ann")

    with pytest.raises(TooManyRooms):
        house.join("cellar", "ann")

    assert "cellar" not in house.rooms
    assert house["ann"].rooms == {"kitchen", "hall"}
    house.join("hall", "ann")
    house.rooms.leave(house["ann"], "hall")
    house.join("cellar", "ann")
    assert house.reached("cellar") == ["ann"]


moves = st.lists(
    st.tuples(
        st.sampled_from(["join", "leave", "leave_all", "close"]),
        st.sampled_from(NAMES),
        st.sampled_from("abcd"),
    ),
    max_size=40,
)


@given(moves)
def test_whatever_happens_the_maps_mirror_each_other_and_no_room_is_empty(
    moves: list[tuple[str, str, str]],
) -> None:
    house = House()
    expected: set[tuple[str, str]] = set()
    for move, name, room in moves:
        if move == "join":
            house.join(room, name)
            expected.add((name, room))
        elif move == "leave":
            house.rooms.leave(house[name], room)
            expected.discard((name, room))
        elif move == "leave_all":
            house.rooms.leave_all(house[name])
            expected = {pair for pair in expected if pair[0] != name}
        else:
            house.rooms.close(room)
            expected = {pair for pair in expected if pair[1] != room}

    by_person = {(person.id, room) for person in house.people.values() for room in person.rooms or ()}
    by_room = {(person.id, room) for room in "abcd" for person in house.rooms.members(room)}
    assert by_person == by_room == expected
    assert len(house.rooms) == len({room for _, room in expected})


# who is addressed


def test_several_rooms_reach_each_member_once(house: House) -> None:
    house.join("kitchen", "ann", "bob")
    house.join("hall", "bob", "eve")

    assert house.reached("kitchen", "hall", "kitchen", "nowhere") == ["ann", "bob", "eve"]


def test_members_of_excepted_rooms_are_not_reached(house: House) -> None:
    house.join("kitchen", "ann", "bob", "eve")
    house.join("hall", "bob")
    house.join("cellar", "eve", "dan")

    assert house.reached("kitchen", without=("hall",)) == ["ann", "eve"]
    assert house.reached("kitchen", without=("hall", "cellar")) == ["ann"]
    assert house.reached("kitchen", without=("nowhere",)) == ["ann", "bob", "eve"]
    assert house.reached("kitchen", "cellar", without=("kitchen",)) == ["dan"]


def test_a_room_of_nobody_reaches_nobody(house: House) -> None:
    assert house.reached("nowhere") == []
    assert house.reached("nowhere", without=("kitchen",)) == []


def test_each_member_is_a_room_of_its_own_by_its_id(house: House) -> None:
    house.join("kitchen", "ann", "bob")

    assert house.reached("ann") == ["ann"]
    assert house.reached("ann", "kitchen") == ["ann", "bob"]
    assert house.reached("kitchen", without=("ann",)) == ["bob"]


def test_who_joins_the_room_of_another_members_id_hears_beside_it(house: House) -> None:
    house.join("ann", "bob")

    assert house.reached("ann") == ["ann", "bob"]
    assert house.reached("ann", without=("bob",)) == ["ann"]


# delivering


def test_every_member_gets_every_part_of_a_packet_in_order(house: House) -> None:
    deliver([b"451-[]", b"part"], [house["ann"], house["bob"]], Deflater(Limits()))
    deliver([b"42[]"], [house["ann"]], Deflater(Limits()))

    assert house["ann"].connection.sent == [b"\x81\x06451-[]\x82\x04part", b"\x81\x0442[]"]
    assert house["bob"].connection.sent == [b"\x81\x06451-[]\x82\x04part"]
