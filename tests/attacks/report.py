"""The table of a run: one line for each attack, over all its inputs. In the terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from .rule import Result, as_json, p99, slows

HEADS = (
    "attack",
    "inputs",
    "the offender's answer",
    "control p99 before, ms",
    "during, ms",
    "ratio",
    "messages",
    "worst turn, late ms",
    "own ms",
    "memory MB",
    "fds",
)


@dataclass(frozen=True)
class Line:
    row: str
    inputs: int
    answers: str
    calm_ms: float
    during_ms: float
    samples: int
    late_ms: float
    own_ms: float
    memory_mb: float
    fds: float
    slows: bool

    @property
    def cells(self) -> Sequence[str]:
        ratio = self.during_ms / self.calm_ms if self.calm_ms else 0.0
        return (
            self.row,
            str(self.inputs),
            self.answers,
            f"{self.calm_ms:.1f}",
            f"{self.during_ms:.1f}",
            f"{ratio:.2f}" + (" !" if self.slows else ""),
            str(self.samples),
            f"≤ {self.late_ms:g}",
            f"≤ {self.own_ms:g}",
            f"{self.memory_mb:+.1f}",
            f"{self.fds:+.0f}",
        )


def lines(results: Iterable[Result]) -> list[Line]:
    return [_line(row, list(group)) for row, group in groupby(results, key=lambda result: result.row)]


def _line(row: str, results: list[Result]) -> Line:
    latencies = [each for result in results for each in result.latencies_ms]
    calm = results[-1].calm_ms
    answers = dict.fromkeys(answer for result in results for answer in result.answers)
    return Line(
        row=row,
        inputs=len(results),
        answers=", ".join(answers),
        calm_ms=p99(calm),
        during_ms=p99(latencies),
        samples=len(latencies),
        late_ms=max(result.late_ms for result in results),
        own_ms=max(result.own_ms for result in results),
        memory_mb=max(result.memory_bytes for result in results) / 1e6,
        fds=max(result.fds for result in results),
        slows=slows(calm, latencies),
    )


def markdown(found: Sequence[Line]) -> str:
    rows = [HEADS, ["---"] * len(HEADS), *(line.cells for line in found)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def write(path: Path, results: Sequence[Result]) -> None:
    """Markdown at `path`, and JSON with every input beside it."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    head = f"Run of {when}, {os.cpu_count()} cores.\n\n"
    path.write_text(head + markdown(lines(results)) + "\n")
    whole = {"when": when, "cores": os.cpu_count(), "results": [as_json(each) for each in results]}
    path.with_suffix(".json").write_text(json.dumps(whole, indent=1) + "\n")
