"""Who learns of a durable change, and by which event: the rules of the wire contract's table of events.

Called by the verbs right after the commit. Payloads that nobody would receive are not made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from . import events
from .events import conversation_room, user_room
from .models import Conversation
from .ports import Changed, Counts, Created, Emitter, Read, Sent


def conversation_created(emitter: Emitter, created: Created) -> None:
    for user_id, counts in created.counts.items():
        room = [user_room(user_id)]
        if emitter.reaches(room):
            emitter.emit(events.CONVERSATION_CREATED, as_seen(created.conversation, counts), to=room)


def message_sent(emitter: Emitter, sent: Sent) -> None:
    """Every socket of every participant learns of it once: in the room, or else by a notification."""
    message, conversation = sent.message, sent.conversation
    room = [conversation_room(conversation.id)]
    if emitter.reaches(room):
        emitter.emit(events.MESSAGE_RECEIVED, message, to=room)
    for user_id, counts in sent.counts.items():
        target = [user_room(user_id)]
        if not emitter.reaches(target, except_rooms=room):
            continue
        seen = as_seen(conversation, counts)
        if user_id == message.sender.id:
            updated = events.ConversationUpdated(
                conversation_id=seen.id, seq=message.seq, conversation=seen, total_unread=counts.total_unread
            )
            emitter.emit(events.CONVERSATION_UPDATED, updated, to=target, except_rooms=room)
            continue
        notification = events.NewMessageNotification(
            conversation_id=seen.id,
            seq=message.seq,
            message=message,
            conversation=seen,
            total_unread=counts.total_unread,
        )
        emitter.emit(events.NEW_MESSAGE_NOTIFICATION, notification, to=target, except_rooms=room)


def message_updated(emitter: Emitter, changed: Changed) -> None:
    room = [conversation_room(changed.conversation.id)]
    if emitter.reaches(room):
        emitter.emit(events.MESSAGE_UPDATED, changed.message, to=room)
    conversation_updated(emitter, changed, except_rooms=room)


def message_deleted(emitter: Emitter, changed: Changed, *, deleted_by: str) -> None:
    message = changed.message
    assert message is not None
    for target, counts in _reached(emitter, changed):
        deleted = events.MessageDeleted(
            conversation_id=changed.conversation.id,
            seq=changed.seq,
            message_id=message.id,
            message_seq=message.seq,
            deleted_by=deleted_by,
            unread=counts.unread,
            total_unread=counts.total_unread,
        )
        emitter.emit(events.MESSAGE_DELETED, deleted, to=target)


def conversation_updated(emitter: Emitter, changed: Changed, *, except_rooms: Sequence[str] = ()) -> None:
    for target, counts in _reached(emitter, changed, except_rooms=except_rooms):
        updated = events.ConversationUpdated(
            conversation_id=changed.conversation.id,
            seq=changed.seq,
            conversation=as_seen(changed.conversation, counts),
            total_unread=counts.total_unread,
        )
        emitter.emit(events.CONVERSATION_UPDATED, updated, to=target, except_rooms=except_rooms)


def conversation_deleted(emitter: Emitter, changed: Changed, *, deleted_by: str) -> None:
    """Tell every participant, then empty the room: nobody stays in the room of what is gone."""
    for target, counts in _reached(emitter, changed):
        deleted = events.ConversationDeleted(
            conversation_id=changed.conversation.id,
            seq=changed.seq,
            deleted_by=deleted_by,
            total_unread=counts.total_unread,
        )
        emitter.emit(events.CONVERSATION_DELETED, deleted, to=target)
    emitter.close_room(conversation_room(changed.conversation.id))


def message_read(emitter: Emitter, conversation_id: str, read: Read, *, reader: str) -> None:
    """Others learn how far the reader is; how much is unread is the reader's own business."""
    others = [user_room(user_id) for user_id in read.participant_ids if user_id != reader]
    mark = events.MessageRead(conversation_id=conversation_id, user_id=reader, read_seq=read.read_seq)
    if others and emitter.reaches(others):
        emitter.emit(events.MESSAGE_READ, mark, to=others)
    own = [user_room(reader)]
    if emitter.reaches(own):
        counted = replace(mark, unread=read.counts.unread, total_unread=read.counts.total_unread)
        emitter.emit(events.MESSAGE_READ, counted, to=own)


def as_seen(conversation: Conversation, counts: Counts) -> Conversation:
    """The conversation with one participant's own count in it."""
    return (
        conversation if conversation.unread == counts.unread else replace(conversation, unread=counts.unread)
    )


def _reached(
    emitter: Emitter, changed: Changed, *, except_rooms: Sequence[str] = ()
) -> Iterator[tuple[list[str], Counts]]:
    for user_id, counts in changed.counts.items():
        room = [user_room(user_id)]
        if emitter.reaches(room, except_rooms=except_rooms):
            yield room, counts
