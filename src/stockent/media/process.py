"""One child process from its parent's side: started with little, asked one thing at a time, killed without regret.

Called by `worker` only.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

import msgspec

from . import wire
from .models import MediaUnavailable

START_TIMEOUT_S = 20.0
#: From the end of its input to the end of the process, which does nothing but leave.
END_TIMEOUT_S = 5.0

#: What an interpreter needs to find itself. The server's secrets stay where no decoder is.
_INHERITED = frozenset(
    {
        *("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT"),
        *("LANG", "LC_ALL", "LC_CTYPE", "TMPDIR"),
    }
)
#: Each arena of the allocator reserves 64 MB of addresses, which count.
_SET = {"MALLOC_ARENA_MAX": "2", "PYTHONDONTWRITEBYTECODE": "1"}


class ChildDied(Exception):
    """It ended, or spoke nonsense. `status` is its exit code, negative for a signal, None where it is not known."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


class ChildProcess:
    """Made by `start`; `end` must be called once, also after `kill`."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self.jobs = 0

    @classmethod
    async def start(cls, memory_bytes: int, job_s: int) -> ChildProcess:
        """Raises `MediaUnavailable`."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                # Not from the working directory.
                "-P",
                "-m",
                "stockent.media.child",
                str(memory_bytes),
                str(job_s),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={name: value for name, value in os.environ.items() if name in _INHERITED} | _SET,
                # Not ended by a Ctrl-C that is meant for the server, which ends it in its own time.
                start_new_session=True,
            )
        except OSError as error:
            raise MediaUnavailable("no process can be started to look at the file") from error
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ready(self) -> None:
        """Wait for its first word. Raises `MediaUnavailable`."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                if isinstance(await self._answer(), wire.Ready):
                    return
        except (ChildDied, TimeoutError) as error:
            raise MediaUnavailable("the process that looks at files does not start") from error
        raise MediaUnavailable("the process that looks at files does not start")

    async def ask(self, job: wire.Job) -> wire.Answer:
        """Its answer. Raises `ChildDied`. After a cancellation it must be killed: its answer would be another's."""
        self.jobs += 1
        try:
            self._stdin.write(wire.frame(job))
            await self._stdin.drain()
        except ConnectionError:
            raise ChildDied(await self._process.wait()) from None
        return await self._answer()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """Let it leave by closing its input, and make it where it does not. Returns when it is gone."""
        self._stdin.close()
        try:
            async with asyncio.timeout(END_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        with suppress(ConnectionError):
            await self._stdin.wait_closed()

    async def _answer(self) -> wire.Answer:
        try:
            length = int.from_bytes(await self._stdout.readexactly(wire.LENGTH_BYTES), "big")
            return wire.answer(await self._stdout.readexactly(min(length, wire.MAX_FRAME_BYTES)))
        except (asyncio.IncompleteReadError, msgspec.MsgspecError):
            self.kill()
            raise ChildDied(await self._process.wait()) from None
