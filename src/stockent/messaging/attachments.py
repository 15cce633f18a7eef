"""Verbs on files: upload in parts that resume, judge, keep, read, remove. Also what messages show of them.

The row comes first and goes first, its bytes after it: what a crash leaves behind is bytes without a row, which
`sweeping` finds. The blob of a file has the file's id, so every step can be done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import NamedTuple

import structlog

from . import bounds
from .blobs import (
    BlobError,
    Blobs,
    Label,
    NoSuchBlob,
    NoSuchUpload,
    StorageFull,
    TooLarge,
    UploadBusy,
    WrongOffset,
)
from .commands import BeginUpload
from .domain import Actor, Domain
from .errors import Code, MessagingError, invalid, jittered, not_found
from .file_names import safe_name
from .inspection import Inspection, Inspector
from .models import Attachment, AttachmentKind, SharedFilePage, UploadState
from .ports import NewUpload, Upload
from .turns import Turns

#: What one request may bring: a part that is lost on a bad line costs no more than this.
MAX_CHUNK_BYTES = 4 * 1024 * 1024
#: A person's files that no message shows are at most as many, and as large, as fill so many messages.
UNSENT_MESSAGES = 5
#: Parts that come, and files that are looked at, at once. Each part holds a megabyte or two of memory.
MAX_UPLOADS, MAX_UPLOADS_EACH = 128, 8
MAX_DOWNLOADS, MAX_DOWNLOADS_EACH = 512, 32
#: A link that leads past this server: what an access that is taken away may outlive. A player seeks by it, too.
LINK_EXPIRES_S = 300
ID_DIGITS = 32
RETRY_AFTER_MS = 1_000

log = structlog.get_logger("stockent.messaging")


class BegunUpload(NamedTuple):
    state: UploadState
    repeated: bool


class File(NamedTuple):
    """What may be sent to somebody who was proved to be allowed to have it."""

    blob_id: str
    size_bytes: int
    media_type: str
    name: str | None


class Attachments:
    """One for a node. `domain` gives the store and the policy."""

    def __init__(self, domain: Domain, blobs: Blobs, inspector: Inspector) -> None:
        self._store = domain.store
        self._policy = domain.policy
        self._blobs = blobs
        self._inspector = inspector
        self._uploading = Turns("uploads", most=MAX_UPLOADS, most_each=MAX_UPLOADS_EACH)
        self._downloading = Turns("downloads", most=MAX_DOWNLOADS, most_each=MAX_DOWNLOADS_EACH)
        self._running: set[asyncio.Timeout] = set()
        self._stopping = False

    async def ping(self) -> None:
        """Prove that the file storage answers. Raises `MessagingError` otherwise."""
        with _told():
            await self._blobs.ping()

    def stop(self) -> None:
        """Before a planned stop: parts that come are broken off, as far as they came, and downloads end."""
        self._stopping = True
        now = asyncio.get_running_loop().time()
        for limit in self._running:
            limit.reschedule(now)

    # uploading

    async def begin(self, actor: Actor, body: BeginUpload) -> BegunUpload:
        """Announce a file; the same `clientId` with the same data again gives the upload as it stands."""
        policy = self._policy
        if body.size_bytes < 1:
            raise invalid("sizeBytes", "expected a file of at least 1 byte, got an empty one")
        if body.size_bytes > policy.max_attachment_bytes:
            raise MessagingError(
                Code.TOO_LARGE,
                f"expected a file of at most {policy.max_attachment_bytes} bytes, got {body.size_bytes}",
            )
        upload, repeated = await self._store.begin_upload(
            NewUpload(actor.user_id, body.client_id, safe_name(body.name), body.size_bytes, body.voice),
            max_unsent=UNSENT_MESSAGES * policy.max_attachments,
            max_unsent_bytes=UNSENT_MESSAGES * policy.max_attachments * policy.max_attachment_bytes,
        )
        if repeated:
            return BegunUpload(await self._state(upload), repeated=True)
        with _told():
            await self._blobs.begin(upload.id)
        return BegunUpload(_state(upload, 0), repeated=False)

    async def append(
        self, actor: Actor, attachment_id: str, offset: int, chunks: AsyncIterator[bytes]
    ) -> UploadState:
        """Add a part at `offset`; the last one, or an empty one behind it, finishes: the content is judged and kept.

        A part that breaks off is kept as far as it came. A refused content leaves nothing behind. Every other failure
        leaves the upload as it was: to be tried again.
        """
        with self._uploading.taken(actor.user_id):
            async with self._until_stop():
                return await self._appended(actor, attachment_id, offset, chunks)

    async def _appended(
        self, actor: Actor, attachment_id: str, offset: int, chunks: AsyncIterator[bytes]
    ) -> UploadState:
        upload = await self._store.move_upload(attachment_id, owner_id=actor.user_id)
        end = await self._end(upload)
        if offset != end:
            raise _offset_mismatch(end, offset)
        end = await self._append(upload, end, chunks)
        if end == upload.size_bytes and not upload.ready:
            upload = await self._finish(upload, actor.user_id)
        return _state(upload, end)

    async def state(self, actor: Actor, attachment_id: str) -> UploadState:
        return await self._state(await self._store.upload(attachment_id, owner_id=actor.user_id))

    async def abandon(self, actor: Actor, attachment_id: str) -> None:
        """Remove a file that was never sent. Raises `TOO_LATE` for one that a message shows."""
        await self._store.remove_upload(attachment_id, owner_id=actor.user_id)
        await self.erase(attachment_id)

    # reading

    async def file(self, actor: Actor, attachment_id: str, *, thumbnail: bool = False) -> File:
        """Prove that the actor may have it now. `not_found` also for a thumbnail that there is none of."""
        found, thumbnail_type = await self._store.readable_file(attachment_id, user_id=actor.user_id)
        if not thumbnail:
            return File(found.id, found.size_bytes, found.media_type, found.name)
        blob_id = thumbnail_id(found.id)
        with _told():
            size_bytes = None if thumbnail_type is None else await self._blobs.size(blob_id)
        if thumbnail_type is None or size_bytes is None:
            raise not_found("attachment")
        return File(blob_id, size_bytes, thumbnail_type, None)

    async def link(self, file: File) -> str | None:
        """An address that gives the file without this server, for a short time; None: `read` it."""
        with _told():
            return await self._blobs.signed_url(file.blob_id, expires_s=LINK_EXPIRES_S)

    async def read(self, actor: Actor, file: File, start: int, end: int) -> AsyncGenerator[bytes]:
        """Yield these bytes. Await the first before promising anything."""
        with self._downloading.taken(actor.user_id), _told():
            async with aclosing(self._blobs.read(file.blob_id, start, end)) as chunks:
                async for chunk in chunks:
                    if self._stopping:
                        raise _shutting_down()
                    yield chunk

    async def shared(
        self,
        actor: Actor,
        conversation_id: str,
        *,
        cursor: str | None,
        kind: AttachmentKind | None,
        limit: int,
    ) -> SharedFilePage:
        """What the messages of a conversation show, newest first."""
        bounds.limit(limit)
        return await self._store.shared_files(
            conversation_id, user_id=actor.user_id, cursor=cursor, kind=kind, limit=limit
        )

    async def erase(self, attachment_id: str) -> None:
        """Remove the bytes of a file whose row is gone. What the storage does not remove now, `sweeping` finds."""
        try:
            await self._blobs.abandon(attachment_id)
            await self._blobs.delete(attachment_id)
            await self._blobs.delete(thumbnail_id(attachment_id))
        except BlobError as error:
            log.warning("bytes_left", attachment=attachment_id, reason=str(error))

    # steps

    @asynccontextmanager
    async def _until_stop(self) -> AsyncIterator[None]:
        if self._stopping:
            raise _shutting_down()
        limit = asyncio.timeout(None)
        self._running.add(limit)
        try:
            async with limit:
                yield
        except TimeoutError:
            if limit.expired():
                raise _shutting_down() from None
            raise
        finally:
            self._running.discard(limit)

    async def _state(self, upload: Upload) -> UploadState:
        return _state(upload, await self._end(upload))

    async def _end(self, upload: Upload) -> int:
        """Where the bytes end. Of a file whose bytes were kept and whose row was not told of it: at the file's end."""
        if upload.ready:
            return upload.size_bytes
        with _told():
            staged = await self._blobs.offset(upload.id)
            if staged is not None:
                return staged
            if await self._blobs.size(upload.id) is not None:
                return upload.size_bytes
            await self._blobs.begin(upload.id)
        return 0

    async def _append(self, upload: Upload, end: int, chunks: AsyncIterator[bytes]) -> int:
        if end == upload.size_bytes:
            async for chunk in chunks:
                if chunk:
                    raise _too_large(upload, end)
            return end
        limit_bytes = min(upload.size_bytes, end + MAX_CHUNK_BYTES)
        try:
            with _told():
                return await self._blobs.append(upload.id, end, chunks, limit_bytes=limit_bytes)
        except TooLarge:
            raise _too_large(upload, end) from None

    async def _finish(self, upload: Upload, owner_id: str) -> Upload:
        try:
            with _told():
                await self._keep_unless_kept(upload)
            return await self._store.finish_upload(upload.id)
        except MessagingError as refusal:
            if refusal.code is Code.CONTENT_REFUSED:
                await self._store.remove_upload(upload.id, owner_id=owner_id)
            # Also one that was abandoned meanwhile; a row that is gone never comes back.
            if not await self._store.known_attachments([upload.id]):
                await self.erase(upload.id)
            raise

    async def _keep_unless_kept(self, upload: Upload) -> None:
        """Kept already: by another request, or before a crash that came between the bytes and the row."""
        try:
            await self._keep(upload)
        except NoSuchUpload:
            if await self._blobs.size(upload.id) is None:
                raise

    async def _keep(self, upload: Upload) -> None:
        """Judge the staged bytes and make them a blob. The row holds the judgement before the bytes have moved."""
        async with (
            self._blobs.local_path(upload.id) as path,
            self._inspector.inspected(path, voice=upload.voice) as found,
        ):
            thumbnail = found.thumbnail
            if thumbnail is not None:
                label = Label(thumbnail.media_type)
                await self._blobs.put(thumbnail_id(upload.id), thumbnail.path, label)
            await self._store.judge_upload(
                upload.id,
                _attachment(upload, found),
                thumbnail_type=None if thumbnail is None else thumbnail.media_type,
            )
            label = Label(found.media_type, upload.name)
            await self._blobs.publish(upload.id, upload.id, label, source=found.cleaned)


def thumbnail_id(attachment_id: str) -> str:
    """The blob of a file's thumbnail; that of the file itself has the file's own id."""
    return "00" + attachment_id


def attachment_id_of(blob_id: str) -> str:
    return blob_id[-ID_DIGITS:]


def _attachment(upload: Upload, found: Inspection) -> Attachment:
    path = f"/api/attachments/{upload.id}"
    return Attachment(
        id=upload.id,
        kind=found.kind,
        name=upload.name,
        media_type=found.media_type,
        size_bytes=found.size_bytes,
        url=f"{path}/content",
        width=found.width,
        height=found.height,
        duration_ms=found.duration_ms,
        waveform=found.waveform,
        thumbnail_url=None if found.thumbnail is None else f"{path}/thumbnail",
    )


def _state(upload: Upload, offset: int) -> UploadState:
    return UploadState(
        id=upload.id,
        offset=offset,
        size_bytes=upload.size_bytes,
        ready=upload.ready,
        attachment=upload.attachment if upload.ready else None,
        max_chunk_bytes=MAX_CHUNK_BYTES,
    )


def _offset_mismatch(expected: int, got: int) -> MessagingError:
    return MessagingError(
        Code.OFFSET_MISMATCH, f"expected a part at offset {expected}, got one at {got}", offset=expected
    )


def _too_large(upload: Upload, end: int) -> MessagingError:
    left = upload.size_bytes - end
    if left <= MAX_CHUNK_BYTES:
        return MessagingError(
            Code.TOO_LARGE, f"expected {left} more bytes of {upload.size_bytes} in all, got more"
        )
    return MessagingError(
        Code.TOO_LARGE, f"expected at most {MAX_CHUNK_BYTES} bytes in one request, got more"
    )


@contextmanager
def _told() -> Iterator[None]:
    """Failures of the storage as refusals. `TooLarge` passes: what it means depends on which bound it was."""
    try:
        yield
    except TooLarge:
        raise
    except WrongOffset as error:
        raise MessagingError(Code.OFFSET_MISMATCH, str(error), offset=error.offset) from error
    except (NoSuchUpload, NoSuchBlob) as error:
        raise not_found("attachment") from error
    except StorageFull as error:
        raise MessagingError(
            Code.STORAGE_FULL, "there is no room for files now; what came before is kept"
        ) from error
    except UploadBusy as error:
        raise _later(Code.OVERLOADED, f"one request at a time for an upload: {error}") from error
    except BlobError as error:
        raise _later(Code.STORE_UNAVAILABLE, str(error)) from error


def _shutting_down() -> MessagingError:
    return MessagingError(Code.SHUTTING_DOWN, "the server is stopping; what came is kept")


def _later(code: Code, message: str) -> MessagingError:
    return MessagingError(code, message, retry_after_ms=jittered(RETRY_AFTER_MS))
