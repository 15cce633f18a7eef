"""Catching up: every change of a conversation after a position, for one or for many, in one snapshot.

The log is the messages by the `seq` of their creation and the `changes` by theirs; together they have no holes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from stockent.messaging import events
from stockent.messaging.commands import MAX_CATCHUP_EVENTS, MAX_RESUME_EVENTS, MAX_RESUME_OTHERS
from stockent.messaging.events import ConversationUpdated, MessageDeleted
from stockent.messaging.models import (
    NOTHING_PERSONAL,
    Catchup,
    Conversation,
    LogEntry,
    Marks,
    Message,
    Personal,
)
from stockent.messaging.ports import Resumed

from .connect import sqlite3
from .documents import PERSONAL, encode_text
from .queries import documents_of, unread, value


class _Standing(NamedTuple):
    """Where one conversation stands for the user who asks."""

    conversation_id: str
    key: int
    last_seq: int
    visible_after: int
    unread: int
    personal: Personal | None
    marks: dict[str, Marks]


class _Change(NamedTuple):
    conversation_id: str
    seq: int
    kind: str
    actor_id: str
    message: Message | None


def catch_up(
    connection: sqlite3.Connection, user_id: str, positions: Mapping[str, int]
) -> dict[str, Catchup]:
    """A whole gap or `reset`, never a part. All gaps together are bounded too: what is beyond is reset."""
    standing = _read_standing(connection, user_id, positions)
    wanted: list[tuple[_Standing, int]] = []
    left = MAX_RESUME_EVENTS
    for conversation_id, stands in standing.items():
        gap = stands.last_seq - positions[conversation_id]
        hidden = positions[conversation_id] < stands.visible_after
        if not hidden and 0 <= gap <= min(MAX_CATCHUP_EVENTS, left):
            wanted.append((stands, positions[conversation_id]))
            left -= gap
    logs = _read_logs(connection, user_id, wanted)
    caught: dict[str, Catchup] = {}
    for conversation_id in positions:
        found = standing.get(conversation_id)
        if found is None:
            caught[conversation_id] = Catchup(gone=True)
            continue
        log = logs.get(conversation_id)
        caught[conversation_id] = Catchup(
            events=log,
            reset=log is None,
            unread=found.unread,
            reads={user_id: marks.read_seq for user_id, marks in found.marks.items()},
            marks=found.marks,
            personal=found.personal or NOTHING_PERSONAL,
        )
    return caught


def resume(connection: sqlite3.Connection, user_id: str, positions: Mapping[str, int]) -> Resumed:
    named = catch_up(connection, user_id, positions)
    others = _ids_from(value(connection, _OTHERS, user_id, encode_text(list(positions)), MAX_RESUME_OTHERS))
    return Resumed(named, documents_of(connection, others, user_id), unread(connection, user_id).total)


def _read_standing(
    connection: sqlite3.Connection, user_id: str, positions: Mapping[str, int]
) -> dict[str, _Standing]:
    found = _standing_from(value(connection, _STANDING, encode_text(list(positions)), user_id))
    return {stands.conversation_id: stands for stands in found}


def _read_logs(
    connection: sqlite3.Connection, user_id: str, wanted: list[tuple[_Standing, int]]
) -> dict[str, list[LogEntry]]:
    logs: dict[str, list[LogEntry]] = {stands.conversation_id: [] for stands, _ in wanted}
    gaps = [(stands.key, after) for stands, after in wanted if after < stands.last_seq]
    if not gaps:
        return logs
    after = encode_text(gaps)
    for message in _messages_from(value(connection, _MESSAGES, after)):
        entry = LogEntry(seq=message.seq, event=events.MESSAGE_RECEIVED, payload=message)
        logs[message.conversation_id].append(entry)
    hidden = encode_text([(stands.key, after, stands.visible_after) for stands, after in wanted])
    changes = _changes_from(value(connection, _CHANGES, hidden))
    updated = list({change.conversation_id for change in changes if change.message is None})
    now = {found.id: found for found in documents_of(connection, updated, user_id)} if updated else {}
    for change in changes:
        logs[change.conversation_id].append(_entry(change, now.get(change.conversation_id)))
    for log in logs.values():
        log.sort(key=lambda entry: entry.seq)
    return logs


def _entry(change: _Change, now: Conversation | None) -> LogEntry:
    message = change.message
    if message is None:
        assert now is not None
        updated = ConversationUpdated(
            conversation_id=change.conversation_id, seq=change.seq, conversation=now
        )
        return LogEntry(seq=change.seq, event=events.CONVERSATION_UPDATED, payload=updated)
    if change.kind != "delete":
        return LogEntry(seq=change.seq, event=events.MESSAGE_UPDATED, payload=message)
    deleted = MessageDeleted(
        conversation_id=change.conversation_id,
        seq=change.seq,
        message_id=message.id,
        message_seq=message.seq,
        deleted_by=change.actor_id,
    )
    return LogEntry(seq=change.seq, event=events.MESSAGE_DELETED, payload=deleted)


_STANDING = f"""
    SELECT json_group_array(json_array(c.id, c.key, c.last_seq, p.visible_after, p.unread, json({PERSONAL}), json((
        SELECT json_group_object(u.id, json_object(
            'readSeq', iif(o.user_key = p.user_key, o.read_seq, o.shown_read_seq), 'readAt', o.read_at,
            'deliveredSeq', o.delivered_seq, 'deliveredAt', o.delivered_at))
        FROM participants o CROSS JOIN users u ON u.key = o.user_key WHERE o.conversation_key = c.key))))
    FROM json_each(?) j
    CROSS JOIN conversations c ON c.id = j.value
    CROSS JOIN users me ON me.id = ?
    CROSS JOIN participants p ON p.conversation_key = c.key AND p.user_key = me.key
"""
_MESSAGES = """
    SELECT json_group_array(json(m.document)) FROM json_each(?) j
    CROSS JOIN message_document m ON m.conversation_key = j.value ->> 0 AND m.seq > j.value ->> 1
"""
_CHANGES = """
    SELECT json_group_array(json_array(c.id, h.seq, h.kind, u.id, json((
        SELECT m.document FROM message_document m
        WHERE m.conversation_key = h.conversation_key AND m.seq = h.message_seq AND m.seq > j.value ->> 2))))
    FROM json_each(?) j
    CROSS JOIN changes h ON h.conversation_key = j.value ->> 0 AND h.seq > j.value ->> 1
    CROSS JOIN conversations c ON c.key = h.conversation_key
    CROSS JOIN users u ON u.key = h.actor_key
"""
_OTHERS = """
    SELECT json_group_array(id) FROM (
        SELECT c.id FROM users me CROSS JOIN participants p ON p.user_key = me.key
        CROSS JOIN conversations c ON c.key = p.conversation_key
        WHERE me.id = ? AND c.id NOT IN (SELECT value FROM json_each(?))
        ORDER BY c.activity DESC, c.id DESC LIMIT ?)
"""
_standing_from = msgspec.json.Decoder(list[_Standing]).decode
_messages_from = msgspec.json.Decoder(list[Message]).decode
_changes_from = msgspec.json.Decoder(list[_Change]).decode
_ids_from = msgspec.json.Decoder(list[str]).decode
