"""Making a backup: what is in it, whose eyes it is for, and that nothing half-made has its name."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import stat
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from stockent.backup import BackupError, Made, Progress, make, making, verify
from stockent.backup.copying import Pace
from stockent.backup.pins import PINNED, Pins, clear_dead, pinning
from stockent.messaging.attachments import thumbnail_id
from stockent.store import StoreError
from stockent.store.connect import sqlite3
from stockent.store.snapshots import prove
from tests.backup.conftest import World, files_in, settings_of
from tests.files.test_faults import files_at_most


async def made(world: World, target: Path) -> Made:
    return await asyncio.to_thread(make, world.settings, target)


async def test_a_backup_holds_the_store_and_each_file_that_it_knows(world: World, tmp_path: Path) -> None:
    await world.say()
    shown, unsent = await world.file(), await world.file(show=False)
    gone = await world.file(show=False)
    await world.erase(gone)
    (world.data_dir / "files" / "ab").mkdir(exist_ok=True)
    (world.data_dir / "files" / "ab" / ("0" * 30 + "ab")).write_bytes(b"an orphan, which no row names")
    path, manifest = await made(world, tmp_path / "backup")
    assert files_in(path / "files") == world.contents
    assert set(world.contents) == {shown, unsent, thumbnail_id(shown), thumbnail_id(unsent)}
    assert manifest.files.count == 4
    assert manifest.files.size_bytes == sum(map(len, world.contents.values()))
    assert manifest.counts.messages == 2
    assert manifest.epoch == world.store.epoch
    assert manifest.store_bytes == (path / "store.db").stat().st_size
    assert sorted(each.name for each in path.iterdir()) == [
        "SHA256SUMS",
        "files",
        "manifest.json",
        "store.db",
    ]
    assert verify(path) == manifest
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--strict", "--check", "SHA256SUMS"], cwd=path, check=True, stdout=-3)


async def test_a_backup_is_for_its_owners_eyes(world: World, tmp_path: Path) -> None:
    await world.file()
    path, _ = await made(world, tmp_path / "new" / "backup")
    modes = defaultdict(set)
    for each in (path, *path.rglob("*")):
        modes[each.is_dir()].add(stat.S_IMODE(each.stat().st_mode))
    assert modes == {True: {0o700}, False: {0o600}}


async def test_without_a_place_it_goes_into_the_data_directory_under_its_time(world: World) -> None:
    path, manifest = await asyncio.to_thread(make, world.settings, None)
    assert path.parent == world.data_dir.absolute() / "backups"
    stamp = manifest.made_at.replace("-", "").replace(":", "")[:15]
    assert path.name == f"stockent-{stamp}Z"


async def test_a_file_that_goes_while_the_moment_is_held_is_not_missed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first moment names a file that goes before it is pinned: a later moment is taken, which does not."""
    kept, gone = await world.file(), await world.file(show=False)
    loop = asyncio.get_running_loop()
    pin = Pins.pin

    def pin_late(pins: Pins, blob_id: str) -> bool:
        if blob_id == gone and gone in world.contents:
            asyncio.run_coroutine_threadsafe(world.erase(gone), loop).result()
        return pin(pins, blob_id)

    monkeypatch.setattr(Pins, "pin", pin_late)
    path, manifest = await made(world, tmp_path / "backup")
    assert gone not in world.contents
    assert files_in(path / "files") == world.contents
    assert set(world.contents) == {kept, thumbnail_id(kept)}
    assert manifest.files.missing == []
    verify(path)


async def test_a_file_that_goes_after_it_was_pinned_is_still_copied(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = await world.file(show=False)
    before = dict(world.contents)
    loop = asyncio.get_running_loop()

    def erase_and_prove(*arguments: object) -> None:
        asyncio.run_coroutine_threadsafe(world.erase(gone), loop).result()
        prove(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(making, "prove", erase_and_prove)
    path, _ = await made(world, tmp_path / "backup")
    assert files_in(path / "files") == before
    assert not (world.data_dir / PINNED).exists()


async def test_files_that_were_lost_before_are_told_and_do_not_bar_the_backup(
    world: World, tmp_path: Path
) -> None:
    lost, kept = await world.file(), await world.file()
    await world.blobs.delete(lost)
    path, manifest = await made(world, tmp_path / "backup")
    assert manifest.files.missing == [lost]
    assert set(files_in(path / "files")) == {kept, thumbnail_id(kept), thumbnail_id(lost)}
    verify(path)


async def test_a_place_that_is_taken_is_refused_unless_it_is_an_older_backup_and_forced(
    world: World, tmp_path: Path
) -> None:
    target = tmp_path / "backup"
    target.mkdir()
    await made(world, target)
    await world.say()
    with pytest.raises(BackupError, match=r"is a backup already.*--force"):
        make(world.settings, target)
    assert make(world.settings, target, force=True).manifest.counts.messages == 1
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("backup")] == ["backup"]
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").touch()
    (tmp_path / "file").touch()
    for name in ("letters", "file"):
        with pytest.raises(BackupError, match="is no backup"):
            make(world.settings, tmp_path / name, force=True)
    assert (tmp_path / "letters" / "a.txt").exists()


@pytest.mark.parametrize("place", [".", "..", "files", "files/x", "uploads/x", "stockent.db", "new/../files"])
async def test_the_store_itself_is_no_place_for_its_backup(world: World, place: str) -> None:
    before = sorted(path for path in world.data_dir.rglob("*"))
    with pytest.raises(BackupError, match="where the store itself lies"):
        make(world.settings, world.data_dir / place, force=True)
    assert sorted(path for path in world.data_dir.rglob("*")) == before


def test_a_place_without_a_store_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        make(settings_of(tmp_path / "data"), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


async def test_without_room_nothing_half_made_is_left(world: World, tmp_path: Path) -> None:
    for _ in range(3):
        await world.say("x" * 5_000)
    with files_at_most(20_000), pytest.raises((StoreError, OSError)):
        make(world.settings, tmp_path / "out" / "backup")
    assert list((tmp_path / "out").iterdir()) == []
    assert not (world.data_dir / PINNED).exists()


async def test_room_is_asked_for_before_anything_is_copied(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockent.backup.copying.RESERVE_BYTES", 1 << 60)
    with pytest.raises(BackupError, match=r"expected .* GB of free room at .*, found "):
        make(world.settings, tmp_path / "out" / "backup")
    assert list((tmp_path / "out").iterdir()) == []


async def test_a_damaged_store_makes_no_backup(world: World, tmp_path: Path) -> None:
    await world.say()
    await world.store.close()
    connection = sqlite3.connect(world.data_dir / "stockent.db", isolation_level=None)
    connection.execute("UPDATE messages SET seq = 7")
    connection.close()
    with pytest.raises(StoreError, match="is damaged"):
        make(world.settings, tmp_path / "out" / "backup")
    assert list((tmp_path / "out").iterdir()) == []


async def test_files_in_a_bucket_stay_there_and_the_manifest_says_so(world: World, tmp_path: Path) -> None:
    await world.file()
    settings = settings_of(world.data_dir, FILES_URL="s3://bucket/prefix?region=eu-central-1")
    path, manifest = make(settings, tmp_path / "backup")
    assert manifest.files.bucket == "s3://bucket/prefix"
    assert manifest.files.count == 0
    assert not (path / "files").exists()
    verify(path)


async def test_pins_of_a_backup_that_was_killed_go_with_the_next_start(world: World) -> None:
    file_id = await world.file()
    dead = world.data_dir / PINNED / "dead"
    dead.mkdir(parents=True)
    os.link(world.data_dir / "files" / file_id[-2:] / file_id, dead / file_id)
    with pinning(world.data_dir, world.data_dir / "files") as pins:
        assert not dead.exists()
        assert pins.pin(file_id)
        clear_dead(world.data_dir)
        assert pins.path(file_id).read_bytes() == world.contents[file_id], "these are of a living one"
    assert not (world.data_dir / PINNED).exists()


async def test_where_a_file_can_have_one_name_only_it_is_copied(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.file()

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path, _ = await made(world, tmp_path / "backup")
    assert files_in(path / "files") == world.contents


def test_a_pace_spreads_what_is_spent_over_its_time() -> None:
    now = 0.0

    def sleep(duration_s: float) -> None:
        nonlocal now
        now += duration_s

    pace = Pace(1_000, now=lambda: now, sleep=sleep)
    for _ in range(5):
        pace.spend(500)
    assert now == 2.5
    now = 100.0
    pace.spend(500)
    assert now == 100.5, "time that nothing was spent in is not saved up"
    Pace(None, sleep=sleep).spend(10**12)
    assert now == 100.5


def test_progress_is_one_line_of_a_terminal_drawn_now_and_then_and_nothing_elsewhere() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal, pipe = Terminal(), io.StringIO()
    for out in (terminal, pipe):
        ticks = iter(range(10_000))
        progress = Progress(out, now=lambda ticks=ticks: next(ticks) / 1_000)  # type: ignore[misc]
        progress.begin("Copying")
        for done in range(1_001):
            progress.at(done * 1_000_000, 1_000_000_000)
        progress.end()
    drawn = terminal.getvalue().split("\r\x1b[K")
    assert 10 <= len(drawn) <= 14
    assert "Copying ████████████░░░░░░░░░░░░  5" in terminal.getvalue()
    assert drawn[-1] == ""
    assert pipe.getvalue() == ""
