"""When memory is given back: after a crowd has gone, once, and not for a few."""

from __future__ import annotations

import asyncio

import pytest

from stockent import heap
from stockent.heap import MIN_ENDED, Heap
from tests.waiting import poll_until


class Watched(Heap):
    """Counts its looks."""

    looks = 0

    def _look(self) -> None:
        self.looks += 1
        super()._look()


async def test_the_heap_is_trimmed_once_for_each_crowd_that_went(monkeypatch: pytest.MonkeyPatch) -> None:
    trims: list[int] = []
    ended = [0]
    monkeypatch.setattr(heap, "INTERVAL_S", 0.001)
    monkeypatch.setattr(heap, "trim", lambda: trims.append(ended[0]))
    watched = Watched(lambda: ended[0])
    watched.start()
    for ended[0] in (MIN_ENDED - 1, MIN_ENDED, MIN_ENDED, 2 * MIN_ENDED - 1, 2 * MIN_ENDED):
        looks = watched.looks
        await poll_until(lambda looks=looks: watched.looks > looks + 1)  # type: ignore[misc]
    assert trims == [MIN_ENDED, 2 * MIN_ENDED]
    watched.stop()
    looks = watched.looks
    await asyncio.sleep(0.01)
    assert watched.looks == looks


def test_trimming_works_with_this_c_library_or_does_nothing() -> None:
    heap.trim()
