"""What every storage of blobs owes, over each of them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from stockent.messaging.blobs import (
    BadIdError,
    Blobs,
    NoSuchBlob,
    NoSuchUpload,
    StorageUnavailable,
    TooLarge,
    UploadBusy,
    WrongOffset,
)
from tests.files.acts import (
    LIMIT_BYTES,
    MIB,
    PNG,
    Lost,
    all_uploads,
    breaking,
    in_chunks,
    new_id,
    published,
    read,
    sending,
    staged,
    uploaded,
    whole,
)
from tests.files.conftest import Place

#: More than one write, more than one part of S3, no whole number of either.
LARGE = os.urandom(10 * MIB + 12_345)


async def test_an_upload_becomes_a_blob_and_is_gone_as_an_upload(blobs: Blobs) -> None:
    upload_id, blob_id = await uploaded(blobs, LARGE), new_id()
    assert await blobs.offset(upload_id) == len(LARGE)
    await blobs.publish(upload_id, blob_id, PNG)
    assert await whole(blobs, blob_id) == LARGE
    assert await blobs.offset(upload_id) is None
    assert await all_uploads(blobs) == {}


async def test_an_empty_file_is_a_file(blobs: Blobs) -> None:
    blob_id = await published(blobs, b"")
    assert await blobs.size(blob_id) == 0
    assert await whole(blobs, blob_id) == b""


async def test_what_is_published_is_there_in_the_next_life(place: Place) -> None:
    first = place.blobs()
    await first.open()
    blob_id, upload_id = await published(first, b"kept"), await uploaded(first, b"half")
    await first.close()
    second = place.blobs()
    await second.open()
    assert await whole(second, blob_id) == b"kept"
    assert await second.append(upload_id, 4, sending([b" whole"]), limit_bytes=100) == 10
    assert await staged(second, upload_id) == b"half whole"
    await second.close()


async def test_the_file_of_the_inspector_takes_the_place_of_the_upload(blobs: Blobs, tmp_path: Path) -> None:
    upload_id, blob_id = await uploaded(blobs, b"with GPS"), new_id()
    stripped = tmp_path / "stripped"
    stripped.write_bytes(b"without")
    async with blobs.local_path(upload_id) as path:
        assert path.read_bytes() == b"with GPS"
        await blobs.publish(upload_id, blob_id, PNG, source=stripped)
    assert await whole(blobs, blob_id) == b"without"
    assert await blobs.offset(upload_id) is None
    assert stripped.read_bytes() == b"without", "it is the caller's"


async def test_publishing_again_what_is_published_is_harmless(blobs: Blobs, tmp_path: Path) -> None:
    upload_id, blob_id = await uploaded(blobs, b"once"), new_id()
    await blobs.publish(upload_id, blob_id, PNG)
    await blobs.publish(upload_id, blob_id, PNG)
    await blobs.publish(upload_id, blob_id, PNG, source=tmp_path / "gone meanwhile")
    assert await whole(blobs, blob_id) == b"once"
    with pytest.raises(NoSuchUpload):
        await blobs.publish(upload_id, new_id(), PNG)


async def test_a_publishing_that_fails_leaves_the_upload_and_no_blob(blobs: Blobs, tmp_path: Path) -> None:
    upload_id, blob_id = await uploaded(blobs, b"precious"), new_id()
    with pytest.raises(StorageUnavailable):
        await blobs.publish(upload_id, blob_id, PNG, source=tmp_path / "no such file")
    assert await blobs.size(blob_id) is None
    await blobs.publish(upload_id, blob_id, PNG)
    assert await whole(blobs, blob_id) == b"precious"


async def test_a_put_keeps_a_copy_and_replaces_what_was_there(blobs: Blobs, tmp_path: Path) -> None:
    blob_id, source = new_id(), tmp_path / "thumbnail"
    for content in (b"first and longer", b"second"):
        source.write_bytes(content)
        await blobs.put(blob_id, source, PNG)
        assert await whole(blobs, blob_id) == content
    assert source.exists()


async def test_beginning_again_keeps_what_came(blobs: Blobs) -> None:
    upload_id = await uploaded(blobs, b"here")
    await blobs.begin(upload_id)
    assert await staged(blobs, upload_id) == b"here"


# growing


@pytest.mark.parametrize("arrived", [0, 1, 70_000, MIB, 3 * MIB + 5])
async def test_an_append_that_breaks_off_keeps_what_arrived_and_is_resumed(
    blobs: Blobs, arrived: int
) -> None:
    upload_id = new_id()
    await blobs.begin(upload_id)
    with pytest.raises(Lost):
        await blobs.append(upload_id, 0, breaking(LARGE[:arrived]), limit_bytes=LIMIT_BYTES)
    offset = await blobs.offset(upload_id)
    assert offset == arrived
    end = await blobs.append(upload_id, offset, in_chunks(LARGE[offset:]), limit_bytes=len(LARGE))
    assert end == len(LARGE)
    blob_id = new_id()
    await blobs.publish(upload_id, blob_id, PNG)
    assert await whole(blobs, blob_id) == LARGE


class Slow:
    """A sender that has sent `content` and sends no more until it is told to end."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.waiting = asyncio.Event()
        self.end = asyncio.Event()

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in in_chunks(self._content):
            yield chunk
        self.waiting.set()
        await self.end.wait()


async def test_a_cancelled_append_keeps_what_arrived(blobs: Blobs) -> None:
    upload_id, slow = new_id(), Slow(LARGE[: MIB + 7])
    await blobs.begin(upload_id)
    append = asyncio.create_task(blobs.append(upload_id, 0, slow.chunks(), limit_bytes=LIMIT_BYTES))
    await slow.waiting.wait()
    append.cancel()
    with pytest.raises(asyncio.CancelledError):
        await append
    assert await staged(blobs, upload_id) == LARGE[: MIB + 7]


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_an_append_that_is_cancelled_at_any_moment_leaves_a_true_beginning(
    blobs: Blobs, turns: int
) -> None:
    upload_id, content = new_id(), LARGE[: 5 * MIB]
    await blobs.begin(upload_id)
    append = asyncio.create_task(blobs.append(upload_id, 0, in_chunks(content), limit_bytes=LIMIT_BYTES))
    for _ in range(turns):
        await asyncio.sleep(0)
    append.cancel()
    await asyncio.wait([append])
    so_far = await staged(blobs, upload_id)
    assert content.startswith(so_far)
    end = await blobs.append(
        upload_id, len(so_far), in_chunks(content[len(so_far) :]), limit_bytes=LIMIT_BYTES
    )
    assert end == len(content)
    assert await staged(blobs, upload_id) == content


async def test_of_two_appends_at_once_one_wins_and_the_other_is_told(blobs: Blobs) -> None:
    upload_id, slow = new_id(), Slow(b"first")
    await blobs.begin(upload_id)
    first = asyncio.create_task(blobs.append(upload_id, 0, slow.chunks(), limit_bytes=100))
    await slow.waiting.wait()
    with pytest.raises(UploadBusy):
        await blobs.append(upload_id, 0, sending([b"second"]), limit_bytes=100)
    for refused in (
        blobs.publish(upload_id, new_id(), PNG),
        staged(blobs, upload_id),
    ):
        with pytest.raises(UploadBusy):
            await refused
    slow.end.set()
    assert await first == 5
    assert await staged(blobs, upload_id) == b"first"


async def test_what_is_inspected_cannot_grow(blobs: Blobs) -> None:
    upload_id = await uploaded(blobs, b"harmless")
    async with blobs.local_path(upload_id) as path:
        with pytest.raises(UploadBusy):
            await blobs.append(upload_id, 8, sending([b", not"]), limit_bytes=100)
        with pytest.raises(UploadBusy):
            await staged(blobs, upload_id)
        assert path.read_bytes() == b"harmless"
    assert await blobs.append(upload_id, 8, sending([b"!"]), limit_bytes=100) == 9


async def test_what_is_being_published_cannot_grow(blobs: Blobs) -> None:
    upload_id, blob_id = await uploaded(blobs, LARGE), new_id()
    publishing = asyncio.create_task(blobs.publish(upload_id, blob_id, PNG))
    await asyncio.sleep(0)
    with pytest.raises(UploadBusy):
        await blobs.append(upload_id, len(LARGE), sending([b"more"]), limit_bytes=LIMIT_BYTES)
    with pytest.raises(UploadBusy):
        await blobs.publish(upload_id, new_id(), PNG)
    await publishing
    assert await whole(blobs, blob_id) == LARGE


async def test_a_publishing_whose_caller_is_cancelled_is_settled_by_another(blobs: Blobs) -> None:
    upload_id, blob_id = await uploaded(blobs, LARGE), new_id()
    publishing = asyncio.create_task(blobs.publish(upload_id, blob_id, PNG))
    await asyncio.sleep(0)
    publishing.cancel()
    await asyncio.wait([publishing])
    assert publishing.cancelled()
    await blobs.publish(upload_id, blob_id, PNG)
    assert await whole(blobs, blob_id) == LARGE
    assert await all_uploads(blobs) == {}


@pytest.mark.parametrize("offset", [0, 3, 5, 10**12])
async def test_an_append_elsewhere_is_told_where_the_upload_ends(blobs: Blobs, offset: int) -> None:
    upload_id = await uploaded(blobs, b"four")
    with pytest.raises(WrongOffset, match=f"at 4,.* at {offset}") as refusal:
        await blobs.append(upload_id, offset, sending([b"more"]), limit_bytes=100)
    assert refusal.value.offset == 4
    assert await staged(blobs, upload_id) == b"four"


@pytest.mark.parametrize("size", [11, MIB, 3 * MIB])
async def test_more_than_the_limit_is_refused_and_nothing_of_that_append_is_kept(
    blobs: Blobs, size: int
) -> None:
    upload_id = await uploaded(blobs, b"12345")
    with pytest.raises(TooLarge, match="at most 15 bytes") as refusal:
        await blobs.append(upload_id, 5, in_chunks(bytes(size), 4), limit_bytes=15)
    assert refusal.value.limit_bytes == 15
    assert await blobs.offset(upload_id) == 5
    assert await blobs.append(upload_id, 5, sending([b"6", b"", b"789012345"]), limit_bytes=15) == 15


async def test_an_abandoned_upload_is_gone_also_for_who_is_sending_it(blobs: Blobs) -> None:
    upload_id, slow = new_id(), Slow(LARGE[:100])
    await blobs.begin(upload_id)
    append = asyncio.create_task(blobs.append(upload_id, 0, slow.chunks(), limit_bytes=LIMIT_BYTES))
    await slow.waiting.wait()
    await blobs.abandon(upload_id)
    await blobs.abandon(upload_id)
    slow.end.set()
    with pytest.raises(NoSuchUpload):
        await append
    assert await blobs.offset(upload_id) is None
    assert await all_uploads(blobs) == {}
    with pytest.raises(NoSuchUpload):
        await blobs.append(upload_id, 0, sending([b"x"]), limit_bytes=1)
    with pytest.raises(NoSuchUpload):
        await staged(blobs, upload_id)


# reading


async def test_five_readers_of_ranges_at_once_each_get_their_bytes(blobs: Blobs) -> None:
    blob_id = await published(blobs, LARGE)
    size = len(LARGE)
    spans = [(0, size), (0, 1), (size - 1, size), (MIB - 3, 5 * MIB + 3), (9 * MIB, size)]
    parts = await asyncio.gather(*(read(blobs, blob_id, start, end) for start, end in spans))
    assert parts == [LARGE[start:end] for start, end in spans]


async def test_chunks_are_small_and_a_reader_may_leave(blobs: Blobs) -> None:
    blob_id = await published(blobs, LARGE)
    async with aclosing(blobs.read(blob_id, 0, len(LARGE))) as chunks:
        first = await anext(chunks)
    assert 64 * 1024 <= len(first) <= 256 * 1024
    assert LARGE.startswith(first)


async def test_a_blob_that_is_shorter_than_asked_is_an_error_and_no_short_answer(blobs: Blobs) -> None:
    blob_id = await published(blobs, b"ten bytes.")
    with pytest.raises(StorageUnavailable):
        await read(blobs, blob_id, 5, 11)


async def test_deleting_is_idempotent_and_what_is_deleted_is_not_there(blobs: Blobs) -> None:
    blob_id, other = await published(blobs, b"away"), await published(blobs, b"stays")
    await blobs.delete(blob_id)
    await blobs.delete(blob_id)
    await blobs.delete(new_id())
    assert await blobs.size(blob_id) is None
    for end in (0, 4):
        with pytest.raises(NoSuchBlob):
            await read(blobs, blob_id, 0, end)
    assert [blob.id async for blob in blobs.list_blobs()] == [other]


# for the garbage collector


async def test_listings_show_each_with_its_size_and_time(blobs: Blobs, place: Place) -> None:
    before = time.time()
    contents = {await published(blobs, bytes(size)): size for size in (0, 10, 70_000)}
    listed = {blob.id: blob async for blob in blobs.list_blobs()}
    assert {blob_id: blob.size_bytes for blob_id, blob in listed.items()} == contents
    assert all(before - 2 <= blob.stored_at <= time.time() + 2 for blob in listed.values())
    old, new = await uploaded(blobs, b"old"), await uploaded(blobs, b"new!")
    async with blobs.local_path(old) as path:
        os.utime(path, (1_000, 1_000))
    assert [upload async for upload in blobs.list_uploads(touched_before=before - 2)] == [(old, 3, 1_000)]
    assert set(await all_uploads(blobs)) == {old, new}


async def test_an_upload_that_grows_is_not_listed_as_left(blobs: Blobs) -> None:
    upload_id, slow = new_id(), Slow(b"coming")
    await blobs.begin(upload_id)
    append = asyncio.create_task(blobs.append(upload_id, 0, slow.chunks(), limit_bytes=100))
    await slow.waiting.wait()
    assert await all_uploads(blobs) == {}
    slow.end.set()
    await append
    assert set(await all_uploads(blobs)) == {upload_id}


# the boundary

BAD_IDS = [
    "",
    "../../../../etc/passwd",
    "..",
    "0123456789abcde",
    "0" * 65,
    "0123456789ABCDEF",
    "0123456789abcde/",
    "0123456789abcdef\n",
    "0123456789abcdef\0",
    "٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥",
]


@pytest.mark.parametrize("bad", BAD_IDS)
async def test_what_cannot_be_an_id_reaches_no_path(blobs: Blobs, bad: str, tmp_path: Path) -> None:
    good = await uploaded(blobs, b"good")

    async def inspect() -> None:
        async with blobs.local_path(bad):
            pass

    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: blobs.begin(bad),
        lambda: blobs.append(bad, 0, sending([b"x"]), limit_bytes=1),
        lambda: blobs.offset(bad),
        lambda: blobs.abandon(bad),
        inspect,
        lambda: blobs.publish(bad, new_id(), PNG),
        lambda: blobs.publish(good, bad, PNG),
        lambda: blobs.put(bad, tmp_path / "any", PNG),
        lambda: blobs.delete(bad),
        lambda: blobs.size(bad),
        lambda: read(blobs, bad, 0, 1),
        lambda: blobs.signed_url(bad, expires_s=60),
    ]
    for call in calls:
        with pytest.raises(BadIdError, match="16 to 64 hexadecimal digits"):
            await call()
    assert await staged(blobs, good) == b"good"


async def test_after_closing_everything_is_refused_and_closing_again_is_harmless(place: Place) -> None:
    blobs = place.blobs()
    await blobs.open()
    await blobs.ping()
    blob_id, upload_id = await published(blobs, b"kept"), await uploaded(blobs, b"staged")
    await blobs.close()
    await blobs.close()
    calls: list[Callable[[], Awaitable[object]]] = [
        blobs.ping,
        lambda: blobs.begin(new_id()),
        lambda: blobs.offset(upload_id),
        lambda: blobs.publish(upload_id, new_id(), PNG),
        lambda: blobs.size(blob_id),
        lambda: read(blobs, blob_id, 0, 4),
        lambda: blobs.delete(blob_id),
    ]
    for call in calls:
        with pytest.raises(StorageUnavailable, match="closed"):
            await call()
