"""What a run shows: how far it is, and at the end a table, the violations, and how to do it again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import msgspec

from .checker import INVARIANTS, Verdict
from .figures import Figures, median, worst

GREEN, RED, DIM, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"
BAR_CHARS = 24
#: Without a terminal a line of progress is written this often.
PLAIN_EVERY_S = 10.0


class Report:
    """Writes to `out`; a bar and colours only where that is a terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._is_terminal = out.isatty()
        self._colours = self._is_terminal and "NO_COLOR" not in os.environ
        self._begun = self._told_at = time.monotonic()
        self._bar = False

    def begin(self, seed: int) -> None:
        self._write(f"StockENT Messaging, torture with seed {seed}")

    def progress(self, share: float, figures: Figures) -> None:
        text = (
            f"{share:>4.0%}  {figures.acked:,} acked, round {figures.rounds}, {figures.kills} kills, "
            f"{figures.faults.total() - figures.kills} other faults"
        )
        if self._is_terminal:
            filled = round(share * BAR_CHARS)
            self._out.write(f"\r\x1b[K{'█' * filled}{'░' * (BAR_CHARS - filled)} {text}")
            self._out.flush()
            self._bar = True
        elif time.monotonic() - self._told_at >= PLAIN_EVERY_S:
            self._told_at = time.monotonic()
            self._write(f"{time.monotonic() - self._begun:>5.0f} s {text}")

    def step(self, what: str) -> None:
        self._write(self._in(what, DIM))

    def table(self, rows: Mapping[str, str]) -> None:
        width = max(len(name) for name in rows)
        self._write("", *(f"{name:<{width}}  {value}" for name, value in rows.items()))

    def verdict(self, verdict: Verdict) -> None:
        lines = [""]
        for name, meaning in INVARIANTS.items():
            count = verdict.found.get(name, 0)
            sign = self._in("✗", RED) if count else self._in("✓", GREEN)
            lines.append(f"{sign} {name:<3} {meaning}" + (f": {count:,} violations" if count else ""))
        self._write(*lines)
        if verdict.violations:
            self._write("", *(self._in(f"{name}: {text}", RED) for name, text in verdict.violations))

    def log(self, lines: Iterable[str]) -> None:
        self._write("", "the server's last lines:", *(f"    {line}" for line in lines))

    def fail(self, reason: str) -> None:
        self._write("", self._in(reason, RED))

    def _in(self, text: str, colour: str) -> str:
        return f"{colour}{text}{PLAIN}" if self._colours else text

    def _write(self, *lines: str) -> None:
        if self._bar:
            self._out.write("\r\x1b[K")
            self._bar = False
        self._out.write("".join(line + "\n" for line in lines))
        self._out.flush()


def table(figures: Figures, verdict: Verdict | None, *, took_s: float) -> dict[str, str]:
    """The rows of the table, as text. Without a verdict what only the checker knows is left out."""
    found = {} if verdict is None else verdict.found
    rows = {
        "rounds": f"{figures.rounds:,}",
        "kills": f"{figures.kills:,}",
        "faults": ", ".join(f"{what} {count:,}" for what, count in sorted(figures.faults.items())) or "none",
        "connections": f"{figures.connected:,} made, {figures.heard:,} events heard",
        "acked messages": f"{figures.acked:,}, and {figures.repeats:,} repeats",
        "other commands": _counted(figures.done, {"send_message", "send_over_http"}),
        "refused": _counted(figures.refused, set()),
        "gaps": f"{figures.gaps_filled:,} filled while connected, {figures.views_reset:,} views begun anew",
    }
    if verdict is not None:
        in_rows = sum(found.get(name, 0) for name in ("I2", "I3", "I4"))
        rows |= {
            "unknown → resolved": (
                f"{verdict.unknown_sends:,} sends without an answer, {figures.outbox_left:,} never resolved"
            ),
            "lost": f"{verdict.lost:,}",
            "duplicated": f"{found.get('I2', 0):,}",
            "gaps in order": f"{found.get('I3', 0):,}",
            "order violations": f"{found.get('I4', 0):,}",
            "other violations": f"{sum(found.values()) - verdict.lost - in_rows:,}",
            "examined": (
                f"{verdict.examinations:,} times, {figures.whole_examinations:,} of them whole; "
                f"{verdict.times_at_rest:,} times at rest"
            ),
        }
    recovery = figures.recovery
    rows |= {
        "kill to first ack": _spread(recovery.first_ack_s),
        "kill to all back": _spread(recovery.all_resumed_s),
        "throughput": (
            f"{figures.acked / took_s if took_s else 0:,.0f} acked/s in all, "
            f"{figures.acked / figures.load_s if figures.load_s else 0:,.0f} while the server lived"
        ),
        "errors in the log": f"{figures.server_errors:,}",
        "took": f"{took_s:.0f} s",
    }
    return rows


def write_json(path: Path, seed: int, figures: Figures, verdict: Verdict | None, took_s: float) -> None:
    """Raises OSError."""
    recovery = figures.recovery
    content: dict[str, Any] = {
        "seed": seed,
        "seconds": round(took_s, 1),
        "rounds": figures.rounds,
        "kills": figures.kills,
        "faults": dict(figures.faults),
        "acked": figures.acked,
        "repeats": figures.repeats,
        "done": dict(figures.done),
        "refused": dict(figures.refused),
        "unknown": dict(figures.unknown),
        "connected": figures.connected,
        "heard": figures.heard,
        "gapsFilled": figures.gaps_filled,
        "viewsReset": figures.views_reset,
        "ackedPerSecond": round(figures.acked / took_s) if took_s else 0,
        "serverErrors": figures.server_errors,
        "firstAckSeconds": _numbers(recovery.first_ack_s),
        "allBackSeconds": _numbers(recovery.all_resumed_s),
    }
    if verdict is not None:
        content |= {
            "whole": verdict.whole,
            "stored": verdict.messages,
            "unknownSends": verdict.unknown_sends,
            "lost": verdict.lost,
            "duplicated": verdict.found.get("I2", 0),
            "gaps": verdict.found.get("I3", 0),
            "orderViolations": verdict.found.get("I4", 0),
            "violations": verdict.found,
            "told": [{"invariant": name, "text": text} for name, text in verdict.violations],
        }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")


def _counted(counts: Mapping[str, int], without: set[str]) -> str:
    shown = {name: count for name, count in sorted(counts.items()) if name not in without}
    return ", ".join(f"{name} {count:,}" for name, count in shown.items()) or "none"


def _spread(values: list[float]) -> str:
    middle, most = median(values), worst(values)
    if middle is None or most is None:
        return "not measured"
    return f"median {middle:.2f} s, worst {most:.2f} s, of {len(values)}"


def _numbers(values: list[float]) -> dict[str, float | int | None]:
    return {"count": len(values), "median": median(values), "worst": worst(values)}
