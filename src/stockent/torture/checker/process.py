"""I9: what the process holds goes back to where it was when all leave. I10: the store is sound after each life."""

from __future__ import annotations

from .. import history
from .book import Book, Invariant

#: What may differ between two times at rest: descriptors that the pool of readers or a late close keeps, tasks that a
#: timer just began, and memory that the interpreter, the page cache of the store and the bounded caches take.
FD_SLACK = 8
TASK_SLACK = 8
THREAD_SLACK = 4
RSS_SLACK_KB = 64 * 1024


class Rest(Invariant):
    """I9. The first time at rest in a life is the measure; what is kept on purpose is warm by then."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {history.Rest: self._rest}
        self._first: dict[int, history.Rest] = {}

    def _rest(self, line: history.Rest) -> None:
        first = self._first.setdefault(line.life, line)
        self.book.counts["times at rest"] += 1
        for what, before, now, slack in (
            ("descriptors", first.fds, line.fds, FD_SLACK),
            ("threads", first.threads, line.threads, THREAD_SLACK),
            ("tasks", first.tasks, line.tasks, TASK_SLACK),
            ("KB of memory", first.rss_kb, line.rss_kb, RSS_SLACK_KB),
        ):
            if now > before + slack:
                self.book.violate(
                    "I9",
                    f"in life {line.life} the server held {before} {what} when all had left, and {now} the next time",
                )


class Sound(Invariant):
    """I10. The epoch too: no kill makes it another store."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {
            history.Examined: self._examined,
            history.Life: self._life,
            history.Connected: self._connected,
        }
        self._epoch = ""

    def _examined(self, line: history.Examined) -> None:
        self.book.counts["examinations"] += 1
        for problem in line.problems:
            self.book.violate("I10", f"after life {line.life}: {problem}")

    def _life(self, line: history.Life) -> None:
        if line.what.startswith("ended"):
            self.book.violate("I10", f"life {line.life} {line.what}, and was asked to drain")

    def _connected(self, line: history.Connected) -> None:
        self._epoch = self._epoch or line.epoch
        if line.epoch != self._epoch:
            self.book.violate("I10", f"{line.k} found epoch {line.epoch} in place of {self._epoch}")
