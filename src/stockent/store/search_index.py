"""The index of a search: what stands in it, and how it is kept true. Runs in the writer's transactions only.

`message_words` (FTS5, without a copy of the texts) holds for each message its folded words and, before them, facets:
words that no text can hold, so that who may read, who wrote and where are met by the index itself. `Marks` say which
messages are in it: those with keys over `low` up to `high`, each exactly as it is now; a change takes a message out by
the words that it had and puts it in anew. New messages follow in slices above `high`, those of a store that had no
index yet below `low`.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import structlog

from stockent.messaging.words import WORDS_VERSION, words

from .connect import sqlite3
from .documents import encode_text
from .transaction import Transaction

#: An index of fewer messages than this need not be rewritten for its speed.
TIDY_FROM = 10_000
#: SQLITE_CORRUPT: what SQLite also says of an index from which more words are taken than are in it.
CORRUPT = 11

log = structlog.get_logger("stockent.store")

#: Parts text from names, so that no phrase reaches over. No text folds to a word with a middle dot in it.
_BREAK = " · "
#: SQL for the names of a message's attachments, of `messages m`.
NAMES = "coalesce((SELECT group_concat(value ->> 'name', ' ') FROM json_each(m.extra, '$.attachments')), '')"


class Marks(msgspec.Struct):
    """`version` names the rules by which words were made.

    `removals` counts what was taken out, `tidied` how many of those were when a rewriting began whose end is known, and
    `tidied_size` the messages in the index then.
    """

    version: str
    low: int
    high: int
    removals: int = 0
    tidied: int = 0
    tidied_size: int = 0
    #: Of the index: one more each time that it is begun anew.
    generation: int = 0

    @property
    def size(self) -> int:
        return self.high - self.low

    @property
    def is_untidy(self) -> bool:
        """Words that were taken out have left traces, or the index has grown by half in small pieces."""
        return self.removals > self.tidied or self.size > self.tidied_size * 3 // 2 + TIDY_FROM


class Entry(NamedTuple):
    """What is indexed of a message: its key, and all its words."""

    key: int
    words: str


class Indexed(msgspec.Struct, frozen=True):
    """What the index had of a conversation when it was deleted: its people's facets, and the keys between which its
    messages may be in it. Messages that follow then, or came before, are not indexed any more."""

    people: str
    generation: int
    low: int
    high: int


class _Row(NamedTuple):
    key: int
    facets: str
    content: str
    names: str


def marks(connection: sqlite3.Connection) -> Marks | None:
    """None for a store whose index was never begun, or was made by other rules."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'search'").fetchone()
    found = None if row is None else _marks_from(row[0])
    return found if found is not None and found.version == WORDS_VERSION else None


def begin(connection: sqlite3.Connection) -> Marks:
    """Empty the index. What is stored now is older, and follows below."""
    connection.execute("INSERT INTO message_words (message_words) VALUES ('delete-all')")
    last = _last_key(connection)
    row = connection.execute("SELECT value ->> 'generation' FROM meta WHERE key = 'search'").fetchone()
    generation = 1 + ((row and row[0]) or 0)
    begun = Marks(WORDS_VERSION, low=last, high=last, generation=generation)
    keep(connection, begun)
    return begun


def keep(connection: sqlite3.Connection, marks: Marks) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('search', ?)", (encode_text(marks),))


def add_newer(connection: sqlite3.Connection, marks: Marks, limit: int) -> int:
    """Index what came after, oldest first, at most `limit` messages. Returns how many are left."""
    last = _last_key(connection)
    upto = min(last, marks.high + limit)
    if upto > marks.high:
        _add(connection, _entries(connection, _BY_KEYS, marks.high, upto))
        marks.high = upto
        keep(connection, marks)
    return last - upto


def add_older(connection: sqlite3.Connection, marks: Marks, limit: int) -> int:
    """Index what was there before the index, newest first. Returns how many are left."""
    downto = max(0, marks.low - limit)
    if downto < marks.low:
        _add(connection, _entries(connection, _BY_KEYS, downto, marks.low))
        marks.low = downto
        keep(connection, marks)
    return downto


def tidy(connection: sqlite3.Connection, pages: int, *, first: bool) -> bool:
    """Rewrite a part of the index into one piece: words that were taken out leave the file, and searches get quicker.

    Returns whether all is done.
    """
    before = connection.total_changes
    connection.execute(
        "INSERT INTO message_words (message_words, rank) VALUES ('merge', ?)", (-pages if first else pages,)
    )
    # https://www.sqlite.org/fts5.html#the_merge_command: a difference under two means that nothing was left to do.
    return connection.total_changes - before < 2


def take_out(tx: Transaction, conversation_key: int, seq: int) -> bool:
    """To be called before a message changes: forget the words that it has now. Returns whether it was indexed."""
    return _remove(tx.connection, _entries(tx.connection, _BY_SEQ, conversation_key, seq))


def put_in(tx: Transaction, conversation_key: int, seq: int) -> None:
    """To be called after a message that was taken out has changed: index what it says now."""
    _add(tx.connection, _entries(tx.connection, _BY_SEQ, conversation_key, seq))


def indexed_of(connection: sqlite3.Connection, conversation_key: int) -> Indexed:
    """To be called before a conversation is deleted."""
    found = marks(connection)
    [(people,)] = connection.execute(_PEOPLE_OF, (conversation_key,))
    if found is None:
        return Indexed(people, generation=-1, low=0, high=0)
    return Indexed(people, found.generation, found.low, found.high)


def take_out_deleted(
    connection: sqlite3.Connection, conversation_key: int, after: int, upto: int, indexed: Indexed
) -> None:
    """To be called before these messages of a deleted conversation lose their texts."""
    found = marks(connection)
    if found is None or found.generation != indexed.generation:
        return
    entries = _entries(connection, _OF_DELETED, indexed.people, conversation_key, after, upto)
    _remove(connection, [entry for entry in entries if indexed.low < entry.key <= indexed.high])


def _remove(connection: sqlite3.Connection, entries: list[Entry]) -> bool:
    """Returns whether any was there, and no more is. What was not will be indexed in its turn, as it is then."""
    found = marks(connection)
    if found is None:
        return False
    indexed = [entry for entry in entries if found.low < entry.key <= found.high]
    if not indexed:
        return False
    try:
        connection.execute(_DELETE, (encode_text(indexed),))
    except sqlite3.DatabaseError as error:
        # A fault of whoever changed a text behind the index's back. It must keep nobody from deleting.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != CORRUPT:
            raise
        log.error("search_index_begun_anew", reason=str(error))
        begin(connection)
        return False
    found.removals += len(indexed)
    keep(connection, found)
    return True


def _add(connection: sqlite3.Connection, entries: list[Entry]) -> None:
    if entries:
        connection.execute(_INSERT, (encode_text(entries),))


def _entries(connection: sqlite3.Connection, where: str, *parameters: object) -> list[Entry]:
    [(found,)] = connection.execute(where, parameters)
    return [Entry(row.key, row.facets + _text(row)) for row in _rows_from(found)]


def _text(row: _Row) -> str:
    # The tokenizer knows ASCII: it lowers it, and parts it where `words` would.
    text = row.content if row.content.isascii() else " ".join(words(row.content))
    return text + _BREAK + " ".join(words(row.names)) if row.names else text


def _last_key(connection: sqlite3.Connection) -> int:
    [(last,)] = connection.execute("SELECT coalesce(max(key), 0) FROM messages")
    return int(last)


# The people of a conversation `c` of two, who have it for good; nothing of a group's.
_PEOPLE = """
    CASE c.kind WHEN 'DIRECT' THEN (
        SELECT group_concat(' ·u' || p.user_key, '') FROM participants p WHERE p.conversation_key = c.key)
    ELSE '' END
"""
_PEOPLE_OF = f"SELECT {_PEOPLE} FROM conversations c WHERE c.key = ?"
# `c`: the conversation; `u`: each of its people; `s`: the sender; `a`: an attachment.
_ENTRY = f"""
    SELECT json_group_array(json_array(key, facets, content, names)) FROM (
        SELECT m.key, m.content, {NAMES} AS names,
            '·c' || m.conversation_key || ' ·s' || m.sender_key
            || CASE WHEN m.type IN ('IMAGE', 'FILE', 'VOICE') THEN ' ·a' ELSE '' END || %s || ' ' AS facets
        FROM messages m CROSS JOIN conversations c ON c.key = m.conversation_key
        WHERE m.deleted_at IS NULL AND m.type <> 'SYSTEM' AND
"""  # only the constants above and below go in
_SEARCHABLE = _ENTRY % _PEOPLE + " c.deleted_at IS NULL AND "
_BY_KEYS = _SEARCHABLE + " m.key > ? AND m.key <= ? ORDER BY m.key)"
_BY_SEQ = _SEARCHABLE + " m.conversation_key = ? AND m.seq = ?)"
_OF_DELETED = _ENTRY % "?" + " m.conversation_key = ? AND m.seq > ? AND m.seq <= ? ORDER BY m.seq)"
_INSERT = "INSERT INTO message_words (rowid, text) SELECT value ->> 0, value ->> 1 FROM json_each(?)"
_DELETE = """
    INSERT INTO message_words (message_words, rowid, text)
    SELECT 'delete', value ->> 0, value ->> 1 FROM json_each(?)
"""
_rows_from = msgspec.json.Decoder(list[_Row]).decode
_marks_from = msgspec.json.Decoder(Marks).decode
