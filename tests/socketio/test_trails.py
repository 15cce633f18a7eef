"""What a lost socket missed, by numbers: the log, the rooms at the time of each event, and every bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockent.socketio import Limits
from stockent.socketio.connection import Request
from stockent.socketio.recovery import Recovery, is_follower
from stockent.socketio.rooms import Rooms
from stockent.socketio.trails import ENTRY_BYTES, MAX_DEPARTURES, ROOM_BYTES, Trail

LIMITS = Limits(recovery_window_s=100.0, ping_interval_s=10.0, ping_timeout_s=5.0)
#: From the last ping that was answered to the last moment at which its events are needed.
KEPT_S = 100.0 + 10.0 + 2 * 5.0


class Person:
    """A socket as recovery sees it, and a client that has read its events up to some point."""

    def __init__(self, name: str, trail: Trail) -> None:
        self.id = name
        self.rooms: set[str] | None = None
        self.data: Any = name
        self.trail = trail
        self.sent: list[str] = []
        #: The offset of the last event that the client has handled.
        self.offset: str | None = None

    def read(self, count: int) -> None:
        read, self.sent = self.sent[:count], self.sent[count:]
        if read:
            self.offset = read[-1]

    @property
    def claim(self) -> dict[str, str]:
        claim = {"pid": self.trail.pid}
        return claim if self.offset is None else claim | {"offset": self.offset}


class House:
    """A namespace of people, and what it does with recovery; `now` moves when the test says so."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.now = 0.0
        self.recovery = Recovery(limits)
        self.here: dict[str, Person] = {}
        self.rooms: Rooms[Person] = Rooms(self.here, max_rooms=limits.max_rooms)

    def enter(self, name: str, *rooms: str) -> Person:
        person = self.here[name] = Person(name, self.recovery.begin(name))
        self.recovery.followers.add(person)
        self.join(person, *rooms)
        return person

    def join(self, person: Person, *rooms: str) -> None:
        for room in rooms:
            self.rooms.join(person, room)
            person.trail.join(room, last=self.recovery.log.last)

    def leave(self, person: Person, *rooms: str) -> None:
        for room in rooms:
            person.trail.leave(room, last=self.recovery.log.last)
            self.rooms.leave(person, room)

    def emit(self, *to: str, without: Sequence[str] = (), text: str = "x") -> str:
        """Returns the event's offset."""
        packets = self.recovery.log.append([f'42["{text}"]'.encode()], to, without, now=self.now)
        offset = offset_of(packets)
        everybody = set(self.here.values()).difference(*map(self.rooms.members, without))
        for person in self.rooms.select(to, without) if to else everybody:
            person.sent.append(offset)
        return offset

    def lose(self, person: Person, *, heard_at: float = 0.0) -> None:
        self.recovery.lose(person.trail, person, heard_at=heard_at, now=self.now)
        self.rooms.leave_all(person)
        self.recovery.followers.discard(person)
        del self.here[person.id]

    def come_back(self, person: Person, claim: dict[str, Any] | None = None) -> list[str] | None:
        """The offsets of what it missed; None if it is not restored."""
        claim = claim or person.claim
        trail = self.recovery.find(claim)
        taken = None if trail is None else self.recovery.take(trail, claim, now=self.now)
        if taken is None:
            return None
        rooms, missed = taken
        self.here[person.id] = person
        for room in rooms:
            self.rooms.join(person, room)
        return [offset_of(packets) for packets in missed]


def offset_of(packets: Sequence[bytes]) -> str:
    head, _, offset = packets[0].decode().rpartition(',"')
    assert head
    return offset.removesuffix('"]')


@pytest.fixture
def house() -> House:
    return House()


# what was missed


def test_what_its_rooms_were_sent_while_it_was_lost_is_missed(house: House) -> None:
    ann = house.enter("ann", "kitchen")
    house.emit("kitchen")
    ann.read(1)
    house.lose(ann)
    missed = [house.emit("kitchen"), house.emit(), house.emit("ann")]
    house.emit("cellar")
    house.emit("kitchen", without=["ann"])

    assert house.come_back(ann) == missed


def test_what_was_on_its_way_when_it_was_lost_is_missed_too(house: House) -> None:
    ann = house.enter("ann", "kitchen")
    sent = [house.emit("kitchen") for _ in range(3)]
    ann.read(1)
    house.lose(ann)

    assert house.come_back(ann) == sent[1:]


def test_a_client_without_an_offset_has_had_nothing(house: House) -> None:
    house.emit("kitchen")
    ann = house.enter("ann", "kitchen")
    sent = [house.emit("kitchen")]
    house.lose(ann)

    assert ann.offset is None
    assert house.come_back(ann) == sent


def test_an_offset_from_an_earlier_socket_of_the_client_counts_from_the_beginning_of_this_one(
    house: House,
) -> None:
    earlier = house.emit()
    house.emit()
    ann = house.enter("ann", "kitchen")
    ann.offset = earlier
    later = house.emit("kitchen")
    house.lose(ann)

    assert house.come_back(ann) == [later]


def test_rooms_count_as_they_were_at_the_time_of_each_event(house: House) -> None:
    ann = house.enter("ann", "kitchen", "hall")
    house.emit("ann")
    ann.read(1)
    in_kitchen = house.emit("kitchen")
    house.emit("cellar")
    to_all_but_the_kitchen = house.emit("hall", without=["kitchen"])
    house.leave(ann, "kitchen")
    house.emit("kitchen")
    in_hall = house.emit("hall", without=["kitchen"])
    house.join(ann, "kitchen", "cellar")
    in_cellar = house.emit("cellar")
    house.lose(ann)

    assert to_all_but_the_kitchen != in_hall
    assert house.come_back(ann) == [in_kitchen, in_hall, in_cellar]


def test_who_is_taken_out_of_a_room_while_lost_gets_what_came_before(house: House) -> None:
    ann, bob = house.enter("ann", "kitchen", "hall"), house.enter("bob", "kitchen")
    for person in (ann, bob):
        house.lose(person)
    before = house.emit("kitchen")
    house.recovery.let_leave(["ann"], [], ["kitchen"])
    after = house.emit("kitchen")

    assert house.come_back(ann) == [before]
    assert ann.rooms == {"hall"}
    assert house.come_back(bob) == [before, after]


def test_who_is_ended_while_lost_does_not_come_back(house: House) -> None:
    ann, bob = house.enter("ann", "kitchen"), house.enter("bob")
    for person in (ann, bob):
        house.lose(person)
    house.recovery.end(["kitchen"], [])

    assert house.come_back(ann) is None
    assert house.come_back(bob) == []


def test_lost_twice_it_misses_what_it_had_not_read_of_the_first_time(house: House) -> None:
    ann = house.enter("ann", "kitchen")
    house.lose(ann)
    first = house.emit("kitchen")
    assert house.come_back(ann) == [first]
    house.lose(ann)
    second = house.emit("kitchen")

    assert house.come_back(ann) == [first, second]


def test_a_ping_from_before_it_was_restored_tells_nothing_of_what_it_was_sent_again() -> None:
    """The one ping came on the new connection while the token was being checked."""
    house = House(Limits(recovery_window_s=1_000.0, max_recovery_bytes=2 * (ENTRY_BYTES + ROOM_BYTES + 100)))
    ann, bob = house.enter("ann", "kitchen"), house.enter("bob", "kitchen")
    for person in (ann, bob):
        house.lose(person)
    first = house.emit("kitchen")
    house.now = 2.0
    for person in (ann, bob):
        assert house.come_back(person) == [first]
    house.lose(ann, heard_at=1.0)
    house.lose(bob, heard_at=2.1)
    for _ in range(2):
        house.emit("hall")

    assert house.come_back(ann) is None
    assert house.come_back(bob) == []


def test_joining_again_changes_nothing(house: House) -> None:
    ann = house.enter("ann", "kitchen")
    sent = house.emit("kitchen")
    house.join(ann, "kitchen")
    house.lose(ann)

    assert house.come_back(ann) == [sent]


ROOMS = ("kitchen", "hall", "cellar")
PEOPLE = ("ann", "bob", "eve")
addressed = st.lists(st.sampled_from((*ROOMS, *PEOPLE)), max_size=3).map(tuple)
somebody, somewhere = st.sampled_from(PEOPLE), st.sampled_from(ROOMS)
steps = st.one_of(
    st.tuples(st.just("emit"), addressed, addressed),
    st.tuples(st.just("emit"), addressed, st.just(())),
    st.tuples(st.just("join"), somebody, somewhere),
    st.tuples(st.just("leave"), somebody, somewhere),
    st.tuples(st.just("read"), somebody, st.integers(0, 3)),
    st.tuples(st.just("lose"), somebody, st.none()),
    st.tuples(st.just("come back"), somebody, st.none()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=40))
def test_whatever_happens_nothing_is_missed_twice_or_left_out(program: list[tuple[str, Any, Any]]) -> None:
    """Beside each person lives a twin that is never lost: it has been sent what the person must get."""
    house, twins = House(), House()
    people = {name: house.enter(name) for name in PEOPLE}
    for name in PEOPLE:
        twins.enter(name)
    for what, subject, detail in program:
        person = people.get(subject) if isinstance(subject, str) else None
        if what == "emit":
            house.emit(*subject, without=detail)
            twins.emit(*subject, without=detail)
            continue
        assert person is not None
        twin, here = twins.here[person.id], person.id in house.here
        if what == "join" and here:
            house.join(person, detail)
            twins.join(twin, detail)
        elif what == "leave":
            if here:
                house.leave(person, detail)
            else:
                house.recovery.let_leave([person.id], [], [detail])
            twins.leave(twin, detail)
        elif what == "read" and here:
            count = min(detail, len(person.sent))
            person.read(count)
            twin.read(count)
        elif what == "lose" and here:
            house.lose(person)
        elif what == "come back" and not here:
            person.sent = house.come_back(person) or []
            house.recovery.followers.add(person)
            assert places(house, person.sent) == places(twins, twin.sent)
            assert (person.rooms or set()) == (twin.rooms or set())


def places(house: House, offsets: Sequence[str]) -> list[int | None]:
    return [house.recovery.log.position(offset) for offset in offsets]


# who may not


@pytest.mark.parametrize(
    "offset",
    [
        "",
        "1",
        ".1",
        "x.1",
        5,
        ["x"],
        True,
        "{prefix}",
        "{prefix}zz",
        "{prefix}-1",
        "{prefix}1_0",
        "{prefix}ff",
    ],
    ids=str,
)
def test_an_offset_that_was_never_given_is_none(house: House, offset: Any) -> None:
    ann, bob = house.enter("ann"), house.enter("bob")
    good = house.emit()
    for person in (ann, bob):
        house.lose(person)
    if isinstance(offset, str):
        offset = offset.format(prefix=good[: good.index(".") + 1])

    assert house.come_back(ann, ann.claim | {"offset": offset}) is None
    assert house.come_back(bob, bob.claim | {"offset": good}) == []


def test_an_offset_of_another_process_is_none(house: House) -> None:
    other = House()
    other.enter("ann")
    foreign, ann = other.emit(), house.enter("ann")
    house.emit()
    house.lose(ann)

    assert house.come_back(ann, ann.claim | {"offset": foreign}) is None


@pytest.mark.parametrize("pid", [None, "", 5, [], {}, "nobody's"], ids=str)
def test_who_names_no_pid_of_a_lost_socket_is_nobody(house: House, pid: Any) -> None:
    ann = house.enter("ann")
    house.lose(ann)

    assert house.recovery.find({"pid": pid}) is None
    assert house.recovery.find(ann.claim) is ann.trail


def test_a_pid_restores_once_for_each_loss(house: House) -> None:
    ann = house.enter("ann")
    assert house.come_back(ann) is None, "it is not lost"
    house.lose(ann)
    trail = house.recovery.find(ann.claim)
    assert trail is not None
    assert house.come_back(ann) == []

    assert house.come_back(ann) is None
    assert house.recovery.take(trail, ann.claim, now=0.0) is None
    house.lose(ann)
    assert house.come_back(ann) == []


def test_it_is_too_late_when_the_window_is_over(house: House) -> None:
    ann, bob = house.enter("ann"), house.enter("bob")
    for person in (ann, bob):
        house.lose(person)
    house.now = 99.9
    assert house.come_back(ann) == []
    house.now = 100.0
    assert house.come_back(bob) is None


def test_what_is_too_old_goes_when_it_is_swept(house: House) -> None:
    ann = house.enter("ann", "kitchen")
    house.emit("kitchen")
    house.lose(ann)
    house.recovery.expire(now=99.0)
    assert (len(house.recovery.lost), len(house.recovery.log)) == (1, 1)
    house.recovery.expire(now=100.0)
    assert (len(house.recovery.lost), len(house.recovery.log)) == (0, 1)
    house.recovery.expire(now=KEPT_S + 0.1)
    assert (len(house.recovery.log), house.recovery.log.size_bytes) == (0, 0)
    assert house.recovery.is_unused


# bounds


def test_events_over_the_byte_bound_push_the_oldest_out_and_who_needs_them_is_a_new_socket() -> None:
    one = len(b'42["x","ABCDEF.1"]') + ENTRY_BYTES + ROOM_BYTES
    house = House(Limits(recovery_window_s=100.0, max_recovery_bytes=3 * one))
    ann, bob = house.enter("ann", "kitchen"), house.enter("bob", "kitchen")
    sent = [house.emit("kitchen") for _ in range(2)]
    ann.read(1)
    bob.read(2)
    for person in (ann, bob):
        house.lose(person)
    sent += [house.emit("kitchen") for _ in range(3)]
    assert len(house.recovery.log) == 3
    assert house.recovery.log.size_bytes <= 3 * one

    assert house.come_back(ann) is None
    assert house.come_back(bob) == sent[2:]


def test_an_event_larger_than_the_bound_is_not_kept_and_cannot_be_recovered() -> None:
    house = House(Limits(recovery_window_s=100.0, max_recovery_bytes=1_000))
    ann = house.enter("ann")
    house.lose(ann)
    house.emit(text="x" * 1_000)

    assert len(house.recovery.log) == 0
    assert house.come_back(ann) is None


def test_who_answered_a_ping_after_what_was_dropped_needs_none_of_it(house: House) -> None:
    ann, bob = house.enter("ann", "kitchen"), house.enter("bob", "kitchen")
    house.emit("kitchen")
    for person in (ann, bob):
        person.read(1)
    house.now = 1.0
    house.emit("hall")
    house.now = 1.0 + KEPT_S + 1.0
    newest = house.emit("hall")
    assert len(house.recovery.log) == 1, newest
    house.lose(ann, heard_at=1.0)
    house.lose(bob, heard_at=1.1)
    missed = house.emit("kitchen")

    assert house.come_back(ann) is None, "sent at the moment of the ping: before or after, who knows"
    assert house.come_back(bob) == [missed]


def test_more_departures_than_are_remembered_need_an_offset_after_them(house: House) -> None:
    ann, bob = house.enter("ann"), house.enter("bob")
    for person in (ann, bob):
        for number in range(MAX_DEPARTURES + 1):
            house.join(person, f"room {number}")
            house.emit("somewhere")
            house.leave(person, f"room {number}")
    house.emit("bob")
    bob.read(1)
    for person in (ann, bob):
        house.lose(person, heard_at=-1.0)

    assert house.come_back(ann) is None
    assert house.come_back(bob) == []


def test_more_than_a_reader_may_let_wait_is_not_sent_at_once() -> None:
    house = House(Limits(recovery_window_s=100.0, max_backlog_bytes=2_000))
    ann, bob = house.enter("ann", "kitchen"), house.enter("bob")
    for person in (ann, bob):
        house.lose(person)
    house.emit(text="x" * 500)
    house.emit("kitchen", text="x" * 500)

    assert house.come_back(ann) is None
    assert house.come_back(bob) is not None


def test_of_too_many_lost_sockets_the_longest_lost_is_given_up() -> None:
    house = House(Limits(recovery_window_s=100.0, max_lost_sockets=2))
    people = [house.enter(name) for name in ("ann", "bob", "eve")]
    for person in people:
        house.lose(person)

    assert [house.come_back(person) for person in people] == [None, [], []]


def test_of_lost_sockets_in_too_many_rooms_the_longest_lost_is_given_up() -> None:
    house = House(Limits(recovery_window_s=100.0, max_lost_rooms=4))
    people = [house.enter(name, "kitchen", f"{name}'s") for name in ("ann", "bob")]
    for person in people:
        house.lose(person)
    assert len(house.recovery.lost) == 2
    house.recovery.let_leave(["ann"], [], ["kitchen", "kitchen", "nowhere"])
    house.lose(house.enter("eve", "kitchen"))
    assert len(house.recovery.lost) == 3
    house.lose(house.enter("dan", "kitchen"))

    assert [trail.data for trail in house.recovery.lost] == ["bob", "eve", "dan"]


# whom it concerns


def test_a_lost_socket_is_addressed_like_one_that_is_there(house: House) -> None:
    ann = house.enter("ann", "kitchen")
    assert not house.recovery.is_missed((), ()), "nobody is lost"
    house.lose(ann)

    assert house.recovery.is_missed(("kitchen", "hall"), ())
    assert house.recovery.is_missed(("ann",), ("hall",))
    assert house.recovery.is_missed((), ())
    assert not house.recovery.is_missed(("hall",), ())
    assert not house.recovery.is_missed(("kitchen",), ("ann",))
    assert not house.recovery.is_missed((), ("kitchen",))


def test_attachments_stay_behind_the_offset(house: House) -> None:
    packets = house.recovery.log.append(
        [b'451-["x",{"_placeholder":true,"num":0}]', b"part"], (), (), now=0.0
    )

    assert packets[0].startswith(b'451-["x",{"_placeholder":true,"num":0},"')
    assert packets[1:] == [b"part"]


JAVASCRIPT = {"EIO": "4", "transport": "polling", "t": "abc"}
PYTHON = {"transport": "polling", "EIO": "4", "t": "1.5"}


@pytest.mark.parametrize(
    ("query", "user_agent", "auth", "expected"),
    [
        (JAVASCRIPT, None, {}, True),
        (JAVASCRIPT, "Mozilla/5.0", {"token": "x"}, True),
        ({"mine": "1"} | JAVASCRIPT, "node-XMLHttpRequest", {}, True),
        (JAVASCRIPT, "Python/3.11 aiohttp/3.14", {}, False),
        (JAVASCRIPT, "python-requests/2.32", {}, False),
        (PYTHON, None, {}, False),
        (PYTHON, None, {"recovery": True}, True),
        (JAVASCRIPT, None, {"recovery": False}, False),
        (JAVASCRIPT, None, {"recovery": "no"}, True),
    ],
)
def test_offsets_go_to_who_can_use_them(
    query: dict[str, str], user_agent: str | None, auth: dict[str, Any], expected: bool
) -> None:
    headers = {} if user_agent is None else {"user-agent": user_agent}
    assert is_follower(Request("/socket.io/", query, headers, "192.0.2.1"), auth) is expected
