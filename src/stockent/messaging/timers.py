"""Timers of what is known here and now, without a row: the event loop's, or a test's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypeAlias


class Timer(Protocol):
    def cancel(self) -> object: ...


#: `call_later(delay_s, callback)`
CallLater: TypeAlias = Callable[[float, Callable[[], None]], Timer]


def loop_call_later(delay_s: float, callback: Callable[[], None]) -> Timer:
    """By the running loop."""
    return asyncio.get_running_loop().call_later(delay_s, callback)


def rfc3339(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
