"""Verbs on a group's people: add, remove, leave, give a role. Its name and history are `conversations.change`."""

from __future__ import annotations

from . import announce
from .commands import AddParticipants
from .domain import Actor, Domain
from .errors import invalid
from .events import conversation_room, joining_room, user_room
from .models import Conversation, GroupRole
from .ports import Membership


async def add(domain: Domain, actor: Actor, conversation_id: str, body: AddParticipants) -> Conversation:
    """Bring people in. Those who are there already are passed over."""
    membership = await domain.store.add_participants(
        conversation_id, user_id=actor.user_id, user_ids=body.user_ids
    )
    await _tell(domain, actor, membership)
    return _as_seen_now(membership, actor)


async def remove(domain: Domain, actor: Actor, conversation_id: str, user_id: str) -> Conversation:
    """Take somebody else out. When this returns, none of their sockets is in the conversation's room."""
    if user_id == actor.user_id:
        raise invalid("userId", "expected somebody else; to go yourself, leave the group")
    membership = await domain.store.remove_participant(
        conversation_id, user_id=actor.user_id, removed_id=user_id
    )
    await _tell(domain, actor, membership)
    return _as_seen_now(membership, actor)


async def leave(domain: Domain, actor: Actor, conversation_id: str) -> None:
    """Go oneself. The last one takes the conversation along."""
    membership = await domain.store.remove_participant(
        conversation_id, user_id=actor.user_id, removed_id=actor.user_id
    )
    await _tell(domain, actor, membership)


async def set_role(
    domain: Domain, actor: Actor, conversation_id: str, user_id: str, role: GroupRole
) -> Conversation:
    membership = await domain.store.set_group_role(
        conversation_id, user_id=actor.user_id, member_id=user_id, role=role
    )
    await _tell(domain, actor, membership)
    return _as_seen_now(membership, actor)


async def _tell(domain: Domain, actor: Actor, membership: Membership) -> None:
    if membership.changed.repeated:
        return
    for user_id in membership.removed:
        _part(domain, membership.changed.conversation.id, user_id)
    announce.membership_changed(domain.emitter, membership, by=actor.user_id)
    if membership.removed:
        await domain.presence.part(membership.removed, membership.changed.views)


def _part(domain: Domain, conversation_id: str, user_id: str) -> None:
    """End all that hangs on taking part, before anything newer is emitted.

    Awaits nothing: a message that was committed after the removal is emitted after this.
    """
    for room in (conversation_room(conversation_id), joining_room(conversation_id)):
        domain.emitter.leave_room(room, members_of=user_room(user_id))
    domain.typing.revoke(conversation_id, user_id)


def _as_seen_now(membership: Membership, actor: Actor) -> Conversation:
    latest = membership.told or membership.changed
    return announce.as_seen(latest.conversation, latest.views[actor.user_id], actor.user_id)
