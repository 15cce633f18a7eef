"""Group commit: one thread owns the only write connection, and what waits together commits together.

Callers on the event loop hand over operations and await their futures. While one transaction commits, the next
batch gathers. Futures are resolved only after COMMIT, all of a batch by one call into the event loop, in the order
in which the batch was worked off: per conversation the order of `seq`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from typing import Any

import structlog

from stockent.figures import Histogram
from stockent.messaging.errors import Code, MessagingError, jittered
from stockent.messaging.ports import StoreError

from .connect import is_store_wide, sqlite3
from .deliveries import deliver_group
from .erasing import Erasing
from .ids import MessageIds
from .marks import mark_group
from .outcomes import Outcome, resolve
from .people import save_profiles
from .plan import Kind, Operation, plan
from .search_indexing import Indexing, catch_up
from .sends import send_group
from .traces import Traces
from .transaction import Memory, Transaction

#: Operations that may wait for the writer; one more is refused as overload.
MAX_WAITING_WRITES = 20_000
#: Operations that commit together at most, so that nobody waits long behind a burst.
MAX_BATCH = 2_000
#: How long a batch of nothing but profiles waits for company: many new users at once would else be a commit each
#: (1,500 connections/s without, and the disk busy).
PATIENCE_S = 0.002
#: Refused callers are told to come back after this long and up to as much again.
RETRY_AFTER_MS = 250

log = structlog.get_logger("stockent.store")


#: Seconds of a batch.
BATCH_BOUNDS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class WriterFigures:
    """What the writer has done so far. Only its thread writes them."""

    __slots__ = ("batch_s", "refused", "writes")

    def __init__(self) -> None:
        #: Operations in committed batches, and those refused with a batch that could not be.
        self.writes = 0
        self.refused = 0
        #: From BEGIN to what COMMIT answers.
        self.batch_s = Histogram(BATCH_BOUNDS_S)


class Writer:
    """Owns the write connection from `start` to `stop`. `connect` is called again after the connection broke.

    `tell` is called on the event loop with what each batch changed, before any of the batch's callers goes on.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        clock: Callable[[], float],
        tell: Callable[[Traces], None],
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._tell = tell
        self._traces = Traces()
        self._queue: SimpleQueue[Operation | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._ended = False
        self._memory = Memory()
        self._message_ids = MessageIds()
        self._activity_us = 0
        self.indexing = Indexing()
        self.erasing = Erasing()
        self.figures = WriterFigures()
        #: Called on this thread with each statement of a batch: see `SqliteStore.trace`.
        self.on_statement: Callable[[str], object] | None = None
        self._connection: sqlite3.Connection | None = None
        #: A commit was begun, and nobody knows whether it was done.
        self._is_uncertain = False

    def start(self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._connection = connection
        self._loop = loop
        [(self._activity_us,)] = connection.execute("SELECT coalesce(max(activity), 0) FROM conversations")
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Operations that no batch has taken yet."""
        return self._queue.qsize()

    def submit(self, kind: Kind, conversation_id: str | None, argument: Any) -> asyncio.Future[Any]:
        """Hand over; on the event loop only. The future gets the result after COMMIT, or the refusal."""
        if self._thread is None:
            raise StoreError("the store is not open")
        if self._stopping:
            raise MessagingError(Code.SHUTTING_DOWN, "the server is stopping")
        if self._queue.qsize() >= MAX_WAITING_WRITES:
            raise MessagingError(
                Code.OVERLOADED, "too many writes are waiting", retry_after_ms=jittered(RETRY_AFTER_MS)
            )
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(Operation(kind, conversation_id, argument, future))
        return future

    async def stop(self) -> None:
        """Commit what was accepted, close the connection, end the thread."""
        thread = self._thread
        if thread is None:
            return
        if not self._stopping:
            self._stopping = True
            self._queue.put(None)
        await self._loop.run_in_executor(None, thread.join)

    def _run(self) -> None:
        while not self._ended:
            try:
                first = self._queue.get(timeout=self._wait_s())
            except Empty:
                self._do(min(self._chores, key=_wait_of))
                continue
            if first is None:
                break
            batch = [first]
            self._gather(batch, MAX_BATCH)
            if all(operation.kind is Kind.PROFILE for operation in batch):
                time.sleep(PATIENCE_S)
                self._gather(batch, MAX_BATCH)
            traces = self._traces = Traces()
            started = time.perf_counter()
            try:
                outcomes = self._commit(batch)
                self.figures.writes += len(batch)
                self.figures.batch_s.observe(time.perf_counter() - started)
            except BaseException as error:  # noqa: BLE001  # whatever it is, every caller gets an answer
                self._roll_back()
                self._overwrite()
                self._gather(batch, MAX_WAITING_WRITES + MAX_BATCH)
                outcomes = _refusals(batch, error)
                self.figures.refused += len(batch)
                traces.failed = True
            try:
                self._loop.call_soon_threadsafe(self._answer, outcomes, traces)
            except RuntimeError:  # the loop is closed: nobody waits, and nobody will hand over more
                break
            for chore in self._chores:
                if chore.is_overdue():
                    self._do(chore)
        self._disconnect()

    @property
    def _chores(self) -> tuple[Indexing | Erasing, ...]:
        """What this thread does between batches."""
        return self.indexing, self.erasing

    def _wait_s(self) -> float | None:
        """How long to wait for something to write before a chore's next step; None: for ever."""
        waiting = min(map(_wait_of, self._chores))
        return None if waiting == inf else waiting

    def _answer(self, outcomes: list[Outcome], traces: Traces) -> None:
        """Who is answered here goes on in a later turn of the loop: by then the caches know."""
        resolve(outcomes)
        self._tell(traces)

    def _gather(self, batch: list[Operation], limit: int) -> None:
        """Take what waits, without waiting for more, up to `limit` in all."""
        take = self._queue.get_nowait
        try:
            while len(batch) < limit:
                operation = take()
                if operation is None:
                    self._ended = True
                    return
                batch.append(operation)
        except Empty:
            return

    def _commit(self, batch: list[Operation]) -> list[Outcome]:
        """All of the batch, or by an exception none of it: then the store cannot write now."""
        connection = self._connected()
        if self.on_statement is None:
            return self._transact(connection, batch)
        connection.set_trace_callback(self.on_statement)
        try:
            return self._transact(connection, batch)
        finally:
            connection.set_trace_callback(None)

    def _transact(self, connection: sqlite3.Connection, batch: list[Operation]) -> list[Outcome]:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = list(self._work(connection, batch))
        self._is_uncertain = True
        connection.execute("COMMIT")
        self._is_uncertain = False
        self.indexing.wrote(sum(operation.kind in _MAY_SEND for operation in batch))
        if any(operation.kind is Kind.OTHER for operation in batch):
            self.erasing.wrote()
        return outcomes

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _work(self, connection: sqlite3.Connection, batch: list[Operation]) -> Iterator[Outcome]:
        now_s = self._clock()
        self._activity_us = max(int(now_s * 1_000_000), self._activity_us + 1)
        tx = Transaction(connection, self._memory, self._message_ids, now_s, self._activity_us)
        for stage in plan(batch):
            for kind in Kind:
                operations = stage.by_kind[kind]
                if not operations:
                    continue
                if kind is Kind.OTHER:
                    for operation in operations:
                        yield from self._attempt(tx, _RUN[kind], [operation])
                else:
                    yield from self._attempt(tx, _RUN[kind], operations)

    def _attempt(
        self,
        tx: Transaction,
        run: Callable[[Transaction, list[Any]], Sequence[object]],
        operations: list[Operation],
    ) -> list[Outcome]:
        """Run a group; if it fails by the fault of one operation, run each alone so that only that one fails."""
        tx.run("SAVEPOINT attempt")
        tx.traces = Traces()
        before = tx.connection.total_changes
        try:
            results = run(tx, [operation.argument for operation in operations])
        except MessagingError as refusal:
            self._undo(tx, since=before)
            return [(operations[0].future, refusal)]
        except Exception as error:
            if is_store_wide(error):
                raise
            self._undo(tx, since=before)
            if len(operations) == 1:
                return [(operations[0].future, error)]
            return [outcome for operation in operations for outcome in self._attempt(tx, run, [operation])]
        tx.run("RELEASE attempt")
        self._traces.add(tx.traces)
        return [(operation.future, result) for operation, result in zip(operations, results, strict=True)]

    def _undo(self, tx: Transaction, *, since: int) -> None:
        """A refusal before the first write costs no memory: otherwise a refused caller could slow all others."""
        if tx.connection.total_changes != since:
            self._memory.clear()
            tx.run("ROLLBACK TO attempt")
        tx.run("RELEASE attempt")

    def _do(self, chore: Indexing | Erasing) -> None:
        """A step of it. If it fails, the store goes on without, and it is done later."""
        try:
            chore.step(self._connected())
        except Exception as error:  # noqa: BLE001  # the thread lives on, whatever it is
            log.error("chore_failed", chore=type(chore).__name__, reason=str(error))
            self._roll_back()
            chore.failed()

    def _roll_back(self) -> None:
        """Back to a known state; a connection that cannot even roll back is given up for a new one."""
        self._memory.clear()
        try:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()

    def _overwrite(self) -> None:
        """A commit that could not be synced may lie whole in the log: not to be seen now, but found after a crash.

        Whatever is written next takes its place, though it may fail in the same way. Then what was refused stays so.
        """
        if self._is_uncertain and self._connection is not None:
            self._is_uncertain = False
            with suppress(sqlite3.Error):
                self._connection.execute(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES ('overwritten', ?)",
                    (str(self._clock()),),
                )

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        try:
            if connection is not None:
                connection.close()
        except sqlite3.Error as error:
            log.error("store_close_failed", reason=str(error))


def _wait_of(chore: Indexing | Erasing) -> float:
    wait_s = chore.wait_s()
    return inf if wait_s is None else wait_s


def _run_others(tx: Transaction, arguments: list[Callable[[Transaction], object]]) -> list[object]:
    return [argument(tx) for argument in arguments]


_RUN: dict[Kind, Callable[[Transaction, list[Any]], Sequence[object]]] = {
    Kind.PROFILE: save_profiles,
    Kind.SEND: send_group,
    Kind.MARK: mark_group,
    Kind.DELIVERED: deliver_group,
    Kind.OTHER: _run_others,
    Kind.INDEX: catch_up,
}
#: What may leave messages behind that are not indexed yet.
_MAY_SEND = frozenset({Kind.SEND, Kind.OTHER})


def _refusals(batch: list[Operation], error: BaseException) -> list[Outcome]:
    """Who waits behind a batch that failed is refused with it: a store that hangs must not make a queue hang."""
    log.error("store_write_failed", reason=str(error), refused=len(batch))
    return [
        (
            operation.future,
            MessagingError(
                Code.STORE_UNAVAILABLE, "the store cannot write now", retry_after_ms=jittered(RETRY_AFTER_MS)
            ),
        )
        for operation in batch
    ]
