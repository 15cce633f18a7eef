"""Keeps files of a running server from going away: a second name for each, in a directory that the server leaves alone.

A file never changes, so a name is as good as a copy. Pins of a process that was killed would keep what people deleted:
`clear_dead` removes them, at the start of a server and of the next backup.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..files.disk import FILE_MODE, shard
from ..messaging.ports import StoreError
from ..store.lock import FileLock
from .copying import make_directory

PINNED = "pinned"
_LOCK = "lock"


class Pins:
    """The pinned files of one backup, by id. `files` is where the server keeps them."""

    def __init__(self, files: Path, directory: Path) -> None:
        self._files = files
        self._directory = directory

    def path(self, blob_id: str) -> Path:
        return self._directory / blob_id

    def pin(self, blob_id: str) -> bool:
        """Returns whether the file is there, or was when it was first pinned."""
        pinned = self.path(blob_id)
        source = self._files / shard(blob_id) / blob_id
        try:
            os.link(source, pinned)
        except FileExistsError:
            return True
        except FileNotFoundError:
            return False
        except OSError:
            # A file system without second names.
            return _copied(source, pinned)
        return True


@contextmanager
def pinning(files_dir: Path, files: Path) -> Iterator[Pins]:
    """Pins below `files_dir`, on the file system of `files`; gone at the end of the block."""
    clear_dead(files_dir)
    directory = make_directory(files_dir / PINNED / secrets.token_hex(8))
    lock = FileLock(directory / _LOCK)
    lock.acquire()
    try:
        yield Pins(files, directory)
    finally:
        lock.release()
        _remove(directory)


def clear_dead(files_dir: Path) -> None:
    """Remove what backups have left that were killed."""
    with suppress(FileNotFoundError):
        for directory in (files_dir / PINNED).iterdir():
            lock = FileLock(directory / _LOCK)
            with suppress(StoreError):
                lock.acquire()
                lock.release()
                _remove(directory)


def _remove(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    with suppress(OSError):
        directory.parent.rmdir()


def _copied(source: Path, target: Path) -> bool:
    part = target.with_name(target.name + ".part")
    try:
        with source.open("rb") as read, part.open("wb") as written:
            part.chmod(FILE_MODE)
            shutil.copyfileobj(read, written, 1024 * 1024)
    except FileNotFoundError:
        return False
    part.replace(target)
    return True
