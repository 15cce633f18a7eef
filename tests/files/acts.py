"""What tests do with blobs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing

from stockent.messaging.blobs import Blobs, Label, StagedUpload

PNG = Label("image/png", "photo.png")
MIB = 1024 * 1024
LIMIT_BYTES = 32 * MIB


def new_id() -> str:
    return os.urandom(16).hex()


async def sending(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def in_chunks(content: bytes, size: int = 64 * 1024) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


class Lost(Exception):
    """The sender's connection broke."""


async def breaking(content: bytes) -> AsyncIterator[bytes]:
    async for chunk in in_chunks(content):
        yield chunk
    raise Lost


async def uploaded(blobs: Blobs, content: bytes) -> str:
    """A complete upload, not published."""
    upload_id = new_id()
    await blobs.begin(upload_id)
    assert await blobs.append(upload_id, 0, in_chunks(content), limit_bytes=LIMIT_BYTES) == len(content)
    return upload_id


async def published(blobs: Blobs, content: bytes, label: Label = PNG) -> str:
    blob_id = new_id()
    await blobs.publish(await uploaded(blobs, content), blob_id, label)
    return blob_id


async def read(blobs: Blobs, blob_id: str, start: int, end: int) -> bytes:
    async with aclosing(blobs.read(blob_id, start, end)) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def whole(blobs: Blobs, blob_id: str) -> bytes:
    size = await blobs.size(blob_id)
    assert size is not None, "no such blob"
    return await read(blobs, blob_id, 0, size)


async def staged(blobs: Blobs, upload_id: str) -> bytes:
    async with blobs.local_path(upload_id) as path:
        return path.read_bytes()


async def all_uploads(blobs: Blobs) -> dict[str, StagedUpload]:
    """Every upload, whenever it was touched."""
    return {upload.id: upload async for upload in blobs.list_uploads(touched_before=float("inf"))}
