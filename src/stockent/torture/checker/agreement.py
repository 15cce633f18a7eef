"""I5: who knows a version of a message knows the same as everybody else, and as the store."""

from __future__ import annotations

from array import array

from .. import history
from .book import Book, Invariant


class Agreement(Invariant):
    """The first who tells of a version is the measure for all others; the store is one of them."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {
            history.Heard: self._heard,
            history.Ok: self._ok,
            history.Page: self._page,
            history.Stored: self._stored,
        }
        #: Of each conversation, digests of messages as they were created, by position.
        self._created: dict[str, array[int]] = {}
        #: Of versions after changes.
        self._changed: dict[tuple[str, int, int], int] = {}

    def _heard(self, line: history.Heard) -> None:
        if line.d:
            self._compare(line.k, line.c, line.m, line.v, line.d)

    def _ok(self, line: history.Ok) -> None:
        invoked = self.book.answered
        if invoked is None or not line.d:
            return
        self._compare(invoked.k, invoked.c, line.m, line.v, line.d)
        if invoked.d and line.m == line.v and invoked.d != line.d:
            self.book.violate(
                "I5", f"{invoked.i} is acked at {line.m} in {invoked.c} with another text than was sent"
            )

    def _page(self, line: history.Page) -> None:
        for message, version, digest in line.rows:
            self._compare(line.k, line.c, message, version, digest)

    def _stored(self, line: history.Stored) -> None:
        for seq, version, _, _, digest in line.rows:
            self._compare("the store", line.c, seq, version, digest)

    def _compare(self, who: str, c: str, message: int, version: int, digest: int) -> None:
        if message == version:
            created = self._created.setdefault(c, array("Q"))
            if message >= len(created):
                created.extend([0] * (message + 1 - len(created)))
            known = created[message]
            if not known:
                created[message] = known = digest
        else:
            known = self._changed.setdefault((c, message, version), digest)
        if known != digest:
            self.book.violate(
                "I5",
                f"{who} knows message {message} of {c} in version {version} otherwise than who knew it first",
            )
