"""A conversation as one device holds it: a position that moves by single steps, and what was put aside meanwhile.

It is what docs/delivery.md tells the author of a client, rule 3 of "A client that holds its word". Pure: no I/O.
"""

from __future__ import annotations

from enum import Enum


class Step(Enum):
    KNOWN = "known"
    APPLIED = "applied"
    ASIDE = "aside"


class View:
    """`n` is the last position that was applied. What is `aside` lies beyond a gap."""

    __slots__ = ("aside", "filling", "joined", "n", "unread")

    def __init__(self, n: int) -> None:
        self.n = n
        self.aside: set[int] = set()
        #: A command that will close the gap is under way.
        self.filling = False
        self.joined = False
        self.unread = 0

    def take(self, position: int) -> Step:
        if position <= self.n:
            return Step.KNOWN
        if position == self.n + 1:
            self.n = position
            return Step.APPLIED
        self.aside.add(position)
        return Step.ASIDE

    def next_aside(self) -> bool:
        """Apply what was put aside and follows now; False when there is none."""
        if not self.aside:
            return False
        if self.n + 1 in self.aside:
            self.n += 1
            self.aside.remove(self.n)
            return True
        self.aside = {position for position in self.aside if position > self.n}
        return False

    @property
    def has_gap(self) -> bool:
        return bool(self.aside)
