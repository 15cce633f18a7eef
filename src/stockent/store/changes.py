"""The rarer writes, one at a time: opening, changing and deleting conversations, editing and deleting messages.

Each function runs in the writer's transaction and proves the actor's access by its own query. Each refuses before
its first write.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from msgspec import UnsetType
from msgspec.structs import replace

from stockent.messaging import notices
from stockent.messaging.errors import Code, MessagingError, invalid, not_found
from stockent.messaging.models import (
    MAX_CONTENT_CHARS,
    ConversationKind,
    ConversationStatus,
    GroupRole,
    Message,
    MessageType,
    QuotedSender,
)
from stockent.messaging.policy import duration
from stockent.messaging.ports import Changed, Created, NewConversation, NewMessage, Started

from .documents import encode, encode_text, message_from
from .erasing import Span, erase_conversation, erase_hanging_on
from .extras import digest, prove_mentions
from .ids import new_id, seq_in
from .search_index import indexed_of, put_in, take_out
from .searching import fold
from .sends import client_id_reused, client_key, send_group, tell
from .transaction import Transaction


class Standing(NamedTuple):
    """A conversation and one of its participants, as the query found them: the proof of access."""

    key: int
    user_key: int
    last_seq: int
    status: str
    title: str | None
    kind: str
    history_visible: bool
    group_role: str | None
    visible_after: int


def create_conversation(tx: Transaction, new: NewConversation) -> Created:
    found = _find(tx, new)
    conversation_id = _insert(tx, new) if found is None else found[1]
    return Created(tx.conversation(conversation_id), tx.views(conversation_id), found is not None)


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
    history_visible: bool | None = None,  # noqa: FBT001
) -> Changed:
    stands = prove_access(tx, conversation_id, user_id)
    if history_visible is not None:
        require_owner(stands)
    new_status = stands.status if status is None else status.value
    new_title = stands.title if isinstance(title, UnsetType) else title
    new_visible = stands.history_visible if history_visible is None else history_visible
    kind = "+".join(
        name
        for name, changed in (
            ("status", new_status != stands.status),
            ("title", new_title != stands.title),
            ("history", new_visible != stands.history_visible),
        )
        if changed
    )
    if not kind:
        return changed(tx, conversation_id, stands.last_seq, None, repeated=True)
    seq = take_seq(tx, conversation_id, stands, kind)
    if (new_status, new_visible) != (stands.status, stands.history_visible):
        tx.run(
            "UPDATE conversations SET status = ?, history_visible = ? WHERE key = ?",
            new_status,
            new_visible,
            stands.key,
        )
    if new_title != stands.title:
        _rename(tx, stands, new_title)
    change = changed(tx, conversation_id, seq, None)
    if stands.kind != ConversationKind.GROUP:
        return change
    actor = tx.memory.sender(change.conversation, user_id)
    by = QuotedSender(id=actor.id, name=actor.name)
    told = [notices.renamed(by, new_title)] if new_title != stands.title else []
    if new_visible != stands.history_visible:
        told.append(notices.history_set(by, visible=new_visible))
    return change._replace(
        told=tuple(tell(tx, conversation_id, stands.user_key, actor, notice) for notice in told)
    )


def _rename(tx: Transaction, stands: Standing, title: str | None) -> None:
    subject_title = tx.value(
        "SELECT document ->> 'title' FROM subjects WHERE conversation_key = ?", stands.key
    )
    tx.run(
        "UPDATE conversations SET title = ?, search = ? WHERE key = ?",
        title,
        fold(title, subject_title),
        stands.key,
    )


def delete_conversation(tx: Transaction, conversation_id: str, user_id: str) -> Changed:
    """Subject and participants go at once, texts in steps; bare rows stay, so that a `clientId` stays used."""
    stands = prove_access(tx, conversation_id, user_id)
    last = tx.conversation(conversation_id)
    seq = take_seq(tx, conversation_id, stands, "conversation_deleted")
    tx.run("UPDATE participants SET unread = 0 WHERE conversation_key = ? AND unread > 0", stands.key)
    views = tx.views(conversation_id)
    indexed = indexed_of(tx.connection, stands.key)
    tx.run("DELETE FROM participants WHERE conversation_key = ?", stands.key)
    tx.run("DELETE FROM subjects WHERE conversation_key = ?", stands.key)
    tx.run(
        "UPDATE conversations SET deleted_at = ?, title = NULL, search = '' WHERE key = ?", tx.now, stands.key
    )
    erase_conversation(tx.connection, stands.key, seq, indexed)
    gone = replace(last, seq=seq, subject=None, title=None, last_message=None, updated_at=tx.now)
    return Changed(seq, gone, None, views, False)


def edit(
    tx: Transaction,
    conversation_id: str,
    message_id: str,
    user_id: str,
    content: str,
    mentions: tuple[str, ...] | None = None,
    within_s: float | None = None,
) -> Changed:
    stands, message = own_message(tx, conversation_id, message_id, user_id)
    require_open(stands)
    if mentions is None:
        mentioned = message.mentions
    else:
        people = {person.user_id for person in tx.conversation(conversation_id).participants}
        mentioned = prove_mentions(mentions, people)
    if message.content == content and message.mentions == mentioned:
        return changed(tx, conversation_id, message.updated_seq, message, repeated=True)
    _refuse_late(tx, message, within_s, "edited")
    if not content and not message.attachments:
        raise invalid("content", f"expected 1 to {MAX_CONTENT_CHARS} characters after trimming, got none")
    seq = take_seq(tx, conversation_id, stands, "edit", message)
    tx.run(
        "INSERT INTO versions (conversation_key, message_seq, seq, content, at) VALUES (?, ?, ?, ?, ?)",
        stands.key,
        message.seq,
        seq,
        message.content,
        message.edited_at or message.created_at,
    )
    edited = replace(message, content=content, mentions=mentioned, edited_at=tx.now, updated_seq=seq)
    _rewrite(tx, stands, message, edited)
    return changed(tx, conversation_id, seq, edited)


def delete_message(
    tx: Transaction, conversation_id: str, message_id: str, user_id: str, within_s: float | None = None
) -> Changed:
    stands, message = _sent_message(tx, conversation_id, message_id, user_id)
    if message.deleted_at is not None:
        return changed(tx, conversation_id, message.updated_seq, message, repeated=True)
    _refuse_late(tx, message, within_s, "deleted for everyone")
    seq = take_seq(tx, conversation_id, stands, "delete", message)
    deleted = replace(
        message,
        content="",
        attachments=[],
        reactions=[],
        mentions=[],
        reply_to=None,
        forwarded=False,
        deleted_at=tx.now,
        updated_seq=seq,
    )
    _rewrite(tx, stands, message, deleted)
    if message.attachments or message.reactions or message.edited_at:
        erase_hanging_on(tx.connection, Span(stands.key, message.seq - 1, message.seq))
    if message.type is not MessageType.SYSTEM:
        tx.run(
            """
            UPDATE participants SET unread = unread - 1
            WHERE conversation_key = ? AND read_seq < ? AND user_key <> ? AND visible_after < ?
            """,
            stands.key,
            message.seq,
            stands.user_key,
            message.seq,
        )
    return changed(tx, conversation_id, seq, deleted)


def require_group(stands: Standing) -> None:
    if stands.kind != ConversationKind.GROUP:
        raise MessagingError(Code.INVALID, "expected a group; this conversation is between two people")


def require_owner(stands: Standing) -> None:
    require_group(stands)
    if stands.group_role != GroupRole.OWNER:
        raise MessagingError(Code.FORBIDDEN, "only an owner of the group may do this")


def require_open(stands: Standing) -> None:
    if stands.status != ConversationStatus.ACTIVE:
        raise MessagingError(Code.CONVERSATION_CLOSED, "the conversation is closed; reopen it")


def _refuse_late(tx: Transaction, message: Message, within_s: float | None, what: str) -> None:
    if within_s is not None and tx.now_s - datetime.fromisoformat(message.created_at).timestamp() > within_s:
        raise MessagingError(
            Code.TOO_LATE, f"a message can be {what} within {duration(within_s)} of its sending"
        )


def prove_access(tx: Transaction, conversation_id: str, user_id: str) -> Standing:
    """The one door to a conversation for writing; it closes against guessed ids, all alike."""
    found = tx.row(
        """
        SELECT c.key, u.key, c.last_seq, c.status, c.title, c.kind, c.history_visible, p.group_role, p.visible_after
        FROM conversations c CROSS JOIN users u
        CROSS JOIN participants p ON p.conversation_key = c.key AND p.user_key = u.key
        WHERE c.id = ? AND u.id = ?
        """,
        conversation_id,
        user_id,
    )
    if found is None:
        raise not_found()
    return Standing(*found)


def visible_message(
    tx: Transaction, conversation_id: str, message_id: str, user_id: str
) -> tuple[Standing, Message]:
    """A message that the user may see, and the proof."""
    stands = prove_access(tx, conversation_id, user_id)
    document = tx.value(
        "SELECT document FROM message_document WHERE conversation_key = ? AND seq = ? AND id = ? AND seq > ?",
        stands.key,
        seq_in(message_id),
        message_id,
        stands.visible_after,
    )
    if document is None:
        raise not_found("message")
    return stands, message_from(document)


def own_message(
    tx: Transaction, conversation_id: str, message_id: str, user_id: str
) -> tuple[Standing, Message]:
    """A message that the user may change: their own, and not deleted."""
    stands, message = _sent_message(tx, conversation_id, message_id, user_id)
    if message.deleted_at is not None:
        raise MessagingError(Code.MESSAGE_DELETED, "the message is deleted")
    return stands, message


def _sent_message(
    tx: Transaction, conversation_id: str, message_id: str, user_id: str
) -> tuple[Standing, Message]:
    stands, message = visible_message(tx, conversation_id, message_id, user_id)
    if message.sender.id != user_id or message.type is MessageType.SYSTEM:
        raise MessagingError(Code.FORBIDDEN, "only its sender may change a message")
    return stands, message


def _find(tx: Transaction, new: NewConversation) -> tuple[int, str] | None:
    found: tuple[int, str] | None = tx.row(
        "SELECT key, id FROM conversations WHERE identity = ? AND deleted_at IS NULL", _identity(new)
    )
    return found


def _identity(new: NewConversation) -> str:
    subject = (new.subject.type, new.subject.id) if new.subject else None
    people: tuple[object, ...] = (new.participant_ids, subject)
    if new.kind is ConversationKind.GROUP and len(new.participant_ids) == 2:
        people = (*people, new.kind)
    return sha256(encode(people)).hexdigest()


def _refuse_foreign_repeat(
    tx: Transaction, new: NewConversation, message: NewMessage, *, key: int | None
) -> None:
    """Refuse a `clientId` that is used outside the conversation `key`: in another one, or in this one's former life."""
    former_key = tx.value(
        """
        SELECT m.conversation_key FROM users u
        CROSS JOIN messages m ON m.sender_key = u.key AND m.client_key = ? WHERE u.id = ?
        """,
        client_key(message.client_id),
        message.sender_id,
    )
    if former_key is None or former_key == key:
        return
    is_former_life = tx.value(
        "SELECT identity = ? AND deleted_at IS NOT NULL FROM conversations WHERE key = ?",
        _identity(new),
        former_key,
    )
    raise not_found() if is_former_life else client_id_reused()


def _insert(tx: Transaction, new: NewConversation) -> str:
    """Users whom nobody has seen yet get a bare row: the host platform owns users, and tells of them later."""
    people = encode_text(new.participant_ids)
    tx.run("INSERT INTO users (id) SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING", people)
    conversation_id = new_id(tx.now_s)
    key = tx.run(
        """
        INSERT INTO conversations
            (id, kind, status, activity, updated_at, created_at, identity, title, search, history_visible,
             creator_key)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT key FROM users WHERE id = ?))
        """,
        conversation_id,
        new.kind.value,
        ConversationStatus.ACTIVE.value,
        tx.activity_us,
        tx.now,
        tx.now,
        _identity(new),
        new.title,
        fold(new.title, new.subject.title if new.subject else None),
        new.history_visible,
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
        INSERT INTO participants (conversation_key, user_key, group_role)
        SELECT ?1, u.key, CASE WHEN ?3 THEN iif(u.id = ?4, 'OWNER', 'MEMBER') END
        FROM json_each(?2) j CROSS JOIN users u ON u.id = j.value
        """,
        key,
        people,
        new.kind is ConversationKind.GROUP,
        new.creator_id,
    )
    return conversation_id


def take_seq(
    tx: Transaction, conversation_id: str, stands: Standing, kind: str, message: Message | None = None
) -> int:
    """The next position, with its entry of the log. Of a changed `message`, `changed` is to be called with the new."""
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
    if message is None:
        tx.forget(conversation_id)
    else:
        tx.memory.forget(conversation_id)
    return seq


def _rewrite(tx: Transaction, stands: Standing, old: Message, new: Message) -> None:
    was_indexed = take_out(tx, stands.key, old.seq)
    tx.run(
        """
        UPDATE messages SET content = ?1, edited_at = ?2, deleted_at = ?3, updated_seq = ?4,
            original_digest = coalesce(original_digest, ?5),
            extra = CASE WHEN ?3 IS NULL THEN
                nullif(json_set(coalesce(extra, '{}'), '$.mentions', json(?6)), '{"mentions":[]}') END,
            reacted = reacted AND ?3 IS NULL
        WHERE conversation_key = ?7 AND seq = ?8
        """,
        new.content,
        new.edited_at,
        new.deleted_at,
        new.updated_seq,
        digest(old.content),
        encode_text(new.mentions),
        stands.key,
        old.seq,
    )
    if was_indexed and new.deleted_at is None:
        put_in(tx, stands.key, old.seq)


def changed(
    tx: Transaction, conversation_id: str, seq: int, message: Message | None, *, repeated: bool = False
) -> Changed:
    if message is not None and not repeated:
        tx.show(message)
    return Changed(seq, tx.conversation(conversation_id), message, tx.views(conversation_id), repeated)
