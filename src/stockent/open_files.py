"""Where files lie and who looks at them, opened together: by the server, and by the demo before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .backup.pins import clear_dead
from .config import Settings
from .files import open_blobs
from .inspecting import MediaInspector
from .media.models import MediaLimits
from .media.worker import MediaWorkers
from .messaging.blobs import Blobs


@asynccontextmanager
async def open_files(settings: Settings) -> AsyncIterator[tuple[Blobs, MediaInspector]]:
    """Raises `BlobError` when the storage cannot be used."""
    blobs = open_blobs(settings.files_place, settings.files_keys, settings.files_dir)
    workers = MediaWorkers(MediaLimits(max_duration_s=settings.policy.max_voice_s))
    try:
        await asyncio.to_thread(clear_dead, settings.files_dir)
        await blobs.open()
        yield blobs, MediaInspector(workers)
    finally:
        await workers.close()
        await blobs.close()
