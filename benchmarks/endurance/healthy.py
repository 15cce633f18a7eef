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
from .figures import Figure, at_most, none_of, told
from .node import Node

RATE = 50.0
MAX_STALL_MS = 100.0
#: A p99 that doubles counts from here on: below, it is the machine's own unrest.
FLOOR_P99_MS = 5.0
BEFORE, DURING, AFTER = "before", "during", "after"


class Healthy:
    def __init__(self, process: asyncio.subprocess.Process, user: str, conversation_id: str) -> None:
        self._process = process
        self.user = user
        self.conversation_id = conversation_id
        self.found: dict[str, Any] | None = None

    async def phase(self, name: str, *, for_s: float = 0.0) -> None:
        """What happens from now on counts for this phase; after `for_s`, if it is given, return."""
        await self._command(f"phase {name}")
        await asyncio.sleep(for_s)

    async def rest(self) -> None:
        """Say nothing, so that the server is seen alone."""
        await self._command("phase idle")

    async def finish(self) -> dict[str, Any]:
        self.found = json.loads(await self._command("finish"))
        return self.found

    async def _command(self, text: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{text}\n".encode())
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the healthy pair ended; see its last words above")
        return line.decode()

    def _quantile(self, phase: str, what: str, which: str) -> float | None:
        assert self.found is not None
        values = self.found["phases"].get(phase, {}).get(what)
        return None if values is None else float(values[which])

    def figures(self, *, latency: bool = True, stall: bool = True) -> list[Figure]:
        """Call after `finish`. `latency`: its p99 must not double. `stall`: the loop must not stand."""
        assert self.found is not None
        found = self.found
        lost = found["missed"] + found["unanswered"] + found["unequal"] + max(0, found["gaps"])
        figures = [
            none_of("healthy pair: acknowledged and missed, unanswered, doubled, gaps", lost),
            none_of("healthy pair: refused or unsent", found["refused"] + found["unsent"]),
            told("healthy pair: messages", found["acked"], ""),
        ]
        before = self._quantile(BEFORE, "ack_ms", "p99")
        during = self._quantile(DURING, "ack_ms", "p99")
        figures.append(told("healthy pair: ack p50 before", self._quantile(BEFORE, "ack_ms", "p50"), "ms"))
        figures.append(told("healthy pair: ack p50 during", self._quantile(DURING, "ack_ms", "p50"), "ms"))
        figures.append(told("healthy pair: ack p99 before", before, "ms"))
        limit = max(2 * (before or 0), FLOOR_P99_MS)
        name = "healthy pair: ack p99 during"
        figures.append(at_most(name, during, "ms", limit) if latency else told(name, during, "ms"))
        longest = self._quantile(DURING, "probe_ms", "max")
        name = "longest stall of the event loop"
        figures.append(at_most(name, longest, "ms", MAX_STALL_MS) if stall else told(name, longest, "ms"))
        return figures


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
        yield Healthy(process, speaker, conversation_id)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
