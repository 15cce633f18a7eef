"""What the socket's verbs are given, and what a socket carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from ..auth import Identity
from ..messaging.commands import Done
from ..messaging.domain import Actor, Domain
from ..messaging.models import Profile
from ..messaging.ports import Credential
from ..socketio import Socket

log = structlog.get_logger("stockent.gateway")


@dataclass(slots=True)
class Speaker:
    """Who a socket is, kept as its `data`. `expires_at` is Unix seconds.

    `profile`: what the token said, until the socket is greeted.
    """

    actor: Actor
    credential: Credential
    expires_at: float
    warned: bool = False
    profile: Profile | None = None

    @classmethod
    def of(cls, identity: Identity) -> Speaker:
        profile = identity.profile
        return cls(Actor(profile.id, profile.name, profile.role), identity.credential, identity.expires_at)


@dataclass(frozen=True, slots=True)
class Context:
    """One for each gateway."""

    domain: Domain
    #: Who speaks by this token, sent by this socket.
    identify: Callable[[Socket, str], Awaitable[Identity]]


#: A command of the table in `messaging.commands`: what it takes is decoded already, and what it returns is the ack.
Verb = Callable[[Context, Socket, Actor, Any], Awaitable[Done]]
