"""The table that the check prints: a line a step as it ends, what went wrong under it, and a summary."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

GREEN, RED, DIM, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


class Report:
    """`width` is that of the longest title. Colours only where a terminal shows them and nobody forbids it."""

    def __init__(self, out: TextIO, *, width: int) -> None:
        self._out = out
        self._width = width
        self._colours = out.isatty() and "NO_COLOR" not in os.environ
        self.passed = 0
        self.failed: list[str] = []
        self.not_run = 0

    def begin(self, what: str) -> None:
        self._write(f"StockENT Messaging, real-time check of {what}", "")

    def pass_step(self, title: str, took_ms: float) -> None:
        self.passed += 1
        self._write(f"{self._in('✓', GREEN)} {title:<{self._width}} {took_ms:>7.0f} ms")

    def fail_step(self, title: str, took_ms: float, expected: str, got: str) -> None:
        self.failed.append(title)
        self._write(
            f"{self._in('✗', RED)} {title:<{self._width}} {took_ms:>7.0f} ms",
            f"    expected  {expected}",
            f"    got       {got}",
        )

    def skip_step(self, title: str) -> None:
        self.not_run += 1
        self._write(self._in(f"– {title:<{self._width}}  not run", DIM))

    def log(self, lines: Iterable[str]) -> None:
        self._write("", "the server's last lines:", *(f"    {line}" for line in lines))

    def fail(self, reason: str) -> None:
        self._write("", self._in(reason, RED))

    def end(self, took_s: float) -> None:
        counts = f"{self.passed} passed, {len(self.failed)} failed, {self.not_run} not run"
        self._write("", f"{counts} in {took_s:.1f} s")
        if self.failed:
            self._write(self._in(f"failed: {'; '.join(self.failed)}", RED))

    def _in(self, text: str, colour: str) -> str:
        return f"{colour}{text}{PLAIN}" if self._colours else text

    def _write(self, *lines: str) -> None:
        self._out.write("".join(line + "\n" for line in lines))
        self._out.flush()
