"""Commands about messages: send, edit, delete, read."""

from __future__ import annotations

from collections.abc import Mapping

from ..messaging import messages, reading
from ..messaging.commands import (
    EditMessageCommand,
    MarkReadCommand,
    MessageAck,
    MessageRef,
    ReadAck,
    SendMessageCommand,
)
from ..messaging.domain import Actor
from ..socketio import Socket
from .context import Context, Verb, log


async def send(context: Context, socket: Socket, actor: Actor, command: SendMessageCommand) -> MessageAck:
    conversation_id = command.conversation_id
    sent = await messages.send(context.domain, actor, conversation_id, command)
    log.debug(
        "send", socket=socket.id, user=actor.user_id, conversation=conversation_id, seq=sent.message.seq
    )
    return MessageAck(message=sent.message)


async def edit(context: Context, socket: Socket, actor: Actor, command: EditMessageCommand) -> MessageAck:
    message = await messages.edit(context.domain, actor, command.conversation_id, command.message_id, command)
    return MessageAck(message=message)


async def delete(context: Context, socket: Socket, actor: Actor, command: MessageRef) -> MessageAck:
    return MessageAck(
        message=await messages.delete(context.domain, actor, command.conversation_id, command.message_id)
    )


async def mark_read(context: Context, socket: Socket, actor: Actor, command: MarkReadCommand) -> ReadAck:
    state = await reading.mark_read(context.domain, actor, command.conversation_id, command.seq)
    return ReadAck(read_seq=state.read_seq, unread=state.unread, total_unread=state.total_unread)


VERBS: Mapping[str, Verb] = {
    "send_message": send,
    "edit_message": edit,
    "delete_message": delete,
    "mark_read": mark_read,
}
