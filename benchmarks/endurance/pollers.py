"""Clients of long polling: each holds a GET open, answers heartbeats by POST, and counts what comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from .node import Node

OPENING_AT_ONCE = 50
_SEPARATOR = "\x1e"


class Poller:
    def __init__(self, session: aiohttp.ClientSession, node: Node, user: str) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{node.port}/socket.io/?EIO=4&transport=polling"
        self._headers = {"Authorization": f"Bearer {node.token(user)}"}
        self._token = node.token(user)
        self.user = user
        self.events: list[str] = []
        #: Why it ended; empty while it lives.
        self.ended = ""

    @property
    def is_told(self) -> bool:
        return "new_message_notification" in self.events

    async def open(self) -> None:
        opened = await self._get()
        self._url += "&sid=" + str(json.loads(opened[0][1:])["sid"])
        await self._post("40" + json.dumps({"token": self._token}))

    async def live(self) -> None:
        try:
            while not self.ended:
                for packet in await self._get():
                    await self._take(packet)
        except (aiohttp.ClientError, TimeoutError, RuntimeError) as error:
            self.ended = str(error) or type(error).__name__

    async def _take(self, packet: str) -> None:
        if packet == "2":
            await self._post("3")
        elif packet.startswith("42"):
            self.events.append(json.loads(packet[2:])[0])
        elif packet in ("1", "41") or packet.startswith("44"):
            self.ended = f"the server said {packet[:100]}"

    async def _get(self) -> list[str]:
        async with self._session.get(self._url, headers=self._headers) as response:
            text = await response.text()
            if response.status != 200:
                raise RuntimeError(f"a poll was answered {response.status} {text[:100]}")
            return text.split(_SEPARATOR)

    async def _post(self, body: str) -> None:
        async with self._session.post(self._url, data=body, headers=self._headers) as response:
            if response.status != 200:
                raise RuntimeError(f"a packet was answered {response.status}")


@asynccontextmanager
async def pollers(node: Node, users: Sequence[str]) -> AsyncIterator[list[Poller]]:
    """Open and polling; at the end they just go."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=90)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        crowd = [Poller(session, node, user) for user in users]
        gate = asyncio.Semaphore(OPENING_AT_ONCE)

        async def open_one(poller: Poller) -> None:
            async with gate:
                await poller.open()

        await asyncio.gather(*(open_one(poller) for poller in crowd))
        tasks = [asyncio.create_task(poller.live()) for poller in crowd]
        try:
            yield crowd
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
