"""SQLite connections: one that writes, several that only read, and what each is allowed.

SQLite 3.7.0 to 3.51.2 can lose committed data in WAL mode when two connections write or checkpoint (the WAL-reset
bug). Here exactly one connection of one process ever does either: the lock file bars other processes, readers are
`query_only` and never checkpoint, and the writer is opened first and closed last.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from .documents import TEMP_VIEWS

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:
        import sqlite3

__all__ = ["connect_reader", "connect_snapshot", "connect_writer", "is_store_wide", "sqlite3"]

#: JSON operators (`->>`) came with 3.38.
OLDEST_SQLITE = (3, 38, 0)
#: How long a statement waits for a lock that another program holds, before the write is refused.
BUSY_TIMEOUT_S = 1.0
#: The write-ahead log is folded into the database when it has grown by this many pages.
CHECKPOINT_PAGES = 4_000
#: What the log is cut back to when it begins anew: a long reader, such as a backup, lets it grow.
KEPT_LOG_BYTES = 64 * 1024 * 1024
WRITER_CACHE_BYTES = 64 * 1024 * 1024
READER_CACHE_BYTES = 8 * 1024 * 1024

# Primary result codes that speak of the whole store, not of one statement: https://www.sqlite.org/rescode.html
_STORE_WIDE = frozenset({5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26})


def connect_writer(path: Path) -> sqlite3.Connection:
    """Durable at every commit: WAL with `synchronous=FULL`."""
    connection = _connect(path)
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Also of pages that are given up: the index of the search rewrites itself, and leaves old words in them.
    connection.execute("PRAGMA secure_delete = ON").fetchone()
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}").fetchone()
    connection.execute(f"PRAGMA journal_size_limit = {KEPT_LOG_BYTES}").fetchone()
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_BYTES // 1024}")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    connection = _connect(path)
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
    connection.execute(f"PRAGMA cache_size = -{READER_CACHE_BYTES // 1024}")
    connection.execute("PRAGMA query_only = ON")
    return connection


def connect_snapshot(path: Path) -> sqlite3.Connection:
    """For another process than the server's, beside it or without it: reads, and can do nothing else.

    The file is opened for reading only, so the system itself refuses a checkpoint: of this connection, and at its end
    even when it is the last one to close.
    """
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
    return connection


def is_store_wide(error: BaseException) -> bool:
    """Disk full, I/O error, locked: no write can succeed now. Otherwise the fault lies with one statement."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.Error) and isinstance(code, int) and code & 0xFF in _STORE_WIDE


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute("PRAGMA temp_store = MEMORY")
    for view in TEMP_VIEWS:
        connection.execute(view)
    return connection
