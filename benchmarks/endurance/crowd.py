"""Thousands of clients in one process: the handle of crowd.c."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ..run import GENERATOR_CORE
from ..toolchain import CROWD, program
from .node import Node
from .telling import tell

ASK_EVERY_S = 0.1
STOP_TIMEOUT_S = 10.0

Status = dict[str, Any]


class Crowd:
    def __init__(self, process: asyncio.subprocess.Process, size: int) -> None:
        self._process = process
        self.size = size

    async def command(self, name: str) -> Status:
        """One of the commands of crowd.c, and how things stand right after."""
        status: Status = json.loads(await tell(self._process, name, who="the crowd"))
        return status

    async def status(self) -> Status:
        return await self.command("status")

    async def until(self, done: Callable[[Status], bool], timeout_s: float) -> Status:
        """Ask until it is so, or the time is over; returns the last status either way."""
        deadline = time.monotonic() + timeout_s
        while True:
            status = await self.status()
            if done(status) or time.monotonic() >= deadline:
                return status
            await asyncio.sleep(ASK_EVERY_S)

    async def open(self, timeout_s: float = 120.0) -> Status:
        """Raises RuntimeError when not all could be opened."""
        await self.command("open")
        status = await self.until(lambda now: now["open"] == self.size, timeout_s)
        if status["open"] != self.size:
            raise RuntimeError(f"not all opened: {status}")
        return status


@asynccontextmanager
async def crowd(
    node: Node,
    members: Sequence[tuple[str, str, int, int]],
    *arguments: str,
    prefix: Sequence[str] = (),
    host: str = "",
) -> AsyncIterator[Crowd]:
    """`members`: user, conversation or "-", the position that it holds, and how many messages it misses."""
    path = Path(node.folder) / f"crowd-{len(members)}-{time.monotonic_ns()}"
    lines = (f"{node.token(user)} {room} {after} {missed}\n" for user, room, after, missed in members)
    path.write_text("".join(lines))
    command = [*prefix, program("taskset", "install util-linux"), "-c", str(GENERATOR_CORE), str(CROWD)]
    command += ["--port", str(node.port), "--sockets", str(len(members)), "--file", str(path), *arguments]
    if host:
        command += ["--host", host]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    try:
        yield Crowd(process, len(members))
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
