"""Who learns of a durable change, and by which event: the rules of the wire contract's table of events.

Called by the verbs right after the commit. Payloads that nobody would receive are not made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec.structs import replace

from . import events
from .events import conversation_room, user_room
from .models import Conversation
from .ports import Changed, Created, Delivered, Emitter, Membership, Read, Sent, View


def conversation_created(emitter: Emitter, created: Created) -> None:
    for user_id, view in created.views.items():
        room = [user_room(user_id)]
        if emitter.reaches(room):
            emitter.emit(events.CONVERSATION_CREATED, as_seen(created.conversation, view, user_id), to=room)


def message_sent(emitter: Emitter, sent: Sent) -> None:
    """Every socket of every participant learns of it once: in the room, or else by a notification."""
    message, conversation = sent.message, sent.conversation
    room = [conversation_room(conversation.id)]
    if emitter.reaches(room):
        emitter.emit(events.MESSAGE_RECEIVED, message, to=room)
    # While people talk, all who are there look at it: then one question is enough.
    if not emitter.reaches([user_room(user_id) for user_id in sent.views], except_rooms=room):
        return
    for user_id, view in sent.views.items():
        target = [user_room(user_id)]
        if not emitter.reaches(target, except_rooms=room):
            continue
        seen = as_seen(conversation, view, user_id)
        if user_id == message.sender.id:
            updated = events.ConversationUpdated(
                conversation_id=seen.id, seq=message.seq, conversation=seen, total_unread=view.total_unread
            )
            emitter.emit(events.CONVERSATION_UPDATED, updated, to=target, except_rooms=room)
            continue
        notification = events.NewMessageNotification(
            conversation_id=seen.id,
            seq=message.seq,
            message=message,
            conversation=seen,
            total_unread=view.total_unread,
        )
        emitter.emit(events.NEW_MESSAGE_NOTIFICATION, notification, to=target, except_rooms=room)


def message_updated(emitter: Emitter, changed: Changed) -> None:
    """In the room by the message itself; who came after it and may not see it hears that something moved."""
    assert changed.message is not None
    room = [conversation_room(changed.conversation.id)]
    barred = [user_room(user_id) for user_id, view in changed.views.items() if _is_hidden(changed, view)]
    if emitter.reaches(room, except_rooms=barred):
        emitter.emit(events.MESSAGE_UPDATED, changed.message, to=room, except_rooms=barred)
    for user_id, target, view in _reached(emitter, changed):
        outside = [] if target[0] in barred else room
        if emitter.reaches(target, except_rooms=outside):
            updated = _updated(changed, user_id, view)
            emitter.emit(events.CONVERSATION_UPDATED, updated, to=target, except_rooms=outside)


def message_deleted(emitter: Emitter, changed: Changed, *, deleted_by: str) -> None:
    message = changed.message
    assert message is not None
    for user_id, target, view in _reached(emitter, changed):
        if _is_hidden(changed, view):
            emitter.emit(events.CONVERSATION_UPDATED, _updated(changed, user_id, view), to=target)
            continue
        deleted = events.MessageDeleted(
            conversation_id=changed.conversation.id,
            seq=changed.seq,
            message_id=message.id,
            message_seq=message.seq,
            deleted_by=deleted_by,
            unread=view.unread,
            total_unread=view.total_unread,
        )
        emitter.emit(events.MESSAGE_DELETED, deleted, to=target)


def conversation_updated(emitter: Emitter, changed: Changed, *, except_users: Collection[str] = ()) -> None:
    """The change, then the messages that tell of it."""
    for user_id, target, view in _reached(emitter, changed):
        if user_id not in except_users:
            emitter.emit(events.CONVERSATION_UPDATED, _updated(changed, user_id, view), to=target)
    for sent in changed.told:
        message_sent(emitter, sent)


def membership_changed(emitter: Emitter, membership: Membership, *, by: str) -> None:
    """Who went hears that and no more; who came hears of the conversation, the others of its change; then all of them
    the message that tells of it. The removed must have left the room before."""
    changed = membership.changed
    for user_id in membership.removed:
        room = [user_room(user_id)]
        removed = events.ParticipantRemoved(
            conversation_id=changed.conversation.id,
            seq=changed.seq,
            user_id=user_id,
            removed_by=by,
            total_unread=membership.removed_totals[user_id],
        )
        if emitter.reaches(room):
            emitter.emit(events.PARTICIPANT_REMOVED, removed, to=room)
    conversation_updated(emitter, changed, except_users=membership.added)
    new = {user_id: changed.views[user_id] for user_id in membership.added}
    conversation_created(emitter, Created(changed.conversation, new, False))
    if membership.told is not None:
        message_sent(emitter, membership.told)


def conversation_deleted(emitter: Emitter, changed: Changed, *, deleted_by: str) -> None:
    """Tell every participant, then empty the room: nobody stays in the room of what is gone."""
    for _, target, view in _reached(emitter, changed):
        deleted = events.ConversationDeleted(
            conversation_id=changed.conversation.id,
            seq=changed.seq,
            deleted_by=deleted_by,
            total_unread=view.total_unread,
        )
        emitter.emit(events.CONVERSATION_DELETED, deleted, to=target)
    emitter.close_room(conversation_room(changed.conversation.id))


def message_read(emitter: Emitter, conversation_id: str, read: Read, *, reader: str) -> None:
    """Others learn how far the reader is, if the reader lets them; how much is unread is the reader's own business.

    Who may not learn of the reading still learns of the delivery that it proves.
    """
    if read.delivered is not None and not read.shown:
        message_delivered(emitter, read.delivered, receiver=reader)
    others = [user_room(user_id) for user_id in read.participant_ids if user_id != reader]
    mark = events.MessageRead(
        conversation_id=conversation_id, user_id=reader, read_seq=read.read_seq, read_at=read.read_at
    )
    if read.shown and others and emitter.reaches(others):
        emitter.emit(events.MESSAGE_READ, mark, to=others)
    own = [user_room(reader)]
    if emitter.reaches(own):
        counted = replace(mark, unread=read.view.unread, total_unread=read.view.total_unread)
        emitter.emit(events.MESSAGE_READ, counted, to=own)


def message_delivered(emitter: Emitter, delivered: Delivered, *, receiver: str) -> None:
    """To those who look at the conversation; the receiver's own devices have no use for it."""
    room, own = [conversation_room(delivered.conversation_id)], [user_room(receiver)]
    if emitter.reaches(room, except_rooms=own):
        mark = events.MessageDelivered(
            conversation_id=delivered.conversation_id,
            user_id=receiver,
            delivered_seq=delivered.delivered_seq,
            delivered_at=delivered.delivered_at,
        )
        emitter.emit(events.MESSAGE_DELIVERED, mark, to=room, except_rooms=own)


def as_seen(conversation: Conversation, view: View, user_id: str) -> Conversation:
    """The conversation as one participant's own: count, keeping, mark, and nothing that is hidden."""
    if view.read_seq is not None or view.visible_after:
        conversation = _with_own(conversation, view, user_id)
    if conversation.unread == view.unread and conversation.personal == view.personal:
        return conversation
    return replace(conversation, unread=view.unread, personal=view.personal)


def _with_own(conversation: Conversation, view: View, user_id: str) -> Conversation:
    people, last = conversation.participants, conversation.last_message
    if view.read_seq is not None:
        people = [
            replace(person, read_seq=view.read_seq) if person.user_id == user_id else person
            for person in people
        ]
    if last is not None and last.seq <= view.visible_after:
        last = None
    return replace(conversation, participants=people, last_message=last)


def _updated(changed: Changed, user_id: str, view: View) -> events.ConversationUpdated:
    return events.ConversationUpdated(
        conversation_id=changed.conversation.id,
        seq=changed.seq,
        conversation=as_seen(changed.conversation, view, user_id),
        total_unread=view.total_unread,
    )


def _is_hidden(changed: Changed, view: View) -> bool:
    return changed.message is not None and changed.message.seq <= view.visible_after


def _reached(emitter: Emitter, changed: Changed) -> Iterator[tuple[str, list[str], View]]:
    for user_id, view in changed.views.items():
        room = [user_room(user_id)]
        if emitter.reaches(room):
            yield user_id, room, view
