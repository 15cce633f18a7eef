"""Thousands of sockets cut off at once, which come back and resume: by a network, by kill -9, by a planned stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from ..api import pairs
from ..crowd import Crowd, Status, crowd
from ..figures import Figure, at_most, none_of, told
from ..healthy import BEFORE, DURING, Healthy, healthy
from ..node import Node
from ..stage import Stage

#: What each that comes back has missed.
MISSED = 2
WITHIN_S = 10.0
GIVE_UP_S = 60.0
COUNTED = 100

Disturb = Callable[[Node, Crowd], Awaitable[float]]


async def stampede(stage: Stage) -> Sequence[Figure]:
    figures: list[Figure] = []
    every = (("cut", _cut, 0.5), ("cut", _cut, 0.0), ("kill -9", _kill, 0.5), ("kill -9", _kill, 0.0))
    for how, disturb, jitter in stage.of(every, every, every[:1]):
        figures += await _race(stage, f"{how}, {'with' if jitter else 'without'} jitter", disturb, jitter)
    return [*figures, await _reads_per_resume(stage)]


async def drain(stage: Stage) -> Sequence[Figure]:
    """A planned stop under load, and the next process on the same port."""
    return await _race(stage, "drain", _drain, 0.5, in_time=False)


async def _race(
    stage: Stage, name: str, disturb: Disturb, jitter: float, *, in_time: bool = True
) -> list[Figure]:
    """`in_time`: 99 % must be back within 10 seconds. After a planned stop it is the server who says when to come."""
    sockets = stage.of(5_000, 2_000, 40)
    async with stage.node() as node:
        stage.say(f"{name}: {sockets:,} sockets with {MISSED} messages to catch up on")
        members = await asyncio.to_thread(_members, node, sockets)
        arguments = ("--jitter", str(jitter), *stage.of((), (), ("--retry-ms", "100")))
        async with healthy(node) as pair, crowd(node, members, *arguments) as people:
            await people.open()
            await pair.phase(BEFORE, for_s=stage.of(5.0, 3.0, 0.2))
            await pair.phase(DURING, for_s=0.3)
            await people.command("race")
            down_s = await disturb(node, people)
            status = await people.until(lambda now: now["resumed"] == sockets, GIVE_UP_S)
            await asyncio.sleep(
                stage.of(7.0, 7.0, 0)
            )  # the grace of those who went, and all that follows from it
            await pair.finish()
        tracebacks = node.tracebacks()
    return _figures(name, status, down_s, pair, tracebacks, in_time=in_time)


def _figures(
    name: str, status: Status, down_s: float, pair: Healthy, tracebacks: int, *, in_time: bool
) -> list[Figure]:
    dropped = status["first_drop_s"] or 0.0
    back = [None if status[key] is None else status[key] - dropped for key in ("half_s", "most_s", "all_s")]
    # A process that is not there answers nobody: latency and stalls are told, and judged where it lives on.
    lives = down_s == 0
    most = f"{name}: 99 % resumed after"
    return [
        told(f"{name}: server away for", down_s, "s"),
        told(f"{name}: 50 % resumed after", back[0], "s"),
        at_most(most, back[1], "s", WITHIN_S) if in_time else told(most, back[1], "s"),
        told(f"{name}: all resumed after", back[2], "s"),
        none_of(f"{name}: resumes that brought too little", status["wrong"]),
        told(f"{name}: attempts that failed", status["failures"], ""),
        none_of(f"{name}: tracebacks in the log", tracebacks),
        *(
            Figure(f"{name}: {each.name}", each.value, each.unit, each.goal, each.met)
            for each in pair.figures(latency=False, stall=lives)
        ),
    ]


def _members(node: Node, sockets: int) -> list[tuple[str, str, int, int]]:
    made = pairs(node, (sockets + 1) // 2, 1 + MISSED)
    return [(person, room, 1, MISSED) for one, other, room in made for person in (one, other)][:sockets]


async def _cut(_node: Node, people: Crowd) -> float:
    await people.command("cut")
    return 0.0


async def _kill(node: Node, _people: Crowd) -> float:
    node.kill()
    begun = time.monotonic()
    await node.gone()
    node.start()
    await node.ready()
    return time.monotonic() - begun


async def _drain(node: Node, _people: Crowd) -> float:
    begun = time.monotonic()
    node.terminate()
    await node.gone()
    node.start()
    await node.ready()
    return time.monotonic() - begun


async def _reads_per_resume(stage: Stage) -> Figure:
    """Snapshots of the store for each that came back, connecting included."""
    sockets = stage.of(COUNTED, COUNTED, 10)
    async with stage.node(count_reads=True) as node:
        members = await asyncio.to_thread(_members, node, sockets)
        async with crowd(node, members) as people:
            await people.open()
            await people.command("race")
            await people.command("cut")
            status = await people.until(lambda now: now["resumed"] == sockets, GIVE_UP_S)
        node.terminate()
        await node.gone()
        assert node.reads_file is not None
        reads = int(node.reads_file.read_text())
    # Opening reads the greeting; coming back reads it again, and resumes. Becoming ready asks a few times too.
    opening = sockets
    return told(
        "store reads per return (connecting and resuming)", (reads - opening) / int(status["resumes"]), ""
    )
