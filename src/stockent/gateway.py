"""The socket's side of messaging: who a socket is, which rooms it is in, and its commands to verbs of the domain.

No rule of messaging stands here, and no frame: a command is decoded, its verb called, its ack encoded. Rooms are
joined by the server after a proof of access; no client ever names one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from .auth import Authenticator, Identity, identify, token_from_request
from .messaging import conversations, messages, reading, sync, users
from .messaging.commands import (
    COMMANDS,
    MAX_RESUME_CONVERSATIONS,
    ConversationAck,
    ConversationRef,
    DeleteMessageCommand,
    Done,
    EditMessage,
    EditMessageCommand,
    ErrorBody,
    Failed,
    JoinConversation,
    JoinedAck,
    MarkReadCommand,
    MessageAck,
    ReadAck,
    RefreshedAck,
    RefreshToken,
    Resume,
    SendMessage,
    SendMessageCommand,
)
from .messaging.decoding import decode
from .messaging.domain import Actor, Domain
from .messaging.errors import Code, MessagingError
from .messaging.events import (
    AUTH_EXPIRING,
    READY,
    SERVER_DRAINING,
    AuthExpiring,
    Limits,
    Ready,
    ServerDraining,
    conversation_room,
    user_room,
)
from .messaging.models import MAX_CONTENT_CHARS, MAX_PAGE, MAX_PARTICIPANTS, ConversationStatus
from .messaging.typing import Timer, Typing
from .socketio import ConnectError, Namespace, Socket, TooManyRooms

log = structlog.get_logger("stockent.gateway")

#: How often living sockets are asked again who they are; an expired token or a disabled user ends them by then.
IDENTITY_CHECK_S = 2.0
#: How long before its end a client is told that its token expires.
EXPIRY_NOTICE_S = 60.0

CallLater = Callable[[float, Callable[[], None]], Timer]


class SocketEmitter:
    """`ports.Emitter` over a namespace, and so over the broker to every node."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def emit(
        self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
    ) -> None:
        self._namespace.address(to, except_rooms).emit(event, payload)

    def reaches(self, rooms: Sequence[str], *, except_rooms: Sequence[str] = ()) -> bool:
        return self._namespace.reaches(rooms, except_rooms)

    def close_room(self, room: str) -> None:
        self._namespace.to(room).leave(room)


@dataclass(slots=True)
class Speaker:
    """Who a socket is, kept as its `data`. `expires_at` is Unix seconds."""

    actor: Actor
    expires_at: float
    warned: bool = False


class Gateway:
    """Binds a namespace to the domain.

    `now` gives Unix seconds, the scale of a token's `exp`; `call_later(delay_s, callback)` is the event loop's.
    """

    def __init__(
        self,
        namespace: Namespace,
        domain: Domain,
        authenticator: Authenticator,
        *,
        now: Callable[[], float] = time.time,
        call_later: CallLater | None = None,
    ) -> None:
        self._namespace = namespace
        self._domain = domain
        self._authenticator = authenticator
        self._now = now
        self._call_later = call_later or asyncio.get_running_loop().call_later
        self._typing = Typing(domain, self._call_later)
        self._watch: Timer | None = None
        self._barring: asyncio.Task[None] | None = None
        self._limits = Limits(
            max_content_chars=MAX_CONTENT_CHARS,
            max_payload_bytes=namespace.limits.max_payload_bytes,
            max_page=MAX_PAGE,
            max_resume_conversations=MAX_RESUME_CONVERSATIONS,
            max_participants=MAX_PARTICIPANTS,
        )
        self._verbs: dict[str, Callable[[Socket, Actor, Any], Awaitable[Done]]] = {
            "join_conversation": self._join,
            "leave_conversation": self._leave,
            "send_message": self._send,
            "edit_message": self._edit,
            "delete_message": self._delete_message,
            "mark_read": self._mark_read,
            "typing_start": self._typing_start,
            "typing_stop": self._typing_stop,
            "close_conversation": self._close,
            "reopen_conversation": self._reopen,
            "delete_conversation": self._delete_conversation,
            "resume": self._resume,
            "refresh_token": self._refresh_token,
        }
        assert self._verbs.keys() == COMMANDS.keys()
        namespace.use(self._authenticate)
        namespace.on_connect(self._greet)
        namespace.on_disconnect(self._forget)
        namespace.on_any(self._command)

    def start(self) -> None:
        self._watch = self._call_later(IDENTITY_CHECK_S, self._check_identities)

    def drain(self, *, reconnect_in_ms: int) -> None:
        """Tell every client on this node that the server is about to stop."""
        notice = ServerDraining(reconnect_in_ms=reconnect_in_ms)
        for socket in tuple(self._namespace.sockets.values()):
            socket.emit(SERVER_DRAINING, notice)

    def stop(self) -> None:
        for running in (self._watch, self._barring):
            if running is not None:
                running.cancel()

    # a socket's life

    async def _authenticate(self, socket: Socket) -> None:
        headers = socket.request.headers
        auth_token = socket.auth.get("token")
        token = (
            token_from_request(headers.get("cookie"), None)
            or (auth_token if isinstance(auth_token, str) else "")
            or token_from_request(None, headers.get("authorization"))
        )
        # Who speaks stands in `data` from here on; what the client sent need not stay in memory.
        socket.auth = {}
        try:
            identity = await self._identify(token)
            await users.seen(self._domain, identity.profile)
        except MessagingError as error:
            log.info("connect_refused", code=error.code, address=socket.request.address)
            raise ConnectError(
                error.message, {"code": error.code.value, "retryable": error.retryable}
            ) from error
        profile = identity.profile
        socket.data = Speaker(Actor(profile.id, profile.name, profile.role), identity.expires_at)

    async def _identify(self, token: str) -> Identity:
        return await identify(self._authenticator, self._domain.store, token)

    async def _greet(self, socket: Socket) -> None:
        speaker: Speaker = socket.data
        user_id = speaker.actor.user_id
        # First the room, then the count: what comes in between is an event, and not lost.
        socket.join(user_room(user_id))
        log.debug("connect", socket=socket.id, user=user_id, transport=socket.connection.transport)
        try:
            unread = await reading.unread(self._domain, speaker.actor)
        except MessagingError as error:
            # Without `ready` a client would wait for ever; closed, it knows that it has to come back.
            log.warning("greeting_failed", socket=socket.id, code=error.code, reason=error.message)
            socket.disconnect(close=True)
            return
        socket.emit(
            READY,
            Ready(
                user_id=user_id,
                epoch=self._domain.store.epoch,
                server_time=_rfc3339(self._now()),
                limits=self._limits,
                total_unread=unread.total,
            ),
        )

    def _forget(self, socket: Socket, reason: str) -> None:
        speaker: Speaker = socket.data
        user_id = speaker.actor.user_id
        log.debug("disconnect", socket=socket.id, user=user_id, reason=reason)
        if not self._namespace.rooms.members(user_room(user_id)):
            self._typing.forget(user_id)

    def _check_identities(self) -> None:
        self._watch = self._call_later(IDENTITY_CHECK_S, self._check_identities)
        now = self._now()
        for socket in tuple(self._namespace.sockets.values()):
            self._check_expiry(socket, now)
        if self._barring is None or self._barring.done():
            self._barring = asyncio.create_task(self._end_disabled())

    async def _end_disabled(self) -> None:
        speakers: list[Speaker] = [socket.data for socket in self._namespace.sockets.values()]
        for user_id in {speaker.actor.user_id for speaker in speakers}:
            try:
                disabled = await self._domain.store.is_disabled(user_id)
            except MessagingError as error:
                log.warning("disabled_unknown", reason=error.message)
                return
            if disabled:
                log.info("user_disabled", user=user_id)
                self._namespace.to(user_room(user_id)).disconnect()

    def _check_expiry(self, socket: Socket, now: float) -> None:
        speaker: Speaker = socket.data
        if now >= speaker.expires_at:
            log.info("token_expired", socket=socket.id, user=speaker.actor.user_id)
            socket.disconnect(close=True)
        elif not speaker.warned and now >= speaker.expires_at - EXPIRY_NOTICE_S:
            speaker.warned = True
            socket.emit(AUTH_EXPIRING, AuthExpiring(expires_at=_rfc3339(speaker.expires_at)))

    # commands

    async def _command(self, socket: Socket, name: str, *args: Any) -> Done | Failed:
        """One command: decode, call its verb, ack. Whatever happens, the caller gets an answer."""
        speaker: Speaker = socket.data
        log.debug("receive", socket=socket.id, user=speaker.actor.user_id, command=name[:80])
        try:
            verb = self._verbs.get(name)
            if verb is None:
                raise MessagingError(Code.UNKNOWN_COMMAND, f"no such command: {name[:80]}")
            request = decode(COMMANDS[name].request, _argument(args))
            return await verb(socket, speaker.actor, request)
        except MessagingError as error:
            log.debug("refused", socket=socket.id, command=name[:80], code=error.code, reason=error.message)
            return _failed(error)
        except Exception:
            log.exception("command_failed", socket=socket.id, command=name[:80])
            return _failed(MessagingError(Code.INTERNAL, "the server failed; try again"))

    async def _join(self, socket: Socket, actor: Actor, command: JoinConversation) -> JoinedAck:
        """Access first, then the room, then the log: what is committed meanwhile comes as an event or stands in it."""
        conversation_id = command.conversation_id
        await self._domain.store.check_access(conversation_id, user_id=actor.user_id)
        room = conversation_room(conversation_id)
        try:
            socket.join(room)
        except TooManyRooms as error:
            raise MessagingError(
                Code.INVALID, f"{error}; leave a conversation before joining another"
            ) from None
        try:
            ack = await self._joined(actor, command)
        except MessagingError:
            socket.leave(room)
            raise
        log.debug("join", socket=socket.id, user=actor.user_id, room=room)
        return ack

    async def _joined(self, actor: Actor, command: JoinConversation) -> JoinedAck:
        conversation = await conversations.get(self._domain, actor, command.conversation_id)
        if command.after_seq is None:
            return JoinedAck(conversation=conversation)
        gap = await sync.catch_up(self._domain, actor, command.conversation_id, command.after_seq)
        return JoinedAck(conversation=conversation, events=gap.events or [], reset=gap.reset)

    async def _leave(self, socket: Socket, actor: Actor, command: ConversationRef) -> Done:
        room = conversation_room(command.conversation_id)
        socket.leave(room)
        log.debug("leave", socket=socket.id, user=actor.user_id, room=room)
        return Done()

    async def _send(self, socket: Socket, actor: Actor, command: SendMessageCommand) -> MessageAck:
        body = SendMessage(client_id=command.client_id, content=command.content, type=command.type)
        sent = await messages.send(self._domain, actor, command.conversation_id, body)
        log.debug(
            "send",
            socket=socket.id,
            user=actor.user_id,
            conversation=command.conversation_id,
            seq=sent.message.seq,
        )
        return MessageAck(message=sent.message)

    async def _edit(self, socket: Socket, actor: Actor, command: EditMessageCommand) -> MessageAck:
        body = EditMessage(content=command.content)
        message = await messages.edit(self._domain, actor, command.conversation_id, command.message_id, body)
        return MessageAck(message=message)

    async def _delete_message(
        self, socket: Socket, actor: Actor, command: DeleteMessageCommand
    ) -> MessageAck:
        return MessageAck(
            message=await messages.delete(self._domain, actor, command.conversation_id, command.message_id)
        )

    async def _mark_read(self, socket: Socket, actor: Actor, command: MarkReadCommand) -> ReadAck:
        state = await reading.mark_read(self._domain, actor, command.conversation_id, command.seq)
        return ReadAck(read_seq=state.read_seq, unread=state.unread, total_unread=state.total_unread)

    async def _typing_start(self, socket: Socket, actor: Actor, command: ConversationRef) -> Done:
        await self._typing.start(actor, command.conversation_id)
        return Done()

    async def _typing_stop(self, socket: Socket, actor: Actor, command: ConversationRef) -> Done:
        await self._typing.stop(actor, command.conversation_id)
        return Done()

    async def _close(self, socket: Socket, actor: Actor, command: ConversationRef) -> ConversationAck:
        return await self._set_status(actor, command, ConversationStatus.CLOSED)

    async def _reopen(self, socket: Socket, actor: Actor, command: ConversationRef) -> ConversationAck:
        return await self._set_status(actor, command, ConversationStatus.ACTIVE)

    async def _set_status(
        self, actor: Actor, command: ConversationRef, status: ConversationStatus
    ) -> ConversationAck:
        changed = await conversations.set_status(self._domain, actor, command.conversation_id, status)
        return ConversationAck(conversation=changed)

    async def _delete_conversation(self, socket: Socket, actor: Actor, command: ConversationRef) -> Done:
        await conversations.delete(self._domain, actor, command.conversation_id)
        return Done()

    async def _resume(self, socket: Socket, actor: Actor, command: Resume) -> Done:
        return await sync.resume(self._domain, actor, command)

    async def _refresh_token(self, socket: Socket, actor: Actor, command: RefreshToken) -> RefreshedAck:
        identity = await self._identify(command.token)
        if identity.profile.id != actor.user_id:
            raise MessagingError(Code.AUTH_INVALID, "the token speaks for another user")
        profile = identity.profile
        socket.data = Speaker(Actor(profile.id, profile.name, profile.role), identity.expires_at)
        await users.seen(self._domain, profile)
        return RefreshedAck(expires_at=_rfc3339(identity.expires_at))


def _argument(args: tuple[Any, ...]) -> Any:
    """The one argument of a command; a bare conversation id stands for the object that names it."""
    if not args:
        return {}
    return {"conversationId": args[0]} if isinstance(args[0], str) else args[0]


def _failed(error: MessagingError) -> Failed:
    return Failed(
        error=ErrorBody(
            code=error.code.value,
            message=error.message,
            retryable=error.retryable,
            retry_after_ms=error.retry_after_ms,
        )
    )


def _rfc3339(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
