"""A lock file beside the database: one process at a time owns the store's one writing connection.

The operating system releases it when the process ends, however it ends, so a stale file never bars the next start.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stockent.messaging.ports import StoreError, StoreInUse

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Held from `acquire` to `release`; raises `StoreInUse` when another process holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        descriptor = _create(self.path)
        try:
            _try_lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise StoreInUse(
                f"another process uses this store: it holds {self.path}. Stop it, or choose another DATA_DIR."
            ) from error
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def claim(database: Path) -> FileLock:
    """Make the folder and the file where there are none, for the owner's eyes only, and lock them."""
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot create the folder {database.parent}: {error.strerror}") from error
    lock = FileLock(database.with_name(database.name + ".lock"))
    lock.acquire()
    try:
        os.close(_create(database))
    except BaseException:
        lock.release()
        raise
    return lock


def _create(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"cannot create or write {path}: {error.strerror}") from error
