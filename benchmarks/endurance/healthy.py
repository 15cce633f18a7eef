"""The handle of `control.py`: the healthy pair beside a scenario, and the figures that hold for every one of them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ..run import GENERATOR_CORE
from ..toolchain import program
from .api import Api
from .figures import Figure, at_most, none_of, number, told
from .node import Node
from .telling import tell

RATE = 50.0
MAX_STALL_MS = 100.0
STOP_TIMEOUT_S = 10.0
#: A p99 that doubles counts from here on: below, it is the machine's own unrest.
FLOOR_P99_MS = 10.0
BEFORE, DURING, AFTER = "before", "during", "after"


class Healthy:
    def __init__(
        self, process: asyncio.subprocess.Process, node: Node, user: str, conversation_id: str
    ) -> None:
        self._process = process
        self._node = node
        self.user = user
        self.conversation_id = conversation_id
        self.found: dict[str, Any] | None = None

    async def phase(self, name: str, *, for_s: float = 0.0) -> None:
        """What happens from now on counts for this phase; after `for_s`, if it is given, return."""
        await self._command(f"phase {name} {self._node.pid}")
        await asyncio.sleep(for_s)

    async def rest(self) -> None:
        """Say nothing, so that the server is seen alone."""
        await self._command(f"phase idle {self._node.pid}")

    async def finish(self) -> dict[str, Any]:
        self.found = json.loads(await self._command("finish"))
        return self.found

    async def _command(self, text: str) -> bytes:
        return await tell(self._process, text, who="the healthy pair")

    def _quantile(self, phase: str, what: str, which: str) -> float | None:
        assert self.found is not None
        values = self.found["phases"].get(phase, {}).get(what)
        return None if values is None else float(values[which])

    def figures(self, *, latency: bool = True, stall: bool = True) -> list[Figure]:
        """Call after `finish`. `latency`: its p99 must not double. `stall`: the loop must not stand."""
        assert self.found is not None
        found = self.found
        wrong = ("missed", "unanswered", "unequal", "refused", "unsent")
        lost = sum(found[name] for name in wrong) + abs(found["gaps"])
        before, usual = (self._quantile(BEFORE, "ack_ms", which) for which in ("p99", "p50"))
        during = self._quantile(DURING, "ack_ms", "p99")
        name = f"healthy pair: ack p99 (before {number(before)}, p50 {number(usual)})"
        limit = max(2 * (before or 0), FLOOR_P99_MS)
        stood = self._quantile(DURING, "stall_ms", "max")
        longest = self._quantile(DURING, "probe_ms", "max")
        stalled = f"longest stall of the loop (with what others took of its core: {number(longest)})"
        return [
            none_of(f"healthy pair: lost, doubled or refused, of {found['acked']:,} messages", lost),
            at_most(name, during, "ms", limit) if latency else told(name, during, "ms"),
            at_most(stalled, stood, "ms", MAX_STALL_MS) if stall else told(stalled, stood, "ms"),
        ]


@asynccontextmanager
async def healthy(node: Node, *, rate: float = RATE) -> AsyncIterator[Healthy]:
    """A pair that is connected and says nothing yet: name a phase to let it speak."""
    speaker, listener = "control-speaker", "control-listener"
    with Api(node) as api:
        conversation_id = await asyncio.to_thread(api.converse, speaker, [listener])
    command = [program("taskset", "install util-linux"), "-c", str(GENERATOR_CORE)]
    command += [sys.executable, "-m", "benchmarks.endurance.control"]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    configuration = {
        "port": node.port,
        "speaker": node.token(speaker),
        "listener": node.token(listener),
        "conversation_id": conversation_id,
        "rate": rate,
    }
    process.stdin.write(json.dumps(configuration).encode() + b"\n")
    try:
        if (await process.stdout.readline()).strip() != b"ready":
            raise RuntimeError("the healthy pair did not come to speak; see its last words above")
        yield Healthy(process, node, speaker, conversation_id)
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
