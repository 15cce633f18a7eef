"""I7: read marks never fall, and what is unread is what a recount gives."""

from __future__ import annotations

from .. import history
from .book import Book, Invariant, user_of


class Marks(Invariant):
    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {
            history.Mark: self._mark,
            history.Invoke: self._invoke,
            history.Ok: self._ok,
            history.Settled: self._settled,
            history.Counted: self._counted,
        }
        #: Connection, conversation, user → the highest mark that it heard of.
        self._heard: dict[tuple[str, str, str], int] = {}
        #: User, conversation → the highest mark that was acked.
        self._acked: dict[tuple[str, str], int] = {}
        self._bounds: dict[int, int] = {}
        self._ends: list[tuple[str, str, str, int]] = []
        self._counts: dict[tuple[str, str], history.Counted] = {}

    def _mark(self, line: history.Mark) -> None:
        key = (line.k, line.c, line.u)
        before = self._heard.get(key, 0)
        if line.p < before:
            self.book.violate(
                "I7", f"{line.k} heard that the mark of {line.u} in {line.c} fell from {before} to {line.p}"
            )
        self._heard[key] = max(before, line.p)

    def _invoke(self, line: history.Invoke) -> None:
        if line.w == "mark_read":
            self._bounds[line.q] = self._acked.get((user_of(line.k), line.c), 0)

    def _ok(self, line: history.Ok) -> None:
        invoked = self.book.answered
        if invoked is None or invoked.w != "mark_read":
            return
        bound = self._bounds.pop(line.q, 0)
        if line.p < bound:
            self.book.violate(
                "I7", f"the mark of {user_of(invoked.k)} in {invoked.c} fell from {bound} to {line.p}"
            )
        key = (user_of(invoked.k), invoked.c)
        self._acked[key] = max(line.p, self._acked.get(key, 0))

    def _settled(self, line: history.Settled) -> None:
        self._ends.append((line.k, user_of(line.k), line.c, line.unread))

    def _counted(self, line: history.Counted) -> None:
        self._counts[line.u, line.c] = line

    def end(self) -> None:
        if not self.book.whole:
            return
        for (user, c), member in self.book.members.items():
            if member.unread != member.recount:
                self.book.violate(
                    "I7", f"{user} has {member.unread} unread in {c}; a recount gives {member.recount}"
                )
            if member.read < (acked := self._acked.get((user, c), 0)):
                self.book.violate(
                    "I7", f"the mark of {user} in {c} is stored at {member.read} and was acked at {acked}"
                )
            self._judge_count(user, c, member)
        for k, user, c, unread in self._ends:
            end = self.book.members.get((user, c))
            if end is not None and end.recount != unread:
                self.book.violate(
                    "I7", f"{k} was told of {unread} unread in {c}; a recount gives {end.recount}"
                )

    def _judge_count(self, user: str, c: str, member: history.Member) -> None:
        counted = self._counts.get((user, c))
        if counted is None:
            self.book.violate("I1", f"{user} does not see {c} in the list at the end")
        elif (counted.unread, counted.read) != (member.recount, member.read):
            self.book.violate(
                "I7",
                f"{user} is told of {counted.unread} unread and the mark {counted.read} in {c} at the end; "
                f"a recount gives {member.recount}, and the mark is {member.read}",
            )
