"""Bytes from one file to another, hashed on the way, durable at the end, at a pace that leaves the disk to others."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..files.disk import DIRECTORY_MODE, FILE_MODE, sync_directory
from .errors import BackupError
from .progress import sized

CHUNK_BYTES = 1024 * 1024
#: Left free on a disk that is copied to.
RESERVE_BYTES = 64 * 1024 * 1024


class Copied(NamedTuple):
    size_bytes: int
    sha256: str


class Pace:
    """At most so many bytes a second on average; None for as fast as it goes."""

    def __init__(
        self,
        bytes_per_s: float | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._bytes_per_s = bytes_per_s
        self._now = now
        self._sleep = sleep
        self._free_at = now()

    def spend(self, size_bytes: int) -> None:
        """Wait as long as these bytes have to take."""
        if self._bytes_per_s is None:
            return
        now = self._now()
        self._free_at = max(self._free_at, now) + size_bytes / self._bytes_per_s
        if self._free_at > now:
            self._sleep(self._free_at - now)


class Tally:
    """How far a copy of many files is, told with each chunk."""

    def __init__(self, all_bytes: int, tell: Callable[[int, int], object], pace: Pace | None = None) -> None:
        self._all_bytes = all_bytes
        self._tell = tell
        self._pace = pace or Pace()
        self.done_bytes = 0

    def add(self, size_bytes: int) -> None:
        self.done_bytes += size_bytes
        self._tell(self.done_bytes, self._all_bytes)
        self._pace.spend(size_bytes)


def copy(source: Path, target: Path, tally: Tally) -> Copied:
    """Make `target`, which must not be there, a durable copy for its owner's eyes; its name is not durable yet."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), FILE_MODE)
    with os.fdopen(descriptor, "wb") as written, source.open("rb") as read:
        digest = hashlib.sha256()
        size_bytes = 0
        while chunk := read.read(CHUNK_BYTES):
            written.write(chunk)
            digest.update(chunk)
            size_bytes += len(chunk)
            tally.add(len(chunk))
        written.flush()
        os.fsync(written.fileno())
    return Copied(size_bytes, digest.hexdigest())


def hashed(path: Path, tally: Tally) -> Copied:
    digest = hashlib.sha256()
    size_bytes = 0
    with path.open("rb") as read:
        while chunk := read.read(CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
            tally.add(len(chunk))
    return Copied(size_bytes, digest.hexdigest())


def write(path: Path, content: bytes) -> None:
    """A new file, durable but for its name."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def make_directory(path: Path) -> Path:
    """With those above it, for the owner alone as far as they are new."""
    for each in reversed([path, *path.parents]):
        if not each.exists():
            each.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    return path


def sync_tree(root: Path) -> None:
    """Make the names in it durable, and in the directories below, and its own."""
    for directory, _, _ in os.walk(root):
        sync_directory(Path(directory))
    sync_directory(root.parent)


def need_room(directory: Path, size_bytes: int) -> None:
    """Raise `BackupError` unless so much, and a reserve, is free where `directory` lies."""
    free = shutil.disk_usage(directory).free
    if free < size_bytes + RESERVE_BYTES:
        raise BackupError(
            f"expected {sized(size_bytes + RESERVE_BYTES)} of free room at {directory}, found {sized(free)}"
        )
