"""Removes files that no message shows, bytes that no row names, and what is remembered of tokens that are over.

The composition root runs one. Rows go first, so a sweep that is cut short leaves only bytes, which a later one finds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress

import structlog

from .attachments import Attachments, attachment_id_of
from .blobs import BlobError, Blobs
from .domain import Domain
from .errors import MessagingError

SWEEP_EVERY_S = 120.0
#: Bytes without a row are rare, and looking for them lists all that there are.
ORPHANS_EVERY_S = 6 * 3_600.0
#: Younger ones may be of an upload that is being finished.
ORPHAN_AGE_S = 3_600.0
#: Rows in one transaction, and ids in one question.
BATCH = 100

log = structlog.get_logger("stockent.messaging")


class Sweeper:
    """`now` is the clock by which the storage says when bytes came, in Unix seconds."""

    def __init__(
        self,
        domain: Domain,
        attachments: Attachments,
        blobs: Blobs,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = domain.store
        self._domain_now = domain.now
        self._idle_s = domain.policy.upload_expires_s
        self._attachments = attachments
        self._blobs = blobs
        self._now = now
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def remove_unshown(self) -> int:
        """Remove uploads that were not sent in time, and files of messages that are gone. Returns how many."""
        removed = 0
        while True:
            ids = await self._store.remove_unshown(idle_s=self._idle_s, limit=BATCH)
            for attachment_id in ids:
                await self._attachments.erase(attachment_id)
            removed += len(ids)
            if len(ids) < BATCH:
                break
        if removed:
            log.info("files_removed", files=removed)
        return removed

    async def remove_orphans(self) -> int:
        """Remove blobs and uploads that no row names, but none from before this store's life. Returns how many."""
        before = self._now() - ORPHAN_AGE_S
        removed = 0
        async with (
            aclosing(self._blobs.list_blobs()) as blobs,
            aclosing(self._blobs.list_uploads(touched_before=before)) as uploads,
        ):
            async for batch in _batches(blob.id async for blob in blobs if blob.stored_at < before):
                for blob_id in await self._unknown(batch):
                    await self._blobs.delete(blob_id)
                    removed += 1
            async for batch in _batches(upload.id async for upload in uploads):
                for upload_id in await self._unknown(batch):
                    await self._blobs.abandon(upload_id)
                    removed += 1
        if removed:
            log.warning("orphans_removed", files=removed)
        return removed

    async def forget_revoked(self) -> int:
        """Forget revoked tokens that have expired: they no longer count anyway. Returns how many."""
        return await self._store.forget_revoked(expired_by=int(self._domain_now()))

    async def _unknown(self, ids: list[str]) -> list[str]:
        """Those without a row. What is older than the store was never its own: another store's, by a wrong setting."""
        own = {each: attachment_id_of(each) for each in ids if attachment_id_of(each) > self._store.epoch}
        known = await self._store.known_attachments(tuple(own.values()))
        return [each for each, attachment_id in own.items() if attachment_id not in known]

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        orphans_due = loop.time() + ORPHAN_AGE_S
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            await self._attempt(self.remove_unshown)
            await self._attempt(self.forget_revoked)
            if loop.time() >= orphans_due:
                await self._attempt(self.remove_orphans)
                orphans_due = loop.time() + ORPHANS_EVERY_S

    async def _attempt(self, sweep: Callable[[], Awaitable[object]]) -> None:
        try:
            await sweep()
        except (MessagingError, BlobError) as error:
            log.warning("sweep_failed", reason=str(error))
        except Exception:
            log.exception("sweep_failed")


async def _batches(ids: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    batch: list[str] = []
    async for each in ids:
        batch.append(each)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
