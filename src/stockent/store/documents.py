"""The wire's documents made in SQL: views that show a row as the JSON which clients receive, and its decoders.

A read is a few statements with one JSON value each. The database builds it and msgspec makes the structs of it, so
Python does no work for each row, and the interpreter lock is given up and taken once instead of once a row.
The views are temporary, one set per connection: the shape of the wire is code, not schema.
"""

from __future__ import annotations

import msgspec

from stockent.messaging.models import Conversation, Message, Profile

TEMP_VIEWS = (
    """
    CREATE TEMP VIEW message_document AS
    SELECT m.conversation_key, m.seq, m.id, json_object(
        'id', m.id, 'conversationId', c.id, 'seq', m.seq, 'updatedSeq', m.updated_seq,
        'clientId', m.client_id, 'type', m.type, 'content', m.content,
        'sender', json_object(
            'id', s.id, 'name', s.name, 'companyName', s.company_name, 'country', s.country,
            'avatarUrl', s.avatar_url),
        'createdAt', m.created_at, 'editedAt', m.edited_at, 'deletedAt', m.deleted_at) AS document
    FROM main.messages m
    CROSS JOIN main.conversations c ON c.key = m.conversation_key
    CROSS JOIN main.users s ON s.key = m.sender_key
    """,
    # One row for each participant: who is none finds nothing. The query itself is the permission.
    # To be asked with the conversation and the viewer both given.
    """
    CREATE TEMP VIEW conversation_document AS
    SELECT c.key, c.id, viewer.key AS viewer_key, viewer.id AS viewer_id, json_object(
        'id', c.id, 'kind', c.kind, 'subject', json(subjects.document), 'title', c.title,
        'status', c.status, 'seq', c.last_seq,
        'epoch', (SELECT value FROM main.meta WHERE key = 'epoch'),
        'participants', json((
            SELECT json_group_array(json_object(
                'userId', u.id, 'name', u.name, 'companyName', u.company_name, 'country', u.country,
                'avatarUrl', u.avatar_url, 'role', u.role,
                'readSeq', p.read_seq, 'deliveredSeq', p.delivered_seq))
            FROM main.participants p CROSS JOIN main.users u ON u.key = p.user_key
            WHERE p.conversation_key = c.key)),
        'lastMessage', json((
            SELECT last.document FROM message_document last
            WHERE last.conversation_key = c.key AND last.seq = c.last_message_seq)),
        'unread', mine.unread, 'createdAt', c.created_at, 'updatedAt', c.updated_at) AS document
    FROM main.conversations c
    CROSS JOIN main.users viewer
    CROSS JOIN main.participants mine ON mine.conversation_key = c.key AND mine.user_key = viewer.key
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

conversation_from = msgspec.json.Decoder(Conversation).decode
conversations_from = msgspec.json.Decoder(list[Conversation]).decode
message_from = msgspec.json.Decoder(Message).decode
messages_from = msgspec.json.Decoder(list[Message]).decode
profile_from = msgspec.json.Decoder(Profile).decode
encode = msgspec.json.encode


def encode_text(value: object) -> str:
    """JSON as text, the form in which statements take lists."""
    return encode(value).decode()
