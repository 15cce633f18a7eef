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
    """Make the folder and the file where there are none, for the owner's eyes only, and lock them.

    A file that is not there means a new store, so one that a restore was about to put there is waited for.
    """
    lock = lock_store(database)
    try:
        marker = restoring_marker(database)
        if marker.exists():
            raise StoreError(
                f"a restore of {database} was interrupted: run `stockent restore` again. (It left {marker}.)"
            )
        os.close(_create(database))
    except BaseException:
        lock.release()
        raise
    return lock


def lock_store(database: Path) -> FileLock:
    """Lock the place of a store, whether there is one or not."""
    _make_folder(database.parent)
    lock = FileLock(database.with_name(database.name + ".lock"))
    lock.acquire()
    return lock


def restoring_marker(database: Path) -> Path:
    """There while a restore exchanges the files of a store."""
    return database.with_name(database.name + ".restoring")


def _make_folder(folder: Path) -> None:
    """With the folders above it, each name durable: what is stored later lies in them."""
    try:
        for each in reversed([each for each in folder.parents if not each.exists()]):
            each.mkdir(mode=0o700, exist_ok=True)
            sync_folder(each.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
    except OSError as error:
        raise StoreError(f"cannot create the folder {folder}: {error.strerror}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in it durable; Windows keeps no folder open, and has no need to."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _create(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"cannot create or write {path}: {error.strerror}") from error
