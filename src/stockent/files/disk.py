"""Files by id in a directory that is split into 256: where one lies, and the steps that are atomic and durable.

Every function blocks; `threads.Threads` runs them. No id reaches a path unchecked.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from stockent.messaging.blobs import BadIdError

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
SHARDS = tuple(f"{number:02x}" for number in range(256))
#: Room that files leave on the disk, so that conversations can still be written when no file can.
RESERVE_BYTES = 64 * 1024 * 1024
_ID = re.compile(r"[0-9a-f]{16,64}")
#: Windows has none, and keeps no directory open.
_DIRECTORY = getattr(os, "O_DIRECTORY", None)
_BINARY = getattr(os, "O_BINARY", 0)


class Entry(NamedTuple):
    id: str
    size_bytes: int
    modified_at: float


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def shard(file_id: str) -> str:
    """The two digits at the id's random end: the start of an id is a time, which would fill one after another."""
    if not is_id(file_id):
        raise BadIdError(f"expected an id of 16 to 64 hexadecimal digits, got {file_id[:80]!r}")
    return file_id[-2:]


class Shelf:
    """The files below `root`. `reserve_bytes` is the room that writing leaves on its disk."""

    def __init__(self, root: Path, *, reserve_bytes: int) -> None:
        self.root = root
        self._reserve_bytes = reserve_bytes

    def path(self, file_id: str) -> Path:
        return self.root / shard(file_id) / file_id

    def prepare(self) -> None:
        self.root.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        self.root.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        sync_directory(self.root.parent)

    def check(self) -> None:
        """Raise `OSError` unless files can be made and found here."""
        if not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "expected a directory that can be read and written")

    def place(self, file_id: str) -> Path:
        """Its path, in a directory that is there."""
        path = self.path(file_id)
        try:
            path.parent.mkdir(mode=DIRECTORY_MODE)
        except FileExistsError:
            return path
        sync_directory(self.root)
        return path

    def entries(self, shard_name: str) -> list[Entry]:
        """What lies in one of the 256; anything that is not ours is not seen."""
        try:
            with os.scandir(self.root / shard_name) as found:
                return [entry for item in found if (entry := _entry(item, shard_name)) is not None]
        except FileNotFoundError:
            return []

    def strays(self, shard_name: str) -> list[Path]:
        """What somebody wrote beside a file, under its name and an ending."""
        try:
            with os.scandir(self.root / shard_name) as found:
                return [
                    Path(item) for item in found if is_id(item.name.partition(".")[0]) and "." in item.name
                ]
        except FileNotFoundError:
            return []

    def need_room(self, size_bytes: int) -> None:
        """Raise `OSError` (ENOSPC) when so much more would touch the reserve."""
        if shutil.disk_usage(self.root).free < self._reserve_bytes + size_bytes:
            raise OSError(
                errno.ENOSPC, f"the last {self._reserve_bytes} bytes of the disk are kept for the store"
            )


def _entry(item: os.DirEntry[str], shard_name: str) -> Entry | None:
    if not is_id(item.name) or not item.name.endswith(shard_name):
        return None
    try:
        status = item.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Entry(item.name, status.st_size, status.st_mtime)


def create_empty(path: Path) -> None:
    """Durably; a file that is there stays as it is."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | _BINARY, FILE_MODE))
    sync_directory(path.parent)


def write_at(path: Path, offset: int, content: bytes | bytearray, *, sync: bool) -> None:
    """Write all of it at `offset` of a file that is there; with `sync` it and all before is durable.

    A full disk may take a part and refuse only then.
    """
    descriptor = os.open(path, os.O_WRONLY | _BINARY)
    try:
        os.lseek(descriptor, offset, os.SEEK_SET)
        with memoryview(content) as view:
            written = 0
            while written < len(view):
                written += os.write(descriptor, view[written:])
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_at(path: Path, offset: int, size_bytes: int) -> bytes:
    """Up to so many bytes; fewer only at the end of the file."""
    descriptor = os.open(path, os.O_RDONLY | _BINARY)
    try:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size_bytes)
    finally:
        os.close(descriptor)


def copy_into(source: Path, target: Path, *, scratch: Path) -> None:
    """Make `target` a durable copy of `source`, by a file in the directory `scratch` of the same file system."""
    descriptor, name = tempfile.mkstemp(dir=scratch)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as copy, source.open("rb") as original:
            shutil.copyfileobj(original, copy, 1024 * 1024)
            copy.flush()
            os.fsync(copy.fileno())
        made.replace(target)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)


def move(source: Path, target: Path, *, scratch: Path) -> None:
    """Make `source` be `target`, durably; across file systems by a copy."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_into(source, target, scratch=scratch)
        source.unlink()
    sync_directory(target.parent)
    sync_directory(source.parent)


def remove(path: Path) -> None:
    """Durably, if it is there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    sync_directory(path.parent)


def size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def sync_directory(path: Path) -> None:
    """Make the names in it durable."""
    if _DIRECTORY is None:
        return
    descriptor = os.open(path, os.O_RDONLY | _DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
