"""What goes on beside the messages of a lively conversation: people type, receive, read and react.

Run by the benchmark as a process of its own on the load generator's core: `python -m benchmarks.lively PORT`, with a
line `token conversation` for each person on its standard input. It talks until it is terminated, then prints what it
did as JSON. An ack that is a refusal ends it with an error: then the figures beside it would mean nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

#: Of each person: as often as the client library does at most.
TYPING_EVERY_S = 2.0
DELIVERED_EVERY_S = 1.0
READ_EVERY_S = 3.0
REACTION_EVERY_S = 5.0
EMOJI = ("👍", "🎉", "❤️", "😀")


class Person:
    """One socket. It does not join the room: what it does is heard there, what it hears is little."""

    def __init__(self, token: str, conversation_id: str, done: Counter[str]) -> None:
        self._token = token
        self._conversation_id = conversation_id
        self._done = done
        self._ids = itertools.count()
        self._acks: dict[int, asyncio.Future[object]] = {}
        self._seq = 0
        self._message_id = ""

    async def live(self, port: int) -> None:
        address = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        async with connect(address, max_size=None, compression=None) as socket:
            await socket.recv()
            await socket.send("40" + json.dumps({"token": self._token}))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hear(socket))
                tasks.create_task(self._repeat(TYPING_EVERY_S, self._type, socket))
                tasks.create_task(self._repeat(DELIVERED_EVERY_S, self._receive, socket))
                tasks.create_task(self._repeat(READ_EVERY_S, self._read, socket))
                tasks.create_task(self._repeat(REACTION_EVERY_S, self._react, socket))

    async def _hear(self, socket: ClientConnection) -> None:
        """Until the connection ends; commands that are then given fail by themselves."""
        with suppress(ConnectionClosed):
            await self._hear_all(socket)

    async def _hear_all(self, socket: ClientConnection) -> None:
        async for packet in socket:
            text = packet if isinstance(packet, str) else ""
            if text == "2":
                await socket.send("3")
            elif text.startswith("43"):
                digits = text[2 : text.index("[")]
                self._acks.pop(int(digits)).set_result(json.loads(text[2 + len(digits) :])[0])
            elif text.startswith('42["new_message_notification"'):
                payload = json.loads(text[2:])[1]
                self._seq, self._message_id = payload["seq"], payload["message"]["id"]

    async def _repeat(
        self, every_s: float, act: Callable[[ClientConnection], Awaitable[None]], socket: ClientConnection
    ) -> None:
        await asyncio.sleep(random.uniform(0, every_s))
        while True:
            if self._seq:
                await act(socket)
            await asyncio.sleep(every_s)

    async def _type(self, socket: ClientConnection) -> None:
        await self._command(socket, "typing_start", conversationId=self._conversation_id)

    async def _receive(self, socket: ClientConnection) -> None:
        await self._command(socket, "mark_delivered", conversations={self._conversation_id: self._seq})

    async def _read(self, socket: ClientConnection) -> None:
        await self._command(socket, "mark_read", conversationId=self._conversation_id, seq=self._seq)

    async def _react(self, socket: ClientConnection) -> None:
        target = {"conversationId": self._conversation_id, "messageId": self._message_id}
        await self._command(socket, "add_reaction", emoji=random.choice(EMOJI), **target)

    async def _command(self, socket: ClientConnection, name: str, **argument: object) -> None:
        number = next(self._ids)
        ack = self._acks[number] = asyncio.get_running_loop().create_future()
        await socket.send(f"42{number}" + json.dumps([name, argument]))
        answer = await ack
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            raise RuntimeError(f"{name} was refused: {answer}")
        self._done[name] += 1


async def _live(port: int, people: list[tuple[str, str]]) -> None:
    done: Counter[str] = Counter()
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        async with asyncio.TaskGroup() as tasks:
            for token, conversation_id in people:
                tasks.create_task(Person(token, conversation_id, done).live(port))
    except asyncio.CancelledError:
        pass
    finally:
        print(json.dumps(done), flush=True)


def main() -> None:
    people = [(line.split()[0], line.split()[1]) for line in sys.stdin]
    asyncio.run(_live(int(sys.argv[1]), people))


if __name__ == "__main__":
    main()
