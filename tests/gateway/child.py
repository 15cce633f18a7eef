"""`stockent serve` as a process of its own, as an operator runs it: its log, its signals, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from stockent.auth import mint
from stockent.check.clients import Device, Person
from stockent.messaging.models import Profile
from tests.waiting import poll_until

from .place import SECRET

START_TIMEOUT_S = 15.0
_ADDRESS = re.compile(r"http://\S+:[0-9]+")


class Child:
    """The process and every line that it has written; lines of its log are JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    @property
    def url(self) -> str:
        found = (_ADDRESS.search(line) for line in self.lines if not line.startswith("{"))
        return next((match[0] for match in found if match), "")

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def token(self, user_id: str) -> str:
        return mint(SECRET, Profile(id=user_id, name=user_id.title()), 600)

    async def device(self, user_id: str, transport: str, http: Any) -> Device:
        person = Person(user_id, user_id, self.token(user_id), self.url, http)
        device = Device(person, "socket", transport)
        await device.connect()
        await device.first("ready")
        return device

    async def end(self) -> int:
        """Wait for its end; returns the exit code."""
        await self._reading
        return await self.process.wait()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.lines.append(line.decode().rstrip())


@asynccontextmanager
async def serving(
    data_dir: Path,
    *options: str,
    ready: bool = True,
    program: tuple[str, str] = ("-m", "stockent"),
    **environ: str,
) -> AsyncIterator[Child]:
    """A child that listens, or that was only started; killed at the end of the block if it is still there."""
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    settings = {
        "DATA_DIR": str(data_dir),
        "JWT_SECRET": SECRET,
        "PORT": "0",
        "LOG_FORMAT": "json",
        "RATE_LIMITS": "off",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *program,
        "serve",
        *options,
        env=inherited | settings | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    child = Child(process)
    try:
        if ready:
            await poll_until(lambda: child.url, START_TIMEOUT_S)
        yield child
    finally:
        if process.returncode is None:
            process.kill()
        await child.end()
