"""Half-open TCP: peers whose packets vanish, and peers that are stopped. The heartbeat has to find out.

For the first a network is needed that can be cut: the scenario runs again, as a process in a network namespace of its
own, with a second one behind a pair of virtual cables for the peers. That needs root, `unshare`, `nsenter` and `ip`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from stockent import server

from ..figures import Figure, at_most, none_of, told
from ..healthy import BEFORE, DURING, healthy
from ..node import Node
from ..recovery import files_kept
from ..stage import Stage

HERE, THERE, PREFIX_BITS = "10.203.0.1", "10.203.0.2", 24
UNPLUGGED = "benchmarks.endurance.unplugged"
LOOK_EVERY_S = 0.05
#: Between a deadline and the look that sees its effect, on a machine with other things to do.
TOLERANCE_S = 1.0

Silence = Callable[[], None]


async def dead_peers(stage: Stage) -> Sequence[Figure]:
    figures = list(await _stopped(stage))
    if os.geteuid() or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        stage.say("no root, or no unshare, nsenter and ip: the network is not cut, peers are only stopped")
        return figures
    command = ["unshare", "--net", sys.executable, "-m", UNPLUGGED, stage.scale.name, str(stage.root)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the part in a network of its own failed; see above")
    return [*figures, *(Figure(**each) for each in json.loads(out))]


async def _stopped(stage: Stage) -> Sequence[Figure]:
    async with (
        stage.node(factor=stage.factor) as node,
        _peers(node, stage.of(200, 200, 20)) as (ports, process),
    ):
        stop = lambda: process.send_signal(signal.SIGSTOP)  # noqa: E731
        return await _silenced(stage, node, "stopped", ports, stop, host="127.0.0.1")


async def unplugged(stage: Stage) -> Sequence[Figure]:
    """To be called in a network namespace of its own."""
    _ip("link", "set", "lo", "up")
    far = await asyncio.create_subprocess_exec("unshare", "--net", "sleep", "600")
    try:
        inside = await _namespace_of(far.pid)
        _ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(far.pid))
        _ip("address", "add", f"{HERE}/{PREFIX_BITS}", "dev", "near")
        _ip("link", "set", "near", "up")
        _ip("address", "add", f"{THERE}/{PREFIX_BITS}", "dev", "far", prefix=inside)
        _ip("link", "set", "far", "up", prefix=inside)
        node_options = {"factor": stage.factor, "environment": {"HOST": "0.0.0.0"}}
        async with (
            stage.node(**node_options) as node,
            _peers(node, stage.of(200, 200, 20), host=HERE, prefix=inside) as (ports, _),
        ):
            unplug = lambda: _ip("link", "set", "far", "down", prefix=inside)  # noqa: E731
            return await _silenced(stage, node, "unplugged", ports, unplug, host=THERE)
    finally:
        far.kill()
        await far.wait()


async def _silenced(
    stage: Stage, node: Node, how: str, ports: Collection[int], silence: Silence, *, host: str
) -> Sequence[Figure]:
    limits = server.LIMITS
    within_s = (limits.ping_interval_s + limits.ping_timeout_s) * node.factor
    async with healthy(node) as pair:
        await pair.phase(BEFORE, for_s=stage.of(5.0, 2.0, 0.1))
        await pair.phase(DURING)
        before = node.usage()
        stage.say(f"{how}: {len(ports)} peers fall silent; the heartbeat takes {within_s:g} s at most")
        begun = time.monotonic()
        silence()
        closed: list[float] = []
        left = set(ports)
        while left and time.monotonic() - begun < within_s + 10:
            await asyncio.sleep(LOOK_EVERY_S)
            still = left & node.held_ports(host)
            closed += [time.monotonic() - begun] * (len(left) - len(still))
            left = still
        kept = await files_kept(node, before, beside=-len(ports))
        await pair.finish()
    closed.sort()
    return [
        none_of(f"{how}: sockets never closed, of {len(ports)}", len(left)),
        at_most(f"{how}: last one closed after", closed[-1] if closed else None, "s", within_s + TOLERANCE_S),
        told(f"{how}: half of them closed after", closed[len(closed) // 2] if closed else None, "s"),
        none_of(f"{how}: file descriptors kept", kept),
        none_of(f"{how}: tracebacks in the log", node.tracebacks()),
        *(Figure(f"{how}: {e.name}", e.value, e.unit, e.goal, e.met) for e in pair.figures()),
    ]


@asynccontextmanager
async def _peers(
    node: Node, count: int, *, host: str = "127.0.0.1", prefix: Sequence[str] = ()
) -> AsyncIterator[tuple[list[int], asyncio.subprocess.Process]]:
    command = [*prefix, sys.executable, "-m", "benchmarks.endurance.peers", host, str(node.port)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write("\n".join(node.token(f"peer-{number}") for number in range(count)).encode())
        process.stdin.write_eof()
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError("the peers could not connect; see their last words above")
        yield json.loads(line), process
    finally:
        process.kill()
        await process.wait()


async def _namespace_of(pid: int) -> Sequence[str]:
    """A prefix for commands that are to run in the network of `pid`, once it has left ours."""
    here = Path("/proc/self/ns/net").stat().st_ino
    while Path(f"/proc/{pid}/ns/net").stat().st_ino == here:
        await asyncio.sleep(0.01)
    return ("nsenter", "--net", "--target", str(pid))


def _ip(*arguments: str, prefix: Sequence[str] = ()) -> None:
    subprocess.run([*prefix, "ip", *arguments], check=True)
