"""Ids and times made by the store: ids sort by time of creation, and the next one cannot be guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import randbits

#: 48 bits of milliseconds, then 80 bits that start at random in each millisecond and rise by random steps.
_RANDOM_BITS = 80
_STEP_BITS = 40


class Ids:
    """Makes ids that rise within this process, also when the clock stands still or goes back. One thread's own."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, now_s: float) -> str:
        """32 hexadecimal digits, greater than every one before."""
        fresh = (int(now_s * 1000) << _RANDOM_BITS) | randbits(_RANDOM_BITS)
        self._last = max(fresh, self._last + 1 + randbits(_STEP_BITS))
        return f"{self._last:032x}"


def rfc3339(now_s: float) -> str:
    """UTC with milliseconds and `Z`."""
    return datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
