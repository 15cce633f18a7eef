"""Who is in which room: room → sockets and, on each socket, its rooms, mirrored. And the loop that delivers.

A leaver costs its own rooms only; an empty room is forgotten at once. Nothing here awaits: a delivery to a thousand
sockets is one loop over bytes that were made once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Generic, Protocol, TypeVar

from .deflate import Deflater
from .frames import binary_frame, deflated_frame, packet_frames, text_frame


class Member(Protocol):
    """A socket as rooms see it. `rooms` belongs to `Rooms`: read it, but change it only through `join` and `leave`."""

    id: str
    rooms: set[str] | None


class Receiver(Protocol):
    """A socket as `deliver` sees it."""

    connection: Any


M = TypeVar("M", bound=Member)
_NOBODY: frozenset[Any] = frozenset()


class TooManyRooms(ValueError):
    """A socket is in as many rooms as the limit allows."""


class Rooms(Generic[M]):
    """The rooms of one namespace on this node."""

    __slots__ = ("_by_id", "_max_rooms", "_members")

    def __init__(self, by_id: Mapping[str, M], *, max_rooms: int) -> None:
        """`by_id`: the namespace's sockets. Each is reachable by its id as if that were a room of its own."""
        self._members: dict[str, set[M]] = {}
        self._by_id = by_id
        self._max_rooms = max_rooms

    def join(self, member: M, room: str) -> None:
        """Idempotent. Raises `TooManyRooms`."""
        if member.rooms is None:
            member.rooms = {room}
        elif len(member.rooms) >= self._max_rooms and room not in member.rooms:
            raise TooManyRooms(f"a socket is in at most {self._max_rooms} rooms")
        else:
            member.rooms.add(room)
        members = self._members.get(room)
        if members is None:
            self._members[room] = {member}
        else:
            members.add(member)

    def leave(self, member: M, room: str) -> None:
        """Idempotent."""
        if member.rooms is None or room not in member.rooms:
            return
        member.rooms.discard(room)
        members = self._members[room]
        members.discard(member)
        if not members:
            del self._members[room]

    def leave_all(self, member: M) -> None:
        for room in tuple(member.rooms or ()):
            self.leave(member, room)
        member.rooms = None

    def close(self, room: str) -> None:
        """Let everybody leave the room."""
        for member in tuple(self._members.get(room, ())):
            self.leave(member, room)

    def members(self, room: str) -> AbstractSet[M]:
        """Valid until rooms change."""
        members = self._members.get(room, _NOBODY)
        owner = self._by_id.get(room)
        return members if owner is None else {owner, *members}

    def select(self, to: Sequence[str], except_rooms: Sequence[str]) -> AbstractSet[M]:
        """The members of any room in `to` and of none in `except_rooms`, each once. Valid until rooms change."""
        chosen = self.members(to[0]) if len(to) == 1 else set().union(*map(self.members, to))
        excluded = [members for room in except_rooms if (members := self.members(room))]
        return set(chosen).difference(*excluded) if excluded and chosen else chosen

    def reaches(self, to: Sequence[str], except_rooms: Sequence[str]) -> bool:
        """Whether `select` would choose anybody, for less: asked for each participant of each message."""
        if len(except_rooms) > 1:
            return bool(self.select(to, except_rooms))
        excluded = self.members(except_rooms[0]) if except_rooms else _NOBODY
        members_of, by_id = self._members.get, self._by_id.get
        for room in to:
            if not members_of(room, _NOBODY) <= excluded:
                return True
            owner = by_id(room)
            if owner is not None and owner not in excluded:
                return True
        return False

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, room: object) -> bool:
        return room in self._members


def deliver(packets: Sequence[bytes], members: Collection[Receiver], deflater: Deflater) -> None:
    """Send a packet, encoded once (`packets.encode`), to each. Each member gets all parts together."""
    text = packets[0]
    if len(text) >= deflater.min_bytes:
        _deliver_large(packets, members, deflater)
        return
    frames = text_frame(text) if len(packets) == 1 else packet_frames(packets)
    for member in members:
        member.connection.link.send(frames)


def _deliver_large(packets: Sequence[bytes], members: Collection[Receiver], deflater: Deflater) -> None:
    """As `deliver`, compressed once for all who negotiated it. Attachments go as they are: most are coded already."""
    text, *attachments = packets
    size = len(text)
    plain = smaller = packet_frames(packets)
    if any(size <= member.connection.link.max_deflated_bytes for member in members):
        deflated = deflater.deflate(text)
        if deflated is not None:
            smaller = b"".join((deflated_frame(deflated), *map(binary_frame, attachments)))
    for member in members:
        link = member.connection.link
        link.send(smaller if size <= link.max_deflated_bytes else plain)
