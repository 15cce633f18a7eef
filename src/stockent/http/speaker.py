"""Who is speaking over HTTP: the middleware in front of every route that needs it, and the `actor` of its handlers.

The token is checked, and the request counted for its user, before anything of the body is read. The user's profile goes
to the domain, whose store knows when it is nothing new.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.params import SkipValidation
from litestar.types import ASGIApp, Receive, Scope, Send

from ..auth import Authenticator, Identity, token_from_request
from ..messaging import users
from ..messaging.domain import Actor, Domain
from ..rates import Rates
from ..speaking import identify_from
from .throttling import client_address, enter, noting_misses


class SpeakerMiddleware:
    """Puts the `Identity` of a verified token into `scope["user"]`, or raises the refusal."""

    def __init__(self, app: ASGIApp, *, domain: Domain, authenticator: Authenticator, rates: Rates) -> None:
        self._app = app
        self._domain = domain
        self._authenticator = authenticator
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == ScopeType.HTTP
        headers = dict(scope["headers"])
        token = token_from_request(_text(headers, b"cookie"), _text(headers, b"authorization"))
        identity = await identify_from(
            client_address(scope),
            token,
            authenticator=self._authenticator,
            store=self._domain.store,
            rates=self._rates,
        )
        user_id = identity.profile.id
        enter(self._rates, scope, user_id)
        await users.seen(self._domain, identity.profile)
        scope["user"] = identity
        await self._app(scope, receive, noting_misses(self._rates, scope, user_id, send))


def current_actor(
    request: Request[Identity, Any, Any],
    domain: NamedDependency[SkipValidation[Domain]],
) -> Actor:
    """The dependency `actor`: only behind `SpeakerMiddleware`.

    It asks for `domain` so that the framework provides one after the other: for two that do not need each other it
    makes a group of tasks, which took half of a short request's time.
    """
    return actor_of(request.user)


def actor_of(identity: Identity) -> Actor:
    profile = identity.profile
    return Actor(profile.id, profile.name, profile.role)


def _text(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")
