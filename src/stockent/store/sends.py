"""Sends, the hot path: all sends that stand together in a batch, in a handful of statements for all of them.

Each conversation is read once, in this transaction: who takes part, whether it is open, its last `seq`, and what is
unread. That reading alone admits a message; what the writer remembers serves for showing only.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from stockent.messaging.errors import Code, MessagingError, not_found
from stockent.messaging.models import Conversation, ConversationStatus, Message
from stockent.messaging.ports import Counts, NewMessage, Sent

from .documents import encode_text, messages_from
from .transaction import Transaction


class Stored(NamedTuple):
    """What is there already under a sender's `clientId`."""

    id: str
    conversation_id: str
    type: str
    content: str
    original_digest: str | None

    def is_repeated_by(self, new: NewMessage) -> bool:
        """Whether the body is the one that was sent, even if the message has been edited or deleted since."""
        if self.type != new.type:
            return False
        if self.original_digest is None:
            return self.content == new.content
        return self.original_digest == digest(new.content)


class _Room:
    """One conversation while the group runs: read from the database, then carried forward message by message."""

    __slots__ = ("is_open", "last_seq", "newest", "unread")

    def __init__(self, *, is_open: bool, last_seq: int) -> None:
        self.is_open = is_open
        self.last_seq = last_seq
        self.unread: dict[str, int] = {}
        self.newest: Conversation | None = None


class _Group(NamedTuple):
    rooms: dict[str, _Room]
    totals: dict[str, int]
    stored: dict[tuple[str, str], Stored]
    shown: dict[str, Conversation]


def send_group(tx: Transaction, sends: Sequence[NewMessage]) -> list[Sent | MessagingError]:
    """Store what may be stored, in order; each result stands where its send stood."""
    group = _read(tx, sends)
    results: list[Sent | MessagingError | None] = []
    rows: list[tuple[object, ...]] = []
    repeats: list[tuple[int, Stored]] = []
    for position, new in enumerate(sends):
        room = group.rooms.get(new.conversation_id)
        if room is None or new.sender_id not in room.unread:
            results.append(not_found())
            continue
        key = (new.sender_id, new.client_id)
        stored = group.stored.get(key)
        if stored is not None:
            if stored.conversation_id != new.conversation_id or not stored.is_repeated_by(new):
                results.append(client_id_reused())
                continue
            repeats.append((position, stored))
            results.append(None)
            continue
        if not room.is_open:
            results.append(MessagingError(Code.CONVERSATION_CLOSED, "the conversation is closed; reopen it"))
            continue
        sent = _append(tx, group, room, new)
        message = sent.message
        group.stored[key] = Stored(message.id, new.conversation_id, new.type, new.content, None)
        rows.append(
            (
                message.id,
                new.conversation_id,
                message.seq,
                new.sender_id,
                new.client_id,
                new.type,
                new.content,
            )
        )
        results.append(sent)
    if rows:
        _write(tx, group, rows)
    if repeats:
        _fill_in(tx, group, repeats, results)
    return results  # type: ignore[return-value]  # every None was a repeat, and is filled in


def digest(content: str) -> str:
    return blake2b(content.encode(), digest_size=16).hexdigest()


def find_stored(tx: Transaction, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
    """Messages by sender and `clientId`, of whatever conversation."""
    found = tx.value(
        """
        SELECT json_group_array(json_array(m.sender_id, m.client_id,
            m.id, m.conversation_id, m.type, m.content, m.original_digest))
        FROM json_each(?) j
        CROSS JOIN messages m ON m.sender_id = j.value ->> 0 AND m.client_id = j.value ->> 1
        """,
        encode_text(keys),
    )
    return {(row[0], row[1]): Stored(*row[2:]) for row in _stored_from(found)}


def client_id_reused() -> MessagingError:
    return MessagingError(Code.CLIENT_ID_REUSED, "this clientId was used for another message; make a new one")


def _read(tx: Transaction, sends: Sequence[NewMessage]) -> _Group:
    rooms: dict[str, _Room] = {}
    totals: dict[str, int] = {}
    ids = encode_text(list({new.conversation_id for new in sends}))
    for row in _rooms_from(tx.value(_READ_ROOMS, ids)):
        conversation_id, status, last_seq, user_id, unread, total = row
        room = rooms.get(conversation_id)
        if room is None:
            room = rooms[conversation_id] = _Room(
                is_open=status == ConversationStatus.ACTIVE, last_seq=last_seq
            )
        room.unread[user_id] = unread
        totals[user_id] = total
    stored = find_stored(tx, [(new.sender_id, new.client_id) for new in sends])
    return _Group(rooms, totals, stored, dict(tx.conversations(rooms)))


def _append(tx: Transaction, group: _Group, room: _Room, new: NewMessage) -> Sent:
    conversation_id, sender_id = new.conversation_id, new.sender_id
    before = group.shown[conversation_id]
    room.last_seq = seq = room.last_seq + 1
    message = Message(
        id=tx.new_id(),
        conversation_id=conversation_id,
        seq=seq,
        updated_seq=seq,
        client_id=new.client_id,
        type=new.type,
        content=new.content,
        sender=tx.memory.sender(before, sender_id),
        created_at=tx.now,
    )
    after = Conversation(
        id=conversation_id,
        kind=before.kind,
        subject=before.subject,
        title=before.title,
        status=before.status,
        seq=seq,
        epoch=before.epoch,
        participants=before.participants,
        last_message=message,
        unread=0,
        created_at=before.created_at,
        updated_at=tx.now,
    )
    room.newest = group.shown[conversation_id] = after
    unread, totals = room.unread, group.totals
    counts: dict[str, Counts] = {}
    for user_id in unread:
        if user_id != sender_id:
            unread[user_id] += 1
            totals[user_id] += 1
        counts[user_id] = Counts(unread[user_id], totals[user_id])
    return Sent(message, after, counts, False)


def _write(tx: Transaction, group: _Group, rows: list[tuple[object, ...]]) -> None:
    tx.run(_INSERT_MESSAGES, tx.now, encode_text(rows))
    positions: list[tuple[str, int]] = []
    unread: list[tuple[str, str, int]] = []
    for conversation_id, room in group.rooms.items():
        if room.newest is None:
            continue
        positions.append((conversation_id, room.last_seq))
        unread += [(conversation_id, user_id, count) for user_id, count in room.unread.items()]
        tx.memory.put(room.newest)
    tx.run(_MOVE_CONVERSATIONS, tx.activity_us, tx.now, encode_text(positions))
    tx.run(_COUNT_UNREAD, encode_text(unread))


def _fill_in(
    tx: Transaction,
    group: _Group,
    repeats: list[tuple[int, Stored]],
    results: list[Sent | MessagingError | None],
) -> None:
    ids = encode_text([stored.id for _, stored in repeats])
    found = messages_from(tx.value(_MESSAGES_BY_ID, ids))
    messages = {message.id: message for message in found}
    for position, stored in repeats:
        room = group.rooms[stored.conversation_id]
        counts = {user_id: Counts(unread, group.totals[user_id]) for user_id, unread in room.unread.items()}
        results[position] = Sent(messages[stored.id], group.shown[stored.conversation_id], counts, True)


_READ_ROOMS = """
    SELECT json_group_array(json_array(c.id, c.status, c.last_seq, p.user_id, p.unread,
        (SELECT coalesce(sum(t.unread), 0) FROM participants t WHERE t.user_id = p.user_id AND t.unread > 0)))
    FROM json_each(?) j
    CROSS JOIN conversations c ON c.id = j.value
    CROSS JOIN participants p ON p.conversation_id = c.id
"""
_INSERT_MESSAGES = """
    INSERT INTO messages
        (id, conversation_id, seq, updated_seq, sender_id, client_id, type, content, created_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
        value ->> 6, ?1
    FROM json_each(?2)
"""
_MOVE_CONVERSATIONS = """
    UPDATE conversations SET last_seq = j.value ->> 1, last_message_seq = j.value ->> 1,
        activity = ?1, updated_at = ?2
    FROM json_each(?3) j WHERE conversations.id = j.value ->> 0
"""
_COUNT_UNREAD = """
    UPDATE participants SET unread = j.value ->> 2
    FROM json_each(?) j WHERE conversation_id = j.value ->> 0 AND user_id = j.value ->> 1
"""
_MESSAGES_BY_ID = """
    SELECT json_group_array(json(m.document)) FROM json_each(?) j CROSS JOIN message_document m ON m.id = j.value
"""
_rooms_from = msgspec.json.Decoder(list[tuple[str, str, int, str, int, int]]).decode
_stored_from = msgspec.json.Decoder(list[tuple[str, str, str, str, str, str, str | None]]).decode
