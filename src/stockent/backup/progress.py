"""How far a long piece of work is, on one line of a terminal; nothing where there is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

#: Between two drawings.
DRAW_EVERY_S = 0.1
WIDTH = 24


class Progress:
    """Give it a step by `begin`, then amounts by `at`. `end` clears the line."""

    def __init__(self, out: TextIO | None = None, *, now: Callable[[], float] = time.monotonic) -> None:
        self._out = sys.stderr if out is None else out
        self._shown = self._out.isatty()
        self._now = now
        self._drawn_at = float("-inf")
        self._what = ""

    def begin(self, what: str) -> None:
        self._what = what
        self._drawn_at = float("-inf")
        self.alive()

    def at(self, done_bytes: int, all_bytes: int) -> None:
        share = 1.0 if not all_bytes else min(1.0, done_bytes / all_bytes)
        filled = round(share * WIDTH)
        bar = "█" * filled + "░" * (WIDTH - filled)
        self._draw(f"{self._what} {bar} {share:4.0%}  {sized(done_bytes)} of {sized(all_bytes)}")

    def alive(self) -> None:
        """Something is done, nobody knows how much."""
        self._draw(f"{self._what} …")

    def end(self) -> None:
        if self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _draw(self, line: str) -> None:
        now = self._now()
        if self._shown and now - self._drawn_at >= DRAW_EVERY_S:
            self._drawn_at = now
            self._out.write(f"\r\x1b[K{line}")
            self._out.flush()


def sized(size_bytes: int) -> str:
    """In the largest unit that leaves a number over one."""
    size = float(size_bytes)
    for unit in ("bytes", "KB", "MB"):
        if size < 1_000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1_000
    return f"{size:.1f} GB"
