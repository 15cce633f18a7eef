"""Catching up: every change of a conversation after a position, for one or for many, in one snapshot.

The log is the messages by the `seq` of their creation and the `changes` by theirs; together they have no holes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from stockent.messaging import events
from stockent.messaging.commands import MAX_CATCHUP_EVENTS, MAX_RESUME_EVENTS, MAX_RESUME_OTHERS
from stockent.messaging.errors import not_found
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
from stockent.messaging.ports import Joined, Resumed

from .connect import sqlite3
from .documents import PERSONAL, conversation_from, conversations_from, encode_text
from .queries import documents_of, value


class _Standing(NamedTuple):
    """Where one conversation stands for the user who asks."""

    conversation_id: str
    key: int
    last_seq: int
    visible_after: int
    unread: int
    personal: Personal | None
    marks: dict[str, Marks]


class _Gap(NamedTuple):
    """What one client is missing of one conversation."""

    conversation_id: str
    key: int
    after_seq: int
    last_seq: int
    visible_after: int


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
    wanted: list[_Gap] = []
    left = MAX_RESUME_EVENTS
    for conversation_id, stands in standing.items():
        gap = _Gap(
            conversation_id, stands.key, positions[conversation_id], stands.last_seq, stands.visible_after
        )
        if _is_whole(gap, left):
            wanted.append(gap)
            left -= gap.last_seq - gap.after_seq
    logs = _read_logs(connection, user_id, wanted, {})
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


def conversation_since(
    connection: sqlite3.Connection, conversation_id: str, user_id: str, after_seq: int | None
) -> Joined:
    row = connection.execute(_CONVERSATION, (conversation_id, user_id)).fetchone()
    if row is None:
        raise not_found()
    key, visible_after, document = row
    conversation = conversation_from(document)
    if after_seq is None:
        return Joined(conversation, [])
    gap = _Gap(conversation_id, key, after_seq, conversation.seq, visible_after)
    if not _is_whole(gap, MAX_CATCHUP_EVENTS):
        return Joined(conversation, None)
    logs = _read_logs(connection, user_id, [gap], {conversation_id: conversation})
    return Joined(conversation, logs[conversation_id])


def resume(connection: sqlite3.Connection, user_id: str, positions: Mapping[str, int]) -> Resumed:
    named = catch_up(connection, user_id, positions) if positions else {}
    others, total = connection.execute(
        _OTHERS, {"user": user_id, "named": encode_text(list(positions)), "limit": MAX_RESUME_OTHERS}
    ).fetchone()
    return Resumed(named, conversations_from(others), total)


def _is_whole(gap: _Gap, limit: int) -> bool:
    """Whether all of it can be told: nothing of it is hidden, and it is not too long."""
    missing = gap.last_seq - gap.after_seq
    return gap.after_seq >= gap.visible_after and 0 <= missing <= min(MAX_CATCHUP_EVENTS, limit)


def _read_standing(
    connection: sqlite3.Connection, user_id: str, positions: Mapping[str, int]
) -> dict[str, _Standing]:
    found = _standing_from(value(connection, _STANDING, encode_text(list(positions)), user_id))
    return {stands.conversation_id: stands for stands in found}


def _read_logs(
    connection: sqlite3.Connection, user_id: str, gaps: list[_Gap], known: Mapping[str, Conversation]
) -> dict[str, list[LogEntry]]:
    """`known`: conversations as they are now in this snapshot, that need not be read for it."""
    logs: dict[str, list[LogEntry]] = {gap.conversation_id: [] for gap in gaps}
    gaps = [gap for gap in gaps if gap.after_seq < gap.last_seq]
    if not gaps:
        return logs
    after = encode_text([(gap.key, gap.after_seq) for gap in gaps])
    for message in _messages_from(value(connection, _MESSAGES, after)):
        entry = LogEntry(seq=message.seq, event=events.MESSAGE_RECEIVED, payload=message)
        logs[message.conversation_id].append(entry)
    hidden = encode_text([(gap.key, gap.after_seq, gap.visible_after) for gap in gaps])
    changes = _changes_from(value(connection, _CHANGES, hidden))
    updated = {change.conversation_id for change in changes if change.message is None} - known.keys()
    now = {**known, **{found.id: found for found in documents_of(connection, list(updated), user_id)}}
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
_CONVERSATION = """
    SELECT key, visible_after, document FROM conversation_document WHERE id = ? AND viewer_id = ?
"""
_OTHERS = """
    SELECT json_group_array(json(v.document)), (
        SELECT coalesce(max(unread), 0) FROM users WHERE id = :user)
    FROM (
        SELECT c.id FROM users me
        CROSS JOIN participants p ON p.user_key = me.key AND p.active_span >= coalesce((
            SELECT edge.active_span FROM participants edge
            CROSS JOIN conversations e ON e.key = edge.conversation_key
            WHERE edge.user_key = me.key AND e.id NOT IN (SELECT value FROM json_each(:named))
            ORDER BY edge.active_span DESC LIMIT 1 OFFSET 0 + :limit), 0)
        CROSS JOIN conversations c ON c.key = p.conversation_key
        WHERE me.id = :user AND c.id NOT IN (SELECT value FROM json_each(:named))
        ORDER BY c.activity DESC, c.id DESC LIMIT 0 + :limit) newest
    CROSS JOIN conversation_document v ON v.id = newest.id AND v.viewer_id = :user
"""
_standing_from = msgspec.json.Decoder(list[_Standing]).decode
_messages_from = msgspec.json.Decoder(list[Message]).decode
_changes_from = msgspec.json.Decoder(list[_Change]).decode
