"""Snapshots of a store that is written meanwhile: what they see, that they change nothing, and what the proof finds."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from stockent.messaging.ports import Store
from stockent.store import StoreError, migrate, open_store, snapshots
from stockent.store.connect import connect_snapshot, connect_writer, sqlite3
from stockent.store.snapshots import Counts, prove, revive, snapshot
from tests.store.acts import all_messages, opened, say
from tests.store.conftest import Place


def nothing(*_: object) -> None: ...


@pytest.fixture
async def left_behind(store: Store, place: Place, tmp_path: Path) -> Path:
    """A store as a killed server leaves it: its last messages are in the log only."""
    cid = await opened(store, "ann", "bob")
    for number in range(20):
        await say(store, cid, "ann", f"message {number}")
    folder = tmp_path / "left behind"
    folder.mkdir()
    for ending in ("", "-wal"):
        shutil.copy(f"{place.file}{ending}", folder)
    assert (folder / "stockent.db-wal").stat().st_size > 0
    return folder / "stockent.db"


def contents(file: Path) -> tuple[bytes, bytes]:
    return file.read_bytes(), file.with_name(file.name + "-wal").read_bytes()


def test_a_snapshot_that_closes_last_folds_no_log_into_the_file(left_behind: Path, tmp_path: Path) -> None:
    before = contents(left_behind)
    with snapshot(left_behind) as moment:
        assert moment.counts() == Counts(users=2, conversations=1, messages=20, attachments=0)
        moment.copy_to(tmp_path / "copy.db", nothing)
    assert contents(left_behind) == before
    connection = connect_writer(left_behind)
    connection.close()
    assert not left_behind.with_name("stockent.db-wal").exists(), "whoever may write folds it"


def test_a_snapshot_can_neither_write_nor_checkpoint(left_behind: Path) -> None:
    before = contents(left_behind)
    connection = connect_snapshot(left_behind)
    for pragma in ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"):
        connection.execute(pragma)
        with pytest.raises(sqlite3.Error):
            connection.execute("DELETE FROM messages")
        for mode in ("PASSIVE", "FULL", "RESTART", "TRUNCATE"):
            with pytest.raises(sqlite3.Error):
                connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        with pytest.raises(sqlite3.Error):
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    connection.close()
    assert contents(left_behind) == before


async def test_a_copy_is_of_one_moment_however_much_is_written_meanwhile(
    store: Store, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "STEP_PAGES", 5)
    cid = await opened(store, "ann", "bob")
    before = [(await say(store, cid, "ann", f"{number}" * 1_000)).message for number in range(10)]
    writer = sqlite3.connect(place.file, isolation_level=None)
    told: list[tuple[int, int]] = []

    def write(done_bytes: int, all_bytes: int) -> None:
        told.append((done_bytes, all_bytes))
        writer.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (f"later {len(told)}", "x" * 10_000))

    with snapshot(place.file) as moment:
        moment.copy_to(tmp_path / "copy.db", write)
        assert moment.size_bytes == (tmp_path / "copy.db").stat().st_size
    writer.close()
    assert len(told) > 3
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == (tmp_path / "copy.db").stat().st_size
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    prove(tmp_path / "copy.db", nothing)
    with snapshot(tmp_path / "copy.db") as copied:
        assert copied.epoch == store.epoch
    copy = open_store(f"sqlite:///{tmp_path}/copy.db")
    await copy.open()
    assert await all_messages(copy, cid, "bob") == before
    await copy.close()
    with sqlite3.connect(tmp_path / "copy.db") as connection:
        assert connection.execute("SELECT key FROM meta WHERE key LIKE 'later%'").fetchall() == []
    connection.close()


async def test_a_store_is_written_while_a_snapshot_is_held_and_the_next_one_sees_it(
    store: Store, place: Place
) -> None:
    cid = await opened(store, "ann", "bob")
    with snapshot(place.file) as moment:
        for _ in range(3):
            await say(store, cid, "ann")
        assert moment.counts().messages == 0
        moment.renew()
        assert moment.counts().messages == 3


async def test_a_copy_is_given_up_before_the_log_fills_the_disk(
    store: Store, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(store, "ann", "bob")
    monkeypatch.setattr(snapshots, "MAX_LOG_BYTES", 1_000)
    with (
        snapshot(place.file) as moment,
        pytest.raises(StoreError, match=r"given up.*the log of .*stockent\.db has \d+ bytes.*quieter time"),
    ):
        moment.copy_to(tmp_path / "copy.db", nothing)


def test_a_place_without_a_store_and_a_newer_one_are_told(tmp_path: Path) -> None:
    file = tmp_path / "stockent.db"
    with pytest.raises(StoreError, match="no store at"), snapshot(file):
        pass
    file.write_bytes(b"a diary " * 1_000)
    with pytest.raises(StoreError, match="not a database"), snapshot(file):
        pass
    file.unlink()
    migrate(f"sqlite:///{file}")
    execute(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"), snapshot(file):
        pass


def execute(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.fixture
async def whole(store: Store, place: Place, tmp_path: Path) -> Path:
    """A proved copy of a store with some changes in it."""
    cid = await opened(store, "ann", "bob")
    message = (await say(store, cid, "ann")).message
    await store.edit(cid, message.id, user_id="ann", content="edited")
    await say(store, cid, "bob")
    with snapshot(place.file) as moment:
        moment.copy_to(tmp_path / "copy.db", nothing)
    prove(tmp_path / "copy.db", nothing)
    return tmp_path / "copy.db"


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE messages SET seq = 4 WHERE seq = 3", "the changes of conversation"),
        ("UPDATE messages SET seq = 2 WHERE seq = 3", "the changes of conversation"),
        ("UPDATE messages SET seq = 0 WHERE seq = 1", "the changes of conversation"),
        ("DELETE FROM messages WHERE seq = 3", "the changes of conversation"),
        ("DELETE FROM changes", "the changes of conversation"),
        ("UPDATE conversations SET last_seq = 4", "the changes of conversation"),
        ("DELETE FROM users WHERE id = 'bob'", "a row of .* refers to a row of users"),
    ],
)
def test_the_proof_finds_what_no_server_would_write(whole: Path, damage: str, says: str) -> None:
    execute(whole, damage)
    with pytest.raises(StoreError, match=says):
        prove(whole, nothing)


def test_the_proof_finds_a_damaged_page(whole: Path) -> None:
    content = bytearray(whole.read_bytes())
    page = content.index(b"edited") // 4_096
    content[page * 4_096 : page * 4_096 + 8] = b"\xff" * 8
    whole.write_bytes(content)
    with pytest.raises(StoreError):
        prove(whole, nothing)


async def test_a_revived_copy_is_another_life_of_the_same_data(whole: Path, store: Store) -> None:
    first = revive(whole, 1_800_000_000.0)
    second = revive(whole, 1_800_000_000.0)
    assert len({store.epoch, first, second}) == 3
    again = open_store(f"sqlite:///{whole}")
    await again.open()
    assert again.epoch == second
    await again.close()
