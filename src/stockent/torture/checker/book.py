"""What several invariants need to know of a history, kept once: open commands, acked sends, and what the store holds.

Memory grows with the messages, about 250 bytes for each, and not with who heard them.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .. import history
from ..history import Line

SENDS = frozenset({"send_message", "send_over_http"})
#: Of each invariant so many violations are told in words; all are counted.
MAX_TOLD = 20


class Violation(NamedTuple):
    invariant: str
    text: str


class Rows:
    """The messages of one conversation in the store, by position."""

    __slots__ = ("digests", "last", "seqs")

    def __init__(self) -> None:
        self.last = 0
        self.seqs = array("Q")
        self.digests = array("Q")


class Book:
    """`see` is called with each line before the invariants are."""

    def __init__(self) -> None:
        self.open: dict[int, history.Invoke] = {}
        #: The command that the line at hand answers.
        self.answered: history.Invoke | None = None
        #: Conversation → `clientId` → seq, of sends that were acked and that the store has not shown yet.
        self.acked: dict[str, dict[str, int]] = {}
        self.canaries: dict[str, str] = {}
        self.users: dict[str, list[str]] = {}
        self.rows: dict[str, Rows] = {}
        self.members: dict[tuple[str, str], history.Member] = {}
        #: Greatest position that anybody has been told of, by conversation.
        self.known: dict[str, int] = {}
        self.whole = False
        self.counts: Counter[str] = Counter()
        self.violations: list[Violation] = []
        self.found: Counter[str] = Counter()
        self._see: Mapping[type[Line], Callable[[Any], None]] = {
            history.Invoke: self._invoke,
            history.Ok: self._ok,
            history.Fail: self._answer,
            history.Unknown: self._unknown,
            history.Heard: self._heard,
            history.Opened: self._opened,
            history.Stored: self._stored,
            history.Member: self._member,
            history.End: self._end,
        }

    def see(self, line: Line) -> None:
        handle = self._see.get(type(line))
        if handle is not None:
            handle(line)

    def violate(self, invariant: str, text: str) -> None:
        self.found[invariant] += 1
        if self.found[invariant] <= MAX_TOLD:
            self.violations.append(Violation(invariant, text))

    def lose(self, text: str) -> None:
        """The violation that matters most: told and counted apart from others of I1."""
        self.found["I1"] += 1
        self.counts["lost"] += 1
        if self.counts["lost"] <= MAX_TOLD:
            self.violations.append(Violation("I1", text))

    def _invoke(self, line: history.Invoke) -> None:
        self.open[line.q] = line

    def _answer(self, line: history.Ok | history.Fail | history.Unknown) -> None:
        self.answered = self.open.pop(line.q, None)

    def _ok(self, line: history.Ok) -> None:
        self._answer(line)
        invoked = self.answered
        if invoked is None or not invoked.c:
            return
        position = line.v
        if position > self.known.get(invoked.c, 0):
            self.known[invoked.c] = position

    def _unknown(self, line: history.Unknown) -> None:
        self._answer(line)
        if self.answered is not None and self.answered.w in SENDS:
            self.counts["unknown sends"] += 1

    def _heard(self, line: history.Heard) -> None:
        if line.p > self.known.get(line.c, 0):
            self.known[line.c] = line.p

    def _opened(self, line: history.Opened) -> None:
        self.canaries[line.canary] = line.c
        self.users[line.c] = line.users

    def _stored(self, line: history.Stored) -> None:
        rows = self.rows.setdefault(line.c, Rows())
        rows.last = line.last
        for seq, _, _, _, digest in line.rows:
            rows.seqs.append(seq)
            rows.digests.append(digest)

    def _member(self, line: history.Member) -> None:
        self.members[line.u, line.c] = line

    def _end(self, line: history.End) -> None:
        self.whole = line.whole


class Invariant:
    """`handles`: type of line → what is done with it, in the order of the file; `end` is called after the last."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.handles: dict[type[Line], Callable[[Any], None]] = {}

    def end(self) -> None:
        """Judge what only the whole can show. Without the store's contents (`book.whole`) there is less to judge."""


def user_of(k: str) -> str:
    return k[: k.index(".")]


def device_of(k: str) -> str:
    return k[: k.rindex(".")]
