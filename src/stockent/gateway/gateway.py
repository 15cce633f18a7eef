"""A socket's life, from its token to its end, and the way of its commands to their verbs."""

from __future__ import annotations

import asyncio
from secrets import randbelow
from time import perf_counter
from typing import Any

import structlog

from ..auth import Authenticator, Identity, token_from_request
from ..messaging import users
from ..messaging.commands import COMMANDS, MAX_RESUME_CONVERSATIONS, Done, ErrorBody, Failed
from ..messaging.decoding import decode
from ..messaging.domain import Domain
from ..messaging.errors import Code, MessagingError
from ..messaging.events import (
    AUTH_EXPIRING,
    READY,
    SERVER_DRAINING,
    AuthExpiring,
    Limits,
    Ready,
    ServerDraining,
    user_room,
)
from ..messaging.models import MAX_CONTENT_CHARS, MAX_PAGE, MAX_PARTICIPANTS
from ..messaging.policy import Policy
from ..messaging.ports import Void
from ..messaging.timers import Timer, rfc3339
from ..rates import Rates
from ..socketio import ConnectError, Lost, Namespace, Socket
from ..speaking import identify_from
from .context import Context, Speaker
from .figures import GatewayFigures
from .guarding import Guard
from .pacing import Pacing
from .restoring import may_return
from .table import VERBS

log = structlog.get_logger("stockent.gateway")

#: How often living sockets are asked again who they are; a token that expired or was voided ends them by then.
IDENTITY_CHECK_S = 2.0
#: How long before its end a client is told that its token expires.
EXPIRY_NOTICE_S = 60.0
#: Handed over to the store before they first wait, and it keeps their order: so they share a commit.
OVERLAPPING = ("send_message",)
#: After a planned stop clients come back after this long at the earliest, then so many a second, all within the last.
#: A server takes about 3,700 connections a second (docs/performance.md); each also resumes.
RECONNECT_IN_MS = 1_000
RECONNECTS_PER_S = 1_000
MAX_SPREAD_MS = 30_000


class Gateway:
    """Binds a namespace to the domain. The domain's clock is the scale of a token's `exp` too."""

    def __init__(
        self, namespace: Namespace, domain: Domain, authenticator: Authenticator, rates: Rates
    ) -> None:
        self._namespace = namespace
        self._domain = domain
        self._authenticator = authenticator
        self._rates = rates
        self._pacing = Pacing(rates)
        self._now = domain.now
        self._call_later = domain.call_later
        self._watch: Timer | None = None
        self._barring: asyncio.Task[None] | None = None
        #: While the server stops: up to when clients are told to wait before they come back.
        self._spread_ms: int | None = None
        self.figures = GatewayFigures()
        self._limits = _limits(namespace.limits.max_payload_bytes, domain.policy)
        self._context = Context(domain, self._identify)
        #: For the engine under the namespace.
        self.guard = Guard(authenticator)
        namespace.use(self._authenticate)
        namespace.on_recover(self._may_return)
        namespace.on_connect(self._greet)
        namespace.on_disconnect(self._forget)
        namespace.on_any(self._answer, overlapping=OVERLAPPING)

    def start(self) -> None:
        self._watch = self._call_later(IDENTITY_CHECK_S, self._check_identities)

    def drain(self) -> None:
        """Tell every client on this node that the server is about to stop, and refuse commands that are not begun.

        Each is told another time to come back, over a span that grows with their number: the next process is not to
        greet them all in one instant.
        """
        sockets = tuple(self._namespace.sockets.values())
        self._spread_ms = min(MAX_SPREAD_MS, max(RECONNECT_IN_MS, 1_000 * len(sockets) // RECONNECTS_PER_S))
        for socket in sockets:
            socket.emit(SERVER_DRAINING, ServerDraining(reconnect_in_ms=self._reconnect_in_ms()))

    def _reconnect_in_ms(self) -> int:
        return RECONNECT_IN_MS + randbelow(self._spread_ms or RECONNECT_IN_MS)

    def _refuse_while_draining(self) -> None:
        if self._spread_ms is not None:
            raise MessagingError(
                Code.SHUTTING_DOWN,
                "the server is stopping; come back soon",
                retry_after_ms=self._reconnect_in_ms(),
            )

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
            self._refuse_while_draining()
            identity = await self._identify(socket, token)
        except MessagingError as error:
            self.figures.refused[error.code] += 1
            log.info("connect_refused", code=error.code, address=socket.request.address)
            raise ConnectError(error.message, _told(error)) from error
        socket.data = Speaker.of(identity)
        socket.data.profile = identity.profile
        self.guard.own(socket.connection, identity.profile.id)

    async def _may_return(self, socket: Socket, lost: Lost) -> bool:
        speaker: Speaker = socket.data
        former: Speaker = lost.data
        user_id, store = speaker.actor.user_id, self._domain.store
        if user_id != former.actor.user_id or not await may_return(store, user_id, lost):
            return False
        # Last, since proving the rooms took time in which the token may have been voided.
        return not await store.voided(speaker.credential)

    async def _identify(self, socket: Socket, token: str) -> Identity:
        return await identify_from(
            socket.request.address,
            token,
            authenticator=self._authenticator,
            store=self._domain.store,
            rates=self._rates,
        )

    async def _greet(self, socket: Socket) -> None:
        speaker: Speaker = socket.data
        user_id = speaker.actor.user_id
        # First the room, then the count: what comes in between is an event, and not lost.
        socket.join(user_room(user_id))
        self._domain.presence.enter(user_id, socket.id)
        transport = socket.connection.transport
        log.debug("connect", socket=socket.id, user=user_id, transport=transport, recovered=socket.recovered)
        try:
            if await self._domain.store.voided(speaker.credential):
                # After it was verified, and before this socket could be found.
                socket.disconnect(close=True)
                return
            profile, speaker.profile = speaker.profile, None
            assert profile is not None
            greeting = await users.arrive(self._domain, profile)
        except MessagingError as error:
            # Without `ready` a client would wait for ever; closed, it knows that it has to come back.
            log.warning("greeting_failed", socket=socket.id, code=error.code, reason=error.message)
            socket.disconnect(close=True)
            return
        self._domain.presence.learn(user_id, shares=greeting.settings.share_presence)
        # Who comes back gets another one.
        socket.emit_volatile(
            READY,
            Ready(
                user_id=user_id,
                epoch=self._domain.store.epoch,
                server_time=rfc3339(self._now()),
                limits=self._limits,
                settings=greeting.settings,
                total_unread=greeting.total_unread,
            ),
        )

    def _forget(self, socket: Socket, reason: str) -> None:
        speaker: Speaker = socket.data
        user_id = speaker.actor.user_id
        log.debug("disconnect", socket=socket.id, user=user_id, reason=reason)
        self._pacing.forget(socket)
        self._domain.presence.leave(user_id, socket.id)
        if not self._namespace.rooms.members(user_room(user_id)):
            self._domain.typing.forget(user_id)

    def _check_identities(self) -> None:
        self._watch = self._call_later(IDENTITY_CHECK_S, self._check_identities)
        self._rates.sweep()
        now = self._now()
        for socket in tuple(self._namespace.sockets.values()):
            self._check_expiry(socket, now)
        if self._barring is None or self._barring.done():
            self._barring = asyncio.create_task(self._end_voided())

    async def _end_voided(self) -> None:
        """What was voided here ended its sockets at once; this finds what another node was told."""
        speakers: list[Speaker] = [socket.data for socket in self._namespace.sockets.values()]
        try:
            voided = await self._domain.store.void_among({speaker.credential for speaker in speakers})
        except MessagingError as error:
            log.warning("voided_unknown", reason=error.message)
            return
        for user_id in {
            credential.user_id for credential, reason in voided.items() if reason is Void.DISABLED
        }:
            # Sockets that are lost are among them.
            self._domain.emitter.end_user(user_id)
        for socket in tuple(self._namespace.sockets.values()):
            speaker: Speaker = socket.data
            if reason := voided.get(speaker.credential):
                log.info("token_voided", socket=socket.id, user=speaker.actor.user_id, reason=reason.value)
                socket.disconnect(close=True)

    def _check_expiry(self, socket: Socket, now: float) -> None:
        speaker: Speaker = socket.data
        if now >= speaker.expires_at:
            log.info("token_expired", socket=socket.id, user=speaker.actor.user_id)
            socket.disconnect(close=True)
        elif not speaker.warned and now >= speaker.expires_at - EXPIRY_NOTICE_S:
            speaker.warned = True
            socket.emit(AUTH_EXPIRING, AuthExpiring(expires_at=rfc3339(speaker.expires_at)))

    # commands

    async def _answer(self, socket: Socket, name: str, *args: Any) -> Done | Failed:
        started = perf_counter()
        ack = await self._command(socket, name, *args)
        self.figures.answered(name, ack, perf_counter() - started)
        return ack

    async def _command(self, socket: Socket, name: str, *args: Any) -> Done | Failed:
        """One command: decode, call its verb, ack. Whatever happens, the caller gets an answer."""
        speaker: Speaker = socket.data
        log.debug("receive", socket=socket.id, user=speaker.actor.user_id, command=name[:80])
        try:
            self._refuse_while_draining()
            self._pacing.enter(socket, speaker.actor, name)
            verb = VERBS.get(name)
            if verb is None:
                raise MessagingError(Code.UNKNOWN_COMMAND, f"no such command: {name[:80]}")
            request = decode(COMMANDS[name].request, _argument(args))
            return await verb(self._context, socket, speaker.actor, request)
        except MessagingError as error:
            log.debug("refused", socket=socket.id, command=name[:80], code=error.code, reason=error.message)
            self._pacing.refused(socket, speaker.actor, error.code)
            return _failed(error)
        except Exception:
            log.exception("command_failed", socket=socket.id, command=name[:80])
            return _failed(MessagingError(Code.INTERNAL, "the server failed; try again"))


def _limits(max_payload_bytes: int, policy: Policy) -> Limits:
    return Limits(
        max_content_chars=MAX_CONTENT_CHARS,
        max_payload_bytes=max_payload_bytes,
        max_page=MAX_PAGE,
        max_resume_conversations=MAX_RESUME_CONVERSATIONS,
        max_participants=MAX_PARTICIPANTS,
        max_attachments=policy.max_attachments,
        max_attachment_bytes=policy.max_attachment_bytes,
        max_voice_ms=policy.max_voice_s * 1000,
        edit_window_ms=_ms(policy.edit_window_s),
        delete_window_ms=_ms(policy.delete_window_s),
    )


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _argument(args: tuple[Any, ...]) -> Any:
    """The one argument of a command; a bare conversation id stands for the object that names it."""
    if not args:
        return {}
    return {"conversationId": args[0]} if isinstance(args[0], str) else args[0]


def _told(error: MessagingError) -> dict[str, Any]:
    """What a refused socket is told in `connect_error`."""
    told: dict[str, Any] = {"code": error.code.value, "retryable": error.retryable}
    return told if error.retry_after_ms is None else told | {"retryAfterMs": error.retry_after_ms}


def _failed(error: MessagingError) -> Failed:
    return Failed(
        error=ErrorBody(
            code=error.code.value,
            message=error.message,
            retryable=error.retryable,
            retry_after_ms=error.retry_after_ms,
        )
    )
