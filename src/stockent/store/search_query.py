"""Finds messages: the index gives the newest that meet a search, and those are ranked here.

One window of a bounded number of matches at a time, the newest first, is ranked in itself; behind it comes the next. So
a word that half of all messages hold costs no more than a rare one, and every match is reached by paging.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

import msgspec

from stockent.messaging.errors import invalid, not_found
from stockent.messaging.models import MAX_SEQ, Message
from stockent.messaging.search import (
    MAX_HIGHLIGHTS,
    MAX_SHOWN_PEOPLE,
    Highlight,
    SearchConversation,
    SearchHit,
    SearchPage,
    SearchQuery,
    SearchSort,
)
from stockent.messaging.terms import Term, ranges
from stockent.messaging.words import placed_words

from .connect import sqlite3
from .documents import encode, encode_text
from .ids import rfc3339
from .queries import value
from .search_index import NAMES
from .search_rank import Candidate, rank

#: Matches that are ranked among themselves.
WINDOW = 200
#: Later messages have greater keys, but for corrections of the clock; this large a one is still allowed for.
CLOCK_SLACK = timedelta(days=1)
_MAX_KEY = 2**63 - 1


class _Place(NamedTuple):
    """A message as the asker knows it. Keys stay inside: they would tell how much others write."""

    conversation_id: str
    seq: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]


class _Within(NamedTuple):
    """How far into a window a page came: the window's oldest match, the last one shown, and its score."""

    oldest: _Place
    last: _Place
    score: float


class _Cursor(NamedTuple):
    """`newest`: where the window begins; if there is no `within`, right behind it."""

    newest: _Place
    within: _Within | None


class _Match(NamedTuple):
    key: int
    content: str
    names: str
    created_at: str
    conversation_id: str
    seq: int

    @property
    def place(self) -> _Place:
        return _Place(self.conversation_id, self.seq)


class _Found(msgspec.Struct):
    message: Message
    conversation: SearchConversation


def search(connection: sqlite3.Connection, query: SearchQuery, user_id: str) -> SearchPage:
    """One page. What may be read is in the words that are asked of the index, and proved again for each match."""
    me = value(connection, "SELECT key FROM users WHERE id = ?", user_id)
    asked = None if me is None else _asked(connection, query, user_id, me)
    if asked is None:
        return SearchPage(items=[])
    cursor = None if query.cursor is None else _decode(query.cursor)
    newest = _MAX_KEY if cursor is None else _key(connection, cursor.newest, me)
    if cursor is not None and cursor.within is None:
        newest -= 1
    is_ranked = query.sort is SearchSort.RELEVANCE and bool(query.terms)
    matches = _matches(connection, query, me, asked, newest, count=WINDOW if is_ranked else query.limit)
    if not is_ranked:
        shown = matches[: query.limit]
        more = len(matches) > len(shown)
        following = _Cursor(shown[-1].place, None) if more else None
    else:
        shown, following = _ranked(connection, query, me, matches, cursor)
    return SearchPage(
        items=_hits(connection, shown, query.terms),
        next_cursor=None if following is None else _encode(following),
    )


def _ranked(
    connection: sqlite3.Connection, query: SearchQuery, me: int, matches: list[_Match], cursor: _Cursor | None
) -> tuple[list[_Match], _Cursor | None]:
    """A window does not change while it is paged through: it lies between two messages."""
    if not matches:
        return [], None
    within = None if cursor is None else cursor.within
    if within is None:
        window, newest = matches[:WINDOW], matches[0].place
        position = None
    else:
        assert cursor is not None
        oldest_key = _key(connection, within.oldest, me)
        window, newest = [match for match in matches if match.key >= oldest_key], cursor.newest
        position = (within.score, _key(connection, within.last, me))
    by_key = {match.key: match for match in window}
    at = _created_at(connection, newest)
    ranking = rank(
        [Candidate(each.key, each.content, each.names, each.created_at) for each in window], query.terms, at
    )
    rest = [scored for scored in ranking if position is None or scored < position]
    page = rest[: query.limit]
    shown = [by_key[key] for _, key in page]
    oldest = within.oldest if within is not None else window[-1].place
    if len(rest) > len(page):
        return shown, _Cursor(newest, _Within(oldest, shown[-1].place, page[-1][0]))
    return shown, _Cursor(oldest, None) if len(matches) > len(window) else None


def _asked(connection: sqlite3.Connection, query: SearchQuery, user_id: str, me: int) -> str | None:
    """The search in the language of the index; None if nothing can meet it.

    Words are letters and digits, so none can be taken for more than a word.
    """
    wanted = [_scope(connection, query.conversation_id, user_id, me)]
    if query.sender_id is not None:
        sender = value(connection, "SELECT key FROM users WHERE id = ?", query.sender_id)
        if sender is None:
            return None
        wanted.append(f'"·s{sender}"')
    wanted += [_phrase(term) for term in query.terms if not term.is_excluded]
    unwanted = [_phrase(term) for term in query.terms if term.is_excluded]
    if query.has_attachments is not None:
        (wanted if query.has_attachments else unwanted).append('"·a"')
    asked = " AND ".join(wanted)
    return f"({asked}) NOT ({' OR '.join(unwanted)})" if unwanted else asked


def _scope(connection: sqlite3.Connection, conversation_id: str | None, user_id: str, me: int) -> str:
    """The one conversation, or all of mine: those of two people by me, groups by what they are."""
    if conversation_id is not None:
        key = value(connection, _CONVERSATION_KEY, conversation_id, me)
        if key is None:
            raise not_found()
        return f'"·c{key}"'
    groups = _keys_from(value(connection, _GROUPS, me))
    return "(" + " OR ".join([f'"·u{me}"', *(f'"·c{key}"' for key in groups)]) + ")"


def _phrase(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + ("*" if term.is_prefix else "")


def _matches(
    connection: sqlite3.Connection, query: SearchQuery, me: int, asked: str, newest: int, *, count: int
) -> list[_Match]:
    """The newest matches up to a key, and one more than was asked for if there is one."""
    oldest = 0
    if query.after is not None:
        oldest = _first_key_at(connection, _shifted(query.after, -CLOCK_SLACK))
    if query.before is not None:
        newest = min(newest, _first_key_at(connection, _shifted(query.before, CLOCK_SLACK)))
    found = value(
        connection,
        _MATCHES,
        {
            "me": me,
            "asked": asked,
            "newest": newest,
            "oldest": oldest,
            "after": query.after,
            "before": query.before,
            "limit": count + 1,
        },
    )
    return _matches_from(found)


def _first_key_at(connection: sqlite3.Connection, moment: str) -> int:
    """The first message of this time or later, found by halving, as if times never fell."""
    low, high = 1, value(connection, "SELECT coalesce(max(key), 0) FROM messages") + 1
    while low < high:
        middle = (low + high) // 2
        created_at = value(
            connection, "SELECT created_at FROM messages WHERE key >= ? ORDER BY key LIMIT 1", middle
        )
        if created_at < moment:
            low = middle + 1
        else:
            high = middle
    return low


def _shifted(moment: str, by: timedelta) -> str:
    try:
        return rfc3339((datetime.fromisoformat(moment) + by).timestamp())
    except (OverflowError, ValueError):
        return moment


def _hits(connection: sqlite3.Connection, shown: Sequence[_Match], terms: Sequence[Term]) -> list[SearchHit]:
    found = _found_from(value(connection, _DOCUMENTS, encode_text([match.key for match in shown])))
    return [
        SearchHit(
            message=each.message,
            conversation=each.conversation,
            highlights=list(_highlights(each.message.content, terms)),
        )
        for each in found
    ]


def _highlights(content: str, terms: Sequence[Term]) -> Iterable[Highlight]:
    met = ranges(terms, placed_words(content))[:MAX_HIGHLIGHTS]
    if content.isascii():
        return [Highlight(start=start, end=end) for start, end in met]
    return [Highlight(start=_units(content[:start]), end=_units(content[:end])) for start, end in met]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _key(connection: sqlite3.Connection, place: _Place, me: int) -> int:
    """Only of what the asker may read: a cursor that was made up tells nothing of others' conversations."""
    key = value(connection, _MESSAGE_KEY, me, *place)
    if key is None:
        raise _foreign_cursor()
    return int(key)


def _created_at(connection: sqlite3.Connection, place: _Place) -> datetime:
    return datetime.fromisoformat(value(connection, _CREATED_AT, *place))


def _encode(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(encode(cursor)).decode().rstrip("=")


def _decode(cursor: str) -> _Cursor:
    try:
        return _cursor_from(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise _foreign_cursor() from error


def _foreign_cursor() -> Exception:
    return invalid("cursor", "expected a nextCursor of this search; search again from the start")


_GROUPS = """
    SELECT json_group_array(p.conversation_key) FROM participants p
    CROSS JOIN conversations c ON c.key = p.conversation_key
    WHERE p.user_key = ? AND c.kind <> 'DIRECT'
"""
_CONVERSATION_KEY = """
    SELECT c.key FROM conversations c CROSS JOIN participants p ON p.conversation_key = c.key
    WHERE c.id = ? AND p.user_key = ?
"""
# What a participant may see of a message `m` is decided here alone: `p` is the asker's part in its conversation.
_MINE = """
    CROSS JOIN participants p ON p.conversation_key = m.conversation_key AND p.user_key = :me
        AND m.seq > p.visible_after
"""
_MATCHES = f"""
    SELECT json_group_array(json_array(key, content, names, created_at, id, seq)) FROM (
        SELECT m.key, m.content, {NAMES} AS names, m.created_at, c.id, m.seq
        FROM message_words w CROSS JOIN messages m ON m.key = w.rowid
        {_MINE}
        CROSS JOIN conversations c ON c.key = m.conversation_key
        WHERE w.message_words MATCH :asked AND w.rowid BETWEEN :oldest AND :newest AND m.deleted_at IS NULL
            AND (:after IS NULL OR m.created_at >= :after) AND (:before IS NULL OR m.created_at < :before)
        ORDER BY w.rowid DESC LIMIT 0 + :limit)
"""  # only the constants above go in
_MESSAGE_KEY = f"""
    SELECT m.key FROM conversations c CROSS JOIN messages m ON m.conversation_key = c.key AND m.seq = ?3
    {_MINE.replace(":me", "?1")}
    WHERE c.id = ?2
"""
_CREATED_AT = """
    SELECT m.created_at FROM conversations c CROSS JOIN messages m ON m.conversation_key = c.key
    WHERE c.id = ? AND m.seq = ?
"""
_PEOPLE = f"""
    SELECT json_group_array(json_object(
        'id', id, 'name', name, 'companyName', company_name, 'country', country, 'avatarUrl', avatar_url))
    FROM (
        SELECT u.* FROM participants p CROSS JOIN users u ON u.key = p.user_key
        WHERE p.conversation_key = c.key LIMIT {MAX_SHOWN_PEOPLE})
"""
_DOCUMENTS = f"""
    SELECT json_group_array(json_object('message', json(d.document), 'conversation', json_object(
        'id', c.id, 'kind', c.kind, 'title', c.title, 'subject', json(s.document),
        'participants', json(({_PEOPLE})),
        'participantCount', (SELECT count(*) FROM participants p WHERE p.conversation_key = c.key))))
    FROM json_each(?) j CROSS JOIN messages m ON m.key = j.value
    CROSS JOIN message_document d ON d.conversation_key = m.conversation_key AND d.seq = m.seq
    CROSS JOIN conversations c ON c.key = m.conversation_key
    LEFT JOIN subjects s ON s.conversation_key = c.key
"""
_keys_from = msgspec.json.Decoder(list[int]).decode
_matches_from = msgspec.json.Decoder(list[_Match]).decode
_found_from = msgspec.json.Decoder(list[_Found]).decode
_cursor_from = msgspec.json.Decoder(_Cursor).decode
