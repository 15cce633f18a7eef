"""People who come and go, wave after wave: what one wave leaves in memory, the next must not add to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..crowd import crowd
from ..figures import Figure, at_most, none_of, told
from ..healthy import BEFORE, DURING, healthy
from ..recovery import files_kept
from ..stage import Stage

#: The first waves fill what the allocator keeps, and last longer than a ping interval, for which the heartbeats keep an
#: empty place for each that has gone. From then on nothing shall grow.
WARMING, WAVES = 5, 10
#: Longer than the grace of who went.
PAUSE_S = 6.0


async def turnover(stage: Stage) -> Sequence[Figure]:
    sockets = stage.of(5_000, 2_000, 20)
    people = [(f"visitor-{number}", "-", 0, 0) for number in range(sockets)]
    async with stage.node() as node, healthy(node) as pair:
        await pair.phase(BEFORE, for_s=stage.of(5.0, 3.0, 0.2))
        await pair.phase(DURING)
        before = node.usage()
        memory = [node.proportional_bytes()]
        warming, waves = stage.of((WARMING, WAVES), (WARMING, WAVES), (1, 2))
        for wave in range(waves):
            stage.say(f"wave {wave + 1} of {waves}: {sockets:,} come and go")
            async with crowd(node, people, "--once") as visitors:
                await visitors.open()
            await asyncio.sleep(stage.of(PAUSE_S, PAUSE_S, 0))
            memory.append(node.proportional_bytes())
        kept = await files_kept(node, before)
        await pair.finish()
        tracebacks = node.tracebacks()
    grown = memory[-1] - memory[warming]
    visits = sockets * (waves - warming)
    return [
        told("memory after the first wave, over before", (memory[1] - memory[0]) / 2**20, "MB"),
        told("memory after the last wave, over before", (memory[-1] - memory[0]) / 2**20, "MB"),
        at_most("memory kept per visit, once warm", max(0, grown) / visits / 1024, "KB", 0.5),
        none_of("file descriptors kept", kept),
        none_of("tracebacks in the log", tracebacks),
        *pair.figures(latency=False),
    ]
