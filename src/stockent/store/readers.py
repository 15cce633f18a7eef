"""Reads: a few threads, each with one connection, each read in one snapshot, while the writer goes on.

What waits when a thread comes to the queue it takes along, and gives the answers back by one call into the event
loop: waking a thread and the loop costs more than most reads.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from stockent.messaging.errors import Code, MessagingError, jittered

from .connect import is_store_wide, sqlite3
from .outcomes import Outcome, resolve

T = TypeVar("T")

READERS = 4
#: Reads that may wait or run; one more is refused as overload.
MAX_WAITING_READS = 10_000
#: Reads that a thread takes along at most, so that a quick one does not wait behind many slow ones.
MAX_TAKEN = 32
RETRY_AFTER_MS = 250


class _Read(NamedTuple):
    query: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]


class Readers:
    """`read(query)` runs `query(connection)` on a thread; on the event loop only."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._queue: SimpleQueue[_Read | None] = SimpleQueue()
        self._connections = [connect() for _ in range(READERS)]
        self._threads: list[threading.Thread] = []
        self._waiting = 0
        self._closing = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        for number, connection in enumerate(self._connections):
            name = f"store-reader-{number}"
            thread = threading.Thread(target=self._run, args=(connection,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._closing:
            raise MessagingError(Code.SHUTTING_DOWN, "the server is stopping")
        if self._waiting >= MAX_WAITING_READS:
            raise MessagingError(
                Code.OVERLOADED,
                "too many reads are waiting",
                retry_after_ms=jittered(RETRY_AFTER_MS),
            )
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting += 1
        self._queue.put(_Read(query, future))
        return await future

    def trace(self, on_statement: Callable[[str], object] | None) -> None:
        for connection in self._connections:
            connection.set_trace_callback(on_statement)

    async def close(self) -> None:
        """Answer what was asked, then end the threads."""
        if not self._closing:
            self._closing = True
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        for connection in self._connections:
            connection.close()

    def _run(self, connection: sqlite3.Connection) -> None:
        while (read := self._queue.get()) is not None:
            outcomes = [(read.future, _snapshot(connection, read.query))]
            try:
                while len(outcomes) < MAX_TAKEN:
                    read = self._queue.get_nowait()
                    if read is None:
                        # Another thread's notice to end.
                        self._queue.put(None)
                        break
                    outcomes.append((read.future, _snapshot(connection, read.query)))
            except Empty:
                pass
            try:
                self._loop.call_soon_threadsafe(self._resolve, outcomes)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return

    def _resolve(self, outcomes: list[Outcome]) -> None:
        self._waiting -= len(outcomes)
        resolve(outcomes)


def _snapshot(connection: sqlite3.Connection, query: Callable[[sqlite3.Connection], Any]) -> object:
    """The query's result, or the exception that it raised."""
    try:
        connection.execute("BEGIN")
        try:
            return query(connection)
        finally:
            connection.execute("ROLLBACK")
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to see
        if isinstance(error, sqlite3.Error) and is_store_wide(error):
            return MessagingError(Code.STORE_UNAVAILABLE, "the store cannot be read now")
        return error
