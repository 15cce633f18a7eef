"""The one timer of all sessions: who is ticked, when, and who no more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest

from stockent.socketio import Limits
from stockent.socketio.connection import WEBSOCKET, Connection, State
from stockent.socketio.engine import Heartbeats
from tests.waiting import poll_until

from .test_connection import REQUEST, Recorder


class Ticks:
    """Heartbeats, and the sessions whose time was over, in the order in which that was found."""

    def __init__(self) -> None:
        self.heartbeats = Heartbeats(self._tick)
        self.seen: list[str] = []

    def _tick(self, connection: Connection, now: float) -> None:
        if connection.tick(now=now) is not None:
            self.seen.append(connection.sid)
            connection.state = State.CLOSED
            self.heartbeats.remove(connection)


@pytest.fixture
def ticks() -> Iterator[Ticks]:
    ticks = Ticks()
    yield ticks
    ticks.heartbeats.stop()


def session(name: str, due_in_s: float) -> Connection:
    now = asyncio.get_running_loop().time()
    limits = Limits(connect_timeout_s=due_in_s)
    return Connection(name, WEBSOCKET, Recorder(), REQUEST, limits, now=now)


async def test_sessions_are_ticked_in_the_order_of_their_deadlines(ticks: Ticks) -> None:
    for name, due_in_s in {"third": 0.06, "first": 0.02, "second": 0.04}.items():
        ticks.heartbeats.add(session(name, due_in_s))

    await poll_until(lambda: len(ticks.seen) == 3)

    assert ticks.seen == ["first", "second", "third"]


async def test_sessions_whose_deadline_is_over_when_they_come_are_ticked_at_once(ticks: Ticks) -> None:
    """uvloop makes no timer of a time that is over; a busy loop comes to that."""
    for number in range(5):
        ticks.heartbeats.add(session(f"{number}", -1.0 + number / 10))
    ticks.heartbeats.add(session("later", 0.02))

    await poll_until(lambda: len(ticks.seen) == 6)

    assert ticks.seen == ["0", "1", "2", "3", "4", "later"]


async def test_a_deadline_that_moved_later_is_found_out_when_it_comes_up(ticks: Ticks) -> None:
    moved = session("moved", 0.02)
    ticks.heartbeats.add(moved)
    assert moved.connect_due is not None
    moved.connect_due += 0.03
    ticks.heartbeats.add(session("between", 0.04))

    await poll_until(lambda: len(ticks.seen) == 2)

    assert ticks.seen == ["between", "moved"]


async def test_a_session_that_was_removed_is_not_ticked(ticks: Ticks) -> None:
    gone, stays = session("gone", 0.01), session("stays", 0.02)
    ticks.heartbeats.add(gone)
    ticks.heartbeats.add(stays)

    ticks.heartbeats.remove(gone)
    ticks.heartbeats.remove(gone)

    await poll_until(lambda: ticks.seen)
    assert ticks.seen == ["stays"]


async def test_a_session_that_stays_open_is_ticked_again() -> None:
    seen: list[float] = []

    def tick(connection: Connection, now: float) -> None:
        seen.append(now)
        connection.connect_due = now + 0.01

    heartbeats = Heartbeats(tick)
    heartbeats.add(session("open", 0.01))
    await poll_until(lambda: len(seen) >= 3)
    heartbeats.stop()

    assert all(later >= earlier + 0.01 for earlier, later in pairwise(seen))


async def test_after_stopping_nobody_is_ticked(ticks: Ticks) -> None:
    ticks.heartbeats.add(session("one", 0.01))
    ticks.heartbeats.stop()
    other = Ticks()
    other.heartbeats.add(session("other", 0.02))

    await poll_until(lambda: other.seen)

    assert ticks.seen == []
