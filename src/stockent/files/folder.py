"""Blobs in a folder of this machine: the default.

Below DATA_DIR: `uploads/` holds what is staged, `files/` the blobs, both split by the last two digits of the id, and
`files/new/` copies that are being made. One process owns them, which the store's lock sees to.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from stockent.messaging.blobs import (
    Label,
    NoSuchBlob,
    NoSuchUpload,
    StagedUpload,
    StorageUnavailable,
    StoredBlob,
)

from . import disk
from .disk import RESERVE_BYTES, SHARDS, Shelf
from .staging import Staging
from .threads import Threads

UPLOADS = "uploads"
FILES = "files"
NEW = "new"
#: What is read in one step and handed on.
READ_BYTES = 256 * 1024


class FolderBlobs:
    """Implements `messaging.blobs.Blobs`."""

    def __init__(self, data_dir: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._threads = Threads()
        self._staging = Staging(data_dir / UPLOADS, self._threads, reserve_bytes=reserve_bytes)
        self._shelf = Shelf(data_dir / FILES, reserve_bytes=reserve_bytes)
        self._new = data_dir / FILES / NEW

    async def open(self) -> None:
        await self._staging.open()
        await self._threads.run(self._prepare)

    def _prepare(self) -> None:
        self._shelf.prepare()
        self._new.mkdir(mode=disk.DIRECTORY_MODE, exist_ok=True)
        for left in self._new.iterdir():
            left.unlink()

    async def close(self) -> None:
        await self._threads.close()

    async def ping(self) -> None:
        await self._staging.ping()
        await self._threads.run(self._shelf.check)

    # uploads

    async def begin(self, upload_id: str) -> None:
        await self._staging.begin(upload_id)

    async def append(
        self, upload_id: str, offset: int, chunks: AsyncIterator[bytes], *, limit_bytes: int
    ) -> int:
        return await self._staging.append(upload_id, offset, chunks, limit_bytes=limit_bytes)

    async def offset(self, upload_id: str) -> int | None:
        return await self._staging.offset(upload_id)

    async def abandon(self, upload_id: str) -> None:
        await self._staging.abandon(upload_id)

    def local_path(self, upload_id: str) -> AbstractAsyncContextManager[Path]:
        return self._staging.local_path(upload_id)

    def list_uploads(self, *, touched_before: float) -> AsyncGenerator[StagedUpload]:
        return self._staging.list_uploads(touched_before=touched_before)

    # blobs

    async def publish(
        self, upload_id: str, blob_id: str, label: Label, *, source: Path | None = None
    ) -> None:
        with self._staging.leaving(upload_id) as staged:
            await self._threads.run(self._publish, staged, blob_id, source)

    def _publish(self, staged: Path, blob_id: str, source: Path | None) -> None:
        target = self._shelf.place(blob_id)
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
        self._copy(source, self._shelf.place(blob_id))

    def _copy(self, source: Path, target: Path) -> None:
        self._shelf.need_room(source.stat().st_size)
        disk.copy_into(source, target, scratch=self._new)

    async def delete(self, blob_id: str) -> None:
        await self._threads.run(disk.remove, self._shelf.path(blob_id))

    async def size(self, blob_id: str) -> int | None:
        return await self._threads.run(disk.size, self._shelf.path(blob_id))

    async def read(self, blob_id: str, start: int, end: int) -> AsyncGenerator[bytes]:
        path = self._shelf.path(blob_id)
        if start == end and await self._threads.run(disk.size, path) is None:
            raise NoSuchBlob("no such file")
        while start < end:
            chunk = await self._threads.run(_read, path, start, min(READ_BYTES, end - start))
            start += len(chunk)
            yield chunk

    async def signed_url(self, blob_id: str, *, expires_s: int) -> str | None:
        self._shelf.path(blob_id)
        return None

    async def list_blobs(self) -> AsyncGenerator[StoredBlob]:
        for shard in SHARDS:
            for entry in await self._threads.run(self._shelf.entries, shard):
                yield StoredBlob(*entry)


def _read(path: Path, start: int, size_bytes: int) -> bytes:
    try:
        chunk = disk.read_at(path, start, size_bytes)
    except FileNotFoundError:
        raise NoSuchBlob("no such file") from None
    if not chunk:
        raise StorageUnavailable("the file is shorter than it was")
    return chunk
