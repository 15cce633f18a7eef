"""A few child processes that look at files, so that a hostile one can kill, stall or bloat nothing but its own.

Attachments call `MediaWorkers.inspect`. A process starts when there is work, does one job at a time, is killed when one
takes too long or nobody waits for it any more, and ends when it has been idle.
"""

from __future__ import annotations

import asyncio
from math import ceil
from pathlib import Path

import structlog

from . import wire
from .inspect import discard_made
from .models import Inspection, MediaBusy, MediaLimits, MediaNoRoom, MediaRefused, MediaUnavailable
from .process import ChildDied, ChildProcess

PROCESSES = 1
MAX_WAITING = 64
JOB_TIMEOUT_S = 30.0
IDLE_S = 60.0
#: Addresses, not pages. The libraries take 150 MB; 50 megapixels of WebP take it to 840 MB, other formats to less.
MEMORY_BYTES = 1 << 30
#: A file that ends the process twice will do so again; the first time may have been chance, or somebody's kill.
ATTEMPTS = 2
#: Then a new process takes over, lest what libraries leak adds up to the limit of memory.
JOBS_PER_PROCESS = 500

log = structlog.get_logger("stockent.media")


class MediaWorkers:
    """Use on one event loop. `limits` are those of every job; times in seconds."""

    def __init__(
        self,
        limits: MediaLimits | None = None,
        *,
        processes: int = PROCESSES,
        max_waiting: int = MAX_WAITING,
        job_timeout_s: float = JOB_TIMEOUT_S,
        idle_s: float = IDLE_S,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._limits = limits or MediaLimits()
        self._processes = processes
        self._turns = asyncio.Semaphore(processes)
        self._max_waiting = max_waiting
        self._job_timeout_s = job_timeout_s
        self._idle_s = idle_s
        self._memory_bytes = memory_bytes
        self._waiting = 0
        self._closing = False
        self._idle: dict[ChildProcess, asyncio.TimerHandle] = {}
        self._at_work: set[ChildProcess] = set()
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def pids(self) -> list[int]:
        """Of the processes that live now."""
        return [child.pid for child in (*self._idle, *self._at_work)]

    async def inspect(self, source: Path, *, voice: bool = False) -> Inspection:
        """Look at one file, which must not change meanwhile; `voice` demands a recording.

        Raises `MediaRefused` for a file that is not to be kept; `MediaBusy` where too many wait, `MediaNoRoom` where
        the disk is full, and `MediaUnavailable` where no process can be had or the disk is at fault: worth another
        try. What an inspection writes beside the source is gone when it fails or is cancelled, and the process with it.
        """
        if self._waiting >= self._max_waiting:
            raise MediaBusy("too many files wait to be looked at")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            return await self._inspect(wire.Job(source, voice, self._limits))
        except BaseException:
            discard_made(source)
            raise
        finally:
            self._turns.release()

    async def close(self) -> None:
        """End every process. Jobs that run or wait get `MediaUnavailable`. Idempotent."""
        self._closing = True
        for child in list(self._idle):
            self._retire(child)
        for child in list(self._at_work):
            child.kill()
        for _ in range(self._processes):
            await self._turns.acquire()
        for _ in range(self._processes):
            self._turns.release()
        if self._ending:
            await asyncio.wait(self._ending)

    async def _inspect(self, job: wire.Job) -> Inspection:
        for _ in range(ATTEMPTS):
            child = await self._child()
            try:
                answer = await self._ask(child, job)
            except ChildDied as died:
                log.warning("media_process_died", status=died.status, source=job.source.name)
                continue
            match answer:
                case wire.Done(inspection):
                    return inspection
                case wire.Refused(reason):
                    raise MediaRefused(reason)
                case wire.NoRoom():
                    raise MediaNoRoom("there is no room to look at the file now")
                case wire.Failed(detail):
                    log.error("media_failed", source=job.source.name, detail=detail)
            raise MediaUnavailable("the file could not be looked at now")
        self._check_open()
        raise MediaRefused("the file could not be read: looking at it ended the process that did")

    async def _child(self) -> ChildProcess:
        """One that waits, or a new one; it is at work until `_ask` has its answer."""
        self._check_open()
        while self._idle:
            child, timer = self._idle.popitem()
            timer.cancel()
            if child.alive:
                self._at_work.add(child)
                return child
            self._end(child)
        return await self._started()

    async def _started(self) -> ChildProcess:
        # One second more than the parent waits, who kills first if it lives.
        child = await ChildProcess.start(self._memory_bytes, ceil(self._job_timeout_s) + 1)
        self._at_work.add(child)
        try:
            self._check_open()
            await child.ready()
        except BaseException:
            await self._drop(child)
            raise
        return child

    async def _ask(self, child: ChildProcess, job: wire.Job) -> wire.Answer:
        """The child's answer, after which it is idle; killed where there is none."""
        try:
            async with asyncio.timeout(self._job_timeout_s):
                answer = await child.ask(job)
        except TimeoutError:
            await self._drop(child)
            raise MediaRefused(
                f"expected a file that can be looked at within {self._job_timeout_s:g} s, it took too long"
            ) from None
        except BaseException:
            await self._drop(child)
            raise
        self._at_work.discard(child)
        self._rest(child)
        return answer

    def _rest(self, child: ChildProcess) -> None:
        if self._closing or child.jobs >= JOBS_PER_PROCESS:
            self._end(child)
        else:
            loop = asyncio.get_running_loop()
            self._idle[child] = loop.call_later(self._idle_s, self._retire, child)

    def _retire(self, child: ChildProcess) -> None:
        self._idle.pop(child).cancel()
        self._end(child)

    async def _drop(self, child: ChildProcess) -> None:
        """Kill it, and wait until it cannot write any more."""
        child.kill()
        self._at_work.discard(child)
        await asyncio.shield(self._end(child))

    def _end(self, child: ChildProcess) -> asyncio.Task[None]:
        task = asyncio.create_task(child.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    def _check_open(self) -> None:
        if self._closing:
            raise MediaUnavailable("the server is stopping")
