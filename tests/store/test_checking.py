"""What is looked at before a store is opened: nothing is changed, damage is told, and the look has an end."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stockent.messaging.ports import Store
from stockent.store import StoreError, checking, open_store
from stockent.store.checking import refuse_damaged
from stockent.store.connect import sqlite3
from tests.store.acts import all_messages, opened, recount, say
from tests.store.conftest import Place

MESSAGES = 40


@pytest.fixture
async def killed(store: Store, place: Place, tmp_path: Path) -> tuple[Path, str]:
    """A store as a killed server leaves it, with all its messages in the log only; and the conversation."""
    cid = await opened(store, "ann", "bob")
    for number in range(MESSAGES):
        await say(store, cid, "ann", f"{number}")
    folder = tmp_path / "killed"
    folder.mkdir()
    for ending in ("", "-wal"):
        shutil.copy(f"{place.file}{ending}", folder)
    return folder / "stockent.db", cid


@pytest.mark.parametrize("share", [0.9, 0.7, 0.5, 0.3])
async def test_a_log_that_was_cut_off_gives_what_came_before_the_cut_and_no_more(
    killed: tuple[Path, str], share: float
) -> None:
    """Only a disk that lies loses the end of a log, since acks follow the sync; what is left must be whole."""
    file, cid = killed
    log = file.with_name("stockent.db-wal")
    content = log.read_bytes()
    log.write_bytes(content[: int(len(content) * share)])
    store = open_store(f"sqlite:///{file}")
    await store.open()
    messages = await all_messages(store, cid, "bob")
    assert 0 < len(messages) < MESSAGES
    assert [message.content for message in messages] == [f"{number}" for number in range(len(messages))]
    assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
    assert (await store.unread("bob")).conversations == await recount(store, "bob")
    assert (await say(store, cid, "bob")).message.seq == len(messages) + 1
    await store.close()
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.parametrize("length", [0, 1, 31, 32, 100])
async def test_a_log_with_nothing_in_it_gives_the_store_as_it_was(
    killed: tuple[Path, str], length: int
) -> None:
    file, _ = killed
    log = file.with_name("stockent.db-wal")
    log.write_bytes(log.read_bytes()[:length])
    store = open_store(f"sqlite:///{file}")
    await store.open()
    assert (
        await store.conversations(user_id="ann", cursor=None, limit=5, status=None, unread=None, q=None)
    ).items == []
    await store.close()


def test_a_look_at_a_whole_store_changes_nothing(killed: tuple[Path, str]) -> None:
    file, _ = killed
    before = file.read_bytes(), file.with_name("stockent.db-wal").read_bytes()
    with capture_logs() as logs:
        refuse_damaged(file)
    assert [line["event"] for line in logs] == ["store_checked"]
    assert before == (file.read_bytes(), file.with_name("stockent.db-wal").read_bytes())


def test_a_look_ends_when_its_time_is_over(killed: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "CHECK_STEPS", 10)
    clock = iter(range(1_000_000))
    with capture_logs() as logs:
        refuse_damaged(killed[0], now=lambda: next(clock) * checking.CHECK_S)
    assert [line["event"] for line in logs] == ["store_checked_in_part"]


async def test_after_an_end_in_order_only_the_size_is_looked_at(store: Store, place: Place) -> None:
    await opened(store, "ann", "bob")
    await store.close()
    with capture_logs() as logs:
        refuse_damaged(place.file)
    assert logs == []
    whole = place.file.read_bytes()
    place.file.write_bytes(whole[:-1])
    with pytest.raises(StoreError, match=rf"is damaged \(it has {len(whole) - 1} bytes of {len(whole)}\)"):
        refuse_damaged(place.file)
    place.file.write_bytes(b"")
    refuse_damaged(place.file)
