"""The store's file, read from outside while no server runs: is it sound, and what does it hold?

It is opened read-only, by a connection of this module's own; the rules are those of docs/delivery.md, counted anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from . import history
from .texts import digest

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:
        import sqlite3

DATABASE_NAME = "stockent.db"
#: Problems of one kind that are told; of a broken file there may be thousands.
MAX_TOLD = 10
ROWS_PER_LINE = 500

StoreUnreadable = sqlite3.Error


def examine(data_dir: Path, *, whole: bool) -> list[str]:
    """Problems, each in a sentence. `whole` adds SQLite's own check of every page, index and reference."""
    try:
        with closing(_open(data_dir)) as connection:
            problems = list(_recounts(connection))
            if whole:
                problems += _own_checks(connection)
            return problems
    except sqlite3.Error as error:
        return [f"the store cannot be read: {error}"]


def contents(data_dir: Path, names: Mapping[str, str], now: float) -> Iterator[history.Line]:
    """Everything as lines; `names`: id of a conversation → its name in the history. Raises `StoreUnreadable`."""
    with closing(_open(data_dir)) as connection:
        for key, conversation_id, last in connection.execute(
            "SELECT key, id, last_seq FROM conversations ORDER BY key"
        ).fetchall():
            c = names.get(conversation_id, conversation_id)
            yield from _messages(connection, key, c, last, now)
            rows = connection.execute(_CHANGES, (key,)).fetchall()
            for at in range(0, len(rows), ROWS_PER_LINE):
                yield history.Changes(t=now, c=c, rows=rows[at : at + ROWS_PER_LINE])
            yield from _people(connection, key, c, now)


def _open(data_dir: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{data_dir / DATABASE_NAME}?mode=ro", uri=True, isolation_level=None)


def _own_checks(connection: sqlite3.Connection) -> Iterator[str]:
    for (text,) in connection.execute(f"PRAGMA integrity_check({MAX_TOLD})"):
        if text != "ok":
            yield f"integrity check: {text}"
    for number, (table, rowid, parent, _) in enumerate(connection.execute("PRAGMA foreign_key_check")):
        if number < MAX_TOLD:
            yield f"row {rowid} of {table} refers to a row of {parent} that is not there"


def _recounts(connection: sqlite3.Connection) -> Iterator[str]:
    for number, (conversation_id, last, count, highest) in enumerate(connection.execute(_WRONG_LAST_SEQ)):
        if number < MAX_TOLD:
            yield (
                f"conversation {conversation_id} says that its last position is {last}; "
                f"there are {count} and the last is {highest}"
            )
    for number, (conversation_id, user_id, unread, count) in enumerate(connection.execute(_WRONG_UNREAD)):
        if number < MAX_TOLD:
            yield f"{user_id} has {unread} unread in {conversation_id}; a count gives {count}"


def _messages(
    connection: sqlite3.Connection, key: int, c: str, last: int, now: float
) -> Iterator[history.Line]:
    cursor = connection.execute(_MESSAGES, (key,))
    memberships: list[history.Line] = []
    told = False
    while rows := cursor.fetchmany(ROWS_PER_LINE):
        stored = []
        for seq, version, sender, client_id, kind, content, deleted, extra in rows:
            known = digest(sender, client_id, kind, content, deleted=bool(deleted))
            stored.append((seq, version, sender, client_id, known))
            if kind == "SYSTEM":
                memberships += _membership(c, seq, sender, extra, now)
        told = True
        yield history.Stored(t=now, c=c, last=last, rows=stored)
    if not told:
        yield history.Stored(t=now, c=c, last=last, rows=[])
    yield from memberships


def _membership(c: str, seq: int, sender: str, extra: str, now: float) -> Iterator[history.Line]:
    """Who came or went at the position before the message that tells of it."""
    note = json.loads(extra)["system"]
    people = [person["id"] for person in note["users"]]
    if note["event"] == "added":
        yield history.Membership(t=now, c=c, p=seq - 1, came=people)
    elif note["event"] == "removed":
        yield history.Membership(t=now, c=c, p=seq - 1, went=people)
    elif note["event"] == "left":
        yield history.Membership(t=now, c=c, p=seq - 1, went=[sender])


def _people(connection: sqlite3.Connection, key: int, c: str, now: float) -> Iterator[history.Line]:
    for user, read, unread, visible_after, recount in connection.execute(_MEMBERS, (key,)):
        yield history.Member(
            t=now, c=c, u=user, read=read, unread=unread, recount=recount, visible_after=visible_after
        )


_UNREAD = """
    SELECT count(*) FROM messages m WHERE m.conversation_key = p.conversation_key
        AND m.seq > max(p.read_seq, p.visible_after) AND m.sender_key <> p.user_key
        AND m.deleted_at IS NULL AND m.type <> 'SYSTEM'
"""
_WRONG_LAST_SEQ = """
    SELECT id, last_seq, messages + changes, max(newest_message, newest_change) FROM (
        SELECT c.id, c.last_seq,
            (SELECT count(*) FROM messages m WHERE m.conversation_key = c.key) messages,
            (SELECT count(*) FROM changes h WHERE h.conversation_key = c.key) changes,
            (SELECT coalesce(max(seq), 0) FROM messages m WHERE m.conversation_key = c.key) newest_message,
            (SELECT coalesce(max(seq), 0) FROM changes h WHERE h.conversation_key = c.key) newest_change
        FROM conversations c)
    WHERE last_seq <> messages + changes OR last_seq <> max(newest_message, newest_change)
"""
# Statements are put together from constants only.
_WRONG_UNREAD = f"""
    SELECT c.id, u.id, counted.unread, counted.recount FROM (
        SELECT p.conversation_key, p.user_key, p.unread, ({_UNREAD}) recount FROM participants p) counted
    JOIN conversations c ON c.key = counted.conversation_key JOIN users u ON u.key = counted.user_key
    WHERE counted.unread <> counted.recount
"""  # noqa: S608
_MESSAGES = """
    SELECT m.seq, m.updated_seq, u.id, m.client_id, m.type, m.content, m.deleted_at, m.extra
    FROM messages m JOIN users u ON u.key = m.sender_key WHERE m.conversation_key = ? ORDER BY m.seq
"""
_CHANGES = "SELECT seq, coalesce(message_seq, 0) FROM changes WHERE conversation_key = ? ORDER BY seq"
_MEMBERS = f"""
    SELECT u.id, p.read_seq, p.unread, p.visible_after, ({_UNREAD})
    FROM participants p JOIN users u ON u.key = p.user_key WHERE p.conversation_key = ?
"""  # noqa: S608
