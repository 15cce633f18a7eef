"""I3: positions are 1..N without holes, and each client takes single steps. I4: who was acked first comes first."""

from __future__ import annotations

from .. import history
from .book import SENDS, Book, Invariant, device_of


class Steps(Invariant):
    """I3. Events of a conversation also come in order and once on each connection."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {
            history.Heard: self._heard,
            history.Applied: self._applied,
            history.Loaded: self._loaded,
            history.Left: self._gone,
            history.GivenUp: self._gone,
            history.Forgot: self._forgot,
            history.Settled: self._settled,
            history.Stored: self._stored,
            history.Changes: self._changes,
        }
        #: Device → conversation → where its view stands.
        self._views: dict[str, dict[str, int]] = {}
        #: Device → its present connection, and the last event of each conversation on it.
        self._live: dict[str, tuple[str, dict[str, int]]] = {}
        self._settled_views: dict[tuple[str, str], int] = {}
        self._log: dict[str, list[int]] = {}

    def _heard(self, line: history.Heard) -> None:
        device = device_of(line.k)
        if not line.gap:
            self._judge_live(device, line)
        views = self._views.get(device)
        before = None if views is None else views.get(line.c)
        if before is None or views is None:
            if line.n:
                self.book.violate("I3", f"{line.k} has a view of {line.c} that it never loaded")
            return
        if line.n == before:
            return
        if line.n != before + 1 or line.p != line.n:
            self.book.violate(
                "I3", f"{line.k} stepped from {before} to {line.n} in {line.c} by an event at {line.p}"
            )
        views[line.c] = line.n

    def _judge_live(self, device: str, line: history.Heard) -> None:
        k, last = self._live.get(device, ("", {}))
        if k != line.k:
            last = {}
            self._live[device] = (line.k, last)
        if line.p <= last.get(line.c, -1):
            self.book.violate(
                "I3", f"{line.k} heard position {line.p} of {line.c} after {last[line.c]} on one connection"
            )
        last[line.c] = line.p

    def _applied(self, line: history.Applied) -> None:
        views = self._views.setdefault(device_of(line.k), {})
        before = views.get(line.c)
        if before is None or line.n != before + 1:
            self.book.violate("I3", f"{line.k} stepped from {before} to {line.n} in {line.c}")
        views[line.c] = line.n

    def _loaded(self, line: history.Loaded) -> None:
        self._views.setdefault(device_of(line.k), {})[line.c] = line.n

    def _gone(self, line: history.Left | history.GivenUp) -> None:
        self._views.get(device_of(line.k), {}).pop(line.c, None)

    def _forgot(self, line: history.Forgot) -> None:
        self._views.pop(device_of(line.k), None)

    def _settled(self, line: history.Settled) -> None:
        device = device_of(line.k)
        self._settled_views[device, line.c] = line.n
        if self._views.get(device, {}).get(line.c) != line.n:
            self.book.violate("I3", f"{line.k} settled at {line.n} in {line.c}, where it never came")

    def _stored(self, line: history.Stored) -> None:
        self._log.setdefault(line.c, []).extend(row[0] for row in line.rows)

    def _changes(self, line: history.Changes) -> None:
        self._log.setdefault(line.c, []).extend(seq for seq, _ in line.rows)

    def end(self) -> None:
        if not self.book.whole:
            return
        for c, seqs in self._log.items():
            if c in self.book.rows:
                self._judge_log(c, sorted(seqs), self.book.rows[c].last)
        devices = {device for device, _ in self._settled_views}
        for (user, c), _member in self.book.members.items():
            for device in devices:
                if device.partition(".")[0] == user:
                    self._judge_settled(device, c)

    def _judge_log(self, c: str, seqs: list[int], last: int) -> None:
        expected = 1
        for seq in seqs:
            if seq > expected:
                self.book.violate("I3", f"{c} has a hole: positions {expected} to {seq - 1}")
            elif seq < expected:
                self.book.violate("I3", f"{c} has position {seq} twice")
            expected = seq + 1
        if expected - 1 != last:
            self.book.violate("I3", f"{c} says that its last position is {last}; it is {expected - 1}")

    def _judge_settled(self, device: str, c: str) -> None:
        n = self._settled_views.get((device, c))
        last = self.book.rows[c].last if c in self.book.rows else 0
        if n != last:
            where = "has no view" if n is None else f"stands at {n}"
            self.book.violate("I3", f"{device} {where} in {c} at the end, whose last position is {last}")


class Real(Invariant):
    """I4: what was acked before another was sent, in real time, has the lower position."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {
            history.Invoke: self._invoke,
            history.Ok: self._ok,
            history.Stored: self._stored,
        }
        self._highest: dict[str, int] = {}
        #: Conversation → `clientId` → what it must lie above. Until it is acked, or found in the store.
        self._bounds: dict[str, dict[str, int]] = {}

    def _invoke(self, line: history.Invoke) -> None:
        """Only the first try counts: the message may have been stored by it, whatever came of its answer."""
        if line.w in SENDS and line.i not in self.book.acked.get(line.c, ()):
            self._bounds.setdefault(line.c, {}).setdefault(line.i, self._highest.get(line.c, 0))

    def _ok(self, line: history.Ok) -> None:
        invoked = self.book.answered
        if invoked is None or invoked.w not in SENDS:
            return
        self._judge(invoked.c, invoked.i, line.m)
        if line.m > self._highest.get(invoked.c, 0):
            self._highest[invoked.c] = line.m

    def _stored(self, line: history.Stored) -> None:
        if self._bounds.get(line.c):
            for seq, _, _, client_id, _ in line.rows:
                self._judge(line.c, client_id, seq)

    def _judge(self, c: str, client_id: str, seq: int) -> None:
        bound = self._bounds.get(c, {}).pop(client_id, -1)
        if seq <= bound:
            self.book.violate(
                "I4", f"{client_id} lies at {seq} in {c}, and was sent after the message at {bound} was acked"
            )
