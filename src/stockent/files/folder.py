"""Blobs in a folder of this machine: the default.

Below DATA_DIR: `uploads/` holds what is staged, `files/` the blobs, both split by the last two digits of the id, and
`files/new/` copies that are being made. One process owns them, which the store's lock sees to.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

from stockent.messaging.blobs import (
    Label,
    NoSuchBlob,
    NoSuchUpload,
    StorageUnavailable,
    StoredBlob,
)

from . import disk
from .disk import RESERVE_BYTES, SHARDS, Shelf
from .staging import Staging

FILES = "files"
NEW = "new"
#: What is read in one step and handed on.
READ_BYTES = 256 * 1024


class FolderBlobs(Staging):
    """Implements `messaging.blobs.Blobs`."""

    def __init__(self, data_dir: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        super().__init__(data_dir, reserve_bytes=reserve_bytes)
        self._files = Shelf(data_dir / FILES, reserve_bytes=reserve_bytes)
        self._new = data_dir / FILES / NEW

    async def open(self) -> None:
        await super().open()
        await self._threads.run(self._prepare)

    def _prepare(self) -> None:
        self._files.prepare()
        self._new.mkdir(mode=disk.DIRECTORY_MODE, exist_ok=True)
        for left in self._new.iterdir():
            left.unlink()

    async def ping(self) -> None:
        await super().ping()
        await self._threads.run(self._files.check)

    async def publish(
        self, upload_id: str, blob_id: str, label: Label, *, source: Path | None = None
    ) -> None:
        with self._left(upload_id) as staged:
            await self._threads.run(self._publish, staged, blob_id, source)

    def _publish(self, staged: Path, blob_id: str, source: Path | None) -> None:
        target = self._files.place(blob_id)
        if not staged.exists():
            if not target.exists():
                raise NoSuchUpload("no such upload")
        elif source is None:
            disk.move(staged, target, scratch=self._new)
        else:
            self._copy(source, target)
            disk.remove(staged)

    async def put(self, blob_id: str, source: Path, label: Label) -> None:
        await self._threads.run(self._put, blob_id, source)

    def _put(self, blob_id: str, source: Path) -> None:
        self._copy(source, self._files.place(blob_id))

    def _copy(self, source: Path, target: Path) -> None:
        self._files.need_room(source.stat().st_size)
        disk.copy_into(source, target, scratch=self._new)

    async def delete(self, blob_id: str) -> None:
        await self._threads.run(disk.remove, self._files.path(blob_id))

    async def size(self, blob_id: str) -> int | None:
        return await self._threads.run(disk.size, self._files.path(blob_id))

    async def read(self, blob_id: str, start: int, end: int) -> AsyncGenerator[bytes]:
        path = self._files.path(blob_id)
        if start == end and await self._threads.run(disk.size, path) is None:
            raise NoSuchBlob("no such file")
        while start < end:
            chunk = await self._threads.run(_read, path, start, min(READ_BYTES, end - start))
            start += len(chunk)
            yield chunk

    async def signed_url(self, blob_id: str, *, expires_s: int) -> str | None:
        self._files.path(blob_id)
        return None

    async def list_blobs(self) -> AsyncGenerator[StoredBlob]:
        for shard in SHARDS:
            for entry in await self._threads.run(self._files.entries, shard):
                yield StoredBlob(*entry)


def _read(path: Path, start: int, size_bytes: int) -> bytes:
    try:
        chunk = disk.read_at(path, start, size_bytes)
    except FileNotFoundError:
        raise NoSuchBlob("no such file") from None
    if not chunk:
        raise StorageUnavailable("the file is shorter than it was")
    return chunk
