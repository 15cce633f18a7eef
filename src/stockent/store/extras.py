"""What a message carries besides its text: attachments, the message it answers, mentions, a forwarded one.

Everything is proved in the transaction that stores the message: an attachment is the sender's own, an answered message
is one that they may see, a mentioned person takes part, and what is forwarded is theirs to read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from stockent.messaging.errors import MessagingError, invalid, not_found
from stockent.messaging.models import (
    Attachment,
    AttachmentKind,
    MessageType,
    Quote,
    SystemNote,
)
from stockent.messaging.ports import Extras, NewMessage

from .documents import QUOTE, encode, encode_text
from .ids import seq_in
from .transaction import Transaction


class Composed(NamedTuple):
    """A message as it is to be stored. `extra`: the row's JSON, None for nothing but text. The rest as it is shown."""

    type: MessageType
    content: str
    extra: str | None = None
    digest: str | None = None
    attachment_keys: Sequence[int] = ()
    attachments: Sequence[Attachment] = ()
    reply_to: Quote | None = None
    mentions: Sequence[str] = ()
    forwarded: bool = False
    system: SystemNote | None = None


class _Given(NamedTuple):
    """Attachments and content, uploaded or taken over from another message."""

    content: str
    attachments: list[Attachment]
    keys: list[int]


def resolve(
    tx: Transaction, new: NewMessage, sender_key: int, place: tuple[int, int], people: Collection[str]
) -> Composed | MessagingError:
    """`place`: the conversation's key, and up to which `seq` its messages are hidden from the sender."""
    extras = new.extras
    assert extras is not None
    try:
        given = _given(tx, new, extras, sender_key)
        reply_to = None if extras.reply_to is None else _quote(tx, place, extras.reply_to)
        mentions = prove_mentions(extras.mentions, people)
        kind = _kind(new.type, given.attachments)
    except MessagingError as refusal:
        return refusal
    return Composed(
        type=kind,
        content=given.content,
        extra=_extra(given.attachments, reply_to, mentions, forwarded=extras.forward_of is not None),
        digest=body_digest(new),
        attachment_keys=given.keys,
        attachments=given.attachments,
        reply_to=reply_to,
        mentions=mentions,
        forwarded=extras.forward_of is not None,
    )


def system(content: str, note: SystemNote) -> Composed:
    """A message that the server itself writes."""
    return Composed(MessageType.SYSTEM, content, encode_text({"system": note}), None, system=note)


def digest(content: str) -> str:
    return blake2b(content.encode(), digest_size=16).hexdigest()


def body_digest(new: NewMessage) -> str:
    """Of all that makes a repeat a repeat."""
    if new.extras is None:
        return digest(new.content)
    return blake2b(encode((new.type, new.content, *new.extras)), digest_size=16).hexdigest()


def prove_mentions(mentioned: Sequence[str], people: Collection[str]) -> list[str]:
    for user_id in mentioned:
        if user_id not in people:
            raise invalid("mentions", f"expected participants of the conversation, got {user_id!r}")
    return list(dict.fromkeys(mentioned))


def _given(tx: Transaction, new: NewMessage, extras: Extras, sender_key: int) -> _Given:
    if extras.forward_of is not None:
        return _forwarded(tx, sender_key, *extras.forward_of)
    if not extras.attachment_ids:
        return _Given(new.content, [], [])
    found = {
        attachment.id: (key, attachment)
        for key, attachment in _owned_from(tx.value(_OWNED, encode_text(extras.attachment_ids), sender_key))
    }
    for attachment_id in extras.attachment_ids:
        if attachment_id not in found:
            raise not_found("attachment")
    wanted = [found[attachment_id] for attachment_id in dict.fromkeys(extras.attachment_ids)]
    return _Given(new.content, [each for _, each in wanted], [key for key, _ in wanted])


def _forwarded(tx: Transaction, sender_key: int, conversation_id: str, message_id: str) -> _Given:
    row = tx.row(_FORWARDED, conversation_id, sender_key, seq_in(message_id), message_id)
    if row is None:
        raise not_found("message")
    content, attachments, keys = row
    return _Given(content, _attachments_from(attachments), _keys_from(keys))


def _quote(tx: Transaction, place: tuple[int, int], message_id: str) -> Quote:
    conversation_key, visible_after = place
    document = tx.value(_QUOTE, conversation_key, seq_in(message_id), message_id, visible_after)
    if document is None:
        raise not_found("message")
    return _quote_from(document)


def _kind(asked: MessageType | None, attachments: Sequence[Attachment]) -> MessageType:
    kinds = {attachment.kind for attachment in attachments}
    if not kinds:
        follows = MessageType.TEXT
    elif AttachmentKind.VOICE in kinds:
        if len(attachments) > 1:
            raise invalid("attachments", "a voice message holds one recording and nothing else")
        follows = MessageType.VOICE
    else:
        follows = MessageType.IMAGE if kinds == {AttachmentKind.IMAGE} else MessageType.FILE
    # Pictures may also be sent as files.
    if (
        asked is not None
        and asked is not follows
        and (asked, follows) != (MessageType.FILE, MessageType.IMAGE)
    ):
        raise invalid("type", f"these attachments make a message of type {follows.value}, got {asked.value}")
    return asked or follows


def _extra(
    attachments: list[Attachment], reply_to: Quote | None, mentions: list[str], *, forwarded: bool
) -> str:
    extra: dict[str, Any] = {}
    if attachments:
        extra["attachments"] = attachments
    if reply_to is not None:
        extra["replyTo"] = reply_to.seq
    if mentions:
        extra["mentions"] = mentions
    if forwarded:
        extra["forwarded"] = True
    return encode_text(extra)


_OWNED = """
    SELECT json_group_array(json_array(a.key, json(a.document))) FROM json_each(?) j
    CROSS JOIN attachments a ON a.id = j.value WHERE a.owner_key = ? AND a.ready
"""
_FORWARDED = """
    SELECT m.content, coalesce(m.extra -> 'attachments', '[]'), (
        SELECT json_group_array(l.attachment_key) FROM message_attachments l
        WHERE l.conversation_key = m.conversation_key AND l.message_seq = m.seq)
    FROM conversations c CROSS JOIN participants p ON p.conversation_key = c.key
    CROSS JOIN messages m ON m.conversation_key = c.key AND m.seq > p.visible_after
    WHERE c.id = ? AND p.user_key = ? AND m.seq = ? AND m.id = ? AND m.deleted_at IS NULL AND m.type <> 'SYSTEM'
"""
_QUOTE = f"""
    SELECT {QUOTE}
    FROM messages q CROSS JOIN users qs ON qs.key = q.sender_key
    WHERE q.conversation_key = ? AND q.seq = ? AND q.id = ? AND q.seq > ? AND q.type <> 'SYSTEM'
"""
_owned_from = msgspec.json.Decoder(list[tuple[int, Attachment]]).decode
_attachments_from = msgspec.json.Decoder(list[Attachment]).decode
_keys_from = msgspec.json.Decoder(list[int]).decode
_quote_from = msgspec.json.Decoder(Quote).decode
