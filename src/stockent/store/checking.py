"""Look at a store before it is opened: a damaged one is told, and left as it is for whoever repairs it.

Reads only. After an end in order it is a glance at the header. After any other, whose sign is a log that nobody has
folded in, the database's own check runs, for a bounded time: a process that was killed harms nothing, but a machine
that lost its power may have a disk that told no truth.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import structlog

from stockent.messaging.ports import StoreError

from .connect import connect_snapshot, sqlite3

#: Of a start that this may take. It gets through a few hundred megabytes.
CHECK_S = 1.0
#: Operations of the database between two looks at the clock.
CHECK_STEPS = 10_000
#: https://www.sqlite.org/fileformat2.html#the_database_header
_HEADER_BYTES = 100
SQLITE_INTERRUPT = 9

log = structlog.get_logger("stockent.store")


def refuse_damaged(path: Path, *, now: Callable[[], float] = time.monotonic) -> None:
    """Raise `StoreError` for a file that is damaged, as far as can be seen in time. An empty one is a new store."""
    size_bytes = path.stat().st_size
    if not size_bytes:
        return
    if _was_left_in_order(path):
        _refuse_short(path, size_bytes)
    else:
        _check(path, now)


def _was_left_in_order(path: Path) -> bool:
    try:
        return path.with_name(path.name + "-wal").stat().st_size == 0
    except FileNotFoundError:
        return True


def _refuse_short(path: Path, size_bytes: int) -> None:
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or header[24:28] != header[92:96]:
        # No database, or one whose header was written by a program that does not count pages.
        return
    page_bytes = int.from_bytes(header[16:18], "big")
    expected = int.from_bytes(header[28:32], "big") * (65_536 if page_bytes == 1 else page_bytes)
    if size_bytes < expected:
        raise _damaged(path, f"it has {size_bytes} bytes of {expected}")


def _check(path: Path, now: Callable[[], float]) -> None:
    began = now()
    try:
        with closing(connect_snapshot(path)) as connection:
            connection.set_progress_handler(lambda: now() - began > CHECK_S, CHECK_STEPS)
            [found] = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) != SQLITE_INTERRUPT:
            raise _damaged(path, str(error)) from error
        log.info("store_checked_in_part", after_s=CHECK_S)
        return
    if found != "ok":
        raise _damaged(path, " ".join(found.split()))
    log.info("store_checked", took_ms=round(1_000 * (now() - began)))


def _damaged(path: Path, how: str) -> StoreError:
    return StoreError(
        f"{path} is damaged ({how}). Nothing was changed. Keep a copy of it, then restore a backup with"
        " `stockent restore`."
    )
