"""The pass rule of every attack: what the server and the people beside it must be like during it and afterwards.

A test gives the attack as a coroutine function; it is run once, or again and again for as long as is to be measured.
The attack itself says that the offender was refused, and how.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .control import Control, Lap
from .offender import Offender
from .target import Figures, Target, faults

SETTLE_TIMEOUT_S = 10.0
SETTLE_INTERVAL_S = 0.02
#: What a healthy person has not got so long after the attack is missed.
GIVE_UP_S = 10.0
#: What the allocator keeps of what it once needed, and what a cache may have learned.
MEMORY_TOLERANCE_BYTES = 24_000_000
#: A request that is just being answered, a reader's connection to the store that is opened when it is first needed.
FDS_TOLERANCE = 4
TASKS_TOLERANCE = 4
#: Below it one delay of the machine decides and not the server.
MIN_SAMPLES = 100
#: The p99 of a calm server is so small that twice as much is nothing that anybody could see.
NOISE_MS = 25.0
CALM_SAMPLES = 2_000

#: Runs against the offender's connections, which are new each time; returns the answer that it got, in a few words.
Attack = Callable[[Offender], Awaitable[str]]


class RuleBroken(AssertionError):
    """The server did not pass; the text says by what."""


@dataclass
class Result:
    """What one attack, by one input, did. `late_ms` and `own_ms`: upper bounds of the worst turn of the loop."""

    row: str
    input: str
    answers: list[str] = field(default_factory=list)
    calm_ms: list[float] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    late_ms: float = 0.0
    own_ms: float = 0.0
    memory_bytes: float = 0.0
    fds: float = 0.0
    tasks: float = 0.0
    runs: int = 0


class Standing(NamedTuple):
    """What must be back at its baseline."""

    connections: float
    sockets: float
    rooms: float
    tasks: float
    fds: float
    memory_bytes: float

    @classmethod
    def of(cls, figures: Figures) -> Standing:
        return cls(
            figures["connections", "websocket"] + figures["connections", "polling"],
            figures["sockets",],
            figures["rooms",],
            figures["tasks",],
            figures["process_open_fds",],
            figures["process_resident_memory_bytes",],
        )

    def exceeds(self, before: Standing) -> list[str]:
        tolerances = Standing(0, 0, 0, TASKS_TOLERANCE, FDS_TOLERANCE, MEMORY_TOLERANCE_BYTES)
        return [
            f"{name}: {was:,.0f} before, {now:,.0f} after"
            for name, was, now, tolerance in zip(self._fields, before, self, tolerances, strict=True)
            if now > was + tolerance
        ]


class Arena:
    """A target with its control; attacks come one after another."""

    def __init__(self, target: Target, control: Control, *, measured_s: float = 0.0) -> None:
        """`measured_s`: for how long each attack is repeated; 0 runs it once."""
        self.target = target
        self._control = control
        self._measured_s = measured_s
        self._calm_ms: deque[float] = deque(maxlen=CALM_SAMPLES)

    async def be_calm(self, seconds: float) -> None:
        """Let the control talk alone: what it measures is what attacks are held against."""
        # What was said since the last attack may have waited for what that left behind.
        self._take(self._control.lap(GIVE_UP_S), calm=False)
        await asyncio.sleep(seconds)
        self._take(self._control.lap(GIVE_UP_S))

    async def judge(self, row: str, given: str, attack: Attack) -> Result:
        """Run the attack and hold the server against the rule. Raises `RuleBroken`.

        Where memory has grown the attack is made once more: an allocator keeps what it once needed and then needs no
        more of it, a leak grows again.
        """
        result, problems = await self._attempt(row, given, attack)
        if problems and all(problem.startswith("memory_bytes") for problem in problems):
            again, problems = await self._attempt(row, given, attack)
            again.memory_bytes = max(again.memory_bytes, result.memory_bytes)
            result = again
        if problems:
            raise RuleBroken(f"{row} [{given}]: " + "; ".join(problems[:10]))
        return result

    async def _attempt(self, row: str, given: str, attack: Attack) -> tuple[Result, list[str]]:
        result = Result(row, given)
        self._take(self._control.lap(GIVE_UP_S), calm=False)
        self.target.new_lines()
        before = self.target.figures()
        await self._run(attack, result)
        lap = self._control.lap(GIVE_UP_S)
        result.latencies_ms, result.calm_ms = lap.latencies_ms, list(self._calm_ms)
        after = await self._settle(Standing.of(before))
        written = self.target.new_lines()
        _note(result, before, after)
        problems = [
            *lap.problems,
            *Standing.of(after).exceeds(Standing.of(before)),
            *_unwanted(before, after),
            *faults(written),
        ]
        if problems:
            problems += [line for line in written if '"loop_stalled"' in line]
        return result, problems

    async def _run(self, attack: Attack, result: Result) -> None:
        end = time.monotonic() + self._measured_s
        held = self.target.connections()
        while not result.runs or time.monotonic() < end:
            async with AsyncExitStack() as stack:
                answer = await attack(await Offender.arrive(self.target, stack))
            result.runs += 1
            if answer not in result.answers:
                result.answers.append(answer)
            if self._measured_s:
                await self._work_off(held)

    async def _work_off(self, held: int) -> None:
        """One attack at a time is measured: what is sent in a moment may be work for much longer."""
        end = time.monotonic() + SETTLE_TIMEOUT_S
        while self.target.connections() > held and time.monotonic() < end:
            await asyncio.sleep(SETTLE_INTERVAL_S)

    async def _settle(self, before: Standing) -> Figures:
        end = time.monotonic() + SETTLE_TIMEOUT_S
        while True:
            figures = self.target.figures()
            if time.monotonic() > end or not Standing.of(figures).exceeds(before):
                return figures
            await asyncio.sleep(SETTLE_INTERVAL_S)

    def _take(self, lap: Lap, *, calm: bool = True) -> None:
        """A lap without an attack: nothing may be amiss, or the next attack would be blamed for it."""
        if lap.problems:
            raise RuleBroken("between attacks: " + "; ".join(lap.problems[:10]))
        if calm:
            self._calm_ms.extend(lap.latencies_ms)


def _note(result: Result, before: Figures, after: Figures) -> None:
    result.late_ms = 1000 * _worst(before, after, "loop_late_seconds_bucket")
    result.own_ms = 1000 * _worst(before, after, "loop_own_seconds_bucket")
    change = [now - was for was, now in zip(Standing.of(before), Standing.of(after), strict=True)]
    *_, result.tasks, result.fds, result.memory_bytes = change


def _unwanted(before: Figures, after: Figures) -> list[str]:
    """What the server counts and no attack may bring about."""
    return [
        f"{' '.join(key)}: {value - before.get(key, 0):.0f} more"
        for key, value in after.items()
        if value > before.get(key, 0) and _is_unwanted(key)
    ]


def _is_unwanted(key: tuple[str, ...]) -> bool:
    name, *labels = key
    if name == "loop_stalls_total":
        # What waits for another thread may wait for the machine in truth; our own code's time is our own.
        return labels == ["running"]
    if name == "http_answers_total":
        return labels[-1].startswith("5")
    return name == "commands_total" and labels[-1] == "internal"


def _worst(before: Figures, after: Figures, histogram: str) -> float:
    """The upper bound of the highest bucket that got a value meanwhile."""
    bounds = sorted(float(key[1]) for key in after if key[0] == histogram)
    counts = {float(key[1]): after[key] - before[key] for key in after if key[0] == histogram}
    return next(bound for bound in bounds if counts[bound] == counts[bounds[-1]])


def p99(values: list[float]) -> float:
    return sorted(values)[max(0, -(-99 * len(values) // 100) - 1)] if values else 0.0


def slows(calm_ms: list[float], latencies_ms: list[float]) -> bool:
    """Does the attack more than double what healthy people wait, beyond the noise?"""
    return len(latencies_ms) >= MIN_SAMPLES and p99(latencies_ms) > max(2 * p99(calm_ms), NOISE_MS)


def as_json(result: Result) -> dict[str, Any]:
    return {
        "row": result.row,
        "input": result.input,
        "answers": result.answers,
        "runs": result.runs,
        "p99BeforeMs": p99(result.calm_ms),
        "p99DuringMs": p99(result.latencies_ms),
        "samples": len(result.latencies_ms),
        "worstTurnLateMs": result.late_ms,
        "worstTurnOwnMs": result.own_ms,
        "memoryBytes": result.memory_bytes,
        "fds": result.fds,
        "tasks": result.tasks,
    }
