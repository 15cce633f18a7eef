"""Reads: a few threads, each read on one connection in one snapshot, while the writer goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from secrets import randbelow
from typing import TypeVar

from stockent.messaging.errors import Code, MessagingError

from .connect import is_store_wide, sqlite3

T = TypeVar("T")

READERS = 4
#: Reads that may wait or run; one more is refused as overload.
MAX_WAITING_READS = 10_000
RETRY_AFTER_MS = 250


class Readers:
    """`read(query)` runs `query(connection)` on a thread; on the event loop only."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._connections = [connect() for _ in range(READERS)]
        for connection in self._connections:
            self._idle.put(connection)
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._waiting = 0
        self._closing = False

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._closing:
            raise MessagingError(Code.SHUTTING_DOWN, "the server is stopping")
        if self._waiting >= MAX_WAITING_READS:
            raise MessagingError(
                Code.OVERLOADED,
                "too many reads are waiting",
                retry_after_ms=RETRY_AFTER_MS + randbelow(RETRY_AFTER_MS),
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._snapshot, query)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        self._closing = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()

    def _snapshot(self, query: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._idle.get()
        try:
            connection.execute("BEGIN")
            try:
                return query(connection)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            if is_store_wide(error):
                raise MessagingError(Code.STORE_UNAVAILABLE, "the store cannot be read now") from error
            raise
        finally:
            self._idle.put(connection)
