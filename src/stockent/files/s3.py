"""Blobs in a bucket of Amazon S3 or of a server that speaks its protocol; uploads are staged on local disk until then.

`obstore` speaks to it. Its signing cannot fix `response-content-*` for one link, so each object carries the headers
that make any link to it safe: the type if it is a harmless one, and always `attachment`. That costs nothing, for
`<img>`, `<audio>` and `<video>` do not look at the disposition.

A process that is killed while it sends a large file leaves parts that no listing shows: give the bucket a lifecycle
rule that aborts incomplete multipart uploads after a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from stockent.messaging.blobs import (
    Label,
    NoSuchBlob,
    NoSuchUpload,
    StorageUnavailable,
    StoredBlob,
)

from .disk import RESERVE_BYTES, is_id, shard
from .files_url import S3Keys, S3Place
from .folder import READ_BYTES
from .serving import content_disposition, content_type
from .staging import Staging
from .threads import ended

if TYPE_CHECKING:
    from obstore.store import S3Credential

T = TypeVar("T")

#: A request may take so long; one that fails is repeated so often, within so much time.
CONNECT_TIMEOUT = timedelta(seconds=5)
REQUEST_TIMEOUT = timedelta(seconds=60)
RETRIES = 3
RETRY_TIMEOUT = timedelta(seconds=20)
#: A larger file goes in parts of this size, two at once: what sending one costs in memory.
PART_BYTES = 8 * 1024 * 1024
PARTS_AT_ONCE = 2
#: Files sent at once; others wait.
MAX_SENDING = 4
#: Fetched by one request, so that a slow reader holds no connection and a broken one costs little.
FETCH_BYTES = 4 * READ_BYTES
#: What Amazon accepts.
MAX_EXPIRES_S = 7 * 24 * 3_600

log = structlog.get_logger("stockent.files")


class S3Blobs(Staging):
    """Implements `messaging.blobs.Blobs`."""

    def __init__(
        self, place: S3Place, keys: S3Keys, data_dir: Path, *, reserve_bytes: int = RESERVE_BYTES
    ) -> None:
        self._links = place.links
        self._bucket = _bucket(place, keys)
        super().__init__(data_dir, reserve_bytes=reserve_bytes)
        self._sending = asyncio.Semaphore(MAX_SENDING)
        self._running: set[asyncio.Future[Any]] = set()
        self._closed = False

    async def open(self) -> None:
        await super().open()
        await self._ping_bucket()

    async def close(self) -> None:
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)
        await super().close()

    async def ping(self) -> None:
        await super().ping()
        await self._ping_bucket()

    async def _ping_bucket(self) -> None:
        """List a folder that is never there: proves address, keys, bucket and the right to list, and moves nothing."""
        async for _ in self._listed("ping"):
            pass

    async def publish(
        self, upload_id: str, blob_id: str, label: Label, *, source: Path | None = None
    ) -> None:
        key = _key(blob_id)
        with self._left(upload_id) as staged:
            if await self.offset(upload_id) is not None:
                publishing = self._send_and_abandon(upload_id, key, source or staged, label)
                await self._to_its_end(asyncio.ensure_future(publishing))
            elif await self.size(blob_id) is None:
                raise NoSuchUpload("no such upload")

    async def _send_and_abandon(self, upload_id: str, key: str, source: Path, label: Label) -> None:
        await self._send(key, source, label)
        await self.abandon(upload_id)

    async def put(self, blob_id: str, source: Path, label: Label) -> None:
        await self._send(_key(blob_id), source, label)

    async def _send(self, key: str, source: Path, label: Label) -> None:
        async with self._sending:
            attributes = {
                "Content-Type": content_type(label.media_type),
                "Content-Disposition": content_disposition(label.name, inline=False),
            }
            await self._asked(
                lambda: obstore.put_async(
                    self._bucket,
                    key,
                    source,
                    attributes=attributes,
                    chunk_size=PART_BYTES,
                    max_concurrency=PARTS_AT_ONCE,
                )
            )

    async def delete(self, blob_id: str) -> None:
        key = _key(blob_id)
        try:
            await self._asked(lambda: obstore.delete_async(self._bucket, key), may_be_missing=True)
        except FileNotFoundError:
            return

    async def size(self, blob_id: str) -> int | None:
        key = _key(blob_id)
        try:
            found = await self._asked(lambda: obstore.head_async(self._bucket, key), may_be_missing=True)
        except FileNotFoundError:
            return None
        return found["size"]

    async def read(self, blob_id: str, start: int, end: int) -> AsyncGenerator[bytes]:
        key = _key(blob_id)
        if start == end and await self.size(blob_id) is None:
            raise NoSuchBlob("no such file")
        while start < end:
            piece = await self._fetch(key, start, min(start + FETCH_BYTES, end))
            start += len(piece)
            for at in range(0, len(piece), READ_BYTES):
                yield piece[at : at + READ_BYTES]

    async def _fetch(self, key: str, start: int, end: int) -> bytes:
        try:
            piece = await self._asked(
                lambda: obstore.get_range_async(self._bucket, key, start=start, end=end), may_be_missing=True
            )
        except FileNotFoundError:
            raise NoSuchBlob("no such file") from None
        if len(piece) != end - start:
            raise StorageUnavailable("the file is shorter than it was")
        return piece.to_bytes()

    async def signed_url(self, blob_id: str, *, expires_s: int) -> str | None:
        key = _key(blob_id)
        if not 1 <= expires_s <= MAX_EXPIRES_S:
            raise ValueError(f"expected 1 to {MAX_EXPIRES_S} seconds, got {expires_s}")
        if not self._links:
            return None
        return await self._asked(
            lambda: obstore.sign_async(self._bucket, "GET", key, timedelta(seconds=expires_s))
        )

    async def list_blobs(self) -> AsyncGenerator[StoredBlob]:
        async for key, size_bytes, modified_at in self._listed(None):
            folder, _, blob_id = key.rpartition("/")
            if is_id(blob_id) and folder == shard(blob_id):
                yield StoredBlob(blob_id, size_bytes, modified_at)

    async def _listed(self, prefix: str | None) -> AsyncGenerator[tuple[str, int, float]]:
        pages = aiter(obstore.list(self._bucket, prefix))
        while True:
            try:
                page = await self._asked(lambda: anext(pages))
            except StopAsyncIteration:
                return
            for item in page:
                yield item["path"], item["size"], item["last_modified"].timestamp()

    async def _asked(self, ask: Callable[[], Awaitable[T]], *, may_be_missing: bool = False) -> T:
        """Await the answer to its end even when cancelled: what the bucket then holds is known to have happened.

        `may_be_missing` lets `FileNotFoundError` pass; else it means that the bucket itself is not there.
        """
        if self._closed:
            raise StorageUnavailable("the file storage is closed")
        try:
            return await self._to_its_end(asyncio.ensure_future(ask()))
        except (BaseError, OSError) as error:
            if may_be_missing and isinstance(error, FileNotFoundError):
                raise
            log.error("files_unavailable", reason=str(error).partition("\n")[0])
            raise StorageUnavailable("the file storage cannot be used now") from error

    async def _to_its_end(self, answer: asyncio.Future[T]) -> T:
        self._running.add(answer)
        answer.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            await ended(answer)
            raise


def _key(blob_id: str) -> str:
    return f"{shard(blob_id)}/{blob_id}"


def _bucket(place: S3Place, keys: S3Keys) -> S3Store:
    """Everything that the library would else look up in the environment is given."""
    credential: S3Credential = {
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "token": keys.session_token,
        "expires_at": None,
    }
    return S3Store(
        place.bucket,
        prefix=place.prefix,
        endpoint=place.endpoint,
        region=place.region,
        virtual_hosted_style_request=not place.path_style,
        skip_signature=False,
        credential_provider=lambda: credential,
        client_options={
            "allow_http": place.endpoint.startswith("http:"),
            "connect_timeout": CONNECT_TIMEOUT,
            "timeout": REQUEST_TIMEOUT,
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_TIMEOUT},
    )
