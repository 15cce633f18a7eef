"""Who is there: online, away, or gone and since when. Told only to people who share a conversation.

One `Presence` serves all sockets of this node. The gateway calls `enter`, `learn` and `leave` as sockets come and go;
the verbs call the rest. A watcher's socket is in the room of whom it watches, and is put there only after a proof.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from .actor import Actor
from .commands import ActiveStatus
from .errors import MessagingError
from .events import PRESENCE_CHANGED, presence_room, user_room
from .graces import Graces
from .models import Presence as Seen
from .models import PresenceStatus
from .ports import Emitter
from .timers import CallLater, rfc3339

log = structlog.get_logger("stockent.presence")

#: After the loss of a socket: who is back by then was never away.
GRACE_S = 5.0
#: People whose last moment could not be saved yet; the longest gone are given up.
MAX_UNSAVED = 20_000

_RANK = {PresenceStatus.OFFLINE: 0, PresenceStatus.AWAY: 1, PresenceStatus.ONLINE: 2}


class Records(Protocol):
    async def acquaintances(self, user_id: str, among: Sequence[str]) -> Mapping[str, str | None]: ...

    async def save_last_seen(self, seen: Mapping[str, str]) -> None: ...


class Attendance:
    """Which sockets a user has, and what each says. Here those of one node.

    One for several nodes owes the same answers about the sockets of all, and drops those of a node that died.
    """

    def __init__(self) -> None:
        self._said: dict[str, dict[str, PresenceStatus]] = {}

    def say(self, user_id: str, socket_id: str, status: PresenceStatus) -> None:
        self._said.setdefault(user_id, {})[socket_id] = status

    def leave(self, user_id: str, socket_id: str) -> None:
        said = self._said.get(user_id)
        if said is not None:
            said.pop(socket_id, None)
            if not said:
                del self._said[user_id]

    def has(self, user_id: str, socket_id: str) -> bool:
        return socket_id in self._said.get(user_id, ())

    def status(self, user_id: str) -> PresenceStatus:
        """Online if any socket says so; offline without one."""
        said = self._said.get(user_id)
        return PresenceStatus.OFFLINE if said is None else max(said.values(), key=_RANK.__getitem__)


@dataclass(slots=True, eq=False)
class _Person:
    """Somebody with a socket, or within the grace after the last one.

    `shares` is None until their settings were read: so long nothing is told. `told` is what others believe. `left_at`
    is when the last socket went, in seconds of the domain's clock.
    """

    shares: bool | None = None
    told: PresenceStatus = PresenceStatus.OFFLINE
    left_at: float | None = None


class Presence:
    def __init__(
        self, store: Records, emitter: Emitter, call_later: CallLater, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._emitter = emitter
        self._now = now
        self._graces = Graces(call_later, self._grace_over)
        self._attendance = Attendance()
        self._people: dict[str, _Person] = {}
        self._unsaved: dict[str, str] = {}
        self._saving: asyncio.Task[None] | None = None
        #: Counts what makes an answer that the store is giving meanwhile out of date.
        self._changes = 0

    # sockets come and go

    def enter(self, user_id: str, socket_id: str) -> None:
        """A socket is there, online until it says otherwise."""
        person = self._people.setdefault(user_id, _Person())
        person.left_at = None
        self._attendance.say(user_id, socket_id, PresenceStatus.ONLINE)
        self._settle(user_id, person)

    def learn(self, user_id: str, *, shares: bool) -> None:
        """What the store says of the user's setting; what was set since it was read counts more."""
        person = self._people.get(user_id)
        if person is not None and person.shares is None:
            person.shares = shares
            if user_id not in self._graces:
                self._settle(user_id, person)

    def say(self, user_id: str, socket_id: str, status: ActiveStatus) -> None:
        """What a socket says of its user. Ignored once the socket is gone."""
        person = self._people.get(user_id)
        if person is not None and self._attendance.has(user_id, socket_id):
            self._attendance.say(user_id, socket_id, PresenceStatus(status.value))
            self._settle(user_id, person)

    def leave(self, user_id: str, socket_id: str) -> None:
        """A socket is gone. What follows from it is told after the grace, if it is still so."""
        person = self._people.get(user_id)
        if person is None or not self._attendance.has(user_id, socket_id):
            return
        self._attendance.leave(user_id, socket_id)
        if self._attendance.status(user_id) is PresenceStatus.OFFLINE:
            person.left_at = self._now()
        self._graces.begin(user_id, GRACE_S)

    # who may know what

    def share(self, user_id: str, *, shares: bool) -> None:
        """The user's setting changed: who hides is offline for all others at once, and was never seen."""
        person = self._people.get(user_id)
        if person is not None:
            person.shares = shares
        if shares:
            if person is not None and user_id not in self._graces:
                self._settle(user_id, person)
            return
        self._unsaved.pop(user_id, None)
        self._changes += 1
        if person is not None:
            person.told = PresenceStatus.OFFLINE
        self._tell(Seen(user_id=user_id, status=PresenceStatus.OFFLINE))

    async def watch(self, actor: Actor, user_ids: Sequence[str]) -> list[Seen]:
        """The present state of those of `user_ids` who share a conversation with the actor, each once.

        A caller that joins their rooms does so before its next await: what is proved here can be over after it.
        """
        wanted = tuple(dict.fromkeys(user_ids))
        while True:
            before = self._changes
            known = await self._store.acquaintances(actor.user_id, wanted)
            if before == self._changes:
                return [self._seen(user_id, known[user_id]) for user_id in wanted if user_id in known]

    async def part(self, ones: Collection[str], others: Collection[str]) -> None:
        """Each of `ones` lost a conversation with each of `others`: who shares none now watches no more.

        To be called right after the commit and its events, with no await between. Who cannot be asked about counts as
        a stranger.
        """
        self._changes += 1
        reaches = self._emitter.reaches
        everybody = {*ones, *others}
        watched = {user_id for user_id in everybody if reaches([presence_room(user_id)])}
        here = {user_id for user_id in everybody if reaches([user_room(user_id)])}
        done: set[str] = set()
        partings = []
        for one in set(ones):
            strangers = set(others) - {one} - (done if one in others else set())
            done.add(one)
            concerned = [
                other
                for other in strangers
                if (other in watched and one in here) or (one in watched and other in here)
            ]
            if concerned:
                partings.append(self._part(one, concerned))
        await asyncio.gather(*partings)

    async def stop(self) -> None:
        """Keep when everybody who is still here was last seen. Nothing is told."""
        self._graces.stop()
        for user_id, person in self._people.items():
            if person.shares:
                self._unsaved[user_id] = rfc3339(person.left_at or self._now())
        self._people.clear()
        if self._saving is not None:
            await self._saving
        await self._save()

    async def _part(self, one: str, others: Sequence[str]) -> None:
        known: Mapping[str, str | None] = {}
        try:
            known = await self._store.acquaintances(one, others)
        except MessagingError as error:
            log.warning("parting_unproved", reason=error.message)
        finally:
            for other in others:
                if other not in known:
                    self._emitter.leave_room(presence_room(other), members_of=user_room(one))
                    self._emitter.leave_room(presence_room(one), members_of=user_room(other))

    def _seen(self, user_id: str, last_seen_at: str | None) -> Seen:
        person = self._people.get(user_id)
        if person is None:
            last_seen_at = self._unsaved.get(user_id, last_seen_at)
            return Seen(user_id=user_id, status=PresenceStatus.OFFLINE, last_seen_at=last_seen_at)
        return Seen(user_id=user_id, status=person.told)

    # what follows

    def _grace_over(self, user_id: str) -> None:
        person = self._people.get(user_id)
        if person is not None:
            self._settle(user_id, person)

    def _settle(self, user_id: str, person: _Person) -> None:
        """Bring what others believe to what is, and end the grace."""
        self._graces.cancel(user_id)
        status = self._attendance.status(user_id)
        gone = status is PresenceStatus.OFFLINE
        if gone and self._people.get(user_id) is person:
            del self._people[user_id]
        if not person.shares:
            return
        seen_at = rfc3339(person.left_at) if gone and person.left_at is not None else None
        if seen_at is not None:
            self._unsaved[user_id] = seen_at
            if len(self._unsaved) > MAX_UNSAVED:
                del self._unsaved[next(iter(self._unsaved))]
            self._begin_saving()
        if status is not person.told:
            person.told = status
            self._tell(Seen(user_id=user_id, status=status, last_seen_at=seen_at))

    def _tell(self, seen: Seen) -> None:
        room = [presence_room(seen.user_id)]
        if self._emitter.reaches(room):
            self._emitter.emit(PRESENCE_CHANGED, seen, to=room)

    def _begin_saving(self) -> None:
        if self._saving is None or self._saving.done():
            self._saving = asyncio.get_running_loop().create_task(self._save())

    async def _save(self) -> None:
        """All who went while the last write was under way, in the next one: a wave is a few commits."""
        while self._unsaved:
            batch = dict(self._unsaved)
            try:
                await self._store.save_last_seen(batch)
            except MessagingError as error:
                # Kept for the next write: the store may come back before the node ends.
                log.warning("last_seen_unsaved", people=len(batch), reason=error.message)
                return
            self._changes += 1
            for user_id, at in batch.items():
                if self._unsaved.get(user_id) == at:
                    del self._unsaved[user_id]
