"""What the product is to reach, as data: held against the medians of a run, for two cores with the server on one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from . import report
from .report import Spread, Subject
from .results import Results
from .workloads import WORKLOADS

_WORKLOADS = {workload.name: workload for workload in WORKLOADS}


@dataclass(frozen=True)
class Goal:
    """`at_least` or, without it, at most `limit`: of the figure itself, or of its ratio to `against`."""

    about: str
    of: Subject
    limit: float
    against: Subject | None = None
    at_least: bool = True

    @property
    def wanted(self) -> str:
        sign = "≥" if self.at_least else "≤"
        if self.against is None:
            return f"{sign} {self.limit:g} {self.of.figure.unit}"
        whose = self.against.peer
        if self.against.workload != self.of.workload:
            whose = f"that with {_WORKLOADS[self.against.workload].about}"
        return f"{sign} {self.limit:g} × {whose}"

    def measured(self, results: Results) -> Spread | None:
        if self.against is None:
            return report.spread(report.values(results, self.of).values())
        return report.spread(report.paired(results, self.of, self.against))

    def is_met(self, found: Spread) -> bool:
        return found.median >= self.limit if self.at_least else found.median <= self.limit


def _subject(workload: str, peer: str, figure: str) -> Subject:
    """By the figure's name. Raises KeyError for one that is not compared there, also for a peer."""
    found = {each.name: each for each in _WORKLOADS[workload].figures}[figure]
    if peer not in _WORKLOADS[workload].peers:
        raise KeyError(f"{peer} does not take part in {workload}")
    return Subject(workload, peer, found)


def _times(workload: str, figure: str, peer: str, limit: float, base: str, *, at_least: bool = True) -> Goal:
    about = f"{_WORKLOADS[workload].about}, {peer}: {figure}"
    against = _subject(workload, base, figure)
    return Goal(about, _subject(workload, peer, figure), limit, against, at_least)


def _at_most(workload: str, figure: str, peer: str, limit: float) -> Goal:
    about = f"{_WORKLOADS[workload].about}, {peer}: {figure}"
    return Goal(about, _subject(workload, peer, figure), limit, at_least=False)


def _grown(act: str) -> Goal:
    figure = f"{act} p50"
    about = f"{_WORKLOADS['growth-1e7'].about}, product: {figure}"
    small, large = (_subject(name, "product", figure) for name in ("growth-1e3", "growth-1e7"))
    return Goal(about, large, 1.5, small, at_least=False)


GOALS: tuple[Goal, ...] = (
    _times("fanout-100", "deliveries", "engine", 0.8, "floor"),
    _times("fanout-1000", "deliveries", "engine", 0.8, "floor"),
    _times("fanout-100", "deliveries", "engine", 2, "node"),
    _times("fanout-1000", "deliveries", "engine", 2, "node"),
    _times("fanout-100", "deliveries", "engine", 10, "python-socketio"),
    _times("fanout-1000", "deliveries", "engine", 10, "python-socketio"),
    _times("fanout-100", "deliveries", "product", 1.5, "node"),
    _times("fanout-1000", "deliveries", "product", 1.5, "node"),
    _times("pairs-500", "messages", "engine", 2.5, "node"),
    _times("pairs-500", "messages", "product", 5, "replaced"),
    _times("pairs-500", "ack p50", "product", 0.2, "replaced", at_least=False),
    _at_most("single", "ack p50", "product", 0.6),
    _at_most("single", "ack p99", "product", 3),
    _times("single", "ack p50", "product", 1, "replaced", at_least=False),
    _times("single", "ack p99", "product", 1, "replaced", at_least=False),
    _at_most("paced-3000", "receipt p99", "product", 20),
    _times("connect", "opened", "engine", 1.5, "node"),
    _times("connect", "opened", "product", 1.5, "node"),
    _at_most("idle", "memory", "product", 10),
    _at_most("idle", "idle CPU", "product", 5),
    _times("polling-500", "messages", "engine", 1, "node"),
    _times("polling-500", "messages", "product", 1, "node"),
    _times("http-history", "requests", "product", 2, "replaced"),
    _times("http-list", "requests", "product", 2, "replaced"),
    _times("http-send", "requests", "product", 2, "replaced"),
    *(_grown(act) for act in ("send", "history", "deep history", "list", "unread")),
)


def table(results: Results, goals: Iterable[Goal] = GOALS) -> str:
    """Goal, what is wanted, what was measured with (least – most) of the rounds, and whether it is met."""
    return report.markdown(["goal", "wanted", "measured", "met"], (_row(goal, results) for goal in goals))


def _row(goal: Goal, results: Results) -> list[str]:
    found = goal.measured(results)
    if found is None:
        return [goal.about, goal.wanted, "not measured", report.NOTHING]
    unit = "×" if goal.against else goal.of.figure.unit
    return [
        goal.about,
        goal.wanted,
        f"{report.told(found)} {unit}",
        "yes" if goal.is_met(found) else "**no**",
    ]
