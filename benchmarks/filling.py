"""Fills a fresh store with rows as the product's own writer would have left them, only much faster.

Messages of all conversations are mixed, as they come in over two years: those of one lie far apart in the file. Nothing
is safe against a crash meanwhile, so a store is filled under a name of its own and renamed when it is whole.
"""

from __future__ import annotations

import random
import uuid
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from stockent.store import migrate, search_index
from stockent.store.connect import connect_snapshot, connect_writer, sqlite3
from stockent.store.ids import hex_ms, rfc3339

SPAN_S = 2 * 365 * 86_400
BEGUN_S = 1_700_000_000
#: Messages between two looks at how far it is.
_STEP = 50_000
_CACHE_KB = 512 * 1024
_INDEX_SLICE = 20_000
_TIDY_PAGES = 4_096

#: Told what is being done, how much of it is done, and how much there is to do.
Tell = Callable[[str, int, int], None]


class Talk(NamedTuple):
    """A conversation to fill. `people`: keys of users. `unread`: the newest, of all in turns, that nobody has read."""

    people: tuple[int, ...]
    messages: int
    unread: int = 0


def conversation_id(key: int) -> str:
    """Of the conversation with that key: talks are counted from 1, in the order in which they were given."""
    return f"{key:032x}"


def silent(_what: str, _done: int, _total: int) -> None:
    """Tells nobody."""


def fill(
    path: Path,
    talks: Sequence[Talk],
    written: Iterator[str],
    chance: random.Random,
    *,
    names: Mapping[int, str] | None = None,
    files_every: int = 0,
    tell: Tell = silent,
) -> None:
    """Make a store at `path` of these conversations, not yet indexed for the search.

    `names`: ids of users by their key; the others are `user-7`. Of `files_every` messages one is told to be a file.
    """
    migrate(f"sqlite:///{path}")
    with closing(connect_writer(path)) as connection:
        _hurry(connection)
        connection.execute("BEGIN")
        indexes = _drop_indexes(connection)
        turns = _turns(talks, chance)
        moved_us = array("q", [BEGUN_S * 1_000_000]) * len(talks)
        rows = _messages(talks, turns, moved_us, written, chance, files_every)
        for done in range(0, len(turns), _STEP):
            tell("messages", done, len(turns))
            connection.executemany(_INSERT_MESSAGE, islice(rows, _STEP))
        tell("messages", len(turns), len(turns))
        _insert_people(connection, talks, names or {})
        _insert_conversations(connection, talks, moved_us)
        for done, sql in enumerate(indexes):
            tell("indexes", done, len(indexes))
            connection.execute(sql)
        tell("indexes", len(indexes), len(indexes))
        connection.execute("COMMIT")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can only read, also while a server has the store."""
    with closing(connect_snapshot(path)) as connection:
        yield connection


def index(connection: sqlite3.Connection, slice_size: int, tell: Tell = silent) -> Iterator[None]:
    """Index for the search what is stored, as the running server would, without its pauses; a slice each time."""
    marks = search_index.begin(connection)
    total = marks.low
    while marks.low:
        tell("search index", total - marks.low, total)
        connection.execute("BEGIN IMMEDIATE")
        search_index.add_older(connection, marks, slice_size)
        connection.execute("COMMIT")
        yield
    tell("search index", total, total)


def index_all(path: Path, tell: Tell = silent) -> None:
    """Index the whole of a store that nobody uses, so that its server finds nothing to do."""
    with closing(connect_writer(path)) as connection:
        _hurry(connection)
        for _ in index(connection, _INDEX_SLICE, tell):
            pass
        tidy(connection, _TIDY_PAGES)


def tidy(connection: sqlite3.Connection, pages: int) -> None:
    """Rewrite the index in one piece, and say so in it, so that no server begins that anew."""
    first = True
    while not search_index.tidy(connection, pages, first=first):
        first = False
    marks = search_index.marks(connection)
    assert marks is not None
    marks.tidied, marks.tidied_size = marks.removals, marks.size
    search_index.keep(connection, marks)


def _hurry(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = OFF").fetchone()
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA secure_delete = OFF").fetchone()
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")


def _drop_indexes(connection: sqlite3.Connection) -> list[str]:
    """Of the messages; sorted afterwards they are built in a tenth of the time. Returns what makes them again."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'messages' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    return [sql for _, sql in found]


def _turns(talks: Sequence[Talk], chance: random.Random) -> array[int]:
    """Whose turn it is, message by message: positions in `talks`."""
    turns = array("I")
    for position, talk in enumerate(talks):
        turns.extend(array("I", [position]) * talk.messages)
    chance.shuffle(turns)
    return turns


def _messages(
    talks: Sequence[Talk],
    turns: array[int],
    moved_us: array[int],
    written: Iterator[str],
    chance: random.Random,
    files_every: int,
) -> Iterator[tuple[Any, ...]]:
    """Rows, and in `moved_us` when each conversation had its last one."""
    seqs = array("I", [0]) * len(talks)
    for number, position in enumerate(turns, start=1):
        people, messages, unread = talks[position]
        seqs[position] = seq = seqs[position] + 1
        at_s = BEGUN_S + SPAN_S * number / len(turns)
        moved_us[position] = int(at_s * 1_000_000)
        read = seq <= messages - unread
        sender = people[int(chance.random() * len(people)) if read else (messages - seq) % len(people)]
        client_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        message_id = f"{hex_ms(at_s)}{seq:012x}{number:012x}"
        kind = "FILE" if files_every and number % files_every == 0 else "TEXT"
        yield (number, position + 1, seq, seq, sender, client_id.replace("-", ""), client_id, message_id, kind,
               next(written), rfc3339(at_s))  # fmt: skip


def _insert_people(connection: sqlite3.Connection, talks: Sequence[Talk], names: Mapping[int, str]) -> None:
    people = sorted({person for talk in talks for person in talk.people})
    connection.executemany(
        "INSERT INTO users (key, id, name, search) VALUES (?, ?, ?, ?)",
        ((key, names.get(key, f"user-{key}"), f"Person {key}", f"person {key}") for key in people),
    )


def _insert_conversations(
    connection: sqlite3.Connection, talks: Sequence[Talk], moved_us: Sequence[int]
) -> None:
    begun = rfc3339(BEGUN_S)
    connection.executemany(
        """
        INSERT INTO conversations (key, id, kind, status, last_seq, last_message_seq, activity, updated_at, created_at,
            creator_key, identity) VALUES (?1, ?2, ?3, 'ACTIVE', ?4, ?4, ?5, ?6, ?7, ?8, 'filled ' || ?1)
        """,
        (
            (key, conversation_id(key), "DIRECT" if len(talk.people) == 2 else "GROUP", talk.messages, moved,
             rfc3339(moved / 1_000_000), begun, talk.people[0])
            for key, (talk, moved) in enumerate(zip(talks, moved_us, strict=True), start=1)
        ),
    )  # fmt: skip
    connection.executemany(
        """
        INSERT INTO participants (conversation_key, user_key, read_seq, shown_read_seq, delivered_seq, unread,
            group_role) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)
        """,
        (row for key, talk in enumerate(talks, start=1) for row in _participants(key, talk)),
    )


def _participants(key: int, talk: Talk) -> Iterator[tuple[Any, ...]]:
    size = len(talk.people)
    for place, person in enumerate(talk.people):
        own = len(range(place, talk.unread, size))
        role = None if size == 2 else "MEMBER" if place else "OWNER"
        yield key, person, talk.messages - talk.unread, talk.messages, talk.unread - own, role


_INSERT_MESSAGE = """
    INSERT INTO messages (key, conversation_key, seq, updated_seq, sender_key, client_key, client_id, id, type, content,
        created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
