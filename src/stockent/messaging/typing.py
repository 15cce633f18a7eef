"""Who is typing where: a signal without a row, that expires by itself after silence.

One `Typing` serves all sockets of this node. The gateway calls `start` and `stop` for the commands and
`forget` when a user's last socket is gone; after that nothing of the user stays here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .domain import Actor, Domain
from .events import USER_STOPPED_TYPING, USER_TYPING, UserTyping, conversation_room, user_room

#: Silence after which a typist is taken to have stopped, and for how long a proof of access is good.
TYPING_EXPIRES_S = 6.0
#: One user cannot keep more of these alive; the oldest ends.
MAX_TYPING_PER_USER = 32


class Timer(Protocol):
    def cancel(self) -> object: ...


class Typing:
    """`call_later(delay_s, callback)` is the event loop's, or a test's clock."""

    def __init__(self, domain: Domain, call_later: Callable[[float, Callable[[], None]], Timer]) -> None:
        self._domain = domain
        self._call_later = call_later
        self._typing: dict[str, dict[str, tuple[Actor, Timer]]] = {}
        self._access: dict[str, dict[str, Timer]] = {}

    async def start(self, actor: Actor, conversation_id: str) -> None:
        """Tell the room, but not the typist's own sockets; again on each call, for late comers."""
        await self._prove_access(actor, conversation_id)
        mine = self._typing.setdefault(actor.user_id, {})
        if former := mine.pop(conversation_id, None):
            former[1].cancel()
        elif len(mine) >= MAX_TYPING_PER_USER:
            self._end(actor.user_id, next(iter(mine)))
        timer = self._call_later(TYPING_EXPIRES_S, lambda: self._end(actor.user_id, conversation_id))
        self._typing.setdefault(actor.user_id, {})[conversation_id] = (actor, timer)
        self._emit(USER_TYPING, actor, conversation_id)

    async def stop(self, actor: Actor, conversation_id: str) -> None:
        """Tell the room, if it was told that the actor types."""
        await self._prove_access(actor, conversation_id)
        self._end(actor.user_id, conversation_id)

    def forget(self, user_id: str) -> None:
        """The user is gone from this node: end what they typed and drop what was kept of them."""
        for conversation_id in list(self._typing.get(user_id, ())):
            self._end(user_id, conversation_id)
        for timer in self._access.pop(user_id, {}).values():
            timer.cancel()

    async def _prove_access(self, actor: Actor, conversation_id: str) -> None:
        user_id = actor.user_id
        if conversation_id in self._access.get(user_id, ()):
            return
        await self._domain.store.check_access(conversation_id, user_id=user_id)
        proofs = self._access.setdefault(user_id, {})
        if conversation_id not in proofs:
            proofs[conversation_id] = self._call_later(
                TYPING_EXPIRES_S, lambda: self._drop_proof(user_id, conversation_id)
            )

    def _drop_proof(self, user_id: str, conversation_id: str) -> None:
        proofs = self._access.get(user_id)
        if proofs is not None:
            proofs.pop(conversation_id, None)
            if not proofs:
                del self._access[user_id]

    def _end(self, user_id: str, conversation_id: str) -> None:
        mine = self._typing.get(user_id, {})
        ended = mine.pop(conversation_id, None)
        if ended is None:
            return
        if not mine:
            del self._typing[user_id]
        actor, timer = ended
        timer.cancel()
        self._emit(USER_STOPPED_TYPING, actor, conversation_id)

    def _emit(self, event: str, actor: Actor, conversation_id: str) -> None:
        room, own = [conversation_room(conversation_id)], [user_room(actor.user_id)]
        emitter = self._domain.emitter
        if emitter.reaches(room, except_rooms=own):
            payload = UserTyping(conversation_id=conversation_id, user_id=actor.user_id, name=actor.name)
            emitter.emit(event, payload, to=room, except_rooms=own)
