"""Commands about what hangs on a message: reactions and former texts."""

from __future__ import annotations

from collections.abc import Mapping

from ..messaging import reactions
from ..messaging.commands import HistoryAck, MessageAck, MessageRef, ReactCommand
from ..messaging.domain import Actor
from ..socketio import Socket
from .context import Context, Verb


async def add(context: Context, socket: Socket, actor: Actor, command: ReactCommand) -> MessageAck:
    return await _react(context, actor, command, present=True)


async def remove(context: Context, socket: Socket, actor: Actor, command: ReactCommand) -> MessageAck:
    return await _react(context, actor, command, present=False)


async def _react(context: Context, actor: Actor, command: ReactCommand, *, present: bool) -> MessageAck:
    message = await reactions.react(
        context.domain,
        actor,
        command.conversation_id,
        command.message_id,
        command.emoji,
        present=present,
    )
    return MessageAck(message=message)


async def history(context: Context, socket: Socket, actor: Actor, command: MessageRef) -> HistoryAck:
    found = await reactions.history(context.domain, actor, command.conversation_id, command.message_id)
    return HistoryAck(versions=found.versions)


VERBS: Mapping[str, Verb] = {
    "add_reaction": add,
    "remove_reaction": remove,
    "message_history": history,
}
