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

    sender_key: int
    client_key: str
    conversation_key: int
    seq: int
    type: str
    content: str
    original_digest: str | None = None

    def is_repeated_by(self, new: NewMessage) -> bool:
        """Whether the body is the one that was sent, even if the message has been edited or deleted since."""
        if self.type != new.type:
            return False
        if self.original_digest is None:
            return self.content == new.content
        return self.original_digest == digest(new.content)


class _Room:
    """One conversation while the group runs: read from the database, then carried forward message by message."""

    __slots__ = ("counted", "is_open", "key", "last_seq", "moved", "shown", "unread")

    def __init__(self, key: int, shown: Conversation, *, is_open: bool, last_seq: int) -> None:
        self.key = key
        self.shown = shown
        self.is_open = is_open
        self.last_seq = last_seq
        self.unread: dict[str, int] = {}
        self.moved = False
        self.counted: set[str] = set()


class _Group(NamedTuple):
    rooms: dict[str, _Room]
    user_keys: dict[str, int]
    totals: dict[str, int]


def send_group(tx: Transaction, sends: Sequence[NewMessage]) -> list[Sent | MessagingError]:
    """Store what may be stored, in order; each result stands where its send stood."""
    group = _read(tx, sends)
    rooms, user_keys, _ = group
    client_keys = [client_key(new.client_id) for new in sends]
    stored = _find_all_stored(tx, sends, client_keys, user_keys)
    results: list[Sent | MessagingError] = []
    rows: list[tuple[object, ...]] = []
    repeats: list[tuple[int, _Room, Stored]] = []
    for new, key in zip(sends, client_keys, strict=True):
        room = rooms.get(new.conversation_id)
        if room is None or new.sender_id not in room.unread:
            results.append(not_found())
            continue
        sender_key = user_keys[new.sender_id]
        former = stored.get((sender_key, key))
        if former is not None:
            if former.conversation_key == room.key and former.is_repeated_by(new):
                repeats.append((len(results), room, former))
            results.append(client_id_reused())
        elif room.is_open:
            sent = _append(tx, room, group.totals, new)
            message = sent.message
            stored[sender_key, key] = Stored(sender_key, key, room.key, message.seq, new.type, new.content)
            rows.append(
                (room.key, message.seq, sender_key, key, new.client_id, message.id, new.type, new.content)
            )
            results.append(sent)
        else:
            results.append(MessagingError(Code.CONVERSATION_CLOSED, "the conversation is closed; reopen it"))
    if rows:
        _write(tx, group, rows)
    if repeats:
        _answer_repeats(tx, group, repeats, results)
    return results


def client_key(client_id: str) -> str:
    """A UUID is the same in either case and with or without its dashes."""
    return client_id.replace("-", "").lower()


def digest(content: str) -> str:
    return blake2b(content.encode(), digest_size=16).hexdigest()


def find_stored(tx: Transaction, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Stored]:
    """Messages by sender's key and `clientId`'s key, of whatever conversation."""
    found = tx.value(_STORED, encode_text(keys))
    return {(stored.sender_key, stored.client_key): stored for stored in _stored_from(found)}


def client_id_reused() -> MessagingError:
    return MessagingError(Code.CLIENT_ID_REUSED, "this clientId was used for another message; make a new one")


def _read(tx: Transaction, sends: Sequence[NewMessage]) -> _Group:
    rooms: dict[str, _Room] = {}
    user_keys: dict[str, int] = {}
    totals: dict[str, int] = {}
    ids = list({new.conversation_id for new in sends})
    found = _rooms_from(tx.value(_ROOMS, encode_text(ids)))
    shown = tx.conversations({row[0] for row in found})
    for conversation_id, key, status, last_seq, user_id, user_key, unread, total in found:
        room = rooms.get(conversation_id)
        if room is None:
            is_open = status == ConversationStatus.ACTIVE
            room = _Room(key, shown[conversation_id], is_open=is_open, last_seq=last_seq)
            rooms[conversation_id] = room
        room.unread[user_id] = unread
        user_keys[user_id] = user_key
        totals[user_id] = total
    return _Group(rooms, user_keys, totals)


def _find_all_stored(
    tx: Transaction, sends: Sequence[NewMessage], client_keys: list[str], user_keys: dict[str, int]
) -> dict[tuple[int, str], Stored]:
    return find_stored(
        tx,
        [
            (user_keys[new.sender_id], key)
            for new, key in zip(sends, client_keys, strict=True)
            if new.sender_id in user_keys
        ],
    )


def _append(tx: Transaction, room: _Room, totals: dict[str, int], new: NewMessage) -> Sent:
    sender_id, before = new.sender_id, room.shown
    room.last_seq = seq = room.last_seq + 1
    room.moved = True
    message = Message(
        id=tx.message_ids.new(tx.now_hex, seq),
        conversation_id=before.id,
        seq=seq,
        updated_seq=seq,
        client_id=new.client_id,
        type=new.type,
        content=new.content,
        sender=tx.memory.sender(before, sender_id),
        created_at=tx.now,
    )
    room.shown = Conversation(
        id=before.id,
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
    unread = room.unread
    counts: dict[str, Counts] = {}
    for user_id in unread:
        if user_id != sender_id:
            unread[user_id] += 1
            totals[user_id] += 1
            room.counted.add(user_id)
        counts[user_id] = Counts(unread[user_id], totals[user_id])
    return Sent(message, room.shown, counts, False)


def _write(tx: Transaction, group: _Group, rows: list[tuple[object, ...]]) -> None:
    tx.run(_INSERT_MESSAGES, tx.now, encode_text(rows))
    positions: list[tuple[int, int]] = []
    unread: list[tuple[int, int, int]] = []
    for room in group.rooms.values():
        if room.moved:
            positions.append((room.key, room.last_seq))
            unread += [(room.key, group.user_keys[user_id], room.unread[user_id]) for user_id in room.counted]
            tx.memory.put(room.shown)
    tx.run(_MOVE_CONVERSATIONS, tx.activity_us, tx.now, encode_text(positions))
    tx.run(_COUNT_UNREAD, encode_text(unread))


def _answer_repeats(
    tx: Transaction,
    group: _Group,
    repeats: list[tuple[int, _Room, Stored]],
    results: list[Sent | MessagingError],
) -> None:
    keys = encode_text([(stored.conversation_key, stored.seq) for _, _, stored in repeats])
    messages = {
        (message.conversation_id, message.seq): message
        for message in messages_from(tx.value(_MESSAGES_BY_SEQ, keys))
    }
    for position, room, stored in repeats:
        counts = {user_id: Counts(unread, group.totals[user_id]) for user_id, unread in room.unread.items()}
        results[position] = Sent(messages[room.shown.id, stored.seq], room.shown, counts, True)


_ROOMS = """
    SELECT json_group_array(json_array(c.id, c.key, c.status, c.last_seq, u.id, u.key, p.unread,
        (SELECT coalesce(sum(t.unread), 0) FROM participants t WHERE t.user_key = p.user_key AND t.unread > 0)))
    FROM json_each(?) j
    CROSS JOIN conversations c ON c.id = j.value
    CROSS JOIN participants p ON p.conversation_key = c.key
    CROSS JOIN users u ON u.key = p.user_key
"""
_STORED = """
    SELECT json_group_array(json_array(
        m.sender_key, m.client_key, m.conversation_key, m.seq, m.type, m.content, m.original_digest))
    FROM json_each(?) j
    CROSS JOIN messages m ON m.sender_key = j.value ->> 0 AND m.client_key = j.value ->> 1
"""
_INSERT_MESSAGES = """
    INSERT INTO messages (conversation_key, seq, updated_seq, sender_key, client_key, client_id, id, type,
        content, created_at)
    SELECT value ->> 0, value ->> 1, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
        value ->> 6, value ->> 7, ?1
    FROM json_each(?2)
"""
_MOVE_CONVERSATIONS = """
    UPDATE conversations SET last_seq = j.value ->> 1, last_message_seq = j.value ->> 1,
        activity = ?1, updated_at = ?2
    FROM json_each(?3) j WHERE conversations.key = j.value ->> 0
"""
_COUNT_UNREAD = """
    UPDATE participants SET unread = j.value ->> 2
    FROM json_each(?) j WHERE conversation_key = j.value ->> 0 AND user_key = j.value ->> 1
"""
_MESSAGES_BY_SEQ = """
    SELECT json_group_array(json(m.document)) FROM json_each(?) j
    CROSS JOIN message_document m ON m.conversation_key = j.value ->> 0 AND m.seq = j.value ->> 1
"""
_rooms_from = msgspec.json.Decoder(list[tuple[str, int, str, int, str, int, int, int]]).decode
_stored_from = msgspec.json.Decoder(list[Stored]).decode
