"""What attachments need from outside: a place for their bytes, first staged as uploads, then kept as blobs.

An upload grows by appends until it is published under a blob's id; a blob never changes, it is only read and deleted.
`tests/files/` holds one suite that judges every implementation. What the bytes mean, whose they are and who may see
them is not known here: the caller has proved it before.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple, Protocol


class Label(NamedTuple):
    """What a link that leads past this server says of a blob: its type by content, and the name to save it under.

    A link never shows a file in place, whatever its type; one that a browser might run is called plain bytes.
    """

    media_type: str
    name: str | None = None


class StagedUpload(NamedTuple):
    """`touched_at`: when it last grew, in seconds since the epoch."""

    id: str
    size_bytes: int
    touched_at: float


class StoredBlob(NamedTuple):
    """`stored_at` in seconds since the epoch: a blob is there a moment before any row names it."""

    id: str
    size_bytes: int
    stored_at: float


class BlobError(Exception):
    """Every failure of `Blobs`. The text holds no path and no secret."""


class BadIdError(BlobError):
    """Not an id that the server makes: 16 to 64 lower-case hexadecimal digits."""


class NoSuchUpload(BlobError):
    """Never begun, abandoned, or published already."""


class NoSuchBlob(BlobError):
    """Never published, or deleted."""


class WrongOffset(BlobError):
    """An append that does not start where the upload ends; `offset` is where it does."""

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(f"expected an append at {expected}, where the upload ends, got one at {got}")
        self.offset = expected


class UploadBusy(BlobError):
    """Another append or an inspection has this upload now; trying again later may succeed."""


class TooLarge(BlobError):
    """More bytes came than the upload may have."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"expected at most {limit_bytes} bytes in all, got more")
        self.limit_bytes = limit_bytes


class StorageFull(BlobError):
    """No room: the disk or the quota is full. What was there before is untouched."""


class StorageUnavailable(BlobError):
    """The storage does not answer or fails. What was there before is untouched."""


class Blobs(Protocol):
    """Bytes by id. Ids are made by the server; each method raises `BadIdError` for what cannot be one.

    Atomicity: a blob is there whole or not at all, to readers and after a crash.

    Durability: what an awaited method reported is on disk, or with the object storage.

    Failure: raises `StorageFull` or `StorageUnavailable`; then nothing half-written stays and its room is free again.

    Cancellation: a step that was begun ends before the cancelled caller goes on, so nothing runs on behind its back.
    A cancelled method may have taken effect; calling it again is harmless unless it says otherwise.

    Memory: a few chunks for each call, whatever the size. No call blocks the event loop.
    """

    async def open(self) -> None:
        """Make ready, and clear what a crash left half-written. Raises `StorageUnavailable` with the reason."""
        ...

    async def close(self) -> None:
        """End what runs, then refuse with `StorageUnavailable`. Idempotent."""
        ...

    async def ping(self) -> None:
        """Prove that the storage answers. Raises `StorageUnavailable` otherwise. A full one still answers."""
        ...

    # uploads

    async def begin(self, upload_id: str) -> None:
        """Stage an empty upload; one that is there already stays as it is."""
        ...

    async def append(
        self, upload_id: str, offset: int, chunks: AsyncIterator[bytes], *, limit_bytes: int
    ) -> int:
        """Write `chunks` at `offset`, which must be the upload's end, and return the new end, durable.

        When `chunks` raises or the caller is cancelled, what came before is kept and durable, and the exception goes
        on: the sender asks `offset` and resumes. When the upload would exceed `limit_bytes`, `TooLarge`; then, as
        when the storage fails, nothing of this append is kept. One append at a time: the second is `UploadBusy`,
        which touches nothing, and so is one during `local_path`. Raises `WrongOffset`, `NoSuchUpload`.
        """
        ...

    async def offset(self, upload_id: str) -> int | None:
        """Where the upload ends, None when there is none. During an append it may move."""
        ...

    async def abandon(self, upload_id: str) -> None:
        """Remove it and free its room; a running append ends with `NoSuchUpload`. Idempotent."""
        ...

    def local_path(self, upload_id: str) -> AbstractAsyncContextManager[Path]:
        """The upload as a local file to look at, not to change. It cannot grow until the block ends.

        `publish` inside the block, so that what was inspected is what is published. Raises `NoSuchUpload`,
        `UploadBusy`.
        """
        ...

    def list_uploads(self, *, touched_before: float) -> AsyncGenerator[StagedUpload]:
        """Every upload that has not grown since then, in no order: also what a crash left."""
        ...

    # blobs

    async def publish(
        self, upload_id: str, blob_id: str, label: Label, *, source: Path | None = None
    ) -> None:
        """Make the upload, or the file `source` in its place, a blob; then the upload is gone. `source` stays.

        When it fails the upload is still there. Repeating what has succeeded is harmless. Raises `NoSuchUpload`, and
        `UploadBusy` during an append.
        """
        ...

    async def put(self, blob_id: str, source: Path, label: Label) -> None:
        """Keep a copy of `source` as a blob; one that is there already is replaced, whole."""
        ...

    async def delete(self, blob_id: str) -> None:
        """Remove it; who reads it may be cut off. Idempotent."""
        ...

    async def size(self, blob_id: str) -> int | None:
        """In bytes; None when there is no such blob."""
        ...

    def read(self, blob_id: str, start: int, end: int) -> AsyncGenerator[bytes]:
        """Yield the bytes from `start` up to, not including, `end`: exactly so many, in small chunks.

        Await the first chunk before promising anything to a client: it raises `NoSuchBlob`. A blob that turns out
        shorter raises `StorageUnavailable`. May be left at any point; holds nothing open between chunks.
        """
        ...

    async def signed_url(self, blob_id: str, *, expires_s: int) -> str | None:
        """A link that gives the blob to whoever holds it, for so long; None where there are no links.

        Does not look whether the blob is there.
        """
        ...

    def list_blobs(self) -> AsyncGenerator[StoredBlob]:
        """Every blob, in no order; one that comes or goes meanwhile may be missing."""
        ...
