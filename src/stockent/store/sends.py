"""Sends, the hot path: all sends that stand together in a batch, in a handful of statements for all of them.

Each conversation is read once, in this transaction: who takes part, whether it is open, its last `seq`, and what is
unread. That reading alone admits a message; what the writer remembers serves for showing only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from stockent.messaging.errors import Code, MessagingError, not_found
from stockent.messaging.models import (
    NOTHING_PERSONAL,
    Conversation,
    ConversationStatus,
    Message,
    MessageType,
    Personal,
    Sender,
)
from stockent.messaging.notices import Notice
from stockent.messaging.ports import NewMessage, Sent, View

from .documents import VIEW, encode_text, messages_from
from .extras import Composed, body_digest, resolve, system
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
        if new.extras is None and self.type != (new.type or MessageType.TEXT):
            return False
        if self.original_digest is None:
            return new.extras is None and self.content == new.content
        return self.original_digest == body_digest(new)


class _Room:
    """One conversation while the group runs: read from the database, then carried forward message by message."""

    __slots__ = ("is_open", "key", "last_seq", "moved", "returned", "senders", "shown", "views")

    #: Known only where somebody may send.
    shown: Conversation

    def __init__(self, key: int, *, is_open: bool, last_seq: int) -> None:
        self.key = key
        self.is_open = is_open
        self.last_seq = last_seq
        self.views: dict[str, View] = {}
        self.moved = False
        #: Of messages that count as unread for the others.
        self.senders: set[str] = set()
        #: Somebody had put it into the archive.
        self.returned = False


class _Group(NamedTuple):
    rooms: dict[str, _Room]
    user_keys: dict[str, int]
    totals: dict[str, int]


def send_group(tx: Transaction, sends: Sequence[NewMessage]) -> list[Sent | MessagingError]:
    """Store what may be stored, in order; each result stands where its send stood."""
    group = _read(tx, {(new.conversation_id, new.sender_id) for new in sends})
    rooms, user_keys, _ = group
    client_keys = [client_key(new.client_id) for new in sends]
    stored = _find_stored(tx, sends, client_keys, user_keys)
    results: list[Sent | MessagingError] = []
    rows: list[tuple[object, ...]] = []
    links: list[tuple[int, int, int]] = []
    repeats: list[tuple[int, _Room, Stored]] = []
    for new, key in zip(sends, client_keys, strict=True):
        room = rooms.get(new.conversation_id)
        if room is None or new.sender_id not in room.views:
            results.append(not_found())
            continue
        sender_key = user_keys[new.sender_id]
        former = stored.get((sender_key, key))
        if former is not None:
            if former.conversation_key == room.key and former.is_repeated_by(new):
                repeats.append((len(results), room, former))
            results.append(client_id_reused())
        elif room.is_open:
            body = _body(tx, room, sender_key, new)
            if isinstance(body, MessagingError):
                results.append(body)
                continue
            sender = tx.memory.sender(room.shown, new.sender_id)
            sent = _append(tx, room, group.totals, sender, new.client_id, body)
            message = sent.message
            stored[sender_key, key] = Stored(
                sender_key, key, room.key, message.seq, body.type, body.content, body.digest
            )
            rows.append(_row(room, sender_key, key, message, body))
            links += [(attachment, room.key, message.seq) for attachment in body.attachment_keys]
            results.append(sent)
        else:
            results.append(MessagingError(Code.CONVERSATION_CLOSED, "the conversation is closed; reopen it"))
    if rows:
        _write(tx, group, rows, links)
    if repeats:
        _answer_repeats(tx, group, repeats, results)
    return results


def tell(tx: Transaction, conversation_id: str, sender_key: int, sender: Sender, notice: Notice) -> Sent:
    """Append a SYSTEM message, also to a closed conversation. The `sender` need not take part any more."""
    group = _read(tx, [(conversation_id, None)])
    room = group.rooms[conversation_id]
    body = system(notice.content, notice.note)
    client_id = str(uuid4())
    sent = _append(tx, room, group.totals, sender, client_id, body)
    _write(tx, group, [_row(room, sender_key, client_key(client_id), sent.message, body)], [])
    return sent


def client_key(client_id: str) -> str:
    """A UUID is the same in either case and with or without its dashes."""
    return client_id.replace("-", "").lower()


def client_id_reused() -> MessagingError:
    return MessagingError(Code.CLIENT_ID_REUSED, "this clientId was used for another message; make a new one")


def _read(tx: Transaction, asked: Collection[tuple[str, str | None]]) -> _Group:
    """The conversations in which the sender beside them takes part; None need not.

    For others nothing more is read: by its time a refusal could else tell what is foreign from what is not there.
    """
    rooms: dict[str, _Room] = {}
    user_keys: dict[str, int] = {}
    totals: dict[str, int] = {}
    found = _rooms_from(
        tx.value(_ROOMS, encode_text(list({conversation_id for conversation_id, _ in asked})))
    )
    for (
        conversation_id,
        key,
        status,
        last_seq,
        user_id,
        user_key,
        unread,
        total,
        personal,
        visible_after,
        read_seq,
    ) in found:
        room = rooms.get(conversation_id)
        if room is None:
            is_open = status == ConversationStatus.ACTIVE
            room = rooms[conversation_id] = _Room(key, is_open=is_open, last_seq=last_seq)
        room.views[user_id] = View(unread, total, personal or NOTHING_PERSONAL, visible_after, read_seq)
        user_keys[user_id] = user_key
        totals[user_id] = total
    theirs = {
        conversation_id
        for conversation_id, user_id in asked
        if (asked_for := rooms.get(conversation_id)) and (user_id is None or user_id in asked_for.views)
    }
    for conversation_id, shown in tx.conversations(theirs).items():
        rooms[conversation_id].shown = shown
    return _Group({each: rooms[each] for each in theirs}, user_keys, totals)


def _find_stored(
    tx: Transaction, sends: Sequence[NewMessage], client_keys: list[str], user_keys: dict[str, int]
) -> dict[tuple[int, str], Stored]:
    """Messages by sender's key and `clientId`'s key, of whatever conversation."""
    keys = [
        (user_keys[new.sender_id], key)
        for new, key in zip(sends, client_keys, strict=True)
        if new.sender_id in user_keys
    ]
    found = tx.value(_STORED, encode_text(keys))
    return {(stored.sender_key, stored.client_key): stored for stored in _stored_from(found)}


def _body(tx: Transaction, room: _Room, sender_key: int, new: NewMessage) -> Composed | MessagingError:
    if new.extras is None:
        return Composed(new.type or MessageType.TEXT, new.content)
    visible_after = room.views[new.sender_id].visible_after
    return resolve(tx, new, sender_key, (room.key, visible_after), room.views.keys())


def _append(
    tx: Transaction, room: _Room, totals: dict[str, int], sender: Sender, client_id: str, body: Composed
) -> Sent:
    before = room.shown
    room.last_seq = seq = room.last_seq + 1
    room.moved = True
    message = Message(
        id=tx.message_ids.new(tx.now_hex, seq),
        conversation_id=before.id,
        seq=seq,
        updated_seq=seq,
        client_id=client_id,
        type=body.type,
        content=body.content,
        sender=sender,
        created_at=tx.now,
        attachments=list(body.attachments),
        reply_to=body.reply_to,
        mentions=list(body.mentions),
        forwarded=body.forwarded,
        system=body.system,
    )
    tx.show(message)
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
        history_visible=before.history_visible,
    )
    counts = body.type is not MessageType.SYSTEM
    if counts:
        room.senders.add(sender.id)
    views = {}
    for user_id, view in room.views.items():
        unread, personal = view.unread, view.personal
        if counts and user_id != sender.id:
            unread += 1
            totals[user_id] += 1
        if personal.archived:
            personal = replace(personal, archived=False)
            room.returned = True
        views[user_id] = View(unread, totals[user_id], personal, view.visible_after, view.read_seq)
    room.views = views
    return Sent(message, room.shown, views, False)


def _row(room: _Room, sender_key: int, key: str, message: Message, body: Composed) -> tuple[object, ...]:
    client_id = message.client_id
    row = (room.key, message.seq, sender_key, key, client_id, message.id, body.type, body.content)
    return row if body.extra is None else (*row, body.extra, body.digest)


def _write(
    tx: Transaction, group: _Group, rows: list[tuple[object, ...]], links: list[tuple[int, int, int]]
) -> None:
    tx.run(_INSERT_MESSAGES, tx.now, encode_text(rows))
    if links:
        linked = encode_text(links)
        tx.run(_LINK_ATTACHMENTS, linked)
        tx.run(_KEEP_ATTACHMENTS, linked)
    positions: list[tuple[int, int]] = []
    unread: list[tuple[int, int, int]] = []
    for room in group.rooms.values():
        if room.moved:
            positions.append((room.key, room.last_seq))
            alone = room.senders if len(room.senders) == 1 else ()
            if room.senders:
                unread += [
                    (room.key, group.user_keys[user_id], view.unread)
                    for user_id, view in room.views.items()
                    if user_id not in alone
                ]
            tx.memory.put(room.shown)
            if room.returned:
                tx.run(_RETURN_FROM_ARCHIVE, room.key)
    tx.run(_MOVE_CONVERSATIONS, tx.activity_us, tx.now, encode_text(positions))
    if unread:
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
        views = {
            user_id: replace(view, total_unread=group.totals[user_id]) for user_id, view in room.views.items()
        }
        results[position] = Sent(messages[room.shown.id, stored.seq], room.shown, views, True)


_ROOMS = f"""
    SELECT json_group_array(json_array(c.id, c.key, c.status, c.last_seq, u.id, u.key, {VIEW}))
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
        content, created_at, extra, original_digest)
    SELECT value ->> 0, value ->> 1, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
        value ->> 6, value ->> 7, ?1, value ->> 8, value ->> 9
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
_LINK_ATTACHMENTS = """
    INSERT INTO message_attachments (attachment_key, conversation_key, message_seq)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING
"""
_KEEP_ATTACHMENTS = """
    UPDATE attachments SET touched_at = NULL WHERE key IN (SELECT value ->> 0 FROM json_each(?))
"""
_RETURN_FROM_ARCHIVE = "UPDATE participants SET archived = false WHERE conversation_key = ? AND archived"
_MESSAGES_BY_SEQ = """
    SELECT json_group_array(json(m.document)) FROM json_each(?) j
    CROSS JOIN message_document m ON m.conversation_key = j.value ->> 0 AND m.seq = j.value ->> 1
"""
_rooms_from = msgspec.json.Decoder(
    list[tuple[str, int, str, int, str, int, int, int, Personal | None, int, int | None]]
).decode
_stored_from = msgspec.json.Decoder(list[Stored]).decode
