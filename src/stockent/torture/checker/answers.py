"""I8: every command ends in an ack, in an error, or with its connection; and what comes has the contract's form."""

from __future__ import annotations

from .. import history
from .book import Book, Invariant


class Answers(Invariant):
    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {
            history.Ok: self._answered,
            history.Fail: self._failed,
            history.Unknown: self._unknown,
            history.Nonsense: self._nonsense,
        }

    def _answered(self, line: history.Ok | history.Fail | history.Unknown) -> None:
        if self.book.answered is None:
            self.book.violate("I8", f"command {line.q} was answered, and was not open")

    def _failed(self, line: history.Fail) -> None:
        self._answered(line)
        invoked = self.book.answered
        if invoked is not None and line.code == "internal":
            self.book.violate("I8", f"{invoked.w} {line.q} by {invoked.k}: the server failed (internal)")

    def _unknown(self, line: history.Unknown) -> None:
        self._answered(line)
        invoked = self.book.answered
        if invoked is not None and line.why != "lost":
            self.book.violate(
                "I8", f"{invoked.w} {line.q} by {invoked.k} got no answer on a living connection"
            )

    def _nonsense(self, line: history.Nonsense) -> None:
        self.book.violate("I8", f"{line.k} received what the contract does not have: {line.text}")

    def end(self) -> None:
        for q, invoked in self.book.open.items():
            self.book.violate("I8", f"{invoked.w} {q} by {invoked.k} never ended")
