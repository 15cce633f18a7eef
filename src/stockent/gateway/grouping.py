"""Commands about a group's people: add, remove, leave, give a role."""

from __future__ import annotations

from collections.abc import Mapping

from ..messaging import groups
from ..messaging.commands import (
    AddParticipantsCommand,
    ConversationAck,
    ConversationRef,
    Done,
    RemoveParticipantCommand,
    SetGroupRoleCommand,
)
from ..messaging.domain import Actor
from ..socketio import Socket
from .context import Context, Verb


async def add(
    context: Context, socket: Socket, actor: Actor, command: AddParticipantsCommand
) -> ConversationAck:
    return ConversationAck(
        conversation=await groups.add(context.domain, actor, command.conversation_id, command)
    )


async def remove(
    context: Context, socket: Socket, actor: Actor, command: RemoveParticipantCommand
) -> ConversationAck:
    return ConversationAck(
        conversation=await groups.remove(context.domain, actor, command.conversation_id, command.user_id)
    )


async def set_role(
    context: Context, socket: Socket, actor: Actor, command: SetGroupRoleCommand
) -> ConversationAck:
    conversation = await groups.set_role(
        context.domain, actor, command.conversation_id, command.user_id, command.role
    )
    return ConversationAck(conversation=conversation)


async def leave(context: Context, socket: Socket, actor: Actor, command: ConversationRef) -> Done:
    await groups.leave(context.domain, actor, command.conversation_id)
    return Done()


VERBS: Mapping[str, Verb] = {
    "add_participants": add,
    "remove_participant": remove,
    "set_group_role": set_role,
    "leave_group": leave,
}
