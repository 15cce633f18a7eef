"""Tells on standard error how far something is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_BAR_CHARS = 30
_BETWEEN_S = 10.0


class Bar:
    """To be called with what is being done, how much of it is done, and how much there is to do."""

    def __init__(self, label: str, stream: TextIO = sys.stderr) -> None:
        self._label = label
        self._stream = stream
        self._what = ""
        self._begun = self._told_at = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._begun, self._told_at = what, now, now
        whole = done >= total
        if self._stream.isatty():
            self._draw(done, total, now, end="\n" if whole else "")
        elif whole or now - self._told_at >= _BETWEEN_S:
            self._told_at = now
            print(f"{self._label}: {what} {done:,} of {total:,}", file=self._stream, flush=True)

    def _draw(self, done: int, total: int, now: float, *, end: str) -> None:
        share = done / total if total else 1.0
        full = round(share * _BAR_CHARS)
        left = f", {clock((now - self._begun) * (1 - share) / share)} left" if 0 < share < 1 else ""
        bar = "█" * full + "·" * (_BAR_CHARS - full)
        text = f"\r{self._label}: {self._what:13} {bar} {done:,} of {total:,}{left}\033[K"
        print(text, end=end, file=self._stream, flush=True)


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
