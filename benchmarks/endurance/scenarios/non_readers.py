"""People in a lively conversation whose devices take nothing: each is given up before it costs much memory."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Collection, Sequence

from stockent import server

from ... import product
from ...run import GENERATOR_CORE
from ...toolchain import LOADGEN, program
from .. import raw
from ..api import Api
from ..figures import MIB, Figure, at_most, none_of, told
from ..healthy import BEFORE, DURING, healthy
from ..node import Node, watching
from ..recovery import files_kept
from ..stage import Stage

#: A conversation has at most 100 participants, two of whom talk.
MOST_PEOPLE = 98
RECEIVE_BYTES = 4_096
CONTENT_BYTES = 1_000
#: What the loop, the store and the allocator take beside what waits for readers.
BESIDE_BYTES = 64 * MIB
LOOK_EVERY_S = 0.05


async def non_readers(stage: Stage) -> Sequence[Figure]:
    count, rate, seconds = stage.of(100, 100, 10), stage.of(1_000, 1_000, 200), stage.of(20.0, 8.0, 0.5)
    async with stage.node() as node:
        people = [f"deaf-{number}" for number in range(min(count, MOST_PEOPLE))]
        with Api(node) as api:
            room = api.converse("talker-0", ["talker-1", *people])
        async with healthy(node) as pair:
            stage.say(f"{rate:,} messages a second of {CONTENT_BYTES} bytes, at first to nobody else")
            talkers = await talking(node, room, rate, 2 * seconds + 1)
            await asyncio.sleep(0.5)
            await pair.phase(BEFORE, for_s=seconds / 2)
            before = node.usage()
            await pair.phase(DURING)
            stage.say(f"{count} sockets come that never read")
            async with watching(node) as peak:
                deaf = await asyncio.to_thread(
                    deaf_sockets, node, room, [people[n % len(people)] for n in range(count)]
                )
                begun = time.monotonic()
                left = await _until_given_up(node, {sock.getsockname()[1] for sock in deaf}, begun + seconds)
                given_up_s = time.monotonic() - begun
                out, _ = await talkers.communicate()
            for sock in deaf:
                sock.close()
            kept = await files_kept(node, before)
            await pair.finish()
        tracebacks = node.tracebacks()
    result = json.loads(out)
    most = count * server.LIMITS.max_backlog_bytes + BESIDE_BYTES
    return [
        told("messages per second", result["messages_per_s"], "/s"),
        none_of("talkers' messages lost, refused or doubled", sum(result["faults"].values())),
        at_most(
            "memory over before, at its peak",
            (peak.resident_bytes - before.resident_bytes) / MIB,
            "MB",
            most / MIB,
        ),
        # So little is said in a smoke run that nobody's backlog is full.
        none_of(f"of {count} non-readers, not given up", stage.of(left, left, 0)),
        told("the last one given up after", given_up_s, "s"),
        none_of("file descriptors kept", kept),
        none_of("tracebacks in the log", tracebacks),
        *pair.figures(),
    ]


async def talking(node: Node, room: str, rate: int, seconds: float) -> asyncio.subprocess.Process:
    identities = node.folder / "talkers"
    identities.write_text("".join(f"{node.token(f'talker-{number}')} {room}\n" for number in range(2)))
    command = [program("taskset", "install util-linux"), "-c", str(GENERATOR_CORE), str(LOADGEN), "pairs"]
    command += [
        "--port",
        str(node.port),
        "--sockets",
        "2",
        "--file",
        str(identities),
        "--join",
        "join_conversation",
    ]
    command += ["--packet", product.PACKET, "--event", "message_received", "--payload", str(CONTENT_BYTES)]
    command += ["--rate", str(rate), "--duration", str(seconds), "--warmup", "0.1"]
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)


def deaf_sockets(node: Node, room: str, people: Sequence[str]) -> list[socket.socket]:
    sockets = []
    for person in people:
        sock = raw.dial(node.port, receive_bytes=RECEIVE_BYTES)
        raw.upgrade(sock)
        raw.connect(sock, node.token(person), room)
        sockets.append(sock)
    return sockets


async def _until_given_up(node: Node, ports: Collection[int], deadline: float) -> int:
    """How many the server still holds then."""
    while (left := len(node.held_ports().intersection(ports))) and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_EVERY_S)
    return left
