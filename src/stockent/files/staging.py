"""Uploads on local disk while they grow: the half of `Blobs` that the folder and S3 have in common.

No file stays open between two steps, so a sender that vanishes leaves nothing to close.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from stockent.messaging.blobs import BlobError, NoSuchUpload, StagedUpload, TooLarge, UploadBusy, WrongOffset

from . import disk
from .disk import SHARDS, Shelf
from .threads import Threads, ended

UPLOADS = "uploads"
#: Chunks of the network, however small, are gathered to this size: a step on a thread costs more than a small write.
WRITE_BYTES = 1024 * 1024


class Staging:
    """The uploads of `messaging.blobs.Blobs`, below `data_dir`, which one process owns; a subclass adds the blobs."""

    def __init__(self, data_dir: Path, *, reserve_bytes: int) -> None:
        self._threads = Threads()
        self._uploads = Shelf(data_dir / UPLOADS, reserve_bytes=reserve_bytes)
        self._growing: set[str] = set()
        self._inspected: set[str] = set()
        self._leaving: set[str] = set()

    async def open(self) -> None:
        await self._threads.run(self._prepare_uploads)

    def _prepare_uploads(self) -> None:
        """An inspection writes beside the upload; one that was killed has left it there."""
        self._uploads.prepare()
        for shard in SHARDS:
            for left in self._uploads.strays(shard):
                left.unlink()

    async def close(self) -> None:
        await self._threads.close()

    async def ping(self) -> None:
        await self._threads.run(self._uploads.check)

    async def begin(self, upload_id: str) -> None:
        await self._threads.run(self._begin, upload_id)

    def _begin(self, upload_id: str) -> None:
        path = self._uploads.place(upload_id)
        self._uploads.need_room(0)
        disk.create_empty(path)

    async def append(
        self, upload_id: str, offset: int, chunks: AsyncIterator[bytes], *, limit_bytes: int
    ) -> int:
        path = self._uploads.path(upload_id)
        if upload_id in self._inspected or upload_id in self._leaving:
            raise UploadBusy("the upload is complete and being looked at")
        with _claim(self._growing, upload_id):
            end = await self.offset(upload_id)
            if end is None:
                raise NoSuchUpload("no such upload")
            if end != offset:
                raise WrongOffset(end, offset)
            tail = _Tail(path, offset, self._uploads, self._threads, limit_bytes=limit_bytes)
            return await _receive(tail, chunks)

    async def offset(self, upload_id: str) -> int | None:
        return await self._threads.run(disk.size, self._uploads.path(upload_id))

    async def abandon(self, upload_id: str) -> None:
        await self._threads.run(disk.remove, self._uploads.path(upload_id))

    @asynccontextmanager
    async def local_path(self, upload_id: str) -> AsyncIterator[Path]:
        path = self._uploads.path(upload_id)
        self._refuse_growing(upload_id)
        with _claim(self._inspected, upload_id):
            if await self.offset(upload_id) is None:
                raise NoSuchUpload("no such upload")
            yield path

    @contextmanager
    def _left(self, upload_id: str) -> Iterator[Path]:
        """Its file, which is being published: an append now would write into the blob."""
        path = self._uploads.path(upload_id)
        self._refuse_growing(upload_id)
        with _claim(self._leaving, upload_id):
            yield path

    async def list_uploads(self, *, touched_before: float) -> AsyncGenerator[StagedUpload]:
        for shard in SHARDS:
            for entry in await self._threads.run(self._uploads.entries, shard):
                if entry.modified_at < touched_before and entry.id not in self._growing:
                    yield StagedUpload(*entry)

    def _refuse_growing(self, upload_id: str) -> None:
        if upload_id in self._growing:
            raise UploadBusy("the upload is growing")


@contextmanager
def _claim(held: set[str], upload_id: str) -> Iterator[None]:
    if upload_id in held:
        raise UploadBusy("somebody else has the upload now")
    held.add(upload_id)
    try:
        yield
    finally:
        held.discard(upload_id)


async def _receive(tail: _Tail, chunks: AsyncIterator[bytes]) -> int:
    try:
        async for chunk in chunks:
            await tail.take(chunk)
        return await tail.keep()
    except BlobError:
        await ended(asyncio.ensure_future(tail.take_back()))
        raise
    except BaseException:
        # The sender broke off, or the caller was cancelled.
        await ended(asyncio.ensure_future(tail.keep()))
        raise


class _Tail:
    """The bytes that one append adds, gathered for few large writes; all of them can be taken back.

    Writing what was written already is harmless, so a step that was cancelled is simply done again.
    """

    def __init__(self, path: Path, start: int, shelf: Shelf, threads: Threads, *, limit_bytes: int) -> None:
        self._path = path
        self._start = start
        self._shelf = shelf
        self._threads = threads
        self._limit_bytes = limit_bytes
        self._written_to = start
        self._end = start
        self._gathered = bytearray()

    async def take(self, chunk: bytes) -> None:
        if self._end + len(chunk) > self._limit_bytes:
            raise TooLarge(self._limit_bytes)
        self._gathered += chunk
        self._end += len(chunk)
        if len(self._gathered) >= WRITE_BYTES:
            await self._write(sync=False)

    async def keep(self) -> int:
        """Write the rest and make all durable; all or, when that fails, nothing."""
        try:
            await self._write(sync=True)
        except BlobError:
            await self.take_back()
            raise
        return self._end

    async def take_back(self) -> None:
        """Free the room; the failure that led here matters more than one of this."""
        with suppress(BlobError):
            await self._threads.run(self._truncate)

    async def _write(self, *, sync: bool) -> None:
        await self._threads.run(self._write_gathered, sync=sync)
        self._gathered.clear()
        self._written_to = self._end

    def _write_gathered(self, *, sync: bool) -> None:
        self._shelf.need_room(len(self._gathered))
        try:
            disk.write_at(self._path, self._written_to, self._gathered, sync=sync)
        except FileNotFoundError:
            raise NoSuchUpload("the upload was abandoned") from None

    def _truncate(self) -> None:
        with suppress(FileNotFoundError), self._path.open("r+b") as file:
            file.truncate(self._start)
            os.fsync(file.fileno())
