"""The index of the search in the embedded store: kept true by every change, begun in the background, made anew."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from stockent.messaging.commands import SearchMessages
from stockent.messaging.errors import MessagingError
from stockent.messaging.models import MessageType
from stockent.messaging.ports import NewMessage, Store
from stockent.messaging.searching import checked
from stockent.store import open_store, search_index, search_query
from stockent.store.connect import connect_writer, sqlite3
from stockent.store.search_indexing import (
    BUSY_SHARE,
    MAX_BEHIND,
    QUIET_S,
    RETRY_S,
    SLICE,
    Indexing,
)
from tests.store.acts import new_client_id, opened, say


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "stockent.db"


class Clock:
    """Stands still, or goes on by `tick_s` each time it is read: then a step, which reads it twice, takes that long."""

    def __init__(self, tick_s: float = 0.0) -> None:
        self.now_s = 100.0
        self.tick_s = tick_s

    def __call__(self) -> float:
        self.now_s += self.tick_s
        return self.now_s


async def store_with(file: Path, count: int) -> str:
    """A store whose index was never begun, with so many messages of ann to bob; returns their conversation."""
    store = open_store(f"sqlite:///{file}")
    await store.open()
    cid = await opened(store, "ann", "bob")
    await asyncio.gather(*(say(store, cid, "ann", f"steel number{n}") for n in range(count)))
    await store.close()
    forget_index(file)
    return cid


def forget_index(file: Path) -> None:
    """As a store is that was migrated from before the search."""
    connection = connect_writer(file)
    connection.execute("INSERT INTO message_words (message_words) VALUES ('delete-all')")
    connection.execute("DELETE FROM meta WHERE key = 'search'")
    connection.close()


async def count_found(store: Store, q: str) -> int:
    query = checked(SearchMessages(q=q, limit=50))
    return len((await store.search(query, user_id="bob")).items)


def found(connection: sqlite3.Connection, q: str) -> list[str]:
    page = search_query.search(connection, checked(SearchMessages(q=q, limit=50)), "bob")
    return [hit.message.content for hit in page.items]


def indexed(connection: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """Every word of the index with its message and its position there."""
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING fts5vocab(main, message_words, instance)"
    )
    return connection.execute("SELECT term, doc, offset FROM temp.instances ORDER BY 1, 2, 3").fetchall()


def work_off(indexing: Indexing, connection: sqlite3.Connection, clock: Clock) -> int:
    """Let time pass and steps be done until there is nothing left; returns how many."""
    steps = 0
    while (wait_s := indexing.wait_s()) is not None:
        clock.now_s += wait_s
        indexing.step(connection)
        steps += 1
        assert steps < 1_000, "the index is never done"
    return steps


async def test_what_was_there_before_the_index_follows_newest_first_and_new_messages_do_not_wait_for_it(
    file: Path,
) -> None:
    cid = await store_with(file, 3 * SLICE)
    connection, clock = connect_writer(file), Clock()
    indexing = Indexing(clock)
    indexing.step(connection)
    assert "number749" in found(connection, "number749")[0]
    assert found(connection, "number0") == []
    connection.close()
    store = open_store(f"sqlite:///{file}")
    await store.open()
    await say(store, cid, "ann", "brand new")
    assert await count_found(store, "brand") == 1
    await store.close()
    connection = connect_writer(file)
    work_off(Indexing(clock), connection, clock)
    assert found(connection, "number0") == ["steel number0"]
    assert found(connection, "brand") == ["brand new"]
    connection.close()


async def test_a_store_indexes_by_itself_what_it_finds(file: Path) -> None:
    await store_with(file, 2 * SLICE + 1)
    store = open_store(f"sqlite:///{file}")
    await store.open()
    deadline = asyncio.get_running_loop().time() + 20
    while not await count_found(store, "number0"):
        assert asyncio.get_running_loop().time() < deadline
    await store.close()


async def test_the_index_holds_what_an_index_made_anew_would(file: Path) -> None:
    """After every kind of change, at whatever point of indexing."""
    chance = random.Random(1)
    store = open_store(f"sqlite:///{file}")
    await store.open()
    cids = [await opened(store, "ann", "bob"), await opened(store, "ann", "bob", "cem")]
    cids += [await opened(store, "ann", f"u{n}") for n in range(3)]
    sent: list[tuple[str, str]] = []
    words = ["steel", "Zürich", "ılık", "棉纱", "가격", "PO-1/2", "x"]
    for _ in range(300):
        act = chance.random()
        text = " ".join(chance.choices(words, k=chance.randrange(1, 6)))
        if act < 0.5 or not sent:
            cid = chance.choice(cids)
            kind = chance.choice([MessageType.TEXT, MessageType.FILE, MessageType.SYSTEM])
            new = NewMessage(cid, "ann", new_client_id(), kind, text)
            message_id = (await store.send(new)).message.id
            if kind is not MessageType.SYSTEM:
                sent.append((cid, message_id))
        elif act < 0.7:
            cid, message_id = chance.choice(sent)
            await store.edit(cid, message_id, user_id="ann", content=text)
        elif act < 0.85:
            cid, message_id = sent.pop(chance.randrange(len(sent)))
            await store.delete_message(cid, message_id, user_id="ann")
        elif act < 0.98:
            await count_found(store, "steel")
        elif len(cids) > 2:
            gone = cids.pop()
            sent = [(cid, message_id) for cid, message_id in sent if cid != gone]
            await store.delete_conversation(gone, user_id="ann")
    await count_found(store, "steel")
    await store.close()
    connection, clock = connect_writer(file), Clock()
    work_off(Indexing(clock), connection, clock)
    kept = indexed(connection)
    connection.execute("INSERT INTO message_words (message_words) VALUES ('integrity-check')")
    connection.close()
    forget_index(file)
    connection = connect_writer(file)
    work_off(Indexing(clock), connection, clock)
    assert kept == indexed(connection) != []
    connection.close()


@pytest.mark.parametrize("how", ["edit, then delete", "delete", "delete conversation"])
async def test_words_that_were_taken_back_leave_the_file(file: Path, how: str) -> None:
    canary = "canarycanary"
    store = open_store(f"sqlite:///{file}")
    await store.open()
    cid, other = await opened(store, "ann", "bob"), await opened(store, "bob", "cem")
    message = (await say(store, cid, "ann", f"the {canary} sings")).message
    await say(store, other, "bob", "stays where it is")
    assert await count_found(store, canary) == 1
    if how == "edit, then delete":
        await store.edit(cid, message.id, user_id="ann", content="nothing")
        assert await count_found(store, canary) == 0, "its history holds it still, the search does not"
    if how != "delete conversation":
        await store.delete_message(cid, message.id, user_id="ann")
    else:
        await store.delete_conversation(cid, user_id="ann")
    assert await count_found(store, canary) == 0
    await store.close()
    connection, clock = connect_writer(file), Clock()
    work_off(Indexing(clock), connection, clock)
    assert found(connection, "stays") == ["stays where it is"]
    connection.close()
    assert b"stays" in file.read_bytes()
    assert canary.encode() not in file.read_bytes()


@pytest.mark.parametrize("others", [["bob"], ["bob", "cem"]])
async def test_who_takes_no_part_any_more_finds_nothing_whatever_the_index_holds(
    file: Path, others: list[str]
) -> None:
    store = open_store(f"sqlite:///{file}")
    await store.open()
    cid = await opened(store, "ann", *others)
    for n in range(3):
        await say(store, cid, "ann", f"steel {n}")
    query = checked(SearchMessages(q="steel", limit=1))
    page = await store.search(query, user_id="bob")
    assert page.next_cursor
    await store.close()
    connection = connect_writer(file)
    bob = "(SELECT key FROM users WHERE id = 'bob')"
    assert len(found(connection, "steel")) == 3
    connection.execute(f"DELETE FROM participants WHERE user_key = {bob}")
    assert found(connection, "steel") == []
    with pytest.raises(MessagingError, match="cursor"):
        search_query.search(connection, query._replace(cursor=page.next_cursor), "bob")
    connection.close()


async def test_words_made_by_other_rules_are_made_anew(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await store_with(file, 3)
    connection, clock = connect_writer(file), Clock()
    work_off(Indexing(clock), connection, clock)
    before = indexed(connection)
    monkeypatch.setattr("stockent.store.search_index.WORDS_VERSION", "2/next")
    assert search_index.marks(connection) is None
    connection.close()
    store = open_store(f"sqlite:///{file}")
    await store.open()
    await count_found(store, "number1")
    await store.close()
    connection = connect_writer(file)
    work_off(Indexing(clock), connection, clock)
    assert indexed(connection) == before
    marks = search_index.marks(connection)
    assert marks
    assert marks.version == "2/next"
    connection.close()


async def test_an_index_that_contradicts_itself_is_made_anew_and_keeps_nobody_from_deleting(
    file: Path,
) -> None:
    store = open_store(f"sqlite:///{file}")
    await store.open()
    cid = await opened(store, "ann", "bob")
    sent = [(await say(store, cid, "ann", f"steel {n}")).message for n in range(3)]
    assert await count_found(store, "steel") == 3
    await store.close()
    connection = connect_writer(file)
    connection.execute(
        "UPDATE messages SET content = ? WHERE seq = 1", ("words that were never indexed " * 9,)
    )
    connection.close()
    store = open_store(f"sqlite:///{file}")
    await store.open()
    await store.delete_message(cid, sent[0].id, user_id="ann")
    await store.close()
    connection, clock = connect_writer(file), Clock()
    work_off(Indexing(clock), connection, clock)
    assert sorted(found(connection, "steel")) == ["steel 1", "steel 2"]
    connection.close()


class TestPace:
    """When steps are done, by a clock of the test."""

    @pytest.fixture
    async def connection(self, file: Path) -> AsyncIterator[sqlite3.Connection]:
        await store_with(file, 2 * SLICE)
        with closing(connect_writer(file)) as connection:
            yield connection

    def test_a_step_waits_for_a_quiet_moment_and_done_is_done(self, connection: sqlite3.Connection) -> None:
        clock = Clock()
        indexing = Indexing(clock)
        assert (indexing.wait_s(), indexing.is_behind) == (0, True), "nobody knows what the last life left"
        work_off(indexing, connection, clock)
        assert (indexing.wait_s(), indexing.is_behind, indexing.is_overdue()) == (None, False, False)
        indexing.wrote(1)
        assert indexing.wait_s() == pytest.approx(QUIET_S)
        clock.now_s += QUIET_S / 2
        indexing.wrote(0)
        assert indexing.wait_s() == pytest.approx(QUIET_S / 2)

    def test_under_load_steps_take_a_small_share_of_the_time(self, connection: sqlite3.Connection) -> None:
        indexing, clock = self.after_a_step_of(0.006, connection)
        indexing.wrote(1)
        assert not indexing.is_overdue()
        clock.now_s += 0.006 / BUSY_SHARE * 0.99
        assert not indexing.is_overdue()
        clock.now_s += 0.006 / BUSY_SHARE * 0.02
        assert indexing.is_overdue()

    def test_nobody_falls_behind_without_bound(self, connection: sqlite3.Connection) -> None:
        indexing, _ = self.after_a_step_of(0.006, connection)
        indexing.wrote(MAX_BEHIND)
        assert not indexing.is_overdue()
        indexing.wrote(1)
        assert indexing.is_overdue()

    def after_a_step_of(self, took_s: float, connection: sqlite3.Connection) -> tuple[Indexing, Clock]:
        clock = Clock()
        indexing = Indexing(clock)
        clock.tick_s = took_s
        indexing.step(connection)
        clock.tick_s = 0
        return indexing, clock

    def test_after_a_failure_it_rests_and_begins_again(self, connection: sqlite3.Connection) -> None:
        clock = Clock()
        indexing = Indexing(clock)
        indexing.failed()
        assert indexing.wait_s() == RETRY_S
        indexing.wrote(MAX_BEHIND + 1)
        assert not indexing.is_overdue()
        clock.now_s += RETRY_S
        assert indexing.is_overdue()
        work_off(indexing, connection, clock)
        assert len(found(connection, "steel")) == 50
