"""The wire's documents made in SQL: views that show a row as the JSON which clients receive, and its decoders.

A read is a few statements with one JSON value each. The database builds it and msgspec makes the structs of it, so
Python does no work for each row, and the interpreter lock is given up and taken once instead of once a row.
The views are temporary, one set per connection: the shape of the wire is code, not schema.
"""

from __future__ import annotations

import msgspec

from stockent.messaging.models import NOTHING_PERSONAL, QUOTED_CHARS, Conversation, Message, Personal, Profile
from stockent.messaging.ports import View

#: How a participant keeps a conversation, from its row `p`; null for nothing special, which is the rule.
PERSONAL = """
    CASE WHEN p.archived OR p.marked_unread OR p.pinned_at IS NOT NULL OR p.muted_until IS NOT NULL THEN json_object(
        'pinnedAt', p.pinned_at, 'mutedUntil', p.muted_until,
        'archived', json(iif(p.archived, 'true', 'false')),
        'markedUnread', json(iif(p.marked_unread, 'true', 'false'))) END
"""
#: One participant's `View`, from their row `p`, as values of a JSON array; see `view_from`.
VIEW = f"""
    p.unread,
    (SELECT t.unread FROM users t WHERE t.key = p.user_key),
    json({PERSONAL}), p.visible_after, iif(p.shown_read_seq <> p.read_seq, p.read_seq, NULL)
"""
#: A quoted message `q` and its sender `qs`, as it is now.
QUOTE = f"""
    json_object(
        'messageId', q.id, 'seq', q.seq, 'type', q.type, 'content', substr(q.content, 1, {QUOTED_CHARS}),
        'deleted', json(iif(q.deleted_at IS NULL, 'false', 'true')),
        'sender', json_object('id', qs.id, 'name', qs.name))
"""
_MESSAGE = """
    CREATE TEMP VIEW message_document AS
    SELECT m.conversation_key, m.seq, m.id, json_object(
        'id', m.id, 'conversationId', c.id, 'seq', m.seq, 'updatedSeq', m.updated_seq,
        'clientId', m.client_id, 'type', m.type, 'content', m.content,
        'sender', json_object(
            'id', s.id, 'name', s.name, 'companyName', s.company_name, 'country', s.country,
            'avatarUrl', s.avatar_url),
        'createdAt', m.created_at, 'editedAt', m.edited_at, 'deletedAt', m.deleted_at,
        'attachments', json(coalesce(m.extra -> 'attachments', '[]')),
        'mentions', json(coalesce(m.extra -> 'mentions', '[]')),
        'forwarded', json(coalesce(m.extra -> 'forwarded', 'false')),
        'system', json(m.extra -> 'system'),
        'replyTo', CASE WHEN m.extra IS NOT NULL THEN json((
            SELECT {quote}
            FROM main.messages q CROSS JOIN main.users qs ON qs.key = q.sender_key
            WHERE q.conversation_key = m.conversation_key AND q.seq = m.extra ->> 'replyTo')) END,
        'reactions', json(iif(m.reacted, (
            SELECT json_group_array(json_object('emoji', e.emoji, 'count', e.given, 'users', json((
                SELECT json_group_array(json_object('id', g.id, 'name', g.name)) FROM (
                    SELECT u.id, u.name FROM main.reactions r CROSS JOIN main.users u ON u.key = r.user_key
                    WHERE r.conversation_key = m.conversation_key AND r.message_seq = m.seq AND r.emoji = e.emoji
                    ORDER BY r.seq DESC) g))))
            FROM (
                SELECT emoji, count(*) AS given FROM main.reactions
                WHERE conversation_key = m.conversation_key AND message_seq = m.seq
                GROUP BY emoji ORDER BY max(seq) DESC) e), '[]'))) AS document
    FROM main.messages m
    CROSS JOIN main.conversations c ON c.key = m.conversation_key
    CROSS JOIN main.users s ON s.key = m.sender_key
"""
_CONVERSATION = """json_object(
        'id', c.id, 'kind', c.kind, 'subject', json(subjects.document), 'title', c.title,
        'status', c.status, 'seq', c.last_seq,
        'epoch', (SELECT value FROM main.meta WHERE key = 'epoch'),
        'historyVisible', json(iif(c.history_visible, 'true', 'false')),
        'participants', json((
            SELECT json_group_array(json_object(
                'userId', u.id, 'name', u.name, 'companyName', u.company_name, 'country', u.country,
                'avatarUrl', u.avatar_url, 'role', u.role, 'groupRole', p.group_role,
                'readSeq', {read_seq}, 'deliveredSeq', p.delivered_seq,
                'readAt', p.read_at, 'deliveredAt', p.delivered_at))
            FROM main.participants p CROSS JOIN main.users u ON u.key = p.user_key
            WHERE p.conversation_key = c.key)),
        'lastMessage', json((
            SELECT last.document FROM message_document last
            WHERE last.conversation_key = c.key AND last.seq = c.last_message_seq {visible})),
        'createdAt', c.created_at, 'updatedAt', c.updated_at, 'unread', {unread}, 'personal', json({personal}))
"""
_NOTHING_PERSONAL = "'" + msgspec.json.encode(NOTHING_PERSONAL).decode() + "'"
TEMP_VIEWS = (
    _MESSAGE.format(quote=QUOTE),
    # One row for each participant: who is none finds nothing. The query itself is the permission.
    # To be asked with the conversation and the viewer both given.
    f"""
    CREATE TEMP VIEW conversation_document AS
    SELECT c.key, c.id, viewer.key AS viewer_key, viewer.id AS viewer_id, mine.visible_after, {
        _CONVERSATION.format(
            read_seq="iif(p.user_key = viewer.key, p.read_seq, p.shown_read_seq)",
            visible="AND last.seq > mine.visible_after",
            unread="mine.unread",
            personal=f"coalesce(({PERSONAL.replace('p.', 'mine.')}), {_NOTHING_PERSONAL})",
        )
    } AS document
    FROM main.conversations c
    CROSS JOIN main.users viewer
    CROSS JOIN main.participants mine ON mine.conversation_key = c.key AND mine.user_key = viewer.key
    LEFT JOIN main.subjects ON subjects.conversation_key = c.key
    """,
    # Nobody's in particular: for the writer, which shows it to each participant as theirs. Proves nobody's access.
    f"""
    CREATE TEMP VIEW shared_document AS
    SELECT c.key, c.id, {
        _CONVERSATION.format(read_seq="p.shown_read_seq", visible="", unread="0", personal=_NOTHING_PERSONAL)
    } AS document
    FROM main.conversations c
    LEFT JOIN main.subjects ON subjects.conversation_key = c.key
    """,
    """
    CREATE TEMP VIEW profile_document AS
    SELECT key, id, json_object(
        'id', id, 'name', name, 'companyName', company_name, 'country', country, 'avatarUrl', avatar_url,
        'role', role) AS document
    FROM main.users
    """,
)


def view_from(
    unread: int, total_unread: int, personal: Personal | None, visible_after: int, read_seq: int | None
) -> View:
    return View(unread, total_unread, personal or NOTHING_PERSONAL, visible_after, read_seq)


conversation_from = msgspec.json.Decoder(Conversation).decode
conversations_from = msgspec.json.Decoder(list[Conversation]).decode
message_from = msgspec.json.Decoder(Message).decode
messages_from = msgspec.json.Decoder(list[Message]).decode
profile_from = msgspec.json.Decoder(Profile).decode
encode = msgspec.json.encode


def encode_text(value: object) -> str:
    """JSON as text, the form in which statements take lists."""
    return encode(value).decode()
