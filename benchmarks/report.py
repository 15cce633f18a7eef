"""From many results to medians, their spread, ratios between peers, and a table in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .workloads import Figure, Workload

Results = Mapping[tuple[str, str], Sequence[dict[str, Any]]]

#: When a neighbour took more of a core than this, a measurement says more of the neighbour than of the server.
DISTURBED_SHARE = 0.10
#: Below this share of idling, the load generator may have been what limited.
GENERATOR_IDLE_SHARE = 0.05
#: With messages under way nothing came for so long: somebody, or the whole machine, stood still.
SILENCE_MS = 500


class Spread(NamedTuple):
    median: float
    low: float
    high: float


def spread(figure: Figure, results: Iterable[dict[str, Any]]) -> Spread | None:
    values = [value for result in results if (value := figure.of(result)) is not None]
    return Spread(statistics.median(values), min(values), max(values)) if values else None


def doubts(result: dict[str, Any]) -> list[str]:
    """Why a single result is not to be taken at its word."""
    found = []
    if not result.get("sound", False):
        found.append(f"not sound: { {name: n for name, n in result.get('faults', {}).items() if n} }")
    silence_ms = result.get("longest_silence_ms", 0)
    if silence_ms > SILENCE_MS:
        found.append(f"nothing came for {silence_ms:.0f} ms")
    generator, server = result.get("generator", {}), result.get("server", {})
    if generator.get("idle_share", 1.0) < GENERATOR_IDLE_SHARE:
        found.append(f"the generator idled only {generator['idle_share']:.0%}")
    for name, part in (("generator", generator), ("server", server)):
        if taken(part) > DISTURBED_SHARE:
            found.append(f"a neighbour took {taken(part):.0%} of the {name}'s core")
    return found


def taken(part: dict[str, Any]) -> float:
    """The share of its core that a neighbour took from a process. Waiting for its own other threads is not that."""
    waited: float = part.get("waited_share", 0.0)
    used: float = part.get("cpu_share", 0.0)
    return min(waited, max(0.0, 1 - used))


def disturbance(result: dict[str, Any]) -> float:
    return max(taken(result.get(part, {})) for part in ("generator", "server"))


def short(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1000:.0f} k"
    if value >= 1000:
        return f"{value / 1000:.1f} k"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cell(found: Spread | None, base: Spread | None) -> str:
    if found is None:
        return "–"
    text = short(found.median)
    if found.low != found.high:
        text += f" ({short(found.low)} – {short(found.high)})"
    if base is not None and base is not found and base.median:
        text += f" ×{found.median / base.median:.2f}"
    return text


def rows(
    workloads: Sequence[Workload], peers: Sequence[str], results: Results, baseline: str
) -> Iterator[list[str]]:
    for workload in workloads:
        for figure in workload.figures:
            found = {peer: spread(figure, results.get((workload.name, peer), ())) for peer in peers}
            base = found.get(baseline)
            yield [
                workload.name,
                f"{figure.name}, {figure.unit}",
                *(_cell(found[peer], base) for peer in peers),
            ]


def table(workloads: Sequence[Workload], peers: Sequence[str], results: Results, baseline: str) -> str:
    """Medians with (least – most) of the rounds; ×n is the ratio to `baseline`."""
    lines = [["workload", "figure", *peers], *rows(workloads, peers, results, baseline)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def summary(workloads: Sequence[Workload], peers: Sequence[str], results: Results) -> dict[str, Any]:
    """The same for a program: workload → peer → figure → median, min, max."""
    return {
        workload.name: {
            peer: {
                figure.name: {
                    "median": found.median,
                    "min": found.low,
                    "max": found.high,
                    "unit": figure.unit,
                }
                for figure in workload.figures
                if (found := spread(figure, results.get((workload.name, peer), ())))
            }
            for peer in peers
            if (workload.name, peer) in results
        }
        for workload in workloads
    }
