"""What every verb is given: who speaks, and the store and emitter that it writes to and emits through.

A verb proves access, decides, writes, emits. Between the await of its write and its emitting stands no other
await, so events of one conversation leave in the order of `seq`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .models import Role
from .policy import Policy
from .ports import Emitter, Store


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is speaking, from a verified token."""

    user_id: str
    name: str | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    store: Store
    emitter: Emitter
    policy: Policy = field(default_factory=Policy)
