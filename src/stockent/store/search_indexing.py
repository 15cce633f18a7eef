"""When messages are indexed for the search: off the hot path, in slices, while the writer has nothing else to do.

Under a load that never pauses, slices take a small share of the time, so that a burst of sends is hardly slower for
them; no more than a bounded number of messages are left behind. What a search needs at once it asks for (`catch_up`).
Lives on the writer's thread, but for `is_behind`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from . import search_index
from .connect import sqlite3
from .search_index import Marks
from .transaction import Transaction

#: The queue has been empty for so long: nobody is likely to wait behind a slice.
QUIET_S = 0.05
#: Under load without such a pause, slices take this share of the time.
BUSY_SHARE = 0.02
#: Messages of one slice: about 4 ms.
SLICE = 250
#: More messages than this are not left for quieter times; then slices are as large as a batch can be, to keep pace.
MAX_BEHIND = 100_000
OVERDUE_SLICE = 2_000
#: What one search indexes at most before it begins: about 70 ms, in which nobody else writes.
MAX_CAUGHT_UP = 5_000
#: Pages of one step of rewriting the index: about 4 ms.
TIDY_PAGES = 64
#: Rewriting takes at most this share of the time, so that a large index is not always being rewritten.
TIDY_SHARE = 0.01
#: After a failure, such as a full disk.
RETRY_S = 5.0


def catch_up(tx: Transaction, searches: Sequence[None]) -> list[None]:
    """Index what was sent before, once for all searches that wait, so that they find it."""
    marks = search_index.marks(tx.connection) or search_index.begin(tx.connection)
    search_index.add_newer(tx.connection, marks, MAX_CAUGHT_UP)
    return [None] * len(searches)


class Indexing:
    """The writer tells what it wrote, asks how long it may wait for more, and has steps done in between."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        #: Writes since the index was last whole: at least as many as there are messages to index. One stands for what
        #: the store's last life may have left.
        self._behind = 1
        #: When a step is due if nothing waits; None while there is nothing to do.
        self._due_at: float | None = now()
        #: Before this, no step is done while more may wait; before that, none at all.
        self._busy_until = self._retry_at = now()
        #: Rewriting: removals and size when the present one began, when the next may begin, how long it took.
        self._tidying: tuple[int, int] | None = None
        self._tidy_at = now()
        self._tidy_took_s = 0.0

    @property
    def is_behind(self) -> bool:
        """Whether a search might miss something that is stored. May be asked on any thread."""
        return self._behind > 0

    def wrote(self, count: int) -> None:
        if count:
            self._behind += count
            self._due_at = self._now() + QUIET_S

    def wait_s(self) -> float | None:
        """How long to wait for something to write before a step is done; None: for ever."""
        return None if self._due_at is None else max(0.0, self._due_at - self._now())

    def is_overdue(self) -> bool:
        """Whether a step is to be done although more may wait."""
        now = self._now()
        if self._due_at is None or now < self._retry_at:
            return False
        return now >= self._busy_until or self._behind > MAX_BEHIND

    def step(self, connection: sqlite3.Connection) -> None:
        """The most urgent slice, in a transaction of its own. After an exception call `failed`."""
        begun = self._now()
        connection.execute("BEGIN IMMEDIATE")
        behind, pause_s = self._work(connection, begun)
        connection.execute("COMMIT")
        now = self._now()
        took_s = now - begun
        self._behind = behind
        self._busy_until = now + took_s / BUSY_SHARE
        # Half of the time is left to others who want the processor.
        self._due_at = None if pause_s is None else now + max(pause_s, took_s)

    def failed(self) -> None:
        """Nothing of the step was kept; the next comes later."""
        self._tidying = None
        self._due_at = self._retry_at = self._now() + RETRY_S

    def _work(self, connection: sqlite3.Connection, now: float) -> tuple[int, float | None]:
        """Returns how many new messages are not indexed yet, and the pause before the next step; None: all is done."""
        marks = search_index.marks(connection) or search_index.begin(connection)
        high = marks.high
        limit = OVERDUE_SLICE if self._behind > MAX_BEHIND else SLICE
        behind = search_index.add_newer(connection, marks, limit)
        if marks.high > high:
            return behind, 0.0
        if marks.low:
            search_index.add_older(connection, marks, SLICE)
            return behind, 0.0
        return behind, self._tidy(connection, marks, now)

    def _tidy(self, connection: sqlite3.Connection, marks: Marks, now: float) -> float | None:
        if not marks.is_untidy:
            return None
        if now < self._tidy_at:
            return self._tidy_at - now
        is_first = self._tidying is None
        if self._tidying is None:
            self._tidying, self._tidy_took_s = (marks.removals, marks.size), 0.0
        is_done = search_index.tidy(connection, TIDY_PAGES, first=is_first)
        self._tidy_took_s += self._now() - now
        if is_done:
            (marks.tidied, marks.tidied_size), self._tidying = self._tidying, None
            search_index.keep(connection, marks)
            self._tidy_at = now + self._tidy_took_s / TIDY_SHARE
        return 0.0
