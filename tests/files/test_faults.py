"""A disk that is full, a reserve that is kept, and a process that is killed at any moment."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from stockent.messaging.blobs import Blobs, StorageFull
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
    staged,
    uploaded,
    whole,
)
from tests.files.conftest import Place
from tests.files.killed import SIZE_BYTES, UPLOADERS, content_of

DISK_BYTES = 6 * MIB


def mounted(folder: Path) -> bool:
    """Whether `folder` could be made a small file system of its own."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def files_at_most(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to let a file of this process grow further."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(params=["file system", "file size"])
def full_at_6_mib(
    request: pytest.FixtureRequest, place: Place
) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Within the block, no upload of more than 6 MiB has room."""
    if request.param == "file size":
        yield lambda: files_at_most(DISK_BYTES)
        return
    place.data_dir.mkdir()
    if not mounted(place.data_dir):
        pytest.skip("this user may not mount; the limit of a file's size stands in for it")
    yield nullcontext
    subprocess.run(["umount", str(place.data_dir)], check=True)


async def test_when_the_disk_is_full_an_append_is_refused_whole_and_its_room_is_free_again(
    full_at_6_mib: Callable[[], AbstractContextManager[None]], place: Place
) -> None:
    content = os.urandom(8 * MIB)
    blobs = place.blobs()
    await blobs.open()
    upload_id = await uploaded(blobs, content[: 2 * MIB])
    free_before = shutil.disk_usage(place.data_dir).free
    with full_at_6_mib():
        with pytest.raises(StorageFull):
            await blobs.append(upload_id, 2 * MIB, in_chunks(content[2 * MIB :]), limit_bytes=LIMIT_BYTES)
        assert await staged(blobs, upload_id) == content[: 2 * MIB]
        if shutil.disk_usage(place.data_dir).total == DISK_BYTES:
            assert shutil.disk_usage(place.data_dir).free == free_before
        await blobs.ping()
        end = await blobs.append(
            upload_id, 2 * MIB, in_chunks(content[2 * MIB : 4 * MIB]), limit_bytes=LIMIT_BYTES
        )
        assert end == 4 * MIB, "what has room goes on"
        blob_id = new_id()
        await blobs.publish(upload_id, blob_id, PNG)
    assert await whole(blobs, blob_id) == content[: 4 * MIB]
    await blobs.close()


async def test_a_sender_that_breaks_off_on_a_full_disk_leaves_nothing_of_that_append(
    full_at_6_mib: Callable[[], AbstractContextManager[None]], place: Place
) -> None:
    blobs = place.blobs()
    await blobs.open()
    upload_id = await uploaded(blobs, b"x" * (5 * MIB + 100_000))
    with full_at_6_mib(), pytest.raises(Lost):
        await blobs.append(upload_id, 5 * MIB + 100_000, breaking(bytes(MIB - 1)), limit_bytes=LIMIT_BYTES)
    assert await blobs.offset(upload_id) == 5 * MIB + 100_000
    await blobs.close()


async def test_files_leave_room_on_the_disk_for_the_store(place: Place) -> None:
    roomy = place.blobs()
    await roomy.open()
    blob_id, upload_id = await published(roomy, b"kept"), await uploaded(roomy, b"half")
    await roomy.close()
    blobs = place.blobs(reserve_bytes=shutil.disk_usage(place.data_dir).total)
    await blobs.open()
    with pytest.raises(StorageFull):
        await blobs.begin(new_id())
    with pytest.raises(StorageFull):
        await blobs.append(upload_id, 4, in_chunks(b"more"), limit_bytes=LIMIT_BYTES)
    assert await staged(blobs, upload_id) == b"half"
    assert await whole(blobs, blob_id) == b"kept"
    await blobs.ping()
    await blobs.abandon(upload_id)
    await blobs.delete(blob_id)
    await blobs.close()


async def test_after_a_kill_all_that_was_told_is_there_and_what_is_left_is_found(place: Place) -> None:
    told: list[tuple[str, str, int]] = []
    for life in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.files.killed",
            str(place.data_dir),
            place.files_url or "",
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout
        told += [parsed(await process.stdout.readline()) for _ in range(20 + 7 * life)]
        process.kill()
        told += [parsed(line) for line in (await process.stdout.read()).splitlines(keepends=True)]
        await process.wait()
        blobs = place.blobs()
        await blobs.open()
        await check_after_kill(blobs, told)
        await blobs.close()
    assert len(told) >= 60


async def check_after_kill(blobs: Blobs, told: list[tuple[str, str, int]]) -> None:
    stored = {blob.id async for blob in blobs.list_blobs()}
    for blob_id in stored:
        assert await whole(blobs, blob_id) == content_of(blob_id), "whole or not at all"
    assert {file_id for step, file_id, _ in told if step == "published"} <= stored
    uploads = await all_uploads(blobs)
    for upload_id in uploads:
        so_far = await staged(blobs, upload_id)
        assert content_of(upload_id).startswith(so_far)
    for step, file_id, size_bytes in told:
        if step == "staged" and file_id not in stored:
            assert uploads[file_id].size_bytes >= size_bytes
    assert len(uploads) <= UPLOADERS
    for upload_id in uploads:
        await resume(blobs, upload_id)


async def resume(blobs: Blobs, upload_id: str) -> None:
    """What a sender does that comes back: to the end, then published."""
    offset = await blobs.offset(upload_id)
    assert offset is not None
    rest = content_of(upload_id)[offset:]
    assert await blobs.append(upload_id, offset, in_chunks(rest), limit_bytes=SIZE_BYTES) == SIZE_BYTES
    await blobs.publish(upload_id, upload_id, PNG)
    assert await whole(blobs, upload_id) == content_of(upload_id)


def parsed(line: bytes) -> tuple[str, str, int]:
    step, file_id, size_bytes = line.decode().split()
    return step, file_id, int(size_bytes)


async def test_what_an_inspection_left_beside_an_upload_is_gone_after_the_next_start(place: Place) -> None:
    blobs = place.blobs()
    await blobs.open()
    upload_id = await uploaded(blobs, b"whole")
    async with blobs.local_path(upload_id) as path:
        left = path.with_name(path.name + ".preview")
        left.write_bytes(b"half a picture")
    await blobs.close()
    again = place.blobs()
    await again.open()
    assert not left.exists()
    assert await staged(again, upload_id) == b"whole"
    await again.close()
