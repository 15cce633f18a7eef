"""Judges a history: are I1 to I10 kept? Reads each line once, and knows nothing of how the history came about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..history import Line
from .agreement import Agreement
from .answers import Answers
from .book import Book, Invariant, Violation
from .durable import Durable, FinalViews, Once
from .marks import Marks
from .order import Real, Steps
from .privacy import Privacy
from .process import Rest, Sound

__all__ = ["INVARIANTS", "Verdict", "Violation", "check"]

INVARIANTS: dict[str, str] = {
    "I1": "every acked message is in the store and in every participant's final view",
    "I2": "one visible copy of each clientId",
    "I3": "positions are 1..N, and every client applies single steps",
    "I4": "acked before another was sent: the lower position",
    "I5": "all agree on what is where",
    "I6": "nothing outside its conversation",
    "I7": "read marks never fall, unread is what a recount gives",
    "I8": "every command ends",
    "I9": "memory, descriptors and tasks go back to where they were",
    "I10": "the store is sound after each restart",
}
#: `Once` and `Real` ask what was acked before, so they stand before `Durable`, which writes that down.
_JUDGES: tuple[type[Invariant], ...] = (
    Once,
    Real,
    Durable,
    FinalViews,
    Steps,
    Agreement,
    Privacy,
    Marks,
    Answers,
    Rest,
    Sound,
)


class Verdict(NamedTuple):
    """`found` counts the violations of each invariant that has any; `violations` tells of the first of each.

    `lost` are acked messages that the store does not hold. `whole` is false for the history of a run that was cut off:
    then its end was not judged.
    """

    whole: bool
    found: dict[str, int]
    violations: list[Violation]
    messages: int
    lost: int
    unknown_sends: int
    examinations: int
    times_at_rest: int


def check(lines: Iterable[Line]) -> Verdict:
    book = Book()
    judges = [judge(book) for judge in _JUDGES]
    handlers: defaultdict[type[Line], list[Callable[[Any], None]]] = defaultdict(list)
    for judge in judges:
        for kind, handle in judge.handles.items():
            handlers[kind].append(handle)
    for line in lines:
        book.see(line)
        for handle in handlers[type(line)]:
            handle(line)
    for judge in judges:
        judge.end()
    return Verdict(
        book.whole,
        dict(sorted(book.found.items(), key=lambda item: int(item[0][1:]))),
        book.violations,
        sum(len(rows.seqs) for rows in book.rows.values()),
        book.counts["lost"],
        book.counts["unknown sends"],
        book.counts["examinations"],
        book.counts["times at rest"],
    )
