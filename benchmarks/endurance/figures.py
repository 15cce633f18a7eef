"""What a scenario found: figures, each held against its goal, and the table of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MIB = 2**20


@dataclass(frozen=True)
class Figure:
    """`goal` is None where a figure is only told. A value of None was not measured, which meets no goal."""

    name: str
    value: float | None
    unit: str
    goal: str | None = None
    met: bool = True


def told(name: str, value: float | None, unit: str) -> Figure:
    return Figure(name, value, unit)


def at_most(name: str, value: float | None, unit: str, limit: float) -> Figure:
    return Figure(name, value, unit, f"≤ {number(limit)}", value is not None and value <= limit)


def at_least(name: str, value: float | None, unit: str, limit: float) -> Figure:
    return Figure(name, value, unit, f"≥ {number(limit)}", value is not None and value >= limit)


def none_of(name: str, count: float | None) -> Figure:
    return Figure(name, count, "", "0", count == 0)


def number(value: float | None) -> str:
    if value is None:
        return "–"
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def rows(found: Mapping[str, Sequence[Figure]]) -> Iterable[Sequence[str]]:
    for scenario, figures in found.items():
        for figure in figures:
            verdict = "" if figure.goal is None else "pass" if figure.met else "**fail**"
            value = f"{number(figure.value)} {figure.unit}".strip()
            yield scenario, figure.name, value, figure.goal or "", verdict


def table(found: Mapping[str, Sequence[Figure]]) -> str:
    lines = [("scenario", "figure", "value", "goal", ""), ("---",) * 5, *rows(found)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def missed(found: Mapping[str, Sequence[Figure]]) -> list[str]:
    return [
        f"{scenario}: {figure.name}"
        for scenario, figures in found.items()
        for figure in figures
        if not figure.met
    ]


def as_data(found: Mapping[str, Sequence[Figure]]) -> dict[str, list[dict[str, Any]]]:
    return {scenario: [asdict(figure) for figure in figures] for scenario, figures in found.items()}
