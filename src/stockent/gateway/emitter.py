"""`ports.Emitter` over a namespace, and so over the broker to every node."""

from __future__ import annotations

from collections.abc import Sequence

from ..messaging.events import USER_STOPPED_TYPING, USER_TYPING, user_room
from ..socketio import Namespace
from .context import Speaker

#: Not kept for sockets that are lost: clients end what they were told within seconds.
VOLATILE = frozenset({USER_TYPING, USER_STOPPED_TYPING})


class SocketEmitter:
    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def emit(
        self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
    ) -> None:
        emission = self._namespace.address(to, except_rooms)
        if event in VOLATILE:
            emission.emit_volatile(event, payload)
        else:
            emission.emit(event, payload)

    def reaches(self, rooms: Sequence[str], *, except_rooms: Sequence[str] = ()) -> bool:
        return self._namespace.reaches(rooms, except_rooms)

    def close_room(self, room: str) -> None:
        self._namespace.to(room).leave(room)

    def end_user(self, user_id: str) -> None:
        self._namespace.to(user_room(user_id)).disconnect()

    def end_token(self, token_id: str) -> None:
        for socket in tuple(self._namespace.sockets.values()):
            speaker: Speaker = socket.data
            if speaker.credential.token_id == token_id:
                socket.disconnect(close=True)

    def leave_room(self, room: str, *, members_of: str) -> None:
        self._namespace.to(members_of).leave(room)
