"""Who may still come back: a grace for each, and what follows when it is over. Used by `Presence` alone.

Thousands may go in one moment, and their graces end in one. So those who go within a slot share a timer, and what
follows for them is done in slices, between which the event loop does other things.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from .timers import CallLater, Timer

#: Who goes last in a slot has so much less of the grace.
SLOT_S = 0.05
#: Graces that end in one turn of the loop.
MAX_ENDED_AT_ONCE = 500

_Slot = dict[str, None]


class Graces:
    """`end(user_id)` is called once a grace is over; it may begin another."""

    def __init__(self, call_later: CallLater, end: Callable[[str], None]) -> None:
        self._call_later = call_later
        self._end = end
        self._slots: dict[str, _Slot] = {}
        #: The slot of those who go now.
        self._open: _Slot | None = None
        self._timers: dict[int, Timer] = {}

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._slots

    def begin(self, user_id: str, duration_s: float) -> None:
        """Begin the user's grace, or begin it anew."""
        self.cancel(user_id)
        slot = self._open
        if slot is None:
            slot = self._open = {}
            self._later(slot, duration_s, self._over)
            self._call_later(SLOT_S, self._shut)
        slot[user_id] = None
        self._slots[user_id] = slot

    def cancel(self, user_id: str) -> None:
        slot = self._slots.pop(user_id, None)
        if slot is not None:
            del slot[user_id]

    def stop(self) -> None:
        """End none of them."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._slots.clear()
        self._open = None

    def _shut(self) -> None:
        self._open = None

    def _over(self, slot: _Slot) -> None:
        for user_id in tuple(islice(slot, MAX_ENDED_AT_ONCE)):
            # Not one that was cancelled by what followed for another.
            if user_id in slot:
                self.cancel(user_id)
                self._end(user_id)
        if slot:
            self._later(slot, 0, self._over)

    def _later(self, slot: _Slot, delay_s: float, then: Callable[[_Slot], None]) -> None:
        def fire() -> None:
            del self._timers[id(slot)]
            then(slot)

        self._timers[id(slot)] = self._call_later(delay_s, fire)
