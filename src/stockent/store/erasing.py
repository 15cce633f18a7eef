"""The texts of deleted conversations go in steps: a long conversation keeps nobody else waiting.

A deletion takes away access, and the first of the texts, in its own transaction, and leaves an `Erasure` in `meta`.
The writer does the rest between batches, one slice in a transaction, also after a restart. Nobody can reach, change or
add to a conversation meanwhile: the rows that are the right to it are gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from . import search_index
from .connect import sqlite3
from .documents import encode_text
from .ids import LONG_AGO
from .search_index import Indexed

#: Messages of one slice: about 5 ms.
SLICE = 250
#: After a deletion, and after each batch that may hold one.
QUIET_S = 0.02
#: Under load without a pause, slices take this share of the time.
BUSY_SHARE = 0.1
#: After a failure, such as a full disk.
RETRY_S = 5.0
_KEY = "erase "


class Erasure(msgspec.Struct):
    """Of one conversation what is left: positions over `after` up to `upto`, with what the search had of them."""

    conversation_key: int
    after: int
    upto: int
    indexed: Indexed


def erase_conversation(
    connection: sqlite3.Connection, conversation_key: int, last_seq: int, indexed: Indexed
) -> None:
    """In the transaction of the deletion; `indexed` is from before it."""
    _advance(connection, Erasure(conversation_key, 0, last_seq, indexed))


class Span(NamedTuple):
    """Positions of a conversation: over `after`, up to `upto`."""

    conversation_key: int
    after: int
    upto: int


def erase_hanging_on(connection: sqlite3.Connection, span: Span) -> None:
    """What hangs on these messages. Files that nothing shows any more are soon removed."""
    connection.execute(_RELEASE_FILES, (LONG_AGO, *span))
    for table in ("reactions", "versions", "message_attachments"):
        connection.execute(
            f"DELETE FROM {table} WHERE conversation_key = ? AND message_seq > ? AND message_seq <= ?", span
        )


class Erasing:
    """The writer asks how long it may wait for something to write, and has steps done in between."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        #: When a step is due if nothing waits; None while there is nothing to do. At first: what the last life left.
        self._due_at: float | None = now()
        self._busy_until = self._retry_at = now()

    def wrote(self) -> None:
        """A batch was written that may hold a deletion."""
        if self._due_at is None:
            self._due_at = self._now() + QUIET_S

    def wait_s(self) -> float | None:
        return None if self._due_at is None else max(0.0, self._due_at - self._now())

    def is_overdue(self) -> bool:
        """Whether a step is to be done although more may wait."""
        now = self._now()
        return self._due_at is not None and now >= max(self._busy_until, self._retry_at, self._due_at)

    def step(self, connection: sqlite3.Connection) -> None:
        """One slice, in a transaction of its own, if there is one. After an exception call `failed`."""
        began = self._now()
        erasure = _next(connection)
        if erasure is None:
            self._due_at = None
            return
        connection.execute("BEGIN IMMEDIATE")
        _advance(connection, erasure)
        connection.execute("COMMIT")
        now = self._now()
        self._busy_until = now + (now - began) / BUSY_SHARE
        # Half of the time is left to others who want the processor.
        self._due_at = now + (now - began)

    def failed(self) -> None:
        """Nothing of the step was kept; the next comes later."""
        self._due_at = self._retry_at = self._now() + RETRY_S


def _next(connection: sqlite3.Connection) -> Erasure | None:
    row = connection.execute(
        "SELECT value FROM meta WHERE key > ? AND key < ? LIMIT 1", (_KEY, _KEY + "~")
    ).fetchone()
    return None if row is None else _erasure_from(row[0])


def _advance(connection: sqlite3.Connection, erasure: Erasure) -> None:
    span = Span(erasure.conversation_key, erasure.after, min(erasure.after + SLICE, erasure.upto))
    search_index.take_out_deleted(connection, *span, erasure.indexed)
    connection.execute(_ERASE_TEXTS, span)
    erase_hanging_on(connection, span)
    name = f"{_KEY}{erasure.conversation_key}"
    if span.upto >= erasure.upto:
        if erasure.after:
            connection.execute("DELETE FROM meta WHERE key = ?", (name,))
        return
    erasure.after = span.upto
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (name, encode_text(erasure)))


_ERASE_TEXTS = """
    UPDATE messages SET content = '', extra = NULL, reacted = false
    WHERE conversation_key = ? AND seq > ? AND seq <= ? AND (content <> '' OR extra IS NOT NULL)
"""
_RELEASE_FILES = """
    UPDATE attachments SET touched_at = ?1 WHERE key IN (
        SELECT attachment_key FROM message_attachments
        WHERE conversation_key = ?2 AND message_seq > ?3 AND message_seq <= ?4)
    AND NOT EXISTS (
        SELECT 1 FROM message_attachments l WHERE l.attachment_key = attachments.key
            AND NOT (l.conversation_key = ?2 AND l.message_seq > ?3 AND l.message_seq <= ?4))
"""
_erasure_from = msgspec.json.Decoder(Erasure).decode
