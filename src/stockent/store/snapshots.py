"""Copies of a store for backups: taken by another process while a server writes, proved, and given a new life.

A snapshot only ever reads, see `connect_snapshot`. What it is taken from goes on; the price is the write-ahead
log, which cannot begin anew while a snapshot is held, so a copy is given up before the log fills the disk.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from stockent.messaging.ports import StoreError

from .connect import connect_snapshot, connect_writer, sqlite3
from .ids import new_id
from .lock import sync_folder
from .migrate import newest_revision, upgrade

#: 4 MB at the usual size of a page.
STEP_PAGES = 1_024
#: A log of this size is no longer a burst of writes: the copy takes too long beside them.
MAX_LOG_BYTES = 2 * 1024 * 1024 * 1024
#: Room that a copy leaves to the log of a server that writes meanwhile.
RESERVE_BYTES = 64 * 1024 * 1024
#: Operations of the database between two signs of life during a check.
CHECK_STEPS = 1_000_000

SQLITE_FULL = 13

#: Called with bytes done and bytes in all.
Tell = Callable[[int, int], object]


class Counts(NamedTuple):
    users: int
    conversations: int
    messages: int
    attachments: int


class ReadyFile(NamedTuple):
    """An attachment whose bytes are kept."""

    id: str
    has_thumbnail: bool


class Snapshot:
    """One moment of a store, held until the block of `snapshot` ends, or until `renew` takes a later one."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._begin()

    @property
    def epoch(self) -> str:
        return str(self._value("SELECT value FROM meta WHERE key = 'epoch'"))

    @property
    def revision(self) -> str:
        return str(self._value("SELECT version_num FROM alembic_version"))

    @property
    def size_bytes(self) -> int:
        size: int = self._value("PRAGMA page_count") * self._value("PRAGMA page_size")
        return size

    def counts(self) -> Counts:
        return Counts(*(int(self._value(f"SELECT count(*) FROM {table}")) for table in Counts._fields))

    def files_bytes(self) -> int:
        """What the attachments have, as their rows say."""
        return int(self._value("SELECT coalesce(sum(size_bytes), 0) FROM attachments WHERE ready"))

    def ready_files(self) -> Iterator[ReadyFile]:
        rows = self._connection.execute("SELECT id, thumbnail_type FROM attachments WHERE ready")
        for attachment_id, thumbnail_type in rows:
            yield ReadyFile(attachment_id, thumbnail_type is not None)

    def renew(self) -> None:
        self._connection.execute("ROLLBACK")
        self._begin()

    def copy_to(self, target: Path, tell: Tell) -> None:
        """Write this moment into the file `target`, which must not be there, for its owner's eyes; not yet durable.

        Raises `StoreError` when the log grows too large meanwhile, OSError when `target` has no room.
        """
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        page_bytes = int(self._value("PRAGMA page_size"))

        def step(_status: int, remaining: int, total: int) -> None:
            self._refuse_long_log()
            tell((total - remaining) * page_bytes, total * page_bytes)

        copy = sqlite3.connect(target, isolation_level=None)
        try:
            copy.execute("PRAGMA synchronous = OFF")
            # The transaction that is open already is the one that is copied, so no write makes it begin again.
            self._connection.backup(copy, pages=STEP_PAGES, progress=step)
            # One file, readable where nothing can be written beside it.
            copy.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == SQLITE_FULL:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from error
            raise StoreError(f"cannot copy {self._path} to {target}: {error}") from error
        finally:
            copy.close()

    def _begin(self) -> None:
        self._connection.execute("BEGIN")
        # The moment is that of the first read.
        self._value("SELECT count(*) FROM meta")

    def _value(self, sql: str) -> Any:
        return self._connection.execute(sql).fetchone()[0]

    def _refuse_long_log(self) -> None:
        try:
            log_bytes = self._path.with_name(self._path.name + "-wal").stat().st_size
        except FileNotFoundError:
            return
        free = shutil.disk_usage(self._path.parent).free
        if log_bytes > MAX_LOG_BYTES or free < RESERVE_BYTES:
            raise StoreError(
                f"the copy was given up: so much is written meanwhile that the log of {self._path} has"
                f" {log_bytes} bytes, with {free} left on its disk. Copy at a quieter time, or to a faster disk."
            )


@contextmanager
def snapshot(path: Path) -> Iterator[Snapshot]:
    """The store at `path` as it is now. Raises `StoreError` when there is none of this version or an older one."""
    if not path.is_file():
        raise StoreError(f"there is no store at {path}")
    connection = connect_snapshot(path)
    try:
        taken = Snapshot(path, connection)
        if taken.revision > newest_revision():
            raise StoreError(f"{path} was made by a newer version of StockENT Messaging ({taken.revision})")
        yield taken
    except sqlite3.Error as error:
        raise StoreError(f"cannot read {path}: {error}") from error
    finally:
        connection.close()


def prove(path: Path, tell: Callable[[], object]) -> None:
    """Raise `StoreError` unless the file is whole: its structure, its references, and every conversation's `seq`.

    For a copy that nobody writes. `tell` is called now and then.
    """

    def alive() -> int:
        tell()
        return 0

    connection = connect_snapshot(path)
    try:
        connection.set_progress_handler(alive, CHECK_STEPS)
        if (found := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
            raise StoreError(f"{path} is damaged: {found}")
        if (broken := connection.execute("PRAGMA foreign_key_check").fetchone()) is not None:
            raise StoreError(
                f"{path} is damaged: a row of {broken[0]} refers to a row of {broken[2]} that is not there"
            )
        if (holed := connection.execute(_HOLED).fetchone()) is not None:
            raise StoreError(
                f"{path} is damaged: the changes of conversation {holed[0]} are not 1 to {holed[1]}"
            )
    except sqlite3.Error as error:
        raise StoreError(f"cannot read {path}: {error}") from error
    finally:
        connection.close()


def revive(path: Path, now_s: float) -> str:
    """Bring a copy that nobody uses to the newest schema, and begin a new life in it. Returns the new epoch.

    Raises `StoreError` for a copy that a newer version made.
    """
    upgrade(path)
    epoch = new_id(now_s)
    connection = connect_writer(path)
    try:
        connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('epoch', ?)", (epoch,))
    finally:
        connection.close()
    sync_folder(path.parent)
    return epoch


#: Each position is taken once, by a message or by a change: as many as `last_seq`, none beyond it, none twice.
_HOLED = """
    SELECT c.id, c.last_seq FROM conversations c WHERE c.last_seq <>
        (SELECT count(*) FROM messages m WHERE m.conversation_key = c.key)
        + (SELECT count(*) FROM changes x WHERE x.conversation_key = c.key)
    OR EXISTS (SELECT 1 FROM messages m WHERE m.conversation_key = c.key AND (m.seq < 1 OR m.seq > c.last_seq))
    OR EXISTS (SELECT 1 FROM changes x WHERE x.conversation_key = c.key AND (x.seq < 1 OR x.seq > c.last_seq))
    OR EXISTS (SELECT 1 FROM changes x CROSS JOIN messages m ON m.conversation_key = c.key AND m.seq = x.seq
        WHERE x.conversation_key = c.key)
    LIMIT 1
"""
