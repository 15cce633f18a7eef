"""Notices when the event loop did not come round in time, and tells whose fault that was.

A timer that is late says only that nobody was served meanwhile. Three clocks of the loop's own thread say why: the time
that it ran (code that takes too long), the time that it was ready but had no core (a busy machine), and the rest: it
waited for something, a disk or another thread, which it must never do.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from typing import NamedTuple

import structlog

from .histogram import Histogram

#: 40 wakings a second, together about 0.3 % of a core.
INTERVAL_S = 0.025
#: A turn of the loop that takes longer is a stall.
STALL_S = 0.1
BOUNDS_S = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
#: Linux, of the calling thread: nanoseconds that it ran, and that it was ready and had no core.
_SCHEDULING = "/proc/thread-self/schedstat"

log = structlog.get_logger("stockent.loop")


class Turn(NamedTuple):
    """How late the loop came round, and of that the seconds that its thread ran, and that it waited for anything
    but a core. `own_s` may be too large by `INTERVAL_S`, and `blocked_s` too small; never the other way round.
    """

    late_s: float
    own_s: float
    blocked_s: float


class LoopWatch:
    """Watches the running loop from `start` to `stop`; both on the loop's thread. Its numbers are public."""

    def __init__(self) -> None:
        self.late = Histogram(BOUNDS_S)
        self.own = Histogram(BOUNDS_S)
        #: Stalls by our own code, and by waiting; what a busy machine causes is neither.
        self.running_stalls = 0
        self.blocked_stalls = 0
        self.worst = Turn(0.0, 0.0, 0.0)
        self._timer: asyncio.TimerHandle | None = None
        self._scheduling: int | None = None

    def start(self) -> None:
        with suppress(OSError):
            self._scheduling = os.open(_SCHEDULING, os.O_RDONLY | os.O_CLOEXEC)
        self._loop = asyncio.get_running_loop()
        self._wait()

    def stop(self) -> None:
        """Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._scheduling is not None:
            os.close(self._scheduling)
            self._scheduling = None

    def _wait(self) -> None:
        self._ran_s = time.thread_time()
        self._queued_s = self._queued()
        # Not the loop's own clock: uvloop reads it once a turn, and so would miss what the turn itself takes.
        self._due = time.monotonic() + INTERVAL_S
        self._timer = self._loop.call_later(INTERVAL_S, self._look)

    def _look(self) -> None:
        late_s = max(0.0, time.monotonic() - self._due)
        ran_s = time.thread_time() - self._ran_s
        queued_s = self._queued() - self._queued_s
        # Some of what ran may have been turns before this one, but no more than the timer had to wait.
        own_s = min(ran_s, late_s + INTERVAL_S)
        self._take(Turn(late_s, own_s, max(0.0, late_s - ran_s - queued_s)))
        self._wait()

    def _take(self, turn: Turn) -> None:
        self.late.observe(turn.late_s)
        self.own.observe(turn.own_s)
        self.worst = Turn(*map(max, self.worst, turn))
        if turn.own_s > STALL_S:
            self.running_stalls += 1
        elif turn.blocked_s > STALL_S:
            self.blocked_stalls += 1
        else:
            return
        log.warning(
            "loop_stalled",
            late_ms=_ms(turn.late_s),
            own_ms=_ms(turn.own_s),
            blocked_ms=_ms(turn.blocked_s),
        )

    def _queued(self) -> float:
        """Seconds so far that the thread was ready and had no core; 0 where the system does not tell."""
        if self._scheduling is None:
            return 0.0
        return int(os.pread(self._scheduling, 96, 0).split()[1]) / 1e9


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
