"""Reactions to messages, and the texts that messages had."""

from __future__ import annotations

from msgspec.structs import replace

from stockent.messaging.errors import Code, MessagingError, invalid
from stockent.messaging.models import MAX_REACTIONS, Message, MessageHistory, MessageType, MessageVersion
from stockent.messaging.ports import Changed

from .access import Access
from .changes import Standing, changed, require_open, take_seq, visible_message
from .connect import sqlite3
from .documents import message_from
from .queries import visible_document
from .transaction import Transaction


class ReactionsFamily(Access):
    """See `ports`."""

    async def react(
        self, conversation_id: str, message_id: str, *, user_id: str, emoji: str, present: bool
    ) -> Changed:
        return await self._write(
            conversation_id,
            lambda tx: react(tx, conversation_id, message_id, user_id, emoji, present=present),
        )

    async def message_history(self, conversation_id: str, message_id: str, *, user_id: str) -> MessageHistory:
        return await self._read(
            lambda connection: message_history(connection, conversation_id, message_id, user_id)
        )


def react(
    tx: Transaction, conversation_id: str, message_id: str, user_id: str, emoji: str, *, present: bool
) -> Changed:
    stands, message = visible_message(tx, conversation_id, message_id, user_id)
    require_open(stands)
    if message.deleted_at is not None:
        raise MessagingError(Code.MESSAGE_DELETED, "the message is deleted")
    if message.type is MessageType.SYSTEM:
        raise invalid("messageId", "expected what a person said, got a SYSTEM message")
    given = {reaction.emoji: {user.id for user in reaction.users} for reaction in message.reactions}
    if (user_id in given.get(emoji, ())) == present:
        return changed(tx, conversation_id, message.updated_seq, message, repeated=True)
    if present and emoji not in given and len(given) >= MAX_REACTIONS:
        raise invalid("emoji", f"expected at most {MAX_REACTIONS} different emoji on a message")
    seq = take_seq(tx, conversation_id, stands, "react" if present else "unreact", message)
    _set(tx, stands, message, emoji, seq=seq if present else None)
    return changed(tx, conversation_id, seq, _read_again(tx, stands, message, seq))


def message_history(
    connection: sqlite3.Connection, conversation_id: str, message_id: str, user_id: str
) -> MessageHistory:
    key, message = visible_document(connection, conversation_id, message_id, user_id)
    if message.deleted_at is not None:
        raise MessagingError(Code.MESSAGE_DELETED, "the message is deleted, and all its texts with it")
    rows = connection.execute(
        "SELECT content, at FROM versions WHERE conversation_key = ? AND message_seq = ? ORDER BY seq",
        (key, message.seq),
    )
    former = [MessageVersion(content=content, at=at) for content, at in rows]
    present = MessageVersion(content=message.content, at=message.edited_at or message.created_at)
    return MessageHistory(versions=[*former, present])


def _set(tx: Transaction, stands: Standing, message: Message, emoji: str, *, seq: int | None) -> None:
    """Give at `seq`, or take back."""
    row = (stands.key, message.seq, emoji, stands.user_key)
    if seq is None:
        tx.run(
            "DELETE FROM reactions WHERE conversation_key = ? AND message_seq = ? AND emoji = ? AND user_key = ?",
            *row,
        )
    else:
        tx.run(
            "INSERT INTO reactions (conversation_key, message_seq, emoji, user_key, seq) VALUES (?, ?, ?, ?, ?)",
            *row,
            seq,
        )
    tx.run(
        """
        UPDATE messages SET updated_seq = (SELECT last_seq FROM conversations WHERE key = ?1),
            reacted = EXISTS (SELECT 1 FROM reactions WHERE conversation_key = ?1 AND message_seq = ?2)
        WHERE conversation_key = ?1 AND seq = ?2
        """,
        stands.key,
        message.seq,
    )


def _read_again(tx: Transaction, stands: Standing, message: Message, seq: int) -> Message:
    document = tx.value(
        "SELECT document FROM message_document WHERE conversation_key = ? AND seq = ?",
        stands.key,
        message.seq,
    )
    return replace(message_from(document), updated_seq=seq)
