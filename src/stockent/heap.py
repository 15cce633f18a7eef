"""Gives memory back to the system after many connections have gone.

What they used lies between what is still used, and glibc returns only the end of its heap by itself: a crowd that came
and went would keep the process as large as it was then.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable
from contextlib import suppress

INTERVAL_S = 3.0
#: Fewer connections leave too little to look for. Looking takes 1 to 5 ms.
MIN_ENDED = 100


def trim() -> None:
    """Does nothing where the C library is another one."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Heap:
    """Looks from `start` to `stop`. `ended` tells how many connections have ended so far."""

    def __init__(self, ended: Callable[[], int]) -> None:
        self._ended = ended
        self._seen = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(INTERVAL_S, self._look)

    def stop(self) -> None:
        """Idempotent."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        ended = self._ended()
        if ended - self._seen >= MIN_ENDED:
            self._seen = ended
            trim()
        self.start()
