"""From many results to medians, their spread, ratios between peers round by round, and tables in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from .results import Result, Results
from .workloads import PEER_NAMES, Figure, Workload

#: When a neighbour took more of a core than this, a measurement says more of the neighbour than of the server.
DISTURBED_SHARE = 0.10
#: Below this share of idling, the load generator may have been what limited.
GENERATOR_IDLE_SHARE = 0.05
#: With messages under way nothing came for so long: somebody, or the whole machine, stood still.
SILENCE_MS = 500
NOTHING = "–"


class Spread(NamedTuple):
    median: float
    low: float
    high: float


class Subject(NamedTuple):
    """One figure of one peer in one workload."""

    workload: str
    peer: str
    figure: Figure


def spread(values: Iterable[float]) -> Spread | None:
    found = list(values)
    return Spread(statistics.median(found), min(found), max(found)) if found else None


def values(results: Results, subject: Subject) -> dict[int, float]:
    """By round."""
    found = {n: subject.figure.of(r) for n, r in results.of(subject.workload, subject.peer).items()}
    return {number: value for number, value in found.items() if value is not None}


def paired(results: Results, subject: Subject, base: Subject) -> list[float]:
    """`subject` by `base`, round by round: what disturbed one round mostly disturbed both."""
    theirs = values(results, base)
    mine = values(results, subject)
    return [mine[number] / theirs[number] for number in sorted(mine) if theirs.get(number)]


def times_as_good(results: Results, workload: Workload, figure: Figure, peer: str) -> Spread | None:
    """Of the peer against the workload's baseline: over 1 is better, also where less is."""
    mine, base = Subject(workload.name, peer, figure), Subject(workload.name, workload.baseline, figure)
    return spread(paired(results, mine, base) if figure.more_is_better else paired(results, base, mine))


def doubts(result: Result) -> list[str]:
    """Why a single result is not to be taken at its word."""
    found = []
    if not result.get("sound", False):
        found.append(f"not sound: {faults(result)}")
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


def faults(result: Result) -> dict[str, Any]:
    return {name: count for name, count in result.get("faults", {}).items() if count}


def taken(part: dict[str, Any]) -> float:
    """The share of its core that a neighbour took from a process. Waiting for its own other threads is not that."""
    waited: float = part.get("waited_share", 0.0)
    used: float = part.get("cpu_share", 0.0)
    return min(waited, max(0.0, 1 - used))


def disturbed(result: Result) -> bool:
    """Whether to measure again: somebody else had the core, or the whole machine stood still."""
    return disturbance(result) > DISTURBED_SHARE or result.get("longest_silence_ms", 0) > SILENCE_MS


def disturbance(result: Result) -> float:
    return max(taken(result.get(part, {})) for part in ("generator", "server"))


def short(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1000:.0f} k"
    if value >= 1000:
        return f"{value / 1000:.1f} k"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def told(found: Spread | None) -> str:
    if found is None:
        return NOTHING
    text = short(found.median)
    low, high = short(found.low), short(found.high)
    return text if low == high else f"{text} ({low} – {high})"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def ratio_table(workloads: Sequence[Workload], results: Results) -> str:
    """How many times as good as its baseline each peer is: the median of the rounds, with (least – most)."""
    shown = [workload for workload in workloads if _is_compared(workload, results)]
    peers = [peer for peer in _peers(results) if any(peer in w.peers and peer != w.baseline for w in shown)]
    rows = (
        [workload.about, _named(figure), workload.baseline, *_ratios(results, workload, figure, peers)]
        for workload in shown
        for figure in workload.compared_figures
    )
    return markdown(["workload", "figure", "1 is", *peers], rows)


def figure_table(workloads: Sequence[Workload], results: Results) -> str:
    """Medians with (least – most) of the rounds."""
    peers = _peers(results)
    rows = (
        [workload.about, _named(figure),
         *(told(spread(values(results, Subject(workload.name, peer, figure)).values())) for peer in peers)]
        for workload in workloads
        if workload.name in results.found and not workload.stored
        for figure in workload.figures
    )  # fmt: skip
    return markdown(["workload", "figure", *peers], rows)


def growth_table(workloads: Sequence[Workload], results: Results) -> str | None:
    """The product's times by the size of its store, and the largest by the smallest; None if nothing of it is there."""
    grown = [workload for workload in workloads if workload.stored and workload.name in results.found]
    if not grown:
        return None
    first, last = grown[0], grown[-1]
    rows = []
    for figure in first.figures:
        subjects = [Subject(workload.name, "product", figure) for workload in grown]
        row = [_named(figure), *(told(spread(values(results, subject).values())) for subject in subjects)]
        rows.append([*row, told(spread(paired(results, subjects[-1], subjects[0])))])
    return markdown(
        ["", *(workload.about for workload in grown), f"{last.stored:,} by {first.stored:,}"], rows
    )


def summary(workloads: Sequence[Workload], results: Results) -> dict[str, Any]:
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
                if (found := spread(values(results, Subject(workload.name, peer, figure)).values()))
            }
            for peer in results.found[workload.name]
        }
        for workload in workloads
        if workload.name in results.found
    }


def _peers(results: Results) -> list[str]:
    there = set(chain.from_iterable(results.found.values()))
    return [peer for peer in PEER_NAMES if peer in there]


def _is_compared(workload: Workload, results: Results) -> bool:
    there = results.found.get(workload.name, {})
    return workload.baseline in there and len(there) > 1


def _ratios(results: Results, workload: Workload, figure: Figure, peers: Sequence[str]) -> Iterator[str]:
    for peer in peers:
        yield told(None if peer == workload.baseline else times_as_good(results, workload, figure, peer))


def _named(figure: Figure) -> str:
    return f"{figure.name}, {figure.unit}"
