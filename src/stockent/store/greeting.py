"""What every new socket asks for, read for all who ask at once: a crowd that comes back asks in the same moments.

On the event loop only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from stockent.messaging.ports import Greeting

from .connect import sqlite3
from .outcomes import Outcome, resolve
from .people import NEWCOMER, greetings

#: More of them do not wait for one read.
MAX_TOGETHER = 200

Found: TypeAlias = dict[str, Greeting]
_Asked: TypeAlias = list[tuple[str, asyncio.Future[Greeting]]]


class Greetings:
    """`read` runs a query in a snapshot that is no older than the call."""

    def __init__(self, read: Callable[[Callable[[sqlite3.Connection], Found]], Awaitable[Found]]) -> None:
        self._read = read
        self._asked: _Asked = []
        self._answering: set[asyncio.Task[None]] = set()

    async def of(self, user_id: str) -> Greeting:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Greeting] = loop.create_future()
        self._asked.append((user_id, future))
        if len(self._asked) == 1:
            # What else runs in this turn of the loop comes along.
            loop.call_soon(self._begin)
        return await future

    def _begin(self) -> None:
        asked, self._asked = self._asked, []
        for start in range(0, len(asked), MAX_TOGETHER):
            task = asyncio.get_running_loop().create_task(self._answer(asked[start : start + MAX_TOGETHER]))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, asked: _Asked) -> None:
        user_ids = list(dict.fromkeys(user_id for user_id, _ in asked))
        outcomes: Sequence[Outcome]
        try:
            found = await self._read(lambda connection: greetings(connection, user_ids))
            outcomes = [(future, found.get(user_id, NEWCOMER)) for user_id, future in asked]
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the callers' to see
            outcomes = [(future, error) for _, future in asked]
        resolve(outcomes)
