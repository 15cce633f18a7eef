"""The store: implements `messaging.ports.Store`. SQL lives here and nowhere else.

`open_store` makes the store that a `DATABASE_URL` names, not yet open; `migrate` brings one to the newest schema
without serving it; `database_file` is where it lies, for who copies it (`snapshots`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from stockent.messaging.ports import Store, StoreError, StoreInUse

from .checking import refuse_damaged
from .lock import claim, lock_store
from .migrate import upgrade
from .sqlite import SqliteStore

__all__ = ["StoreError", "database_file", "is_held", "migrate", "open_store", "store_exists"]


def open_store(database_url: str, *, clock: Callable[[], float] = time.time) -> Store:
    """The store of this address; call its `open` before use. Raises `StoreError` for an address it cannot serve.

    `sqlite:///relative/path` or `sqlite:////absolute/path`. `clock` gives seconds since the epoch.
    """
    return SqliteStore(database_file(database_url), clock=clock)


def store_exists(database_url: str) -> bool:
    return database_file(database_url).exists()


def migrate(database_url: str) -> Path:
    """Bring the store to the newest schema and return its file. Blocks; no server may run on it meanwhile."""
    path = database_file(database_url)
    lock = claim(path)
    try:
        refuse_damaged(path)
        upgrade(path)
    finally:
        lock.release()
    return path


def is_held(database_url: str) -> str | None:
    """A sentence about the other process that has this store, None when none has. Raises `StoreError`."""
    try:
        lock_store(database_file(database_url)).release()
    except StoreInUse as error:
        return str(error)
    return None


def database_file(database_url: str) -> Path:
    """The file of the store at this address, which need not be there. Raises `StoreError` as `open_store` does."""
    url = _parse(database_url)
    kind = url.get_backend_name()
    if kind in ("postgresql", "postgres"):
        raise StoreError(
            "PostgreSQL comes with a later version: until then leave DATABASE_URL empty for a SQLite file in"
            " DATA_DIR, or set it to sqlite:///path/to/file.db"
        )
    if kind != "sqlite" or url.get_driver_name() not in ("pysqlite", "sqlite"):
        raise StoreError(f"DATABASE_URL: expected sqlite:///path/to/file.db, got one of {url.drivername!r}")
    if url.host or not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreError("DATABASE_URL: expected the path of a file after sqlite:///")
    return Path(url.database)


def _parse(database_url: str) -> URL:
    try:
        return make_url(database_url)
    except (ArgumentError, ValueError) as error:
        raise StoreError("DATABASE_URL: expected an address like sqlite:///path/to/file.db") from error
