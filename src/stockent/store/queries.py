"""What is read, each function in the one snapshot of the connection that it is given.

A function that names a conversation takes the user who asks; the query itself is the permission. A bound limit is
written `LIMIT 0 + ?`: newer versions of SQLite look at the value of a bare one while planning, and so plan the
statement anew each time that it runs, which takes longer than most of them.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import msgspec

from stockent.messaging.errors import invalid, not_found
from stockent.messaging.models import (
    Conversation,
    ConversationPage,
    ConversationStatus,
    Message,
    MessagePage,
    Profile,
    Unread,
)

from .connect import sqlite3
from .documents import (
    conversation_from,
    conversations_from,
    encode,
    encode_text,
    message_from,
    messages_from,
    profile_from,
)
from .ids import seq_in
from .searching import fold
from .spans import LATEST_SPAN, SPAN_BITS


def profile(connection: sqlite3.Connection, user_id: str, seen_by: str) -> Profile:
    document = value(
        connection,
        """
        SELECT document FROM profile_document them WHERE them.id = ?1 AND (?1 = ?2 OR EXISTS (
            SELECT 1 FROM users me JOIN participants mine ON mine.user_key = me.key
            JOIN participants theirs ON theirs.conversation_key = mine.conversation_key
            WHERE me.id = ?2 AND theirs.user_key = them.key))
        """,
        user_id,
        seen_by,
    )
    if document is None:
        raise not_found("user")
    return profile_from(document)


def conversation(connection: sqlite3.Connection, conversation_id: str, user_id: str) -> Conversation:
    document = value(
        connection,
        "SELECT document FROM conversation_document WHERE id = ? AND viewer_id = ?",
        conversation_id,
        user_id,
    )
    if document is None:
        raise not_found()
    return conversation_from(document)


def conversations(
    connection: sqlite3.Connection,
    *,
    user_id: str,
    cursor: str | None,
    limit: int,
    status: ConversationStatus | None,
    unread: bool | None,
    q: str | None,
    archived: bool = False,
) -> ConversationPage:
    """One statement finds the page by (pinned, activity, id), by way of spans; the next makes its documents."""
    before_pinned, before_activity, before_id = (
        (None, None, None) if cursor is None else _decode_cursor(cursor)
    )
    found = _keys_from(
        value(
            connection,
            _PAGE_KEYS,
            {
                "user": user_id,
                "pinned": before_pinned,
                "activity": before_activity,
                "id": before_id,
                "span1": _newest_span(before_pinned, before_activity, pinned=1),
                "span0": _newest_span(before_pinned, before_activity, pinned=0),
                "status": status,
                "unread": unread,
                "archived": archived,
                "q": fold(q) if q else None,
                "limit": limit + 1,
            },
        )
    )
    page = found[:limit]
    items = documents_of(connection, [conversation_id for *_, conversation_id in page], user_id)
    more = len(found) > limit
    return ConversationPage(items=items, next_cursor=_encode_cursor(page[-1]) if more else None)


def documents_of(connection: sqlite3.Connection, ids: list[str], user_id: str) -> list[Conversation]:
    """The conversations of these ids that are the user's, in the order of the ids."""
    if not ids:
        return []
    document = value(
        connection,
        """
        SELECT json_group_array(json(v.document)) FROM json_each(?) j
        CROSS JOIN conversation_document v ON v.id = j.value AND v.viewer_id = ?
        """,
        encode_text(ids),
        user_id,
    )
    return conversations_from(document)


def messages(
    connection: sqlite3.Connection,
    conversation_id: str,
    *,
    user_id: str,
    before: int | None,
    after: int | None,
    around: int | None,
    limit: int,
) -> MessagePage:
    """With exactly one bound. The newest are `tails.read_tail`."""
    found = connection.execute(_PROVE_ACCESS, (conversation_id, user_id)).fetchone()
    if found is None:
        raise not_found()
    key, last, visible_after = found
    if after is not None:
        after = max(after, visible_after)
        items, has_after = _newer(connection, key, after, limit)
        has_before = after > visible_after and bool(_older(connection, key, visible_after, after + 1, 1)[0])
    elif around is not None:
        items, has_before = _older(connection, key, visible_after, around, limit // 2)
        newer, has_after = _newer(connection, key, max(around - 1, visible_after), limit - len(items))
        items += newer
    else:
        assert before is not None
        items, has_before = _older(connection, key, visible_after, before, limit)
        has_after = last >= before
    cursor = str(items[0].seq) if items and has_before else None
    return MessagePage(items=items, has_before=has_before, has_after=has_after, next_cursor=cursor)


def visible_document(
    connection: sqlite3.Connection, conversation_id: str, message_id: str, user_id: str
) -> tuple[int, Message]:
    """A message that the user may see, and its conversation's key."""
    found = connection.execute(_PROVE_ACCESS, (conversation_id, user_id)).fetchone()
    if found is None:
        raise not_found()
    key, _, visible_after = found
    document = value(
        connection,
        "SELECT document FROM message_document WHERE conversation_key = ? AND seq = ? AND id = ? AND seq > ?",
        key,
        seq_in(message_id),
        message_id,
        visible_after,
    )
    if document is None:
        raise not_found("message")
    return key, message_from(document)


def unread(connection: sqlite3.Connection, user_id: str) -> Unread:
    by_conversation = _counts_from(
        value(
            connection,
            """
            SELECT json_group_object(c.id, p.unread) FROM users u
            CROSS JOIN participants p ON p.user_key = u.key AND p.unread > 0
            CROSS JOIN conversations c ON c.key = p.conversation_key
            WHERE u.id = ?
            """,
            user_id,
        )
    )
    return Unread(total=sum(by_conversation.values()), conversations=by_conversation)


def value(connection: sqlite3.Connection, sql: str, *parameters: Any) -> Any:
    """The one value of a query that gives one row; None without a row. One dict stands for named parameters."""
    named = parameters[0] if len(parameters) == 1 and isinstance(parameters[0], dict) else parameters
    row = connection.execute(sql, named).fetchone()
    return None if row is None else row[0]


def _older(
    connection: sqlite3.Connection, key: int, visible_after: int, before: int, limit: int
) -> tuple[list[Message], bool]:
    """The newest messages before a `seq`, oldest first, and whether there are more before those."""
    found = messages_from(value(connection, _OLDER, key, visible_after, before, limit + 1))
    found.reverse()
    return found[-limit:] if limit else [], len(found) > limit


def _newer(connection: sqlite3.Connection, key: int, after: int, limit: int) -> tuple[list[Message], bool]:
    found = messages_from(value(connection, _NEWER, key, after, limit + 1))
    return found[:limit], len(found) > limit


def _newest_span(before_pinned: int | None, before_activity: int | None, *, pinned: int) -> int:
    """In which a page may begin. Of the span that a page ended in the next one shows what was left."""
    if before_pinned is None or before_activity is None or pinned < before_pinned:
        return LATEST_SPAN
    return before_activity >> SPAN_BITS if pinned == before_pinned else -1


def _encode_cursor(key: tuple[int, int, str]) -> str:
    return base64.urlsafe_b64encode(encode(key)).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[int, int, str]:
    try:
        return _key_from(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise invalid("cursor", "expected a nextCursor of this list") from error


def _listed(*, pinned: int) -> str:
    """Of the pinned ones or of the others the newest that match, and of the rest those that share the last span."""
    return f"""
        SELECT {pinned} AS pinned, c.activity AS activity, c.id AS id
        FROM users me
        CROSS JOIN participants mine ON mine.user_key = me.key AND mine.archived = :archived
            AND (mine.pinned_at IS NOT NULL) = {pinned} AND mine.active_span <= :span{pinned}
            AND mine.active_span >= coalesce((
                SELECT edge.active_span FROM participants edge
                WHERE edge.user_key = me.key AND edge.archived = :archived
                    AND (edge.pinned_at IS NOT NULL) = {pinned} AND edge.active_span < :span{pinned}
                    AND {_matches("edge")}
                ORDER BY edge.active_span DESC LIMIT 1 OFFSET 0 + :limit), 0)
        CROSS JOIN conversations c ON c.key = mine.conversation_key
        WHERE me.id = :user AND {_matches("mine")}
            AND (:activity IS NULL OR ({pinned}, c.activity, c.id) < (:pinned, :activity, :id))
    """


def _matches(mine: str) -> str:
    return f"""
        (:unread IS NULL OR ({mine}.unread > 0 OR {mine}.marked_unread) = :unread)
        AND (:status IS NULL OR (SELECT status FROM conversations WHERE key = {mine}.conversation_key) = :status)
        AND (:q IS NULL
            OR (SELECT instr(search, :q) > 0 FROM conversations WHERE key = {mine}.conversation_key)
            OR EXISTS (
                SELECT 1 FROM participants o JOIN users u ON u.key = o.user_key
                WHERE o.conversation_key = {mine}.conversation_key AND u.key <> {mine}.user_key
                    AND instr(u.search, :q) > 0))
    """


_PAGE_KEYS = f"""
    SELECT json_group_array(json_array(pinned, activity, id)) FROM (
        {_listed(pinned=1)} UNION ALL {_listed(pinned=0)}
        ORDER BY pinned DESC, activity DESC, id DESC LIMIT 0 + :limit)
"""
_PROVE_ACCESS = """
    SELECT c.key, c.last_message_seq, p.visible_after FROM conversations c CROSS JOIN users u
    CROSS JOIN participants p ON p.conversation_key = c.key AND p.user_key = u.key
    WHERE c.id = ? AND u.id = ?
"""
_OLDER = """
    SELECT json_group_array(json(document)) FROM (
        SELECT document FROM message_document
        WHERE conversation_key = ? AND seq > ? AND seq < ? ORDER BY seq DESC LIMIT 0 + ?)
"""
_NEWER = """
    SELECT json_group_array(json(document)) FROM (
        SELECT document FROM message_document WHERE conversation_key = ? AND seq > ? ORDER BY seq LIMIT 0 + ?)
"""
_keys_from = msgspec.json.Decoder(list[tuple[int, int, str]]).decode
_key_from = msgspec.json.Decoder(
    tuple[Annotated[int, msgspec.Meta(ge=0, le=1)], Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)], str]
).decode
_counts_from = msgspec.json.Decoder(dict[str, int]).decode
