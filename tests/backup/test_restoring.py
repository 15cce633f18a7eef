"""Restoring: what is there afterwards, what is never touched, and what happens when it is cut off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stockent.backup import BackupError, make, restore
from stockent.backup.restoring import BEFORE
from stockent.config import Settings
from stockent.messaging.ports import Store
from stockent.store import StoreError, open_store
from stockent.store.connect import sqlite3
from tests.backup.conftest import World, files_in, settings_of
from tests.files.test_faults import files_at_most
from tests.store.acts import all_messages, recount


@pytest.fixture
async def backup(world: World, tmp_path: Path) -> Path:
    """Of a world with a message and a file; then more is said, and the store is closed."""
    await world.say("before")
    await world.file()
    path = make(world.settings, tmp_path / "backup").path
    await world.say("after")
    await world.store.close()
    return path


@asynccontextmanager
async def opened_at(data_dir: Path) -> AsyncIterator[Store]:
    store = open_store(settings_of(data_dir).database_url)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def said(data_dir: Path, cid: str) -> list[str]:
    async with opened_at(data_dir) as store:
        return [message.content for message in await all_messages(store, cid, "bob")]


async def test_a_restored_store_is_the_one_that_was_copied_in_a_new_life(
    backup: Path, world: World, tmp_path: Path
) -> None:
    restored = restore(backup, settings_of(tmp_path / "new"))
    assert restored.kept == []
    async with opened_at(tmp_path / "new") as store:
        assert store.epoch == restored.epoch != world.store.epoch
        assert [message.content for message in await all_messages(store, world.cid, "bob")] == ["before", ""]
        assert (await store.unread("bob")).conversations == await recount(store, "bob")
        [shared] = (await store.shared_files(world.cid, user_id="bob", cursor=None, kind=None, limit=5)).items
    assert files_in(tmp_path / "new" / "files") == world.contents
    assert shared.attachment.id in world.contents
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {"stockent.db", "stockent.db.lock", "files"}
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "new").rglob("*")} == {0}


async def test_a_store_that_is_there_is_refused_and_with_force_kept_beside(
    backup: Path, world: World
) -> None:
    with pytest.raises(BackupError, match=r"there is a store at .*stockent\.db already.*--force"):
        restore(backup, world.settings)
    assert await said(world.data_dir, world.cid) == ["before", "", "after"]
    restored = restore(backup, world.settings, force=True)
    assert await said(world.data_dir, world.cid) == ["before", ""]
    assert len(restored.kept) == 3
    assert all(".before-restore-" in path.name for path in restored.kept)
    [former] = [path for path in restored.kept if path.name.startswith("stockent.db")]
    (world.data_dir / "former").mkdir()
    former.rename(world.data_dir / "former" / "stockent.db")
    assert await said(world.data_dir / "former", world.cid) == ["before", "", "after"]
    [files] = [path for path in restored.kept if path.name.startswith("files")]
    assert files_in(files) == world.contents


async def test_files_without_a_store_are_not_overwritten_either(backup: Path, world: World) -> None:
    (world.data_dir / "stockent.db").unlink()
    with pytest.raises(BackupError, match="already"):
        restore(backup, world.settings)


async def test_while_a_server_has_the_store_nothing_is_restored(backup: Path, world: World) -> None:
    async with opened_at(world.data_dir) as store:
        for force in (False, True):
            with pytest.raises(StoreError, match="another process uses this store"):
                restore(backup, world.settings, force=force)
        assert (await store.unread("bob")).total == 3


async def test_what_a_killed_server_left_in_its_log_is_kept_with_its_store(
    backup: Path, world: World, tmp_path: Path
) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()
    async with opened_at(world.data_dir) as store:
        message = (await all_messages(store, world.cid, "ann"))[0]
        await store.edit(world.cid, message.id, user_id="ann", content="only in the log")
        for ending in ("", "-wal"):
            (killed / f"stockent.db{ending}").write_bytes(
                (world.data_dir / f"stockent.db{ending}").read_bytes()
            )
    [former] = restore(backup, settings_of(killed), force=True).kept
    assert await said(killed, world.cid) == ["before", ""]
    looked = tmp_path / "looked"
    looked.mkdir()
    for ending in ("", "-wal"):
        former.with_name(former.name + ending).rename(looked / f"stockent.db{ending}")
    assert (await said(looked, world.cid))[0] == "only in the log"


async def test_without_room_nothing_has_changed(backup: Path, world: World) -> None:
    with files_at_most(20_000), pytest.raises((BackupError, StoreError, OSError)):
        restore(backup, world.settings, force=True)
    assert await said(world.data_dir, world.cid) == ["before", "", "after"]
    assert {path.name for path in world.data_dir.iterdir()} == {
        "stockent.db",
        "stockent.db.lock",
        "files",
        "uploads",
    }


@pytest.mark.parametrize("cut_off_after", range(5))
async def test_cut_off_at_any_step_no_server_takes_it_for_a_new_store_and_a_repeat_ends_well(
    backup: Path, world: World, monkeypatch: pytest.MonkeyPatch, cut_off_after: int
) -> None:
    steps = 0
    rename = Path.rename

    def cut_off(path: Path, target: Path) -> Path:
        nonlocal steps
        if steps == cut_off_after:
            raise KeyboardInterrupt
        steps += 1
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", cut_off)
        with pytest.raises(KeyboardInterrupt):
            restore(backup, world.settings, force=True)
    with pytest.raises(StoreError, match=r"a restore of .* was interrupted"):
        await open_store(world.settings.database_url).open()
    restore(backup, world.settings)
    assert await said(world.data_dir, world.cid) == ["before", ""]
    assert files_in(world.data_dir / "files") == world.contents
    kept = [path for path in world.data_dir.iterdir() if path.name.startswith("stockent.db.before-restore-")]
    assert len(kept) == 1, "what was there before is never lost"


async def test_a_backup_of_an_older_schema_is_brought_up_to_date(world: World, tmp_path: Path) -> None:
    """As one from before the search and before tokens could be voided: their tables are missing."""
    await world.say("to be found")
    await world.store.close()
    connection = sqlite3.connect(world.data_dir / "stockent.db", isolation_level=None)
    connection.execute("DROP TABLE message_words")
    connection.execute("DROP TABLE revoked_tokens")
    for trigger in ("new_participant", "new_span", "unread_changed", "participant_gone"):
        connection.execute(f"DROP TRIGGER {trigger}")
    for index in ("list_of_user", "conversations_of_user"):
        connection.execute(f"DROP INDEX {index}")
    connection.execute("CREATE INDEX conversations_of_user ON participants (user_key, conversation_key)")
    connection.execute("ALTER TABLE participants DROP COLUMN active_span")
    connection.execute("ALTER TABLE users DROP COLUMN unread")
    connection.execute("ALTER TABLE users DROP COLUMN tokens_valid_from")
    connection.execute("DELETE FROM meta WHERE key = 'search'")
    connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.close()
    made = make(world.settings, tmp_path / "backup")
    assert made.manifest.schema_revision == "0002"
    restore(made.path, settings_of(tmp_path / "new"))
    assert await said(tmp_path / "new", world.cid) == ["to be found"]


async def test_a_backup_of_a_newer_schema_is_refused_before_anything_changes(
    backup: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockent.store.snapshots.newest_revision", lambda: "0001")
    with pytest.raises(StoreError, match="newer version"):
        restore(backup, world.settings, force=True)
    monkeypatch.undo()
    assert await said(world.data_dir, world.cid) == ["before", "", "after"]


def bucket(data_dir: Path) -> Settings:
    return settings_of(data_dir, FILES_URL="s3://bucket/prefix?region=eu-central-1")


async def test_where_the_files_are_must_agree(backup: Path, world: World, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"holds its files.*expected FILES_URL left out"):
        restore(backup, bucket(tmp_path / "new"))
    without = make(bucket(world.data_dir), tmp_path / "without").path
    with pytest.raises(BackupError, match=r"are in s3://bucket/prefix; set FILES_URL"):
        restore(without, settings_of(tmp_path / "new"))
    restore(without, bucket(tmp_path / "new"))
    assert await said(tmp_path / "new", world.cid) == ["before", "", "after"]


async def test_the_demo_and_a_real_store_do_not_mix(backup: Path, tmp_path: Path) -> None:
    demo = Settings.load({"DATA_DIR": str(tmp_path / "new")}, demo=True, keyless=True)
    with pytest.raises(BackupError, match="anybody may be anybody"):
        restore(backup, demo, demo=True)


async def test_a_store_elsewhere_goes_back_to_where_its_settings_say(
    backup: Path, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere" / "messages.sqlite"
    settings = settings_of(tmp_path / "new", DATABASE_URL=f"sqlite:///{file}")
    restore(backup, settings)
    assert file.is_file()
    assert files_in(tmp_path / "new" / "files") == world.contents
    names = {path.name for path in file.parent.iterdir()}
    assert names == {"messages.sqlite", "messages.sqlite.lock"}
    for expected in (1, 2):
        restore(backup, settings, force=True)
        assert sum(BEFORE in path.name for path in file.parent.iterdir()) == expected
