"""Thousands of authenticated sockets and pollers that say nothing, for minutes; then a message reaches a sample."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from ..api import Api
from ..crowd import Crowd, crowd
from ..figures import Figure, at_least, at_most, none_of, told
from ..healthy import AFTER, BEFORE, DURING, healthy
from ..node import Node
from ..pollers import Poller, pollers
from ..recovery import files_kept
from ..stage import Stage

SAMPLE = 50
SETTLE_S = 2.0
ANSWER_TIMEOUT_S = 15.0


async def idle(stage: Stage) -> Sequence[Figure]:
    sockets, polling = stage.of(10_000, 10_000, 40), stage.of(500, 500, 5)
    hold_s, probed_s = stage.of(570.0, 30.0, 0.5), stage.of(30.0, 30.0, 0.5)
    people = [f"idle-{number}" for number in range(sockets)]
    factor = stage.of(1.0, 1.0, stage.factor)
    async with stage.node(factor=factor) as node, healthy(node) as pair:
        await pair.phase(BEFORE, for_s=stage.of(5.0, 5.0, 0.2))
        await pair.rest()
        before = node.proportional_bytes()
        baseline = node.usage()
        stage.say(f"opening {sockets:,} sockets and {polling} pollers")
        async with crowd(node, [(person, "-", 0, 0) for person in people], "--once") as sleepers:
            opened = await sleepers.open()
            socket_bytes = node.proportional_bytes() - before
            async with pollers(node, [f"poll-{number}" for number in range(polling)]) as polled:
                await asyncio.sleep(SETTLE_S if hold_s > SETTLE_S else 0)
                stage.say(f"holding them for {hold_s + probed_s:.0f} s")
                cpu_share = await _held(node, hold_s)
                await pair.phase(DURING, for_s=probed_s)
                await pair.rest()
                status = await sleepers.status()
                memory = node.proportional_bytes() - before
                answered = await _reach(node, sleepers, polled, people)
                await pair.phase(AFTER)
        kept = await files_kept(node, baseline)
        await pair.finish()
        tracebacks = node.tracebacks()
    return [
        told("sockets opened per second", sockets / float(opened["opened_s"]), "/s"),
        none_of("sockets dropped", status["drops"]),
        none_of("pollers dropped", sum(bool(poller.ended) for poller in polled)),
        at_most("memory per idle socket", socket_bytes / sockets / 1024, "KB", 15),
        told("memory of all, at the end", memory / 2**20, "MB"),
        at_most("CPU while nobody speaks", cpu_share * 100, "% of a core", 5),
        at_least("of a sample of sockets and pollers, reached by a message", answered * 100, "%", 100),
        none_of("file descriptors kept afterwards", kept),
        none_of("tracebacks in the log", tracebacks),
        *pair.figures(),
    ]


async def _held(node: Node, seconds: float) -> float:
    """The share of a core that the server used meanwhile."""
    before = node.usage()
    await asyncio.sleep(seconds)
    after = node.usage()
    return (after.cpu_s - before.cpu_s) / (after.at - before.at)


async def _reach(node: Node, sleepers: Crowd, polled: Sequence[Poller], people: Sequence[str]) -> float:
    """The share of a sample that hears of a message to it."""
    step = max(1, len(people) // SAMPLE)
    sample = list(people[::step])
    listening = polled[:: max(1, len(polled) // SAMPLE)]

    def tell() -> None:
        with Api(node) as api:
            for person in (*sample, *(poller.user for poller in listening)):
                api.start("teller", person, "are you there?")

    await asyncio.to_thread(tell)
    status = await sleepers.until(lambda now: now["notified"] >= len(sample), ANSWER_TIMEOUT_S)
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while time.monotonic() < deadline and not all(poller.is_told for poller in listening):
        await asyncio.sleep(0.05)
    reached = int(status["notified"]) + sum(poller.is_told for poller in listening)
    return reached / (len(sample) + len(listening))
