"""Two healthy people who talk while somebody attacks: a process of its own, so that its figures are of the server only.

Ana sends durable messages at a steady rate over one WebSocket, Bo gets them over another. A line on standard
input ends a lap, and says after how many seconds to give up what has not come; it is answered with what happened in it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.attacks.target import ROOT, Target

INTERVAL_S = 0.01
START_TIMEOUT_S = 10.0


class Lap(NamedTuple):
    """Milliseconds from each send to its arrival, and what went wrong, in words."""

    latencies_ms: list[float]
    problems: list[str]


class Control:
    """The handle of the process, for the tests."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def lap(self, give_up_s: float) -> Lap:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{give_up_s}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        return Lap(**json.loads(line)) if line else Lap([], ["the control connection is gone"])


@contextmanager
def talking(target: Target) -> Iterator[Control]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.attacks.control", target.url],
        cwd=ROOT,
        env=os.environ | {"TOKENS": f"{target.token('control-ana')} {target.token('control-bo')}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        control = Control(process)
        control.lap(START_TIMEOUT_S)
        yield control
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(START_TIMEOUT_S)
        assert process.stdout is not None
        process.stdout.close()


# the process


class Person:
    """A WebSocket with Socket.IO on it, no more of either than is needed."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws

    @classmethod
    async def arrive(cls, url: str, token: str) -> Person:
        address = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        ws = await connect(address, compression=None, ping_interval=None, proxy=None)
        await ws.send("40" + json.dumps({"token": token}))
        person = cls(ws)
        while (await person.packet())[:1] != "0":
            pass
        return person

    async def packet(self) -> str:
        """The next Socket.IO packet; pings are answered on the way."""
        while True:
            packet = str(await self._ws.recv())
            if packet == "2":
                await self._ws.send("3")
            elif packet.startswith("4"):
                return packet[1:]

    async def leave(self) -> None:
        await self._ws.close()

    async def command(self, ack_id: int, name: str, argument: dict[str, Any]) -> None:
        await self._ws.send(f"42{ack_id}" + json.dumps([name, argument]))


class Talk:
    """Ana's sends, by their number: when each was sent, its seq when acked, and when it arrived."""

    def __init__(self, ana: Person, bo: Person, conversation_id: str) -> None:
        self._ana = ana
        self._bo = bo
        self._conversation_id = conversation_id
        self._sent: dict[int, float] = {}
        self._acked: dict[int, int] = {}
        self._arrived: dict[int, tuple[int, float]] = {}
        self._last_seq: int | None = None
        self._problems: list[str] = []
        self._pause = asyncio.Event()
        self._pause.set()

    async def send(self) -> None:
        number = 0
        due = time.monotonic()
        while True:
            await self._pause.wait()
            due = max(due + INTERVAL_S, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            number += 1
            self._sent[number] = time.monotonic()
            message = {
                "conversationId": self._conversation_id,
                "clientId": str(uuid.uuid4()),
                "content": str(number),
            }
            await self._ana.command(number, "send_message", message)

    async def hear_acks(self) -> None:
        while True:
            packet = await self._ana.packet()
            if packet.startswith("3"):
                head, _, body = packet[1:].partition("[")
                [ack] = json.loads("[" + body)
                if ack["ok"]:
                    self._acked[int(head)] = ack["message"]["seq"]
                else:
                    self._problems.append(f"a send was refused: {ack['error']['code']}")

    async def hear_messages(self) -> None:
        while True:
            packet = await self._bo.packet()
            if packet.startswith('2["message_received"'):
                message = json.loads(packet[1:])[1]
                number, seq = int(message["content"]), message["seq"]
                self._arrived[number] = (seq, time.monotonic())
                if self._last_seq is not None and seq != self._last_seq + 1:
                    self._problems.append(f"seq {seq} came after {self._last_seq}")
                self._last_seq = seq

    async def lap(self, give_up_s: float) -> Lap:
        self._pause.clear()
        end = time.monotonic() + give_up_s
        while not self._is_complete() and time.monotonic() < end:
            await asyncio.sleep(0.001)
        problems = self._problems + list(self._missed())
        latencies = [
            1000 * (self._arrived[number][1] - sent)
            for number, sent in self._sent.items()
            if number in self._arrived
        ]
        self._sent, self._acked, self._arrived, self._problems = {}, {}, {}, []
        self._pause.set()
        return Lap([round(each, 3) for each in latencies], problems)

    def _is_complete(self) -> bool:
        return self._sent.keys() == self._acked.keys() == self._arrived.keys()

    def _missed(self) -> Iterator[str]:
        for number in self._sent:
            if number not in self._acked:
                yield f"send {number} got no ack"
            elif number not in self._arrived:
                yield f"send {number}, acked as seq {self._acked[number]}, never arrived"
            elif self._acked[number] != self._arrived[number][0]:
                yield f"send {number} was acked as seq {self._acked[number]}, arrived as {self._arrived[number][0]}"


async def main(url: str, tokens: list[str]) -> None:
    ana, bo = people = [await Person.arrive(url, token) for token in tokens]
    headers = {"Authorization": f"Bearer {tokens[0]}"}
    body = {"participantIds": ["control-bo"]}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(url + "/api/conversations", json=body) as answer,
    ):
        conversation_id = (await answer.json())["id"]
    for person in people:
        await person.command(0, "join_conversation", {"conversationId": conversation_id})
        while not (await person.packet()).startswith("30["):
            pass
    talk = Talk(ana, bo, conversation_id)
    work = [asyncio.create_task(each) for each in (talk.send(), talk.hear_acks(), talk.hear_messages())]
    while line := await asyncio.to_thread(sys.stdin.readline):
        lap = await talk.lap(float(line))
        for task in work:
            if task.done() and isinstance(task.exception(), ConnectionClosed):
                lap.problems.append("a control connection was closed")
        sys.stdout.write(json.dumps(lap._asdict()) + "\n")
        sys.stdout.flush()
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    for person in people:
        await person.leave()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], os.environ["TOKENS"].split()))
