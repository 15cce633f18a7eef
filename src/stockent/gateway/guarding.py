"""Whose a session is: a request that names another person's session is refused, though it knows the id.

`Guard` is an engine's guard. The gateway tells it who spoke when a socket was admitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from ..auth import Authenticator, token_digest, token_from_request
from ..messaging.errors import MessagingError
from ..socketio import Connection

log = structlog.get_logger("stockent.gateway")

#: Tokens of its owner that a session remembers: the page's cookie and a renewed one beside it.
MAX_REMEMBERED = 2


@dataclass(slots=True)
class Owner:
    """Kept as a connection's `owner`. No token stays in memory for this, only what tells it from others."""

    user_id: str
    digests: tuple[bytes, ...] = ()

    def remember(self, digest: bytes) -> None:
        self.digests = (digest, *self.digests)[:MAX_REMEMBERED]


class Guard:
    """A request without credentials passes: its token was in `auth`, and the session's id is 120 secret bits."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    def own(self, connection: Connection, user_id: str) -> None:
        """A socket of this user was admitted on the session, by a token that was verified."""
        owner = Owner(user_id)
        token = _token(connection.request.headers)
        if token:
            owner.remember(token_digest(token))
        connection.owner = owner

    async def __call__(self, connection: Connection, headers: Mapping[str, str]) -> bool:
        token = _token(headers)
        if not token:
            return True
        owner: Owner | None = connection.owner
        if owner is None:
            return await self._opened(connection, token)
        digest = token_digest(token)
        if digest not in owner.digests:
            if await self._user_id(token) != owner.user_id:
                log.info("session_guarded", sid=connection.sid, owner=owner.user_id)
                return False
            owner.remember(digest)
        return True

    async def _opened(self, connection: Connection, token: str) -> bool:
        """Nobody was admitted yet. Who opened the session by a token of their own may go on with it."""
        opening = _token(connection.request.headers)
        if not opening or token == opening:
            return True
        user_id = await self._user_id(token)
        return user_id is not None and user_id == await self._user_id(opening)

    async def _user_id(self, token: str) -> str | None:
        try:
            identity = await self._authenticator.authenticate(token)
        except MessagingError:
            return None
        return identity.profile.id


def _token(headers: Mapping[str, str]) -> str:
    return token_from_request(headers.get("cookie"), headers.get("authorization"))
