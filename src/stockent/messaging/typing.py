"""Who is typing where: a signal without a row, that expires by itself after silence.

One `Typing` serves all sockets of this node. The verbs call `start` and `stop` for the commands, `sent` after a
message and `revoke` when somebody's part in a conversation ends; the gateway calls `forget` when a user's last socket
is gone. After the last of these nothing of it stays here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from .actor import Actor
from .commands import Activity
from .events import USER_STOPPED_TYPING, USER_TYPING, UserTyping, user_room
from .ports import Emitter
from .timers import CallLater, Timer

#: Silence after which a typist is taken to have stopped, and for how long a proof of access is good.
TYPING_EXPIRES_S = 6.0
#: Others hear of one activity of one typist in one conversation at most once in so long.
TYPING_QUIET_S = 2.0
#: One user cannot keep more of these alive; the oldest ends.
MAX_TYPING_PER_USER = 32


class Access(Protocol):
    async def check_access(self, conversation_id: str, *, user_id: str) -> tuple[str, ...]: ...


@dataclass(slots=True, eq=False)
class _Place:
    """A conversation in which somebody types, or may: its people as of the proof, which is good until `expiry`."""

    people: tuple[str, ...]
    expiry: Timer | None = None
    typists: dict[str, _Typist] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Typist:
    """`activity` is what they do, `told` what others believe; `quiet` are activities just told, and till when."""

    actor: Actor
    activity: Activity | None = None
    told: Activity | None = None
    silence: Timer | None = None
    quiet: dict[Activity, Timer] = field(default_factory=dict)

    def cancel(self) -> None:
        for timer in (self.silence, *self.quiet.values()):
            if timer is not None:
                timer.cancel()
        self.silence = None
        self.quiet.clear()


class Typing:
    def __init__(self, store: Access, emitter: Emitter, call_later: CallLater) -> None:
        self._store = store
        self._emitter = emitter
        self._call_later = call_later
        self._places: dict[str, _Place] = {}
        self._by_user: dict[str, dict[str, _Typist]] = {}
        self._revocations = 0

    async def start(self, actor: Actor, conversation_id: str, activity: Activity = Activity.TYPING) -> None:
        """Tell all other participants; again on each call for late comers, but not more often than they can use."""
        await self._prove_access(actor, conversation_id)
        typist = self._typist(actor, conversation_id)
        if typist.silence is not None:
            typist.silence.cancel()
        typist.silence = self._call_later(TYPING_EXPIRES_S, lambda: self._end(actor.user_id, conversation_id))
        typist.activity = activity
        if activity not in typist.quiet:
            self._tell(typist, conversation_id)

    async def stop(self, actor: Actor, conversation_id: str) -> None:
        """Tell those who were told that the actor types."""
        await self._prove_access(actor, conversation_id)
        self._end(actor.user_id, conversation_id)

    def sent(self, user_id: str, conversation_id: str) -> None:
        """A message ends what its sender typed there."""
        self._end(user_id, conversation_id)

    def forget(self, user_id: str) -> None:
        """The user is gone from this node: end what they typed and drop what was kept of them."""
        for conversation_id in list(self._by_user.get(user_id, ())):
            self._drop(user_id, conversation_id)

    def revoke(self, conversation_id: str, user_id: str | None = None) -> None:
        """The user takes no part any more, or the conversation is gone: nobody hears of it who is not in it.

        To be called right after the commit, with no await between.
        """
        self._revocations += 1
        place = self._places.get(conversation_id)
        if place is None:
            return
        if user_id is None:
            place.people = ()
            for typist_id in list(place.typists):
                self._drop(typist_id, conversation_id)
            self._end_proof(place, conversation_id)
        else:
            place.people = tuple(each for each in place.people if each != user_id)
            self._drop(user_id, conversation_id)

    async def _prove_access(self, actor: Actor, conversation_id: str) -> None:
        place = self._places.get(conversation_id)
        if place is not None and place.expiry is not None and actor.user_id in place.people:
            return
        while True:
            # What was read before a revocation must not come into force after it.
            before = self._revocations
            people = await self._store.check_access(conversation_id, user_id=actor.user_id)
            if before == self._revocations:
                break
        place = self._places.setdefault(conversation_id, _Place(people))
        place.people = people
        if place.expiry is None:
            place.expiry = self._call_later(TYPING_EXPIRES_S, lambda: self._end_proof(place, conversation_id))

    def _end_proof(self, place: _Place, conversation_id: str) -> None:
        if place.expiry is not None:
            place.expiry.cancel()
            place.expiry = None
        if not place.typists and self._places.get(conversation_id) is place:
            del self._places[conversation_id]

    def _typist(self, actor: Actor, conversation_id: str) -> _Typist:
        mine = self._by_user.setdefault(actor.user_id, {})
        typist = mine.pop(conversation_id, None) or _Typist(actor)
        if len(mine) >= MAX_TYPING_PER_USER:
            self._drop(actor.user_id, next(iter(mine)))
        mine[conversation_id] = typist
        self._places[conversation_id].typists[actor.user_id] = typist
        return typist

    def _tell(self, typist: _Typist, conversation_id: str) -> None:
        activity = typist.activity
        assert activity is not None
        typist.told = activity
        typist.quiet[activity] = self._call_later(
            TYPING_QUIET_S, lambda: self._end_quiet(typist, conversation_id, activity)
        )
        self._emit(USER_TYPING, typist, conversation_id, activity)

    def _end_quiet(self, typist: _Typist, conversation_id: str, activity: Activity) -> None:
        """What they began meanwhile and still do is told now."""
        del typist.quiet[activity]
        if typist.activity is activity and typist.told is not activity:
            self._tell(typist, conversation_id)
        self._forget_idle(typist, conversation_id)

    def _end(self, user_id: str, conversation_id: str) -> None:
        typist = self._by_user.get(user_id, {}).get(conversation_id)
        if typist is None:
            return
        if typist.silence is not None:
            typist.silence.cancel()
            typist.silence = None
        typist.activity = None
        if typist.told is not None:
            told, typist.told = typist.told, None
            self._emit(USER_STOPPED_TYPING, typist, conversation_id, told)
        self._forget_idle(typist, conversation_id)

    def _drop(self, user_id: str, conversation_id: str) -> None:
        typist = self._by_user.get(user_id, {}).get(conversation_id)
        if typist is not None:
            typist.cancel()
            self._end(user_id, conversation_id)

    def _forget_idle(self, typist: _Typist, conversation_id: str) -> None:
        """Who neither types nor was just told of is nobody here."""
        if typist.activity is not None or typist.quiet:
            return
        user_id = typist.actor.user_id
        mine = self._by_user[user_id]
        del mine[conversation_id]
        if not mine:
            del self._by_user[user_id]
        place = self._places[conversation_id]
        del place.typists[user_id]
        if place.expiry is None and not place.typists:
            del self._places[conversation_id]

    def _emit(self, event: str, typist: _Typist, conversation_id: str, activity: Activity) -> None:
        actor = typist.actor
        people = self._places[conversation_id].people
        rooms = [user_room(user_id) for user_id in people if user_id != actor.user_id]
        if rooms and self._emitter.reaches(rooms):
            payload = UserTyping(
                conversation_id=conversation_id, user_id=actor.user_id, name=actor.name, activity=activity
            )
            self._emitter.emit(event, payload, to=rooms)
