"""The embedded store in particular: its file and lock, its connections, its schema, and how much it asks of SQLite."""

from __future__ import annotations

import asyncio
import itertools
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from stockent.messaging.models import MessageType, Profile
from stockent.messaging.ports import NewMessage
from stockent.messaging.search import SearchQuery
from stockent.messaging.terms import Term
from stockent.store import StoreError, changes, gaps, migrate, open_store, queries
from stockent.store.connect import connect_reader, connect_writer, sqlite3
from stockent.store.ids import MessageIds
from stockent.store.marks import ReadMark, mark_group
from stockent.store.people import save_profiles
from stockent.store.schema import metadata
from stockent.store.search_query import search
from stockent.store.sends import send_group
from stockent.store.tails import prove_membership, read_tail
from stockent.store.transaction import Memory, Transaction
from tests.store.acts import STEEL, new_client_id, opened, people, say


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "stockent.db"


async def test_one_file_has_one_store_at_a_time(file: Path) -> None:
    first, second = open_store(f"sqlite:///{file}"), open_store(f"sqlite:///{file}")
    await first.open()
    with pytest.raises(StoreError, match=r"another process uses this store.*stockent\.db\.lock"):
        await second.open()
    with pytest.raises(StoreError, match=r"stockent\.db\.lock"):
        migrate(f"sqlite:///{file}")
    cid = await opened(first, "ann", "bob")
    await first.close()
    await second.open()
    assert (await second.conversation(cid, user_id="ann")).id == cid
    await second.close()


def test_migrating_makes_the_schema_that_is_declared(file: Path) -> None:
    assert migrate(f"sqlite:///{file}") == file
    declared = file.with_name("declared.db")
    engine = create_engine(f"sqlite:///{declared}")
    metadata.create_all(engine)
    engine.dispose()
    migrated = _schema(file)
    del migrated["alembic_version"]
    assert migrated == _schema(declared)
    migrate(f"sqlite:///{file}")
    again = _schema(file)
    del again["alembic_version"]
    assert again == migrated, "a second time changes nothing"


async def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("a diary " * 1000)
    with pytest.raises(StoreError, match="not a database"):
        await open_store(f"sqlite:///{file}").open()
    assert file.read_text() == "a diary " * 1000


async def test_a_store_of_a_newer_version_is_refused(file: Path) -> None:
    migrate(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        [(head,)] = connection.execute("SELECT version_num FROM alembic_version")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        await open_store(f"sqlite:///{file}").open()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (head,))
    connection.close()
    store = open_store(f"sqlite:///{file}")
    await store.open()
    await store.close()


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot create the folder"):
        await open_store(f"sqlite:///{tmp_path}/file/stockent.db").open()
    with pytest.raises(StoreError, match="cannot create the folder"):
        migrate(f"sqlite:///{tmp_path}/file/stockent.db")


async def test_only_the_owner_may_read_the_files(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    await store.open()
    await opened(store, "ann", "bob")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in file.parent.iterdir()}
    assert len(modes) >= 3
    assert set(modes.values()) == {0}
    await store.close()


def test_commits_are_synced_and_readers_can_only_read(file: Path) -> None:
    migrate(f"sqlite:///{file}")
    writer, reader = connect_writer(file), connect_reader(file)
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert writer.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert reader.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    insert = "INSERT INTO users (id) VALUES ('ann')"
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute(insert)
    writer.execute(insert)
    assert reader.execute("SELECT id FROM users").fetchall() == [("ann",)]
    reader.close()
    writer.close()


async def test_a_list_takes_as_many_statements_for_thirty_as_for_three(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    await store.open()
    for n in range(30):
        await say(store, await opened(store, "ann", f"u{n}", "cem"), "ann")
    await store.close()
    reader = connect_reader(file)

    def listed(limit: int) -> int:
        page = queries.conversations(
            reader, user_id="ann", cursor=None, limit=limit, status=None, unread=None, q=None
        )
        return len(page.items)

    assert (listed(3), listed(30)) == (3, 30)
    assert _statements(reader, lambda: listed(3)) == _statements(reader, lambda: listed(30)) <= 3
    reader.close()


async def test_a_batch_takes_as_many_statements_for_a_hundred_as_for_two(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    await store.open()
    cids = [await opened(store, "ann", f"u{n}") for n in range(100)]
    await store.close()
    writer = connect_writer(file)
    tx = Transaction(writer, Memory(), MessageIds(), time.time(), 1)

    def send(count: int) -> None:
        send_group(
            tx, [NewMessage(cid, "ann", new_client_id(), MessageType.TEXT, "x") for cid in cids[:count]]
        )

    def mark(count: int) -> None:
        mark_group(tx, [ReadMark(cid, f"u{n}", 1) for n, cid in enumerate(cids[:count])])

    send(100)
    assert _statements(writer, lambda: send(2)) == _statements(writer, lambda: send(100)) <= 5
    assert _statements(writer, lambda: mark(2)) == _statements(writer, lambda: mark(100)) <= 2
    writer.close()


async def test_nothing_that_is_asked_often_walks_through_a_whole_table(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    await store.open()
    cid = await opened(store, "ann", "bob", subject=STEEL)
    message = (await say(store, cid, "ann")).message
    await store.change_conversation(cid, user_id="ann", title="New")
    await store.close()
    writer = connect_writer(file)
    tx = Transaction(writer, Memory(), MessageIds(), time.time(), 1)
    new, first = (
        people("ann", "cem", subject=STEEL),
        NewMessage("", "ann", new_client_id(), MessageType.TEXT, "x"),
    )

    def page(before: int | None, after: int | None) -> object:
        return queries.messages(writer, cid, user_id="ann", before=before, after=after, around=None, limit=5)

    acts: list[Callable[[], object]] = [
        lambda: queries.profile(writer, "ann", "bob"),
        lambda: queries.conversation(writer, cid, "ann"),
        lambda: prove_membership(writer, cid, "ann"),
        lambda: read_tail(writer, cid, "ann", 5),
        lambda: queries.conversations(
            writer, user_id="ann", cursor=None, limit=5, status=None, unread=None, q="steel"
        ),
        lambda: page(9, None),
        lambda: page(None, 0),
        lambda: queries.unread(writer, "ann"),
        lambda: gaps.conversation_since(writer, cid, "ann", 0),
        lambda: search(writer, SearchQuery((Term(("x",)),), sender_id="ann", after="2025"), "ann"),
        lambda: search(writer, SearchQuery(conversation_id=cid), "ann"),
        lambda: gaps.resume(writer, "ann", {cid: 0}),
        lambda: mark_group(tx, [ReadMark(cid, "bob", 1)]),
        lambda: changes.start(tx, new, first),
        lambda: changes.start(tx, new, first),
        lambda: changes.edit(tx, cid, message.id, "ann", "edited"),
        lambda: changes.delete_message(tx, cid, message.id, "ann"),
        lambda: save_profiles(tx, [Profile(id="ann", name="Ann")]),
        lambda: changes.delete_conversation(tx, cid, "ann"),
    ]
    for act in acts:
        for statement in _traced(writer, act):
            if statement.startswith("INSERT INTO users"):
                continue  # its plan holds the foreign keys' children, which run only after a violation
            if statement.startswith("--") or "message_words_" in statement:
                continue  # the index's own, by which it reads and writes itself
            steps = [row[3] for row in writer.execute("EXPLAIN QUERY PLAN " + statement)]
            derived = {
                f"SCAN {step.split()[1]}" for step in steps if step.startswith(("CO-ROUTINE", "MATERIALIZE"))
            }
            walks = [
                step
                for step in steps
                if step.startswith("SCAN") and step not in derived and not _is_small(step)
            ]
            assert walks == [], statement
    writer.close()


def test_no_limit_makes_sqlite_plan_a_statement_anew_each_time() -> None:
    sources = [file.read_text() for file in Path(queries.__file__).parent.rglob("*.py")]
    assert any("LIMIT 0 + ?" in source for source in sources)
    assert [source for source in sources if re.search(r"LIMIT\s+[?:]", source)] == []


async def test_a_store_that_was_never_opened_says_so_and_closes(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    with pytest.raises(StoreError, match="not open"):
        await store.unread("ann")
    with pytest.raises(StoreError, match="not open"):
        await opened(store, "ann", "bob")
    await store.close()


async def test_closing_leaves_one_file_and_no_thread(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    await store.open()
    await asyncio.gather(*(opened(store, "ann", f"u{n}") for n in range(20)))
    await store.close()
    assert sorted(path.name for path in file.parent.iterdir()) == ["stockent.db", "stockent.db.lock"]


def _schema(file: Path) -> dict[str, str]:
    """Each table's and index's own words, whatever the spacing."""
    connection = sqlite3.connect(file)
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: " ".join(sql.split()) for name, sql in found}


def _statements(connection: sqlite3.Connection, act: Callable[[], object]) -> int:
    """SQLite tells each run of a trigger as the statement that fired it: one that stands there again is none."""
    return sum(1 for _ in itertools.groupby(_traced(connection, act)))


def _traced(connection: sqlite3.Connection, act: Callable[[], object]) -> list[str]:
    traced: list[str] = []
    connection.set_trace_callback(traced.append)
    act()
    connection.set_trace_callback(None)
    return traced


def _is_small(step: str) -> bool:
    """A list that the statement was given, its own rows of the step before, or a constant."""
    return "VIRTUAL TABLE" in step or "SCAN (" in step or "CONSTANT ROW" in step


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://db/stockent", "PostgreSQL comes with a later version"),
        ("postgres://user:hunter2@db/stockent", "PostgreSQL comes with a later version"),
        ("postgresql+asyncpg://db/stockent", "PostgreSQL comes with a later version"),
        ("mysql://user:hunter2@db/stockent", "expected sqlite:///"),
        ("sqlite+aiosqlite:///x.db", "expected sqlite:///"),
        ("sqlite://", "path of a file"),
        ("sqlite:///:memory:", "path of a file"),
        ("sqlite:///file:x.db?mode=memory", "path of a file"),
        ("sqlite://host/x.db", "path of a file"),
        ("stockent.db", "an address like"),
        ("", "an address like"),
        ("http://[", "DATABASE_URL"),
    ],
)
def test_an_address_that_cannot_be_served_is_told_without_its_password(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(StoreError, match=says):
        migrate(url)
