"""What the socket's verbs are given: the domain, and what of it lives per node."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from ..auth import Identity
from ..messaging.commands import Done
from ..messaging.domain import Actor, Domain
from ..messaging.typing import Timer, Typing
from ..socketio import Socket

log = structlog.get_logger("stockent.gateway")

CallLater = Callable[[float, Callable[[], None]], Timer]


@dataclass(slots=True)
class Speaker:
    """Who a socket is, kept as its `data`. `expires_at` is Unix seconds."""

    actor: Actor
    expires_at: float
    warned: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """One for each gateway."""

    domain: Domain
    typing: Typing
    identify: Callable[[str], Awaitable[Identity]]


#: A command of the table in `messaging.commands`: what it takes is decoded already, and what it returns is the ack.
Verb = Callable[[Context, Socket, Actor, Any], Awaitable[Done]]


def rfc3339(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
