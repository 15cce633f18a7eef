"""Commands about the socket itself: its rooms, what it missed, and its token."""

from __future__ import annotations

from collections.abc import Mapping

from ..messaging import sync, users
from ..messaging.commands import (
    ConversationRef,
    Done,
    JoinConversation,
    JoinedAck,
    RefreshedAck,
    RefreshToken,
    Resume,
    ResumedAck,
)
from ..messaging.domain import Actor
from ..messaging.errors import Code, MessagingError, not_found
from ..messaging.events import conversation_room, joining_room
from ..messaging.timers import rfc3339
from ..socketio import Socket, TooManyRooms
from .context import Context, Speaker, Verb, log


async def join(context: Context, socket: Socket, actor: Actor, command: JoinConversation) -> JoinedAck:
    """Access first, then the room, then the log: what is committed meanwhile comes as an event or stands in it."""
    conversation_id = command.conversation_id
    room = conversation_room(conversation_id)
    try:
        await _enter(context, socket, actor, conversation_id)
    except TooManyRooms as error:
        raise MessagingError(Code.INVALID, f"{error}; leave a conversation before joining another") from None
    try:
        ack = await sync.join(context.domain, actor, command)
    except MessagingError:
        socket.leave(room)
        raise
    if not _is_in(socket, room):
        raise not_found()
    log.debug("join", socket=socket.id, user=actor.user_id, room=room)
    return ack


async def _enter(context: Context, socket: Socket, actor: Actor, conversation_id: str) -> None:
    """Into the conversation's room, unless access is lost while it is being proved.

    The proof is of a moment that is past when it arrives. A removal since then took the socket out of the waiting
    room; one that comes later takes it out of the conversation's.
    """
    room, waiting = conversation_room(conversation_id), joining_room(conversation_id)
    if _is_in(socket, room):
        return
    socket.join(waiting)
    try:
        await context.domain.store.check_access(conversation_id, user_id=actor.user_id)
        if not _is_in(socket, waiting):
            raise not_found()
    finally:
        socket.leave(waiting)
    socket.join(room)


def _is_in(socket: Socket, room: str) -> bool:
    return socket.rooms is not None and room in socket.rooms


async def leave(context: Context, socket: Socket, actor: Actor, command: ConversationRef) -> Done:
    room = conversation_room(command.conversation_id)
    socket.leave(room)
    log.debug("leave", socket=socket.id, user=actor.user_id, room=room)
    return Done()


async def resume(context: Context, socket: Socket, actor: Actor, command: Resume) -> ResumedAck:
    return await sync.resume(context.domain, actor, command)


async def refresh_token(
    context: Context, socket: Socket, actor: Actor, command: RefreshToken
) -> RefreshedAck:
    identity = await context.identify(socket, command.token)
    if identity.profile.id != actor.user_id:
        raise MessagingError(Code.AUTH_INVALID, "the token speaks for another user")
    socket.data = Speaker.of(identity)
    await users.seen(context.domain, identity.profile)
    return RefreshedAck(expires_at=rfc3339(identity.expires_at))


VERBS: Mapping[str, Verb] = {
    "join_conversation": join,
    "leave_conversation": leave,
    "resume": resume,
    "refresh_token": refresh_token,
}
