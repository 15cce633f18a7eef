"""Commands about people rather than messages: what came to them, who types, who is there, and what each lets know."""

from __future__ import annotations

from collections.abc import Mapping

from ..messaging import receipts, settings
from ..messaging.commands import (
    ChangeSettings,
    ConversationRef,
    Done,
    MarkDeliveredCommand,
    PresencesAck,
    SetPresence,
    SettingsAck,
    TypingCommand,
    WatchPresence,
)
from ..messaging.domain import Actor
from ..messaging.errors import Code, MessagingError
from ..messaging.events import presence_room
from ..socketio import Socket, TooManyRooms
from .context import Context, Verb

_WATCHING = presence_room("")


async def mark_delivered(
    context: Context, socket: Socket, actor: Actor, command: MarkDeliveredCommand
) -> Done:
    await receipts.mark_delivered(context.domain, actor, command.conversations)
    return Done()


async def typing_start(context: Context, socket: Socket, actor: Actor, command: TypingCommand) -> Done:
    await context.domain.typing.start(actor, command.conversation_id, command.activity)
    return Done()


async def typing_stop(context: Context, socket: Socket, actor: Actor, command: ConversationRef) -> Done:
    await context.domain.typing.stop(actor, command.conversation_id)
    return Done()


async def set_presence(context: Context, socket: Socket, actor: Actor, command: SetPresence) -> Done:
    context.domain.presence.say(actor.user_id, socket.id, command.status)
    return Done()


async def watch_presence(
    context: Context, socket: Socket, actor: Actor, command: WatchPresence
) -> PresencesAck:
    """The rooms are joined with no await after the proof, so whatever ends it comes later and finds them."""
    presences = await context.domain.presence.watch(actor, command.user_ids)
    rooms = {presence_room(seen.user_id) for seen in presences}
    former = {room for room in socket.rooms or () if room.startswith(_WATCHING)}
    socket.leave(*former - rooms)
    try:
        socket.join(*rooms)
    except TooManyRooms as error:
        socket.leave(*rooms - former)
        raise MessagingError(Code.INVALID, f"{error}; watch fewer people") from None
    return PresencesAck(presences=presences)


async def change_settings(
    context: Context, socket: Socket, actor: Actor, command: ChangeSettings
) -> SettingsAck:
    return SettingsAck(settings=await settings.change(context.domain, actor, command))


VERBS: Mapping[str, Verb] = {
    "mark_delivered": mark_delivered,
    "typing_start": typing_start,
    "typing_stop": typing_stop,
    "set_presence": set_presence,
    "watch_presence": watch_presence,
    "change_settings": change_settings,
}
