"""Graces: one timer for all who go at once, and no turn of the loop in which all of them end."""

from __future__ import annotations

import asyncio

from stockent.messaging.graces import MAX_ENDED_AT_ONCE, SLOT_S, Graces
from stockent.messaging.timers import loop_call_later
from tests.gateway.clock import Clock
from tests.waiting import poll_until


def test_those_who_go_together_share_a_timer_and_end_together() -> None:
    clock, ended = Clock(), list[str]()
    graces = Graces(clock.call_later, ended.append)
    for number in range(100):
        graces.begin(f"user-{number}", 5)
    assert clock.waiting == 2, "one for the graces, one that shuts their slot"
    clock.advance(4.9)
    assert ended == []
    assert "user-7" in graces
    clock.advance(0.1)
    assert ended == [f"user-{number}" for number in range(100)]
    assert "user-7" not in graces
    assert clock.waiting == 0


def test_who_goes_later_ends_later_by_less_than_a_slot_too_early() -> None:
    clock, ended = Clock(), list[str]()
    graces = Graces(clock.call_later, ended.append)
    graces.begin("ann", 5)
    clock.advance(SLOT_S)
    graces.begin("bob", 5)
    clock.advance(5 - SLOT_S)
    assert ended == ["ann"]
    clock.advance(SLOT_S)
    assert ended == ["ann", "bob"]


def test_who_is_back_is_not_ended_and_may_go_anew() -> None:
    clock, ended = Clock(), list[str]()
    graces = Graces(clock.call_later, ended.append)
    graces.begin("ann", 5)
    graces.begin("bob", 5)
    graces.cancel("ann")
    graces.cancel("ann")
    clock.advance(1)
    graces.begin("bob", 5)
    clock.advance(4)
    assert ended == []
    clock.advance(1)
    assert ended == ["bob"]


def test_what_follows_for_one_may_cancel_another_and_begin_one() -> None:
    clock, ended = Clock(), list[str]()

    def end(user_id: str) -> None:
        ended.append(user_id)
        if user_id == "ann":
            graces.cancel("bob")
            graces.begin("cem", 5)

    graces = Graces(clock.call_later, end)
    for user_id in ("ann", "bob"):
        graces.begin(user_id, 5)
    clock.advance(5)
    assert ended == ["ann"]
    clock.advance(5)
    assert ended == ["ann", "cem"]


def test_nothing_follows_after_the_stop() -> None:
    clock, ended = Clock(), list[str]()
    graces = Graces(clock.call_later, ended.append)
    graces.begin("ann", 5)
    graces.stop()
    clock.advance(60)
    assert ended == []
    assert "ann" not in graces


async def test_thousands_end_in_slices_between_which_the_loop_turns() -> None:
    ended_in: dict[int, int] = {}
    turn = 0

    def end(_user_id: str) -> None:
        ended_in[turn] = ended_in.get(turn, 0) + 1

    def count() -> None:
        nonlocal turn
        turn += 1
        if sum(ended_in.values()) < people:
            loop.call_soon(count)

    people = 3 * MAX_ENDED_AT_ONCE
    loop = asyncio.get_running_loop()
    graces = Graces(loop_call_later, end)
    for number in range(people):
        graces.begin(f"user-{number}", 0.01)
    count()
    await poll_until(lambda: sum(ended_in.values()) == people)
    assert max(ended_in.values()) == MAX_ENDED_AT_ONCE
    graces.stop()
