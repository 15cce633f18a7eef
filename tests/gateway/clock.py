"""A clock that moves when the test says so: the time of day, and the timers that hang on it."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count


@dataclass(order=True)
class _Alarm:
    due: float
    serial: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """`now` and `call_later` are what the node is given. It starts at the present, in Unix seconds."""

    def __init__(self) -> None:
        self._now = float(int(time.time()))
        self._alarms: list[_Alarm] = []
        self._serial = count()

    def now(self) -> float:
        return self._now

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> _Alarm:
        alarm = _Alarm(self._now + delay_s, next(self._serial), callback)
        heapq.heappush(self._alarms, alarm)
        return alarm

    @property
    def waiting(self) -> int:
        """How many timers have still to fire."""
        return sum(not alarm.cancelled for alarm in self._alarms)

    def advance(self, seconds: float) -> None:
        """Let that much time pass; what falls due on the way is called in its order, at its moment."""
        end = self._now + seconds
        while self._alarms and self._alarms[0].due <= end:
            alarm = heapq.heappop(self._alarms)
            if not alarm.cancelled:
                self._now = alarm.due
                alarm.callback()
        self._now = end
