"""The rarer writes, one at a time: opening, changing and deleting conversations, editing and deleting messages.

Each function runs in the writer's transaction and proves the actor's access by its own query. Each refuses before
its first write.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from msgspec import UnsetType
from msgspec.structs import replace

from stockent.messaging.errors import Code, MessagingError, not_found
from stockent.messaging.models import ConversationKind, ConversationStatus, Message, MessageType
from stockent.messaging.ports import Changed, Created, NewConversation, NewMessage, Started

from .documents import encode, encode_text, message_from
from .ids import new_id, seq_in
from .search_index import put_in, take_out, take_out_conversation
from .searching import fold
from .sends import client_id_reused, client_key, digest, find_stored, send_group
from .transaction import Transaction


class _Standing(NamedTuple):
    """A conversation and one of its participants, as the query found them: the proof of access."""

    key: int
    user_key: int
    last_seq: int
    status: str
    title: str | None


def create_conversation(tx: Transaction, new: NewConversation) -> Created:
    found = _find(tx, new)
    conversation_id = _insert(tx, new) if found is None else found[1]
    return Created(tx.conversation(conversation_id), tx.counts(conversation_id), found is not None)


def start(tx: Transaction, new: NewConversation, message: NewMessage) -> Started:
    """A repeat is known before anything is made: its conversation may have been deleted since."""
    found = _find(tx, new)
    _refuse_foreign_repeat(tx, new, message, key=found[0] if found else None)
    conversation_id = _insert(tx, new) if found is None else found[1]
    [sent] = send_group(tx, [message._replace(conversation_id=conversation_id)])
    if isinstance(sent, MessagingError):
        raise sent
    return Started(sent, found is None)


def change_conversation(
    tx: Transaction,
    conversation_id: str,
    user_id: str,
    status: ConversationStatus | None,
    title: str | UnsetType | None,
) -> Changed:
    stands = _prove_access(tx, conversation_id, user_id)
    new_status = stands.status if status is None else status.value
    new_title = stands.title if isinstance(title, UnsetType) else title
    kind = "+".join(
        name
        for name, changed in (("status", new_status != stands.status), ("title", new_title != stands.title))
        if changed
    )
    if not kind:
        return _changed(tx, conversation_id, stands.last_seq, None, repeated=True)
    seq = _take_seq(tx, conversation_id, stands, kind)
    subject_title = tx.value(
        "SELECT document ->> 'title' FROM subjects WHERE conversation_key = ?", stands.key
    )
    tx.run(
        "UPDATE conversations SET status = ?, title = ?, search = ? WHERE key = ?",
        new_status,
        new_title,
        fold(new_title, subject_title),
        stands.key,
    )
    return _changed(tx, conversation_id, seq, None)


def delete_conversation(tx: Transaction, conversation_id: str, user_id: str) -> Changed:
    """Texts, subject and participants go; the bare rows stay, so that a `clientId` stays used."""
    stands = _prove_access(tx, conversation_id, user_id)
    last = tx.conversation(conversation_id)
    seq = _take_seq(tx, conversation_id, stands, "conversation_deleted")
    tx.run("UPDATE participants SET unread = 0 WHERE conversation_key = ? AND unread > 0", stands.key)
    counts = tx.counts(conversation_id)
    take_out_conversation(tx, stands.key, seq)
    tx.run("DELETE FROM participants WHERE conversation_key = ?", stands.key)
    tx.run("DELETE FROM subjects WHERE conversation_key = ?", stands.key)
    tx.run("UPDATE messages SET content = '' WHERE conversation_key = ? AND content <> ''", stands.key)
    tx.run(
        "UPDATE conversations SET deleted_at = ?, title = NULL, search = '' WHERE key = ?", tx.now, stands.key
    )
    gone = replace(last, seq=seq, subject=None, title=None, last_message=None, updated_at=tx.now)
    return Changed(seq, gone, None, counts, False)


def edit(tx: Transaction, conversation_id: str, message_id: str, user_id: str, content: str) -> Changed:
    stands, message = _own_message(tx, conversation_id, message_id, user_id)
    if message.deleted_at is not None:
        raise MessagingError(Code.MESSAGE_DELETED, "the message is deleted")
    if stands.status != ConversationStatus.ACTIVE:
        raise MessagingError(Code.CONVERSATION_CLOSED, "the conversation is closed; reopen it")
    if message.content == content:
        return _changed(tx, conversation_id, message.updated_seq, message, repeated=True)
    seq = _take_seq(tx, conversation_id, stands, "edit", message)
    edited = replace(message, content=content, edited_at=tx.now, updated_seq=seq)
    _rewrite(tx, stands, message, edited)
    return _changed(tx, conversation_id, seq, edited)


def delete_message(tx: Transaction, conversation_id: str, message_id: str, user_id: str) -> Changed:
    stands, message = _own_message(tx, conversation_id, message_id, user_id)
    if message.deleted_at is not None:
        return _changed(tx, conversation_id, message.updated_seq, message, repeated=True)
    seq = _take_seq(tx, conversation_id, stands, "delete", message)
    deleted = replace(message, content="", deleted_at=tx.now, updated_seq=seq)
    _rewrite(tx, stands, message, deleted)
    if message.type is not MessageType.SYSTEM:
        tx.run(
            """
            UPDATE participants SET unread = unread - 1
            WHERE conversation_key = ? AND read_seq < ? AND user_key <> ?
            """,
            stands.key,
            message.seq,
            stands.user_key,
        )
    return _changed(tx, conversation_id, seq, deleted)


def _prove_access(tx: Transaction, conversation_id: str, user_id: str) -> _Standing:
    """The one door to a conversation for writing; it closes against guessed ids, all alike."""
    found = tx.row(
        """
        SELECT c.key, u.key, c.last_seq, c.status, c.title
        FROM conversations c CROSS JOIN users u
        CROSS JOIN participants p ON p.conversation_key = c.key AND p.user_key = u.key
        WHERE c.id = ? AND u.id = ?
        """,
        conversation_id,
        user_id,
    )
    if found is None:
        raise not_found()
    return _Standing(*found)


def _own_message(
    tx: Transaction, conversation_id: str, message_id: str, user_id: str
) -> tuple[_Standing, Message]:
    stands = _prove_access(tx, conversation_id, user_id)
    document = tx.value(
        "SELECT document FROM message_document WHERE conversation_key = ? AND seq = ? AND id = ?",
        stands.key,
        seq_in(message_id),
        message_id,
    )
    if document is None:
        raise not_found("message")
    message = message_from(document)
    if message.sender.id != user_id:
        raise MessagingError(Code.FORBIDDEN, "only its sender may change a message")
    return stands, message


def _find(tx: Transaction, new: NewConversation) -> tuple[int, str] | None:
    found: tuple[int, str] | None = tx.row(
        "SELECT key, id FROM conversations WHERE identity = ? AND deleted_at IS NULL", _identity(new)
    )
    return found


def _identity(new: NewConversation) -> str:
    subject = (new.subject.type, new.subject.id) if new.subject else None
    return sha256(encode((new.participant_ids, subject))).hexdigest()


def _refuse_foreign_repeat(
    tx: Transaction, new: NewConversation, message: NewMessage, *, key: int | None
) -> None:
    """Refuse a `clientId` that is used outside the conversation `key`: in another one, or in this one's former life."""
    sender_key = tx.value("SELECT key FROM users WHERE id = ?", message.sender_id)
    if sender_key is None:
        return
    for former in find_stored(tx, [(sender_key, client_key(message.client_id))]).values():
        if former.conversation_key == key:
            return
        is_former_life = tx.value(
            "SELECT identity = ? AND deleted_at IS NOT NULL FROM conversations WHERE key = ?",
            _identity(new),
            former.conversation_key,
        )
        raise not_found() if is_former_life else client_id_reused()


def _insert(tx: Transaction, new: NewConversation) -> str:
    """Users whom nobody has seen yet get a bare row: the host platform owns users, and tells of them later."""
    people = encode_text(new.participant_ids)
    tx.run("INSERT INTO users (id) SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING", people)
    conversation_id = new_id(tx.now_s)
    kind = ConversationKind.DIRECT if len(new.participant_ids) == 2 else ConversationKind.GROUP
    key = tx.run(
        """
        INSERT INTO conversations
            (id, kind, status, activity, updated_at, created_at, identity, title, search, creator_key)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT key FROM users WHERE id = ?))
        """,
        conversation_id,
        kind.value,
        ConversationStatus.ACTIVE.value,
        tx.activity_us,
        tx.now,
        tx.now,
        _identity(new),
        new.title,
        fold(new.title, new.subject.title if new.subject else None),
        new.creator_id,
    ).lastrowid
    if new.subject:
        tx.run(
            "INSERT INTO subjects (conversation_key, type, id, document) VALUES (?, ?, ?, ?)",
            key,
            new.subject.type,
            new.subject.id,
            encode_text(new.subject),
        )
    tx.run(
        """
        INSERT INTO participants (conversation_key, user_key)
        SELECT ?, u.key FROM json_each(?) j CROSS JOIN users u ON u.id = j.value
        """,
        key,
        people,
    )
    return conversation_id


def _take_seq(
    tx: Transaction, conversation_id: str, stands: _Standing, kind: str, message: Message | None = None
) -> int:
    seq = stands.last_seq + 1
    tx.run("UPDATE conversations SET last_seq = ?, updated_at = ? WHERE key = ?", seq, tx.now, stands.key)
    tx.run(
        "INSERT INTO changes (conversation_key, seq, kind, message_seq, actor_key, at) VALUES (?, ?, ?, ?, ?, ?)",
        stands.key,
        seq,
        kind,
        message.seq if message else None,
        stands.user_key,
        tx.now,
    )
    tx.memory.forget(conversation_id)
    return seq


def _rewrite(tx: Transaction, stands: _Standing, old: Message, new: Message) -> None:
    take_out(tx, stands.key, old.seq)
    tx.run(
        """
        UPDATE messages SET content = ?, edited_at = ?, deleted_at = ?, updated_seq = ?,
            original_digest = coalesce(original_digest, ?)
        WHERE conversation_key = ? AND seq = ?
        """,
        new.content,
        new.edited_at,
        new.deleted_at,
        new.updated_seq,
        digest(old.content),
        stands.key,
        old.seq,
    )
    put_in(tx, stands.key, old.seq)


def _changed(
    tx: Transaction, conversation_id: str, seq: int, message: Message | None, *, repeated: bool = False
) -> Changed:
    return Changed(seq, tx.conversation(conversation_id), message, tx.counts(conversation_id), repeated)
