"""Commands about conversations: create, change, close, reopen, delete, and how one keeps them."""

from __future__ import annotations

from collections.abc import Mapping

from ..messaging import announce, conversations, personal
from ..messaging.commands import (
    ChangeConversationCommand,
    ChangePersonalCommand,
    ConversationAck,
    ConversationRef,
    CreateConversation,
    Done,
)
from ..messaging.domain import Actor
from ..messaging.models import ConversationStatus
from ..socketio import Socket
from .context import Context, Verb


async def create(
    context: Context, socket: Socket, actor: Actor, command: CreateConversation
) -> ConversationAck:
    created = await conversations.create(context.domain, actor, command)
    mine = announce.as_seen(created.conversation, created.views[actor.user_id], actor.user_id)
    return ConversationAck(conversation=mine)


async def change(
    context: Context, socket: Socket, actor: Actor, command: ChangeConversationCommand
) -> ConversationAck:
    changed = await conversations.change(context.domain, actor, command.conversation_id, command)
    return ConversationAck(conversation=changed)


async def close(context: Context, socket: Socket, actor: Actor, command: ConversationRef) -> ConversationAck:
    return await _set_status(context, actor, command, ConversationStatus.CLOSED)


async def reopen(context: Context, socket: Socket, actor: Actor, command: ConversationRef) -> ConversationAck:
    return await _set_status(context, actor, command, ConversationStatus.ACTIVE)


async def _set_status(
    context: Context, actor: Actor, command: ConversationRef, status: ConversationStatus
) -> ConversationAck:
    changed = await conversations.set_status(context.domain, actor, command.conversation_id, status)
    return ConversationAck(conversation=changed)


async def delete(context: Context, socket: Socket, actor: Actor, command: ConversationRef) -> Done:
    await conversations.delete(context.domain, actor, command.conversation_id)
    return Done()


async def keep(
    context: Context, socket: Socket, actor: Actor, command: ChangePersonalCommand
) -> ConversationAck:
    kept = await personal.change(context.domain, actor, command.conversation_id, command)
    return ConversationAck(conversation=kept)


VERBS: Mapping[str, Verb] = {
    "create_conversation": create,
    "change_conversation": change,
    "change_personal": keep,
    "close_conversation": close,
    "reopen_conversation": reopen,
    "delete_conversation": delete,
}
