"""What the sockets of a namespace were sent lately, and which of it one of them missed. For `recovery`; no I/O.

An event is kept once, as the bytes that went out. A socket has a `Trail`: when it was in which rooms. What it missed
is read off both, and only from the chains of its own rooms. `now` and `at` are seconds of any one scale.
"""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from math import inf
from typing import Any, NamedTuple

import msgspec

from .ids import new_id
from .limits import Limits

#: Rooms left lately that one trail remembers. Older ones are given up, and offsets before them with them.
MAX_DEPARTURES = 64
#: What an entry is reckoned to take beside its bytes, and for each room that it went to.
ENTRY_BYTES = 500
ROOM_BYTES = 100

_POSITION = re.compile(r"[0-9a-f]{1,15}")


class Point(NamedTuple):
    """A place in the log, and when it was written."""

    position: int
    at: float


START = Point(0, -inf)


class Entry(msgspec.Struct, gc=False):
    """One event. `rooms` holds None where everybody was addressed; `before` the entry before it in each of them."""

    position: int
    at: float
    rooms: tuple[str | None, ...]
    except_rooms: Sequence[str]
    packets: list[bytes]
    before: list[Entry | None]
    size: int


class Log:
    """The latest events of a namespace, bounded by bytes and age. Those of a room are chained from its newest on."""

    def __init__(self, limits: Limits) -> None:
        # Of this process only: the next one counts from the beginning again.
        self._process = secrets.token_urlsafe(4) + "."
        self._prefix = b',"' + self._process.encode()
        self._max_bytes = limits.max_recovery_bytes
        # A client is known to have what was sent before the last ping that it answered, and a loss may be noticed as
        # late as one interval and two timeouts after that.
        self._kept_s = limits.recovery_window_s + limits.ping_interval_s + 2 * limits.ping_timeout_s
        self._entries: deque[Entry] = deque()
        self._newest: dict[str | None, Entry] = {}
        self.size_bytes = 0
        self.last = START
        #: The last that is not here any more.
        self.dropped = START

    def __len__(self) -> int:
        return len(self._entries)

    def stamp(self, packets: Sequence[bytes]) -> list[bytes]:
        """An encoded event with the offset of the last one as one more argument, the last."""
        stamped = [b'%b%b%x"]' % (packets[0][:-1], self._prefix, self.last.position)]
        if len(packets) > 1:
            stamped += packets[1:]
        return stamped

    def append(
        self, packets: Sequence[bytes], to: Sequence[str], except_rooms: Sequence[str], *, now: float
    ) -> list[bytes]:
        """Keep an encoded event; returns it with its own offset, as it is to be sent."""
        self.last = Point(self.last.position + 1, now)
        stamped = self.stamp(packets)
        rooms: tuple[str | None, ...] = (tuple(to) if len(to) == 1 else tuple(dict.fromkeys(to))) or (None,)
        size = sum(map(len, stamped)) + ENTRY_BYTES + ROOM_BYTES * (len(rooms) + len(except_rooms))
        newest = self._newest
        before = [newest.get(room) for room in rooms]
        entry = Entry(self.last.position, now, rooms, except_rooms, stamped, before, size)
        for room in rooms:
            newest[room] = entry
        self._entries.append(entry)
        self.size_bytes += size
        self.expire(now=now)
        return stamped

    def expire(self, *, now: float) -> None:
        """Drop what is too old or too much."""
        since = now - self._kept_s
        while self._entries and (self.size_bytes > self._max_bytes or self._entries[0].at < since):
            self._drop(self._entries.popleft())

    def _drop(self, entry: Entry) -> None:
        self.size_bytes -= entry.size
        self.dropped = Point(entry.position, entry.at)
        for room in entry.rooms:
            if self._newest[room] is entry:
                del self._newest[room]
        # The next one of a chain still names it; only the shell stays.
        entry.rooms, entry.except_rooms, entry.packets, entry.before = (), (), [], []

    def position(self, offset: str) -> int | None:
        """The place that an offset names, or None for one that was never given here."""
        digits = offset[len(self._process) :]
        if not offset.startswith(self._process) or not _POSITION.fullmatch(digits):
            return None
        position = int(digits, 16)
        return position if position <= self.last.position else None

    def since(self, position: int, rooms: AbstractSet[str | None]) -> list[Entry]:
        """The events after a place that went to any of these rooms, oldest first. None after it was dropped."""
        found: dict[int, Entry] = {}
        for room in rooms:
            entry = self._newest.get(room)
            while entry is not None and entry.position > position:
                found[entry.position] = entry
                entry = entry.before[entry.rooms.index(room)]
        return [found[position] for position in sorted(found)]


class Departure(NamedTuple):
    """In `room` for what came after `joined`, up to `left`."""

    room: str
    joined: int
    left: Point


class Trail:
    """One socket's past. While the socket is lost, also its place: then `rooms` and `data` are the socket's.

    `pid` is the client's secret to come back by, and the room of what is sent to it alone. `until` is when it is too
    late to come back.
    """

    __slots__ = (
        "_departures",
        "_floor",
        "_heard_at",
        "_joined",
        "_restored_at",
        "_started",
        "data",
        "id",
        "pid",
        "rooms",
        "until",
    )

    def __init__(self, socket_id: str, started: int) -> None:
        self.pid = new_id()
        self.id = socket_id
        self.rooms: set[str] | None = None
        self.data: Any = None
        self.until = inf
        self._started = started
        self._joined: dict[str, int] = {}
        self._departures: list[Departure] = []
        #: Up to here it is not known which rooms it was in.
        self._floor = START
        self._heard_at = -inf
        self._restored_at = -inf

    def join(self, room: str, *, last: Point) -> None:
        self._joined.setdefault(room, last.position)

    def leave(self, room: str, *, last: Point) -> None:
        joined = self._joined.pop(room, None)
        if joined is None or joined == last.position:
            return
        self._departures.append(Departure(room, joined, last))
        if len(self._departures) > MAX_DEPARTURES:
            self._floor = self._departures.pop(0).left

    def lose(self, *, heard_at: float, until: float) -> None:
        """`heard_at`: when the last ping that it answered was sent."""
        # What a restored socket was sent again is older than that: only a ping since then tells anything of it.
        if heard_at > self._restored_at:
            self._heard_at = heard_at
        self.until = until

    def restore(self, *, now: float) -> None:
        self._restored_at = now
        self.until = inf

    def resume_from(self, position: int | None, *, dropped: Point) -> int | None:
        """The place after which all that it was sent is missing; None where that cannot be told any more.

        A client that names no offset has had no event at all.
        """
        after = self._started if position is None else max(position, self._started)
        for point in (dropped, self._floor):
            if after < point.position:
                if self._heard_at <= point.at:
                    return None
                # It has had all that was sent before that ping, and what it has had ends at its offset.
                after = point.position
        return after

    def addresses(self) -> set[str | None]:
        """Every room by which an event may have come to it."""
        return {None, self.pid, self.id, *self._joined, *(departure.room for departure in self._departures)}

    def was_sent(self, entry: Entry) -> bool:
        position = entry.position
        return any(room is None or self._was_in(room, position) for room in entry.rooms) and not any(
            self._was_in(room, position) for room in entry.except_rooms
        )

    def _was_in(self, room: str, position: int) -> bool:
        if room == self.id or room == self.pid:
            return True
        joined = self._joined.get(room)
        return (joined is not None and joined < position) or any(
            departure.room == room and departure.joined < position <= departure.left.position
            for departure in self._departures
        )
