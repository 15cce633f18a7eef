"""Waiting without sleeping: a condition is asked until it is true or a deadline has passed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_INTERVAL_S = 0.005


async def poll_until(condition: Callable[[], T], deadline_s: float = 10.0) -> T:
    """Ask `condition` until its answer is true, and return that. Raises AssertionError at the deadline."""
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline_s
    while not (answer := condition()):
        assert loop.time() < end, f"not within {deadline_s} s; the last answer was {answer!r}"
        await asyncio.sleep(_INTERVAL_S)
    return answer
