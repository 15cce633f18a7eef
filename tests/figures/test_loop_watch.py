"""The watch over the event loop: what it counts as a stall, and as whose."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from structlog.testing import capture_logs

from stockent.figures import LoopWatch
from stockent.figures.loop_watch import INTERVAL_S, STALL_S
from tests.waiting import poll_until

STALLED_S = 2 * STALL_S


@pytest.fixture
async def watch() -> AsyncIterator[LoopWatch]:
    watch = LoopWatch()
    watch.start()
    yield watch
    watch.stop()


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as entries:
        yield entries  # type: ignore[misc]


def looks(watch: LoopWatch) -> float:
    return watch.late.buckets()[-1][1]


async def a_turn(watch: LoopWatch, work: Callable[[], object]) -> None:
    """Do it on the loop, and come back when the watch has seen it."""
    await poll_until(lambda: looks(watch) > 0)
    work()
    seen = looks(watch)
    await poll_until(lambda: looks(watch) > seen)


def burn() -> None:
    end = time.thread_time() + STALLED_S
    while time.thread_time() < end:
        pass


def wait() -> None:
    """As for a disk, or for a lock that another thread holds."""
    threading.Event().wait(STALLED_S)


async def test_code_that_takes_too_long_is_a_stall_of_our_own(
    watch: LoopWatch, logged: list[dict[str, object]]
) -> None:
    await a_turn(watch, burn)
    assert (watch.running_stalls, watch.blocked_stalls) == (1, 0)
    assert STALLED_S <= watch.worst.own_s < STALLED_S + 2 * INTERVAL_S
    [line] = logged
    assert (line["event"], line["log_level"]) == ("loop_stalled", "warning")
    assert line["own_ms"] == round(1000 * watch.worst.own_s, 1)


async def test_waiting_on_the_loops_thread_is_a_stall_that_costs_no_time_of_ours(
    watch: LoopWatch, logged: list[dict[str, object]]
) -> None:
    await a_turn(watch, wait)
    assert (watch.running_stalls, watch.blocked_stalls) == (0, 1)
    assert watch.worst.blocked_s > STALL_S
    assert watch.worst.own_s < STALL_S
    assert [line["event"] for line in logged] == ["loop_stalled"]


async def test_many_short_turns_are_no_stall(watch: LoopWatch, logged: list[dict[str, object]]) -> None:
    """Busy is not stuck: the loop comes round between them."""
    await poll_until(lambda: looks(watch) > 0)
    end = time.thread_time() + STALLED_S
    while time.thread_time() < end:
        await asyncio.sleep(0)
    assert looks(watch) > 1
    assert watch.running_stalls == 0
    assert logged == []


async def test_nothing_is_watched_after_the_stop(watch: LoopWatch) -> None:
    other = LoopWatch()
    watch.stop()
    watch.stop()
    other.start()
    await poll_until(lambda: looks(other) > 2)
    other.stop()
    assert looks(watch) == 0
