"""Typing: told to the room without the typist, ended by silence, and proved at most once in six seconds."""

from __future__ import annotations

import pytest

from stockent.messaging.domain import Actor, Domain
from stockent.messaging.errors import Code
from stockent.messaging.typing import MAX_TYPING_PER_USER, TYPING_EXPIRES_S, Typing
from tests.messaging.conftest import ANN, BOB, EVE
from tests.messaging.sockets import Sockets
from tests.store.acts import opened, refused


class Clock:
    """Timers that fire when a test lets time pass."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.timers: list[ClockTimer] = []

    def call_later(self, delay_s: float, callback: object) -> ClockTimer:
        timer = ClockTimer(self, self.now_s + delay_s, callback)
        self.timers.append(timer)
        return timer

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds
        for timer in [timer for timer in self.timers if timer.due_s <= self.now_s]:
            if timer in self.timers:
                self.timers.remove(timer)
                timer.callback()  # type: ignore[operator]


class ClockTimer:
    def __init__(self, clock: Clock, due_s: float, callback: object) -> None:
        self.clock = clock
        self.due_s = due_s
        self.callback = callback

    def cancel(self) -> None:
        if self in self.clock.timers:
            self.clock.timers.remove(self)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def typing(domain: Domain, clock: Clock) -> Typing:
    return Typing(domain, clock.call_later)


async def test_the_room_learns_who_types_but_the_typist_does_not(
    typing: Typing, sockets: Sockets, cid: str
) -> None:
    bob, ann, ann_phone = (sockets.connect(who, viewing=cid) for who in ("bob", "ann", "ann"))
    elsewhere = sockets.connect("bob")
    await typing.start(ANN, cid)
    await typing.stop(ANN, cid)
    payload = {"conversationId": cid, "userId": "ann", "name": "Ann", "activity": "typing"}
    assert bob.heard == [("user_typing", payload), ("user_stopped_typing", payload)]
    assert ann.heard == ann_phone.heard == elsewhere.heard == []


async def test_silence_ends_typing_and_each_start_puts_that_off(
    typing: Typing, sockets: Sockets, clock: Clock, cid: str
) -> None:
    bob = sockets.connect("bob", viewing=cid)
    await typing.start(ANN, cid)
    clock.pass_s(TYPING_EXPIRES_S - 1)
    await typing.start(ANN, cid)
    clock.pass_s(TYPING_EXPIRES_S - 1)
    assert bob.names == ["user_typing", "user_typing"]
    clock.pass_s(1)
    assert bob.names[2:] == ["user_stopped_typing"]
    await typing.stop(ANN, cid)
    assert len(bob.heard) == 3, "what has ended does not end again"


async def test_after_stop_and_silence_no_timer_is_left(typing: Typing, clock: Clock, cid: str) -> None:
    await typing.start(ANN, cid)
    await typing.start(BOB, cid)
    await typing.stop(BOB, cid)
    assert clock.timers
    clock.pass_s(TYPING_EXPIRES_S)
    assert clock.timers == []


async def test_a_user_who_is_gone_has_stopped_everywhere(
    typing: Typing, domain: Domain, sockets: Sockets, clock: Clock, cid: str
) -> None:
    other = await opened(domain.store, "ann", "bob")
    bob_here, bob_there = sockets.connect("bob", viewing=cid), sockets.connect("bob", viewing=other)
    await typing.start(ANN, cid)
    await typing.start(ANN, other)
    typing.forget("ann")
    assert bob_here.names == bob_there.names == ["user_typing", "user_stopped_typing"]
    assert clock.timers == []
    typing.forget("ann")
    assert len(bob_here.heard) == 2


async def test_an_outsider_types_into_nothing(typing: Typing, sockets: Sockets, cid: str) -> None:
    bob = sockets.connect("bob", viewing=cid)
    for guess in (cid, "unknown"):
        await refused(Code.NOT_FOUND, typing.start(EVE, guess))
        await refused(Code.NOT_FOUND, typing.stop(EVE, guess))
    assert bob.heard == []
    await typing.start(ANN, cid)
    assert len(bob.heard) == 1


async def test_a_proof_of_access_is_good_for_six_seconds_and_no_longer(
    typing: Typing, domain: Domain, clock: Clock, cid: str
) -> None:
    await typing.start(ANN, cid)
    await domain.store.delete_conversation(cid, user_id="bob")
    clock.pass_s(TYPING_EXPIRES_S / 2)
    await typing.start(ANN, cid)
    clock.pass_s(TYPING_EXPIRES_S / 2)
    await refused(Code.NOT_FOUND, typing.start(ANN, cid))


async def test_one_user_types_in_so_many_places_at_most(
    typing: Typing, domain: Domain, sockets: Sockets, cid: str
) -> None:
    first = sockets.connect("bob", viewing=cid)
    await typing.start(ANN, cid)
    for n in range(MAX_TYPING_PER_USER):
        await typing.start(ANN, await opened(domain.store, "ann", f"u{n}"))
    assert first.names == ["user_typing", "user_stopped_typing"]


async def test_a_typist_without_a_name_has_none(typing: Typing, sockets: Sockets, cid: str) -> None:
    bob = sockets.connect("bob", viewing=cid)
    await typing.start(Actor("ann"), cid)
    assert bob.only("user_typing")["name"] is None
