"""From the store's threads back to who waits on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeAlias

#: A caller's future, and its result or the exception that it is to get.
Outcome: TypeAlias = tuple[asyncio.Future[Any], object]


def resolve(outcomes: Sequence[Outcome]) -> None:
    """Answer in the order given; callers wake in that order. A caller that was cancelled is passed over."""
    for future, outcome in outcomes:
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
