"""Connection state recovery for one namespace: who can use it, which lost sockets may come back, and with what.

`Namespace` and `Server` call it. A lost socket stays addressed: it misses events, leaves rooms and is ended like a
connected one, until it comes back or its time is over. It comes back with all that it missed, or not at all. No I/O, no
clock: `now` is the event loop's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol, TypeVar

from .connection import Reason, Request
from .limits import Limits
from .rooms import Rooms
from .trails import Log, Trail

T = TypeVar("T")

#: Ends that nobody wished for: after any other a socket does not come back.
LOSSES = frozenset({Reason.TRANSPORT_CLOSE, Reason.TRANSPORT_ERROR, Reason.PING_TIMEOUT, Reason.SLOW_READER})
#: How often what is too old is dropped where nothing new pushes it out.
SWEEP_S = 5.0


def is_follower(request: Request, auth: Mapping[str, Any]) -> bool:
    """Can this client use offsets? Its own word in `auth.recovery`, else whether it looks like the JavaScript client.

    That one says nothing until it comes back, and a client without recovery would hand the offset to handlers that do
    not expect it (python-socketio: TypeError). The JavaScript client writes EIO before transport, in each version that
    has recovery; python-engineio writes it behind, and most other clients in Python name their language.
    """
    said = auth.get("recovery")
    if isinstance(said, bool):
        return said
    names = list(request.query)
    in_order = names.index("EIO") < names.index("transport")
    return in_order and "python" not in request.headers.get("user-agent", "").lower()


class Lost(Protocol):
    """A socket at its end, as it is remembered."""

    id: str
    rooms: set[str] | None
    data: Any


class Recovery:
    def __init__(self, limits: Limits) -> None:
        self.log = Log(limits)
        #: The connected sockets whose clients can use offsets.
        self.followers: set[Any] = set()
        self._window_s = limits.recovery_window_s
        self._max_lost = limits.max_lost_sockets
        self._max_lost_rooms = limits.max_lost_rooms
        self._max_missed_bytes = limits.max_backlog_bytes // 2
        #: By pid, the longest lost first.
        self._lost: dict[str, Trail] = {}
        self._by_id: dict[str, Trail] = {}
        self._rooms: Rooms[Trail] = Rooms(self._by_id, max_rooms=limits.max_rooms)
        self._lost_rooms = 0

    @property
    def is_unused(self) -> bool:
        """Nobody follows, and nobody may come back."""
        return not self.followers and not self._lost

    @property
    def lost(self) -> Collection[Trail]:
        """The lost sockets that may come back, the longest lost first."""
        return self._lost.values()

    # events

    def split(self, sockets: AbstractSet[T], *, among: int) -> tuple[AbstractSet[T], AbstractSet[T]]:
        """Those of the sockets that follow, and the others; `among` is how many are connected at all."""
        if not self.followers:
            return frozenset(), sockets
        if len(self.followers) == among:
            return sockets, frozenset()
        following = sockets & self.followers
        return following, sockets - following

    def is_missed(self, to: Sequence[str], except_rooms: Sequence[str]) -> bool:
        """Does an emission so addressed concern a lost socket?"""
        if not self._lost:
            return False
        return self._rooms.reaches(to, except_rooms) if to else bool(self._select(to, except_rooms))

    def let_leave(self, to: Sequence[str], except_rooms: Sequence[str], rooms: Sequence[str]) -> None:
        """Lost sockets leave rooms as connected ones do: they get what came before."""
        for trail in tuple(self._select(to, except_rooms)):
            for room in rooms:
                self._leave(trail, room)

    def end(self, to: Sequence[str], except_rooms: Sequence[str]) -> None:
        """Lost sockets that are disconnected do not come back."""
        for trail in tuple(self._select(to, except_rooms)):
            self._forget(trail)

    def _select(self, to: Sequence[str], except_rooms: Sequence[str]) -> Collection[Trail]:
        if to:
            return self._rooms.select(to, except_rooms)
        return set(self._lost.values()).difference(*map(self._rooms.members, except_rooms))

    # sockets

    def begin(self, socket_id: str) -> Trail:
        """The trail of a new socket that follows from now on."""
        return Trail(socket_id, self.log.last.position)

    def lose(self, trail: Trail, socket: Lost, *, heard_at: float, now: float) -> None:
        """A socket is lost. While there are too many, the longest lost can come back no more."""
        trail.data = socket.data
        trail.lose(heard_at=heard_at, until=now + self._window_s)
        self._lost[trail.pid] = self._by_id[trail.id] = trail
        for room in socket.rooms or ():
            self._rooms.join(trail, room)
        self._lost_rooms += len(socket.rooms or ())
        while len(self._lost) > self._max_lost or self._lost_rooms > self._max_lost_rooms:
            self._forget(next(iter(self._lost.values())))

    def is_lost(self, trail: Trail) -> bool:
        return self._lost.get(trail.pid) is trail

    def find(self, claim: Mapping[str, Any]) -> Trail | None:
        """The lost socket that a client's connect payload names."""
        pid = claim.get("pid")
        return self._lost.get(pid) if isinstance(pid, str) else None

    def take(
        self, trail: Trail, claim: Mapping[str, Any], *, now: float
    ) -> tuple[set[str], list[list[bytes]]] | None:
        """End the loss of a socket that `find` gave: its rooms, and all that it missed in its order.

        None if that cannot be had (any more); then it is lost for good.
        """
        if not self.is_lost(trail):
            return None
        rooms = set(trail.rooms or ())
        self._forget(trail)
        missed = self._missed(trail, claim.get("offset")) if now < trail.until else None
        if missed is None:
            return None
        trail.restore(now=now)
        return rooms, missed

    def _missed(self, trail: Trail, offset: Any) -> list[list[bytes]] | None:
        """Bounded by what a reader may let wait: beyond it, it would be cut off as too slow at once."""
        position = None
        if offset is not None:
            position = self.log.position(offset) if isinstance(offset, str) else None
            if position is None:
                return None
        after = trail.resume_from(position, dropped=self.log.dropped)
        if after is None:
            return None
        entries = [entry for entry in self.log.since(after, trail.addresses()) if trail.was_sent(entry)]
        if sum(len(part) for entry in entries for part in entry.packets) > self._max_missed_bytes:
            return None
        return [entry.packets for entry in entries]

    def expire(self, *, now: float) -> None:
        """Drop who is lost for too long, and what nobody can miss any more."""
        self.log.expire(now=now)
        while self._lost and (trail := next(iter(self._lost.values()))).until <= now:
            self._forget(trail)

    def _leave(self, trail: Trail, room: str) -> None:
        if trail.rooms is not None and room in trail.rooms:
            self._rooms.leave(trail, room)
            self._lost_rooms -= 1
            trail.leave(room, last=self.log.last)

    def _forget(self, trail: Trail) -> None:
        del self._lost[trail.pid], self._by_id[trail.id]
        self._lost_rooms -= len(trail.rooms or ())
        self._rooms.leave_all(trail)
