"""An emitter of rooms and sockets in memory: what each socket heard is what the wire would have carried to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from stockent.messaging.events import EVENTS, conversation_room, presence_room, user_room

Heard = tuple[str, dict[str, Any]]


class Socket:
    def __init__(self) -> None:
        self.heard: list[Heard] = []

    @property
    def names(self) -> list[str]:
        return [event for event, _ in self.heard]

    def only(self, event: str) -> dict[str, Any]:
        """The payload of the one event of this name."""
        [payload] = [payload for name, payload in self.heard if name == event]
        return payload


class Sockets:
    """Implements `ports.Emitter`. `unheard` counts payloads that were made for nobody."""

    def __init__(self) -> None:
        self._rooms: defaultdict[str, list[Socket]] = defaultdict(list)
        self.unheard = 0

    def connect(self, user_id: str, *, viewing: str | None = None) -> Socket:
        """A new socket of the user's, in the room of the conversation in view."""
        socket = Socket()
        self._rooms[user_room(user_id)].append(socket)
        if viewing is not None:
            self.view(socket, viewing)
        return socket

    def watch(self, socket: Socket, *user_ids: str) -> None:
        """Put the socket into the rooms of these people's presence."""
        for user_id in user_ids:
            self._rooms[presence_room(user_id)].append(socket)

    def view(self, socket: Socket, conversation_id: str) -> None:
        self._rooms[conversation_room(conversation_id)].append(socket)

    def viewers(self, conversation_id: str) -> list[Socket]:
        return self._rooms[conversation_room(conversation_id)]

    def emit(
        self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
    ) -> None:
        assert isinstance(payload, EVENTS[event])
        wire = msgspec.json.decode(msgspec.json.encode(payload))
        sockets = self._reached(to, except_rooms)
        self.unheard += not sockets
        for socket in sockets:
            socket.heard.append((event, wire))

    def reaches(self, rooms: Sequence[str], *, except_rooms: Sequence[str] = ()) -> bool:
        return bool(self._reached(rooms, except_rooms))

    def close_room(self, room: str) -> None:
        self._rooms[room].clear()

    def end_user(self, user_id: str) -> None:
        """A socket that has ended is in no room."""
        for socket in tuple(self._rooms[user_room(user_id)]):
            for members in self._rooms.values():
                if socket in members:
                    members.remove(socket)

    def end_token(self, token_id: str) -> None:
        """These sockets live by none."""

    def leave_room(self, room: str, *, members_of: str) -> None:
        leaving = [id(socket) for socket in self._rooms[members_of]]
        self._rooms[room] = [socket for socket in self._rooms[room] if id(socket) not in leaving]

    def _reached(self, to: Sequence[str], except_rooms: Sequence[str]) -> list[Socket]:
        barred = [socket for room in except_rooms for socket in self._rooms[room]]
        reached: dict[int, Socket] = {}
        for room in to:
            for socket in self._rooms[room]:
                if socket not in barred:
                    reached[id(socket)] = socket
        return list(reached.values())
