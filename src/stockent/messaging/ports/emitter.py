"""The way of events to sockets, as the domain needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Emitter(Protocol):
    """Carries events to sockets, here and on every other node. Never blocks, never fails the caller.

    Order: events emitted one after another reach each socket in that order.
    """

    def emit(
        self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
    ) -> None:
        """Send to every socket in any of the rooms `to` and in none of `except_rooms`, once each."""
        ...

    def reaches(self, rooms: Sequence[str], *, except_rooms: Sequence[str] = ()) -> bool:
        """False only if certainly no socket anywhere would receive it: saves making the payload."""
        ...

    def close_room(self, room: str) -> None:
        """Let every socket on every node leave the room, before this returns on this node."""
        ...

    def end_user(self, user_id: str) -> None:
        """Close every connection of the user's on every node, before this returns on this node."""
        ...

    def end_token(self, token_id: str) -> None:
        """Close the connections that live by this token, before this returns, on this node."""
        ...

    def leave_room(self, room: str, *, members_of: str) -> None:
        """Let every socket that is in `members_of` leave `room`, on every node, before this returns on this node."""
        ...
