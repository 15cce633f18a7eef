"""Verbs on conversations: create, start with a first message, get, list, change, delete."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import UNSET

from . import announce, bounds, messages, text
from .commands import ChangeConversation, CreateConversation, StartConversation
from .domain import Actor, Domain
from .errors import invalid
from .models import MAX_PARTICIPANTS, Conversation, ConversationKind, ConversationPage, ConversationStatus
from .ports import Created, NewConversation, Started


async def create(domain: Domain, actor: Actor, body: CreateConversation) -> Created:
    """Open a conversation, or return the one that these people have on this subject (`repeated`).

    The actor takes part whether listed or not; somebody else must.
    """
    people = frozenset(body.participant_ids) | {actor.user_id}
    if len(people) == 1:
        raise invalid("participantIds", "expected at least one person besides yourself")
    if len(people) > MAX_PARTICIPANTS:
        raise invalid("participantIds", f"expected at most {MAX_PARTICIPANTS} people, got {len(people)}")
    kind = _kind(people, body.kind)
    if body.history_visible and kind is ConversationKind.DIRECT:
        raise invalid("historyVisible", "expected it of a group; nobody is added to a conversation of two")
    created = await domain.store.create_conversation(
        NewConversation(
            creator_id=actor.user_id,
            participant_ids=tuple(sorted(people)),
            subject=text.subject(body.subject),
            title=text.line("title", body.title),
            kind=kind,
            history_visible=body.history_visible,
        )
    )
    if not created.repeated:
        announce.conversation_created(domain.emitter, created)
    return created


async def start(domain: Domain, actor: Actor, body: StartConversation) -> Started:
    """Send a first message, and create the conversation with it if these two have none on this subject."""
    if body.recipient_id == actor.user_id:
        raise invalid("recipientId", "expected somebody besides yourself")
    started = await domain.store.start(
        NewConversation(
            creator_id=actor.user_id,
            participant_ids=tuple(sorted((actor.user_id, body.recipient_id))),
            subject=text.subject(body.subject),
            title=None,
            kind=ConversationKind.DIRECT,
        ),
        messages.composed(domain, actor, "", body),
    )
    sent = started.sent
    if not sent.repeated:
        if started.created:
            announce.conversation_created(domain.emitter, Created(sent.conversation, sent.views, False))
        domain.typing.sent(actor.user_id, sent.conversation.id)
        announce.message_sent(domain.emitter, sent)
    return started


async def get(domain: Domain, actor: Actor, conversation_id: str) -> Conversation:
    return await domain.store.conversation(conversation_id, user_id=actor.user_id)


async def listing(
    domain: Domain,
    actor: Actor,
    *,
    cursor: str | None,
    limit: int,
    status: ConversationStatus | None,
    unread: bool | None,
    q: str | None,
    archived: bool = False,
) -> ConversationPage:
    """Mine, pinned ones first, then newest activity.

    `q` searches titles, subjects, other people's names and companies.
    """
    bounds.limit(limit)
    return await domain.store.conversations(
        user_id=actor.user_id,
        cursor=cursor,
        limit=limit,
        status=status,
        unread=unread,
        archived=archived,
        q=text.line("q", q),
    )


async def change(
    domain: Domain, actor: Actor, conversation_id: str, body: ChangeConversation
) -> Conversation:
    """Set what is given, in one change. A blank title takes the title away. A group is told by a SYSTEM message."""
    if body.status is None and body.title is None and body.history_visible is None:
        raise invalid("status", "expected a status, a title, or historyVisible")
    changed = await domain.store.change_conversation(
        conversation_id,
        user_id=actor.user_id,
        status=body.status,
        title=UNSET if body.title is None else text.line("title", body.title),
        history_visible=body.history_visible,
    )
    if not changed.repeated:
        announce.conversation_updated(domain.emitter, changed)
    latest = changed.told[-1] if changed.told else changed
    return announce.as_seen(latest.conversation, latest.views[actor.user_id], actor.user_id)


async def set_status(
    domain: Domain, actor: Actor, conversation_id: str, status: ConversationStatus
) -> Conversation:
    """Close or reopen."""
    return await change(domain, actor, conversation_id, ChangeConversation(status=status))


async def delete(domain: Domain, actor: Actor, conversation_id: str) -> None:
    """Delete for everyone: its texts are gone, its room is empty, and asking for it finds nothing.

    Who shared no other conversation with somebody hears no more of their presence.
    """
    changed = await domain.store.delete_conversation(conversation_id, user_id=actor.user_id)
    domain.typing.revoke(conversation_id)
    announce.conversation_deleted(domain.emitter, changed, deleted_by=actor.user_id)
    await domain.presence.part(changed.views, changed.views)


def _kind(people: Collection[str], asked: ConversationKind | None) -> ConversationKind:
    if len(people) > 2 and asked is ConversationKind.DIRECT:
        raise invalid("kind", f"expected GROUP for {len(people)} people, got DIRECT")
    return asked or (ConversationKind.DIRECT if len(people) == 2 else ConversationKind.GROUP)
