"""The rarer writes, one at a time: opening, changing and deleting conversations, editing and deleting messages.

Each function runs in the writer's transaction and proves the actor's access by its own query. Each refuses before
its first write.
"""

from __future__ import annotations

from hashlib import sha256

from msgspec import UnsetType
from msgspec.structs import replace

from stockent.messaging.errors import Code, MessagingError, not_found
from stockent.messaging.models import Conversation, ConversationKind, ConversationStatus, Message, MessageType
from stockent.messaging.ports import Changed, Counts, Created, NewConversation, NewMessage, Started

from .documents import encode, encode_text, message_from
from .searching import fold
from .sends import client_id_reused, digest, find_stored, send_group
from .transaction import Transaction


def create_conversation(tx: Transaction, new: NewConversation) -> Created:
    conversation_id = _find(tx, new)
    repeated = conversation_id is not None
    if conversation_id is None:
        conversation_id = _insert(tx, new)
    return Created(tx.conversation(conversation_id), tx.counts(conversation_id), repeated)


def start(tx: Transaction, new: NewConversation, message: NewMessage) -> Started:
    """A repeat is known before anything is made: its conversation may have been deleted since."""
    conversation_id = _find(tx, new)
    stored = find_stored(tx, [(message.sender_id, message.client_id)])
    for former in stored.values():
        if former.conversation_id == conversation_id:
            continue
        if _is_deleted_same(tx, former.conversation_id, new) and former.is_repeated_by(message):
            raise not_found()
        raise client_id_reused()
    created = conversation_id is None
    if conversation_id is None:
        conversation_id = _insert(tx, new)
    [sent] = send_group(tx, [message._replace(conversation_id=conversation_id)])
    if isinstance(sent, MessagingError):
        raise sent
    return Started(sent, created)


def change_conversation(
    tx: Transaction,
    conversation_id: str,
    user_id: str,
    status: ConversationStatus | None,
    title: str | UnsetType | None,
) -> Changed:
    found = tx.row(
        """
        SELECT c.last_seq, c.status, c.title, s.document ->> 'title' FROM participants p
        JOIN conversations c ON c.id = p.conversation_id LEFT JOIN subjects s ON s.conversation_id = c.id
        WHERE p.conversation_id = ? AND p.user_id = ?
        """,
        conversation_id,
        user_id,
    )
    if found is None:
        raise not_found()
    last_seq, old_status, old_title, subject_title = found
    new_status = old_status if status is None else status.value
    new_title = old_title if isinstance(title, UnsetType) else title
    kinds = [
        kind
        for kind, same in (("status", new_status == old_status), ("title", new_title == old_title))
        if not same
    ]
    if not kinds:
        return _changed(tx, conversation_id, last_seq, repeated=True)
    seq = _take_seq(tx, conversation_id, last_seq, kind="+".join(kinds), actor_id=user_id)
    tx.run(
        "UPDATE conversations SET status = ?, title = ?, search = ? WHERE id = ?",
        new_status,
        new_title,
        fold(new_title, subject_title),
        conversation_id,
    )
    return _changed(tx, conversation_id, seq)


def delete_conversation(tx: Transaction, conversation_id: str, user_id: str) -> Changed:
    """Texts, subject and participants go; the bare rows stay, so that a `clientId` stays used."""
    last_seq = tx.value(
        """
        SELECT c.last_seq FROM participants p JOIN conversations c ON c.id = p.conversation_id
        WHERE p.conversation_id = ? AND p.user_id = ?
        """,
        conversation_id,
        user_id,
    )
    if last_seq is None:
        raise not_found()
    last = tx.conversation(conversation_id)
    seq = _take_seq(tx, conversation_id, last_seq, kind="conversation_deleted", actor_id=user_id)
    tx.run("UPDATE participants SET unread = 0 WHERE conversation_id = ? AND unread > 0", conversation_id)
    counts = tx.counts(conversation_id)
    tx.run("DELETE FROM participants WHERE conversation_id = ?", conversation_id)
    tx.run("DELETE FROM subjects WHERE conversation_id = ?", conversation_id)
    tx.run("UPDATE messages SET content = '' WHERE conversation_id = ? AND content <> ''", conversation_id)
    tx.run(
        "UPDATE conversations SET deleted_at = ?, title = NULL, search = '' WHERE id = ?",
        tx.now,
        conversation_id,
    )
    gone = replace(last, seq=seq, subject=None, title=None, last_message=None, updated_at=tx.now)
    return Changed(seq, gone, None, counts, False)


def edit(tx: Transaction, conversation_id: str, message_id: str, user_id: str, content: str) -> Changed:
    message, last_seq, status, digested = _own_message(tx, conversation_id, message_id, user_id)
    if message.deleted_at is not None:
        raise MessagingError(Code.MESSAGE_DELETED, "the message is deleted")
    if status != ConversationStatus.ACTIVE:
        raise MessagingError(Code.CONVERSATION_CLOSED, "the conversation is closed; reopen it")
    if message.content == content:
        return _changed(tx, conversation_id, message.updated_seq, message, repeated=True)
    seq = _take_seq(tx, conversation_id, last_seq, kind="edit", actor_id=user_id, message_id=message_id)
    tx.run(
        "UPDATE messages SET content = ?, edited_at = ?, updated_seq = ?, original_digest = ? WHERE id = ?",
        content,
        tx.now,
        seq,
        digested or digest(message.content),
        message_id,
    )
    edited = replace(message, content=content, edited_at=tx.now, updated_seq=seq)
    return _changed(tx, conversation_id, seq, edited)


def delete_message(tx: Transaction, conversation_id: str, message_id: str, user_id: str) -> Changed:
    message, last_seq, _, digested = _own_message(tx, conversation_id, message_id, user_id)
    if message.deleted_at is not None:
        return _changed(tx, conversation_id, message.updated_seq, message, repeated=True)
    seq = _take_seq(tx, conversation_id, last_seq, kind="delete", actor_id=user_id, message_id=message_id)
    tx.run(
        "UPDATE messages SET content = '', deleted_at = ?, updated_seq = ?, original_digest = ? WHERE id = ?",
        tx.now,
        seq,
        digested or digest(message.content),
        message_id,
    )
    if message.type is not MessageType.SYSTEM:
        tx.run(
            """
            UPDATE participants SET unread = unread - 1
            WHERE conversation_id = ? AND read_seq < ? AND user_id <> ?
            """,
            conversation_id,
            message.seq,
            message.sender.id,
        )
    deleted = replace(message, content="", deleted_at=tx.now, updated_seq=seq)
    return _changed(tx, conversation_id, seq, deleted)


def _find(tx: Transaction, new: NewConversation) -> str | None:
    found: str | None = tx.value(
        "SELECT id FROM conversations WHERE identity = ? AND deleted_at IS NULL", _identity(new)
    )
    return found


def _identity(new: NewConversation) -> str:
    subject = (new.subject.type, new.subject.id) if new.subject else None
    return sha256(encode((new.participant_ids, subject))).hexdigest()


def _is_deleted_same(tx: Transaction, conversation_id: str, new: NewConversation) -> bool:
    return bool(
        tx.value(
            "SELECT identity = ? AND deleted_at IS NOT NULL FROM conversations WHERE id = ?",
            _identity(new),
            conversation_id,
        )
    )


def _insert(tx: Transaction, new: NewConversation) -> str:
    """Users whom nobody has seen yet get a bare row: the host platform owns users, and tells of them later."""
    people = encode_text(new.participant_ids)
    tx.run("INSERT INTO users (id) SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING", people)
    conversation_id = tx.new_id()
    kind = ConversationKind.DIRECT if len(new.participant_ids) == 2 else ConversationKind.GROUP
    tx.run(
        """
        INSERT INTO conversations
            (id, kind, status, activity, updated_at, created_at, created_by, identity, title, search)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        conversation_id,
        kind.value,
        ConversationStatus.ACTIVE.value,
        tx.activity_us,
        tx.now,
        tx.now,
        new.creator_id,
        _identity(new),
        new.title,
        fold(new.title, new.subject.title if new.subject else None),
    )
    if new.subject:
        tx.run(
            "INSERT INTO subjects (conversation_id, type, id, document) VALUES (?, ?, ?, ?)",
            conversation_id,
            new.subject.type,
            new.subject.id,
            encode_text(new.subject),
        )
    tx.run(
        "INSERT INTO participants (conversation_id, user_id) SELECT ?, value FROM json_each(?)",
        conversation_id,
        people,
    )
    return conversation_id


def _own_message(
    tx: Transaction, conversation_id: str, message_id: str, user_id: str
) -> tuple[Message, int, str, str | None]:
    """The one door to a message for writing: participant first, then the message, then whose it is."""
    found = tx.row(
        """
        SELECT c.last_seq, c.status, m.document, r.original_digest
        FROM participants p JOIN conversations c ON c.id = p.conversation_id
        LEFT JOIN messages r ON r.id = ?1 AND r.conversation_id = c.id
        LEFT JOIN message_document m ON m.id = r.id
        WHERE p.conversation_id = ?2 AND p.user_id = ?3
        """,
        message_id,
        conversation_id,
        user_id,
    )
    if found is None:
        raise not_found()
    last_seq, status, document, digested = found
    if document is None:
        raise not_found("message")
    message = message_from(document)
    if message.sender.id != user_id:
        raise MessagingError(Code.FORBIDDEN, "only its sender may change a message")
    return message, last_seq, status, digested


def _take_seq(
    tx: Transaction,
    conversation_id: str,
    last_seq: int,
    *,
    kind: str,
    actor_id: str,
    message_id: str | None = None,
) -> int:
    seq = last_seq + 1
    tx.run("UPDATE conversations SET last_seq = ?, updated_at = ? WHERE id = ?", seq, tx.now, conversation_id)
    tx.run(
        "INSERT INTO changes (conversation_id, seq, kind, message_id, actor_id, at) VALUES (?, ?, ?, ?, ?, ?)",
        conversation_id,
        seq,
        kind,
        message_id,
        actor_id,
        tx.now,
    )
    tx.memory.forget(conversation_id)
    return seq


def _changed(
    tx: Transaction,
    conversation_id: str,
    seq: int,
    message: Message | None = None,
    *,
    repeated: bool = False,
) -> Changed:
    conversation: Conversation = tx.conversation(conversation_id)
    counts: dict[str, Counts] = tx.counts(conversation_id)
    return Changed(seq, conversation, message, counts, repeated)
