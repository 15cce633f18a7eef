"""Too little of something: file descriptors, memory, the processor. The server sheds, loses nothing, and recovers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from ...servers import SERVER_CORE
from .. import raw
from ..api import Api
from ..crowd import crowd
from ..figures import MIB, Figure, at_most, none_of, told
from ..healthy import AFTER, BEFORE, DURING, healthy
from ..node import Node, watching
from ..recovery import files_kept
from ..stage import Stage
from .non_readers import deaf_sockets, talking

FILES = 256
MEMORY_BYTES = 256 * MIB
CGROUP = Path("/sys/fs/cgroup/memory")
HOGS = 4
RECOVERY_S = 15.0


async def starved(stage: Stage) -> Sequence[Figure]:
    parts = (("files", _few_files), ("memory", _little_memory), ("CPU", _busy_core))
    figures: list[Figure] = []
    for name, part in stage.of(parts, parts, parts[:2]):
        figures += [Figure(f"{name}: {f.name}", f.value, f.unit, f.goal, f.met) for f in await part(stage)]
    return figures


async def _few_files(stage: Stage) -> Sequence[Figure]:
    """More clients than the process may have files. Who is connected stays; the rest must not make it spin."""
    crowd_size, seconds = 2 * FILES, stage.of(20.0, 8.0, 1.0)
    async with stage.node(prefix=("prlimit", f"--nofile={FILES}:{FILES}")) as node, healthy(node) as pair:
        await pair.phase(BEFORE, for_s=stage.of(5.0, 3.0, 0.2))
        before = node.usage()
        stage.say(f"{crowd_size} clients, {FILES} files")
        await pair.phase(DURING)
        async with crowd(node, [(f"many-{n}", "-", 0, 0) for n in range(crowd_size)]) as people:
            await people.command("open")
            await asyncio.sleep(seconds / 2)
            half = node.usage()
            await asyncio.sleep(seconds / 2)
            full = node.usage()
            status = await people.status()
        kept = await files_kept(node, before)
        answered_s = await asyncio.to_thread(_answers_after, node)
        await pair.finish()
        alive, tracebacks = node.is_alive, node.tracebacks()
        log_lines = node.log.read_text(errors="replace").count("\n")
    return [
        told(f"clients connected, of {crowd_size}", status["open"], ""),
        at_most("CPU meanwhile", 100 * (full.cpu_s - half.cpu_s) / (full.at - half.at), "% of a core", 50),
        at_most("lines in the log", log_lines, "", 1_000),
        none_of("file descriptors kept", kept),
        none_of("deaths of the server", not alive),
        at_most("a new client is answered after", answered_s, "s", RECOVERY_S),
        none_of("tracebacks in the log", tracebacks),
        *pair.figures(),
    ]


async def _little_memory(stage: Stage) -> Sequence[Figure]:
    """A cap on its memory, and readers who do not read. If the kernel ends it, it is started again."""
    with _memory_cap() as (prefix, what):
        stage.say(f"a cap of {MEMORY_BYTES / MIB:.0f} MB by {what}")
        return await _capped(stage, prefix)


async def _capped(stage: Stage, prefix: Sequence[str]) -> Sequence[Figure]:
    deaf_count, sleepers, seconds = stage.of(90, 90, 10), stage.of(2_000, 1_000, 20), stage.of(20.0, 8.0, 0.6)
    people = [f"deaf-{number}" for number in range(deaf_count)]
    deaths = 0
    async with stage.node(prefix=prefix) as node, healthy(node) as pair:
        with Api(node) as api:
            room = api.converse("talker-0", ["talker-1", *people])
        await pair.phase(BEFORE, for_s=stage.of(5.0, 3.0, 0.2))
        await pair.phase(DURING)
        async with _supervised(node) as died, watching(node) as peak:
            async with crowd(node, [(f"many-{n}", "-", 0, 0) for n in range(sleepers)]) as crowded:
                await crowded.command("open")
                talkers = await talking(node, room, stage.of(1_000, 1_000, 200), seconds)
                with contextlib.suppress(OSError):
                    deaf = await asyncio.to_thread(deaf_sockets, node, room, people)
                await talkers.communicate()
                status = await crowded.until(lambda now: now["open"] == sleepers, RECOVERY_S)
            for sock in deaf:
                sock.close()
            deaths = len(died)
        answered_s = await asyncio.to_thread(_answers_after, node)
        await pair.finish()
    return [
        told("memory at its peak", peak.resident_bytes / MIB, "MB"),
        told("deaths of the server", deaths, ""),
        none_of(f"of {sleepers:,} sockets, not connected in the end", sleepers - status["open"]),
        at_most("a new client is answered after", answered_s, "s", RECOVERY_S),
        *pair.figures(latency=False, stall=not deaths),
    ]


async def _busy_core(stage: Stage) -> Sequence[Figure]:
    """Others want the server's core as much as it does."""
    async with stage.node() as node, healthy(node) as pair:
        await pair.phase(BEFORE, for_s=stage.of(5.0, 3.0, 0.2))
        await pair.phase(DURING)
        hogs = [_hog() for _ in range(HOGS)]
        try:
            await asyncio.sleep(stage.of(20.0, 8.0, 0.5))
        finally:
            for hog in hogs:
                hog.kill()
                hog.wait()
        await pair.phase(AFTER, for_s=stage.of(5.0, 3.0, 0.2))
        found = await pair.finish()
    phases = found["phases"]
    again, usual = (phases[phase]["ack_ms"]["p99"] for phase in (AFTER, BEFORE))
    return [
        told(f"ack p99 beside {HOGS} busy processes", phases[DURING]["ack_ms"]["p99"], "ms"),
        at_most(f"ack p99 once they are gone (before {usual:.1f})", again, "ms", max(2 * usual, 10.0)),
        *pair.figures(latency=False),
    ]


def _hog() -> subprocess.Popen[bytes]:
    command = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-c", "while True: pass"]
    return subprocess.Popen(command)


def _answers_after(node: Node) -> float | None:
    """Seconds until a new client has its answer; None for never."""
    begun = time.monotonic()
    while time.monotonic() - begun < RECOVERY_S:
        try:
            with contextlib.closing(raw.dial(node.port)) as sock:
                sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                raw.read_past(sock, b"200 OK")
            return time.monotonic() - begun
        except OSError:
            time.sleep(0.05)
    return None


@asynccontextmanager
async def _supervised(node: Node) -> AsyncIterator[list[int]]:
    """Start it again whenever it has died, as a service does; its exit statuses."""
    died: list[int] = []

    async def watch() -> None:
        while True:
            await asyncio.sleep(0.1)
            if not node.is_alive:
                died.append(await node.gone())
                node.start()
                await node.ready()

    task = asyncio.create_task(watch())
    try:
        yield died
    finally:
        if not node.is_alive:
            await asyncio.sleep(0.2)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextmanager
def _memory_cap() -> Iterator[tuple[Sequence[str], str]]:
    """A prefix for the command that is to be capped, and by what: a cgroup where we may make one, else a limit."""
    group = CGROUP / f"stockent-endurance-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(MEMORY_BYTES))
    except OSError:
        # Addresses that are reserved count too: what is resident is about a quarter of it.
        yield ("prlimit", f"--as={4 * MEMORY_BYTES}"), "its address space, four times as much"
        return
    try:
        yield ("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"), "a cgroup"
    finally:
        group.rmdir()
