"""One user on many devices who all send and read at once, while the other side answers: all see the same in the end."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from typing import Any

from ..api import Api
from ..figures import Figure, none_of, told
from ..healthy import BEFORE, DURING, healthy
from ..node import Node
from ..stage import Stage
from ..voice import Voice

DEVICES = 20
SETTLE_S = 15.0


class Device:
    """A socket in the room, and what it has learnt of it."""

    def __init__(self) -> None:
        self.content: dict[int, str] = {}
        self.doubled = 0
        self.read_seqs: list[int] = []
        self.voice: Voice | None = None

    async def open(self, node: Node, user: str, room: str) -> None:
        self.voice = await Voice.open(node.port, node.token(user), self._hear)
        await self.voice.command("join_conversation", {"conversationId": room})

    def _hear(self, name: str, payload: Any) -> None:
        if name == "message_received":
            self.doubled += payload["seq"] in self.content
            self.content[payload["seq"]] = payload["content"]
        elif name == "message_read" and "unread" in payload:
            self.read_seqs.append(payload["readSeq"])

    async def send(self, room: str, text: str) -> None:
        assert self.voice is not None
        message = {"conversationId": room, "clientId": str(uuid.uuid4()), "content": text}
        await self.voice.command("send_message", message)

    async def read(self, room: str, upto: int) -> int:
        assert self.voice is not None
        ack = await self.voice.command("mark_read", {"conversationId": room, "seq": upto})
        return int(ack["readSeq"])


async def devices(stage: Stage) -> Sequence[Figure]:
    rounds = stage.of(200, 50, 5)
    async with stage.node() as node, healthy(node) as pair:
        await pair.phase(BEFORE, for_s=stage.of(5.0, 3.0, 0.2))
        await pair.phase(DURING)
        with Api(node) as api:
            room = api.converse("many", ["other"])
        mine = [Device() for _ in range(DEVICES)]
        other = Device()
        await asyncio.gather(
            *(device.open(node, "many", room) for device in mine), other.open(node, "other", room)
        )
        stage.say(f"{DEVICES} devices send and read {rounds} times each")
        await asyncio.gather(
            *(_busy(device, room, number, rounds) for number, device in enumerate(mine)),
            _answering(other, room, rounds * 4),
        )
        total = rounds * (DEVICES + 4)
        everybody = [*mine, other]
        heard = await _settled(everybody, mine, total)
        figures = await asyncio.to_thread(_judge, node, room, mine, other)
        for device in everybody:
            assert device.voice is not None
            await device.voice.close()
        await pair.finish()
        tracebacks = node.tracebacks()
    return [
        told("messages", total, ""),
        none_of("devices that did not hear everything", heard),
        *figures,
        none_of("tracebacks in the log", tracebacks),
        *pair.figures(latency=False),
    ]


async def _busy(device: Device, room: str, number: int, rounds: int) -> None:
    chance = random.Random(number)
    read = 0
    for turn in range(rounds):
        known = max(device.content, default=0)
        await asyncio.gather(
            device.send(room, f"{number}-{turn}"), device.read(room, chance.randint(0, known) if known else 0)
        )
        read = max(read, known)


async def _answering(device: Device, room: str, count: int) -> None:
    for turn in range(count):
        await device.send(room, f"answer {turn}")


async def _settled(everybody: Sequence[Device], mine: Sequence[Device], total: int) -> int:
    """Wait for what is under way; how many devices still miss something then."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        behind = sum(len(device.content) != total for device in everybody)
        behind += len({max(device.read_seqs, default=0) for device in mine}) > 1
        if not behind or time.monotonic() > deadline:
            return behind
        await asyncio.sleep(0.02)


def _judge(node: Node, room: str, mine: Sequence[Device], other: Device) -> list[Figure]:
    with Api(node) as api:
        stored = {message["seq"]: message for message in api.history("many", room)}
        conversation = api.ask("many", "GET", f"/api/conversations/{room}")
        unread = api.ask("many", "GET", "/api/unread")
    [me] = [person for person in conversation["participants"] if person["userId"] == "many"]
    recount = sum(seq > me["readSeq"] and m["sender"]["id"] != "many" for seq, m in stored.items())
    told_unread = unread["conversations"].get(room, 0)
    content = {seq: message["content"] for seq, message in stored.items()}
    return [
        none_of(
            "devices that disagree about what was said (I5)",
            sum(d.content != content for d in (*mine, other)),
        ),
        none_of("messages heard twice", sum(device.doubled for device in (*mine, other))),
        none_of("gaps", len(stored) - max(stored)),
        none_of(
            "unread, against a recount (I7)",
            abs(told_unread - recount) + abs(conversation["unread"] - recount),
        ),
        none_of(
            "devices with another read position",
            sum(max(device.read_seqs, default=0) != me["readSeq"] for device in mine),
        ),
        none_of("read marks that went back", sum(d.read_seqs != sorted(d.read_seqs) for d in mine)),
    ]
