"""The server under proof, as a child process that is started again and again on the same port and the same data.

Whatever program is given is run: `stockent serve` by default, in the tests also one that is broken on purpose.
"""

from __future__ import annotations

import asyncio
import re
import signal
import socket as sockets
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
TAIL_LINES = 25
SERVE: tuple[str, ...] = (sys.executable, "-m", "stockent", "serve")

#: Of the environment: what a program needs to run at all, and nothing that would make the server another one.
_INHERITED = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR")
_ADDRESS = re.compile(r"http://\S+:[0-9]+")
_ERROR = re.compile(r'"level": ?"(error|critical)"|^Traceback ')


class StartFailed(Exception):
    """The server ended or was silent before it listened; the text says which."""


class Footprint(NamedTuple):
    fds: int
    rss_kb: int
    threads: int


class Server:
    """`tail` holds its last lines, `errors` how many of all spoke of an error."""

    def __init__(
        self, data_dir: Path, secret: str, environ: Mapping[str, str], command: Sequence[str] = SERVE
    ) -> None:
        self.port = _free_port()
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.errors = 0
        self._command = command
        self._environment = {name: environ[name] for name in _INHERITED if name in environ} | {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATA_DIR": str(data_dir),
            "JWT_SECRET": secret,
            "RATE_LIMITS": "off",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "warning",
            "PYTHONUNBUFFERED": "1",
        }
        self._child: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    async def start(self) -> None:
        """Return when it listens. Raises `StartFailed`."""
        self._child = child = await asyncio.create_subprocess_exec(
            *self._command,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        listening: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reading = reading = asyncio.create_task(self._read(child, listening))
        await asyncio.wait((listening, reading), timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            raise StartFailed(
                "it ended" if reading.done() else f"it named no address within {START_TIMEOUT_S:g} s"
            )

    def send(self, number: signal.Signals) -> None:
        if self._child is not None:
            with suppress(ProcessLookupError):
                self._child.send_signal(number)

    async def end(self, number: signal.Signals) -> int:
        """Send the signal and wait for the end; returns the exit code. After `STOP_TIMEOUT_S` it is killed."""
        if self._child is None:
            return 0
        child, self._child = self._child, None
        with suppress(ProcessLookupError):
            child.send_signal(number)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                code = await child.wait()
        except TimeoutError:
            child.kill()
            code = await child.wait()
        if self._reading is not None:
            await self._reading
        return code

    def footprint(self) -> Footprint:
        """What the process holds now (proc(5)). Raises OSError where the system does not tell."""
        place = Path("/proc", str(self.pid))
        status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
        return Footprint(
            sum(1 for _ in (place / "fd").iterdir()), int(status["VmRSS"].split()[0]), int(status["Threads"])
        )

    async def _read(self, child: asyncio.subprocess.Process, listening: asyncio.Future[None]) -> None:
        assert child.stdout is not None
        while line := await child.stdout.readline():
            text = line.decode(errors="replace").rstrip()
            self.tail.append(text)
            self.errors += bool(_ERROR.search(text))
            if not listening.done() and _ADDRESS.search(text):
                listening.set_result(None)


def _free_port() -> int:
    with sockets.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
