"""Verbs on files where something fails between two steps: nothing is lost, nothing half-kept, nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from stockent.files.folder import FolderBlobs
from stockent.messaging import attachments as verbs
from stockent.messaging.attachments import UNSENT_MESSAGES, Attachments, attachment_id_of, thumbnail_id
from stockent.messaging.blobs import Blobs, Label, StorageFull, StorageUnavailable
from stockent.messaging.commands import BeginUpload
from stockent.messaging.domain import Domain
from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.inspection import Inspection, Thumbnail
from stockent.messaging.models import AttachmentKind, UploadState
from stockent.messaging.policy import Policy
from stockent.messaging.sweeping import ORPHAN_AGE_S, Sweeper
from tests.files.acts import Lost, breaking, in_chunks, whole
from tests.messaging.conftest import ANN, BOB, new_client_id
from tests.store.acts import refused

CONTENT = b"a file of some length " * 5_000


class AsItComes:
    """An `Inspector` that takes everything for a picture with a thumbnail, or refuses as it is told."""

    def __init__(self) -> None:
        self.refusal: MessagingError | None = None
        self.looked_at = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    @asynccontextmanager
    async def inspected(self, source: Path, *, voice: bool) -> AsyncIterator[Inspection]:
        self.looked_at += 1
        size_bytes = source.stat().st_size
        await self.go_on.wait()
        if self.refusal is not None:
            raise self.refusal
        small = source.with_name(source.name + ".preview")
        small.write_bytes(b"small")
        try:
            yield Inspection(
                "image/png", AttachmentKind.IMAGE, size_bytes, thumbnail=Thumbnail(small, "image/webp")
            )
        finally:
            small.unlink()


class Failing(FolderBlobs):
    """Fails to publish, before or after it has."""

    before: Exception | None = None
    after: Exception | None = None

    async def publish(
        self, upload_id: str, blob_id: str, label: Label, *, source: Path | None = None
    ) -> None:
        if self.before is not None:
            raise self.before
        await super().publish(upload_id, blob_id, label, source=source)
        if self.after is not None:
            raise self.after


@pytest.fixture
async def blobs(tmp_path: Path) -> AsyncIterator[Failing]:
    blobs = Failing(tmp_path / "data", reserve_bytes=0)
    await blobs.open()
    yield blobs
    await blobs.close()


@pytest.fixture
def inspector() -> AsItComes:
    return AsItComes()


@pytest.fixture
def attachments(domain: Domain, blobs: Failing, inspector: AsItComes) -> Attachments:
    return Attachments(domain, blobs, inspector)


async def begin(attachments: Attachments, content: bytes = CONTENT) -> str:
    body = BeginUpload(client_id=new_client_id(), name="a.png", size_bytes=len(content))
    return (await attachments.begin(ANN, body)).state.id


async def append(attachments: Attachments, upload_id: str, offset: int, content: bytes) -> UploadState:
    return await attachments.append(ANN, upload_id, offset, in_chunks(content))


async def everything(blobs: Blobs) -> set[str]:
    """Ids of all bytes that are kept, staged or not."""
    uploads = {upload.id async for upload in blobs.list_uploads(touched_before=float("inf"))}
    return uploads | {blob.id async for blob in blobs.list_blobs()}


async def test_a_file_comes_in_parts_and_is_kept_with_its_thumbnail(
    attachments: Attachments, blobs: Failing
) -> None:
    upload_id = await begin(attachments)
    half = await append(attachments, upload_id, 0, CONTENT[:50_000])
    assert (half.offset, half.ready, half.attachment) == (50_000, False, None)
    assert await attachments.state(ANN, upload_id) == half
    done = await append(attachments, upload_id, 50_000, CONTENT[50_000:])
    assert done.ready
    assert done.attachment is not None
    assert done.attachment.id == upload_id
    assert await attachments.state(ANN, upload_id) == done
    assert await whole(blobs, upload_id) == CONTENT
    assert await whole(blobs, thumbnail_id(upload_id)) == b"small"
    assert await everything(blobs) == {upload_id, thumbnail_id(upload_id)}
    assert {attachment_id_of(blob_id) for blob_id in await everything(blobs)} == {upload_id}


async def test_the_last_part_again_finds_the_finished_file(attachments: Attachments) -> None:
    """As a client does whose answer was lost: the part begins where the upload no longer ends."""
    upload_id = await begin(attachments)
    done = await append(attachments, upload_id, 0, CONTENT)
    refusal = await refused(Code.OFFSET_MISMATCH, append(attachments, upload_id, 0, CONTENT))
    assert refusal.offset == len(CONTENT)
    assert await append(attachments, upload_id, len(CONTENT), b"") == done
    await refused(Code.TOO_LARGE, append(attachments, upload_id, len(CONTENT), b"x"))


async def test_a_part_that_breaks_off_is_kept_as_far_as_it_came(attachments: Attachments) -> None:
    upload_id = await begin(attachments, CONTENT + b"x")
    with pytest.raises(Lost):
        await attachments.append(ANN, upload_id, 0, breaking(CONTENT))
    assert (await attachments.state(ANN, upload_id)).offset == len(CONTENT)
    assert (await append(attachments, upload_id, len(CONTENT), b"x")).ready


async def test_more_than_was_announced_is_refused_whole(attachments: Attachments, blobs: Failing) -> None:
    upload_id = await begin(attachments)
    await append(attachments, upload_id, 0, CONTENT[:10])
    refusal = await refused(Code.TOO_LARGE, append(attachments, upload_id, 10, CONTENT))
    assert str(len(CONTENT) - 10) in refusal.message
    assert (await attachments.state(ANN, upload_id)).offset == 10
    assert (await append(attachments, upload_id, 10, CONTENT[10:])).ready


async def test_more_than_one_request_may_bring_is_refused_whole(
    attachments: Attachments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "MAX_CHUNK_BYTES", 1_000)
    upload_id = await begin(attachments)
    refusal = await refused(Code.TOO_LARGE, append(attachments, upload_id, 0, CONTENT[:1_001]))
    assert "1000 bytes in one request" in refusal.message
    assert (await append(attachments, upload_id, 0, CONTENT[:1_000])).offset == 1_000


@pytest.mark.parametrize("code", [Code.OVERLOADED, Code.STORE_UNAVAILABLE])
async def test_when_nothing_was_found_out_the_upload_stays_whole_and_an_empty_part_tries_again(
    attachments: Attachments, inspector: AsItComes, code: Code
) -> None:
    upload_id = await begin(attachments)
    inspector.refusal = MessagingError(code, "try again")
    await refused(code, append(attachments, upload_id, 0, CONTENT))
    waiting = await attachments.state(ANN, upload_id)
    assert (waiting.offset, waiting.ready) == (len(CONTENT), False)
    await refused(code, append(attachments, upload_id, len(CONTENT), b""))
    inspector.refusal = None
    assert (await append(attachments, upload_id, len(CONTENT), b"")).ready


async def test_a_refused_content_leaves_nothing(
    attachments: Attachments, inspector: AsItComes, blobs: Failing
) -> None:
    upload_id = await begin(attachments)
    inspector.refusal = MessagingError(Code.CONTENT_REFUSED, "a bomb")
    await refused(Code.CONTENT_REFUSED, append(attachments, upload_id, 0, CONTENT))
    assert await everything(blobs) == set()
    await refused(Code.NOT_FOUND, attachments.state(ANN, upload_id))


async def test_a_full_storage_is_told_and_the_upload_finishes_once_there_is_room(
    attachments: Attachments, blobs: Failing
) -> None:
    upload_id = await begin(attachments)
    blobs.before = StorageFull("no room for files")
    await refused(Code.STORAGE_FULL, append(attachments, upload_id, 0, CONTENT))
    assert not (await attachments.state(ANN, upload_id)).ready
    blobs.before = None
    assert (await append(attachments, upload_id, len(CONTENT), b"")).ready
    assert await whole(blobs, upload_id) == CONTENT


async def test_a_crash_between_the_bytes_and_the_row_costs_nothing(
    attachments: Attachments, blobs: Failing, inspector: AsItComes, domain: Domain
) -> None:
    upload_id = await begin(attachments)
    blobs.after = StorageUnavailable("as if the process had ended here")
    await refused(Code.STORE_UNAVAILABLE, append(attachments, upload_id, 0, CONTENT))
    blobs.after = None
    assert await blobs.offset(upload_id) is None, "published"
    after = Attachments(domain, blobs, inspector)
    waiting = await after.state(ANN, upload_id)
    assert (waiting.offset, waiting.ready) == (len(CONTENT), False)
    done = await append(after, upload_id, len(CONTENT), b"")
    assert done.ready
    assert inspector.looked_at == 1
    assert await whole(blobs, upload_id) == CONTENT


async def test_an_upload_whose_bytes_are_gone_begins_anew(attachments: Attachments, blobs: Failing) -> None:
    upload_id = await begin(attachments)
    await append(attachments, upload_id, 0, CONTENT[:10])
    await blobs.abandon(upload_id)
    assert (await attachments.state(ANN, upload_id)).offset == 0
    assert (await append(attachments, upload_id, 0, CONTENT)).ready


async def test_while_one_request_finishes_an_upload_another_is_told_to_come_back(
    attachments: Attachments, inspector: AsItComes
) -> None:
    upload_id = await begin(attachments)
    inspector.go_on.clear()
    first = asyncio.create_task(append(attachments, upload_id, 0, CONTENT))
    while not inspector.looked_at:
        await asyncio.sleep(0)
    refusal = await refused(Code.OVERLOADED, append(attachments, upload_id, len(CONTENT), b""))
    assert refusal.retry_after_ms
    inspector.go_on.set()
    assert (await first).ready
    assert await append(attachments, upload_id, len(CONTENT), b"") == await first


async def test_what_is_abandoned_while_it_is_looked_at_leaves_nothing(
    attachments: Attachments, inspector: AsItComes, blobs: Failing
) -> None:
    upload_id = await begin(attachments)
    inspector.go_on.clear()
    finishing = asyncio.create_task(append(attachments, upload_id, 0, CONTENT))
    while not inspector.looked_at:
        await asyncio.sleep(0)
    await attachments.abandon(ANN, upload_id)
    assert await everything(blobs) == set()
    inspector.go_on.set()
    await refused(Code.NOT_FOUND, finishing)
    assert await everything(blobs) == set()


async def test_nobody_uploads_without_end_at_once(
    attachments: Attachments, inspector: AsItComes, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspector.go_on.clear()
    ids = [await begin(attachments) for _ in range(verbs.MAX_UPLOADS_EACH + 1)]
    running = [asyncio.create_task(append(attachments, each, 0, CONTENT)) for each in ids[:-1]]
    while inspector.looked_at < len(running):
        await asyncio.sleep(0)
    await refused(Code.RATE_LIMITED, append(attachments, ids[-1], 0, CONTENT))
    body = BeginUpload(client_id=new_client_id(), name="b", size_bytes=1)
    of_bob = (await attachments.begin(BOB, body)).state.id
    going = asyncio.create_task(attachments.append(BOB, of_bob, 0, in_chunks(b"x")))
    inspector.go_on.set()
    assert all(state.ready for state in await asyncio.gather(*running, going))
    assert (await append(attachments, ids[-1], 0, CONTENT)).ready


async def test_what_one_has_not_sent_is_bounded_by_what_messages_may_carry(
    domain: Domain, blobs: Failing, inspector: AsItComes
) -> None:
    policy = Policy(max_attachments=2, max_attachment_bytes=10)
    attachments = Attachments(replace(domain, policy=policy), blobs, inspector)
    for _ in range(UNSENT_MESSAGES * 2):
        await begin(attachments, b"0123456789")
    await refused(Code.RATE_LIMITED, begin(attachments, b"0"))
    refusal = await refused(Code.TOO_LARGE, begin(attachments, b"0123456789x"))
    assert "at most 10 bytes, got 11" in refusal.message
    refusal = await refused(Code.INVALID, begin(attachments, b""))
    assert refusal.errors[0].field == "sizeBytes"


# sweeping


def sweeper(domain: Domain, attachments: Attachments, blobs: Blobs, now_s: float = 4e9) -> Sweeper:
    """Whose day is long after everything in these tests."""
    return Sweeper(domain, attachments, blobs, now=lambda: now_s)


async def test_what_was_never_sent_goes_with_its_bytes_and_its_thumbnail(
    domain: Domain, blobs: Failing, inspector: AsItComes
) -> None:
    patient = Attachments(domain, blobs, inspector)
    half, finished = await begin(patient), await begin(patient)
    await append(patient, half, 0, CONTENT[:10])
    await append(patient, finished, 0, CONTENT)
    assert await sweeper(domain, patient, blobs).remove_unshown() == 0
    assert len(await everything(blobs)) == 3
    hasty = replace(domain, policy=Policy(upload_expires_s=-1.0))
    assert await sweeper(hasty, patient, blobs).remove_unshown() == 2
    assert await everything(blobs) == set()


async def test_bytes_without_a_row_go_and_others_stay(
    domain: Domain, attachments: Attachments, blobs: Failing
) -> None:
    kept, staged, orphan, half = [await begin(attachments) for _ in range(4)]
    for upload_id in (kept, orphan):
        await append(attachments, upload_id, 0, CONTENT)
    for upload_id in (staged, half):
        await append(attachments, upload_id, 0, CONTENT[:10])
    for upload_id in (orphan, half):
        await domain.store.remove_upload(upload_id, owner_id="ann")
    foreign = "0" * 30 + "ab"
    await blobs.begin(foreign)
    await blobs.publish(foreign, foreign, Label("image/png"))
    young = sweeper(domain, attachments, blobs, now_s=ORPHAN_AGE_S)
    assert await young.remove_orphans() == 0
    assert await sweeper(domain, attachments, blobs).remove_orphans() == 3
    left = {kept, thumbnail_id(kept), staged, foreign}
    assert await everything(blobs) == left, "what is older than the store is another's"
    assert (await append(attachments, staged, 10, CONTENT[10:])).ready


async def test_a_storage_that_fails_leaves_bytes_that_the_next_look_finds(
    domain: Domain, attachments: Attachments, blobs: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = await begin(attachments)
    await append(attachments, upload_id, 0, CONTENT)

    async def unavailable(_blob_id: str) -> None:
        raise StorageUnavailable("the file storage cannot be used now")

    with monkeypatch.context() as broken:
        broken.setattr(blobs, "delete", unavailable)
        await attachments.abandon(ANN, upload_id)
    await refused(Code.NOT_FOUND, attachments.state(ANN, upload_id))
    assert upload_id in await everything(blobs)
    assert await sweeper(domain, attachments, blobs).remove_orphans() == 2
    assert await everything(blobs) == set()
