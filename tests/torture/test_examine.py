"""The examination of a store's file: sound ones have no problem, and each thing that is wrong is told."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from stockent.store import open_store
from stockent.store.connect import sqlite3
from stockent.torture import history
from stockent.torture.examine import DATABASE_NAME, contents, examine
from stockent.torture.texts import digest
from tests.store.acts import opened, say


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A store with two conversations, closed."""
    store = open_store(f"sqlite:///{tmp_path / DATABASE_NAME}")
    await store.open()
    for other in ("ben", "cem"):
        cid = await opened(store, "ann", other)
        for number in range(3):
            await say(store, cid, "ann", f"text {number}")
        await store.mark_read(cid, user_id=other, seq=1)
    await store.close()
    return tmp_path


def change(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)) as connection:
        assert connection.execute(sql).rowcount > 0


def test_a_sound_store_has_no_problem(folder: Path) -> None:
    assert examine(folder, whole=True) == []
    assert examine(folder, whole=False) == []


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("DELETE FROM messages WHERE seq = 2", "there are 2 and the last is 3"),
        ("UPDATE conversations SET last_seq = 2", "says that its last position is 2; there are 3"),
        ("UPDATE participants SET unread = 1 WHERE unread = 2", "has 1 unread in .*; a count gives 2"),
        ("UPDATE messages SET deleted_at = '2026' WHERE seq = 3", "has 2 unread in .*; a count gives 1"),
    ],
)
def test_a_count_that_does_not_hold_is_told(folder: Path, sql: str, told: str) -> None:
    change(folder, sql)
    [problem, *_] = examine(folder, whole=False)
    assert re.search(told, problem)


def test_a_row_that_refers_to_nobody_is_told(folder: Path) -> None:
    change(folder, "UPDATE messages SET sender_key = 99 WHERE seq = 1")
    assert any("refers to a row of users" in problem for problem in examine(folder, whole=True))


def overwrite(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 4_096] = bytes(4_096)
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize("spoil", [overwrite, truncate, Path.unlink])
def test_a_file_that_is_broken_is_told(folder: Path, spoil: Callable[[Path], None]) -> None:
    spoil(folder / DATABASE_NAME)
    assert examine(folder, whole=True) != []


async def test_the_contents_are_those_of_the_store(folder: Path) -> None:
    lines = list(contents(folder, {}, 1.0))
    stored = [line for line in lines if isinstance(line, history.Stored)]
    assert [(line.last, [row[0] for row in line.rows]) for line in stored] == [(3, [1, 2, 3])] * 2
    seq, version, sender, client_id, known = stored[0].rows[0]
    assert (seq, version, sender) == (1, 1, "ann")
    assert uuid.UUID(client_id)
    assert known == digest("ann", client_id, "TEXT", "text 0", deleted=False)
    members = {
        (line.u, line.read, line.unread, line.recount) for line in lines if isinstance(line, history.Member)
    }
    assert members == {("ann", 0, 0, 0), ("ben", 1, 2, 2), ("cem", 1, 2, 2)}
