"""The folder: how it lies on the disk."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stockent.files.folder import FolderBlobs
from stockent.messaging.blobs import StorageFull, StorageUnavailable
from tests.files.acts import MIB, PNG, all_uploads, new_id, published, uploaded, whole
from tests.files.test_faults import files_at_most, mounted


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[FolderBlobs]:
    blobs = FolderBlobs(tmp_path / "data", reserve_bytes=0)
    await blobs.open()
    yield blobs
    await blobs.close()


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def test_only_the_owner_may_read_anything(folder: FolderBlobs, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"a copy")
    source.chmod(0o644)
    await published(folder, b"moved")
    await folder.put(new_id(), source, PNG)
    await uploaded(folder, b"staged")
    files = files_below(tmp_path / "data")
    assert len(files) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    folders = {tmp_path / "data", *(path for path in (tmp_path / "data").rglob("*") if path.is_dir())}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


async def test_files_spread_by_the_random_end_of_their_ids(folder: FolderBlobs, tmp_path: Path) -> None:
    blob_id = "0" * 30 + "a7"
    await folder.publish(await uploaded(folder, b"x"), blob_id, PNG)
    assert files_below(tmp_path / "data") == [tmp_path / "data" / "files" / "a7" / blob_id]


async def test_a_folder_gives_no_links(folder: FolderBlobs) -> None:
    assert await folder.signed_url(await published(folder, b"x"), expires_s=60) is None


async def test_what_is_not_ours_is_neither_listed_nor_touched(folder: FolderBlobs, tmp_path: Path) -> None:
    blob_id = await published(folder, b"x")
    strangers = [
        tmp_path / "data" / "files" / blob_id[-2:] / "notes.txt",
        tmp_path / "data" / "files" / blob_id[-2:] / ("0" * 30 + f"{int(blob_id[-2:], 16) ^ 1:02x}"),
        tmp_path / "data" / "uploads" / "README",
    ]
    for stranger in strangers:
        stranger.write_bytes(b"somebody's")
    assert [blob.id async for blob in folder.list_blobs()] == [blob_id]
    assert await all_uploads(folder) == {}
    assert all(stranger.exists() for stranger in strangers)


async def test_a_copy_that_was_half_made_is_cleared_at_the_next_start(
    folder: FolderBlobs, tmp_path: Path
) -> None:
    left = tmp_path / "data" / "files" / "new" / "tmpabc"
    left.write_bytes(b"half")
    again = FolderBlobs(tmp_path / "data")
    await again.open()
    await again.close()
    assert not left.exists()


async def test_a_copy_that_has_no_room_leaves_nothing(folder: FolderBlobs, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(2 * MIB))
    upload_id, blob_id = await uploaded(folder, b"staged"), new_id()
    with files_at_most(MIB):
        for copy in (
            folder.put(blob_id, source, PNG),
            folder.publish(upload_id, blob_id, PNG, source=source),
        ):
            with pytest.raises(StorageFull):
                await copy
    assert await folder.size(blob_id) is None
    assert [path.name for path in files_below(tmp_path / "data")] == [upload_id]
    await folder.publish(upload_id, blob_id, PNG, source=source)
    assert await folder.size(blob_id) == 2 * MIB


async def test_blobs_may_lie_on_another_file_system_than_uploads(tmp_path: Path) -> None:
    elsewhere = tmp_path / "data" / "files"
    elsewhere.mkdir(parents=True)
    if not mounted(elsewhere):
        pytest.skip("this user may not mount a file system")
    blobs = FolderBlobs(tmp_path / "data", reserve_bytes=0)
    try:
        await blobs.open()
        assert elsewhere.stat().st_dev != (tmp_path / "data" / "uploads").stat().st_dev
        content = os.urandom(2 * MIB)
        blob_id = await published(blobs, content)
        assert await whole(blobs, blob_id) == content
        assert [path.name for path in files_below(tmp_path / "data")] == [blob_id]
    finally:
        await blobs.close()
        subprocess.run(["umount", str(elsewhere)], check=True)


async def test_a_folder_that_cannot_be_made_or_has_gone_is_told(folder: FolderBlobs, tmp_path: Path) -> None:
    await folder.ping()
    (tmp_path / "data" / "files").rename(tmp_path / "data" / "moved")
    with pytest.raises(StorageUnavailable) as refusal:
        await folder.ping()
    assert str(tmp_path) not in str(refusal.value)
    (tmp_path / "a file").write_bytes(b"")
    below_a_file = FolderBlobs(tmp_path / "a file")
    with pytest.raises(StorageUnavailable):
        await below_a_file.open()
    await below_a_file.close()
