"""What every verb is given: who speaks, the store and emitter that it writes to and emits through, and the present.

A verb proves access, decides, writes, emits. Between the await of its write and its emitting stands no other
await, so events of one conversation leave in the order of `seq`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .actor import Actor
from .policy import Policy
from .ports import Emitter, Store
from .presence import Presence
from .timers import CallLater, loop_call_later
from .typing import Typing

__all__ = ["Actor", "Domain"]


@dataclass(frozen=True, slots=True)
class Domain:
    """`now` gives Unix seconds. `typing` and `presence` are what is known here and now, and never stored."""

    store: Store
    emitter: Emitter
    policy: Policy = field(default_factory=Policy)
    now: Callable[[], float] = time.time
    call_later: CallLater = loop_call_later
    typing: Typing = field(init=False)
    presence: Presence = field(init=False)

    def __post_init__(self) -> None:
        set_once = object.__setattr__
        set_once(self, "typing", Typing(self.store, self.emitter, self.call_later))
        set_once(self, "presence", Presence(self.store, self.emitter, self.call_later, self.now))
