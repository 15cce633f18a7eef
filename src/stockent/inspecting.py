"""`media` as `messaging` needs it: an `Inspector` over the processes that look at files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from .media import models
from .media.inspect import discard_made
from .media.models import MediaBusy, MediaNoRoom, MediaRefused, MediaUnavailable
from .media.worker import MediaWorkers
from .messaging.errors import Code, MessagingError, jittered
from .messaging.inspection import Inspection, Thumbnail
from .messaging.models import AttachmentKind

RETRY_AFTER_MS = 2_000


class MediaInspector:
    """Implements `messaging.inspection.Inspector`."""

    def __init__(self, workers: MediaWorkers) -> None:
        self._workers = workers

    @asynccontextmanager
    async def inspected(self, source: Path, *, voice: bool) -> AsyncIterator[Inspection]:
        found = await self._inspect(source, voice=voice)
        try:
            yield await self._told(source, found)
        finally:
            await asyncio.to_thread(discard_made, source)

    async def _inspect(self, source: Path, *, voice: bool) -> models.Inspection:
        try:
            return await self._workers.inspect(source, voice=voice)
        except MediaRefused as refusal:
            raise MessagingError(Code.CONTENT_REFUSED, str(refusal)) from refusal
        except MediaBusy as busy:
            raise _later(Code.OVERLOADED, busy) from busy
        except MediaNoRoom as full:
            raise MessagingError(
                Code.STORAGE_FULL, "there is no room for files now; what came before is kept"
            ) from full
        except MediaUnavailable as unavailable:
            raise _later(Code.STORE_UNAVAILABLE, unavailable) from unavailable

    async def _told(self, source: Path, found: models.Inspection) -> Inspection:
        try:
            return await asyncio.to_thread(_translated, source, found)
        except OSError as error:
            raise _later(Code.STORE_UNAVAILABLE, error) from error


def _translated(source: Path, found: models.Inspection) -> Inspection:
    preview = found.preview
    return Inspection(
        media_type=found.media_type,
        kind=AttachmentKind(found.kind),
        size_bytes=(found.cleaned or source).stat().st_size,
        width=found.width,
        height=found.height,
        duration_ms=found.duration_ms,
        waveform=found.waveform,
        cleaned=found.cleaned,
        thumbnail=None if preview is None else Thumbnail(preview.path, preview.media_type),
    )


def _later(code: Code, error: MediaUnavailable | OSError) -> MessagingError:
    reason = str(error) if isinstance(error, MediaUnavailable) else "the file could not be looked at now"
    return MessagingError(code, reason, retry_after_ms=jittered(RETRY_AFTER_MS))
