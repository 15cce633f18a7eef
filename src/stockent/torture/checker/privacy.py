"""I6: nobody receives anything of a conversation, unless they take part in it at that position."""

from __future__ import annotations

from bisect import bisect_right

from .. import history
from .book import Book, Invariant, user_of

_ABOVE_ALL = 2**63


class Privacy(Invariant):
    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {
            history.Canary: self._canary,
            history.Ok: self._ok,
            history.Heard: self._heard,
            history.Loaded: self._loaded,
            history.Left: self._left,
            history.Membership: self._membership,
            history.Opened: self._opened,
        }
        self._heard_canaries: list[tuple[str, str]] = []
        #: User and conversation → spans of positions that they were told of.
        self._told: dict[tuple[str, str], list[list[int]]] = {}
        #: Connection and conversation → the position of the removal that it was told of.
        self._removed: dict[tuple[str, str], int] = {}
        self._memberships: dict[str, list[history.Membership]] = {}
        self._opened_users: dict[tuple[str, str], bool] = {}

    def _opened(self, line: history.Opened) -> None:
        for user in line.users:
            self._opened_users[user, line.c] = True

    def _canary(self, line: history.Canary) -> None:
        self._heard_canaries.append((line.k, line.x))

    def _ok(self, line: history.Ok) -> None:
        invoked = self.book.answered
        if invoked is not None and invoked.w == "probe":
            self.book.violate("I6", f"{invoked.k} was let into {invoked.c}, in which it has no part")

    def _heard(self, line: history.Heard) -> None:
        removed = self._removed.get((line.k, line.c)) if self._removed else None
        if removed is not None and line.p > removed:
            self.book.violate(
                "I6", f"{line.k} heard position {line.p} of {line.c} after its removal at {removed}"
            )
        user = user_of(line.k)
        self._tell(user, line.c, line.p)
        if line.m and line.m != line.p:
            self._tell(user, line.c, line.m)

    def _loaded(self, line: history.Loaded) -> None:
        self._removed.pop((line.k, line.c), None)

    def _left(self, line: history.Left) -> None:
        if line.p:
            self._removed[line.k, line.c] = line.p

    def _tell(self, user: str, c: str, position: int) -> None:
        spans = self._told.setdefault((user, c), [])
        at = bisect_right(spans, [position, _ABOVE_ALL]) - 1
        if at >= 0 and position <= spans[at][1]:
            return
        if at >= 0 and position == spans[at][1] + 1:
            spans[at][1] = position
        else:
            at += 1
            spans.insert(at, [position, position])
        if at + 1 < len(spans) and spans[at + 1][0] == position + 1:
            spans[at][1] = spans.pop(at + 1)[1]

    def _membership(self, line: history.Membership) -> None:
        self._memberships.setdefault(line.c, []).append(line)

    def end(self) -> None:
        for k, canary in self._heard_canaries:
            c = self.book.canaries.get(canary)
            if c is None or not self._ever_took_part(user_of(k), c):
                self.book.violate("I6", f"{k} received the canary of {c or 'no conversation'}: {canary}")
        if self.book.whole:
            for (user, c), spans in self._told.items():
                self._judge(user, c, spans)

    def _ever_took_part(self, user: str, c: str) -> bool:
        return (user, c) in self._opened_users or any(
            user in change.came for change in self._memberships.get(c, ())
        )

    def _judge(self, user: str, c: str, spans: list[list[int]]) -> None:
        allowed = list(self._times(user, c))
        for first, last in spans:
            if not any(begin <= first and last <= end for begin, end in allowed):
                self.book.violate(
                    "I6",
                    f"{user} was told of positions {first} to {last} of {c}; their time there is {allowed}",
                )

    def _times(self, user: str, c: str) -> list[tuple[int, int]]:
        """From the position at which they came to that at which they went, both included."""
        times: list[tuple[int, int]] = []
        begin: int | None = 0 if (user, c) in self._opened_users else None
        for change in sorted(self._memberships.get(c, ()), key=lambda line: line.p):
            if begin is not None and user in change.went:
                times.append((begin, change.p))
                begin = None
            elif begin is None and user in change.came:
                begin = change.p
        if begin is not None:
            times.append((begin, _ABOVE_ALL))
        return times
