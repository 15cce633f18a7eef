"""I1: what was acked is in the store and in every participant's final view. I2: it is there once."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter

from .. import history
from .book import SENDS, Book, Invariant


class Durable(Invariant):
    """I1. Changes of messages count as well: an acked edit is in the log, and in its message or under a later one."""

    _CHANGES = frozenset({"edit_message", "delete_message", "add_reaction", "remove_reaction"})

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {
            history.Ok: self._ok,
            history.Invoke: self._invoke,
            history.Loaded: self._loaded,
            history.Stored: self._stored,
            history.Changes: self._changes,
        }
        #: Commands whose answer must know what was known before: number → position by conversation.
        self._bounds: dict[int, dict[str, int]] = {}
        self._changed: dict[str, list[tuple[int, int]]] = {}
        self._log: dict[str, dict[int, int]] = {}
        self._versions: dict[str, dict[int, int]] = {}

    def _invoke(self, line: history.Invoke) -> None:
        if line.w in ("list", "load"):
            self._bounds[line.q] = dict(self.book.known)

    def _loaded(self, line: history.Loaded) -> None:
        bound = self._bounds.get(line.q, {}).get(line.c, 0)
        if line.n < bound:
            self.book.violate(
                "I1", f"{line.k} loaded {line.c} at {line.n}, after position {bound} had been told"
            )

    def _ok(self, line: history.Ok) -> None:
        invoked = self.book.answered
        if invoked is None:
            return
        if invoked.w in SENDS:
            self.book.acked.setdefault(invoked.c, {}).setdefault(invoked.i, line.m)
        elif invoked.w in self._CHANGES and line.m:
            self._changed.setdefault(invoked.c, []).append((line.m, line.v))

    def _stored(self, line: history.Stored) -> None:
        acked = self.book.acked.get(line.c, {})
        versions = self._versions.setdefault(line.c, {})
        for seq, version, _, client_id, _ in line.rows:
            if version != seq:
                versions[seq] = version
            at = acked.pop(client_id, seq)
            if at != seq:
                self.book.violate("I1", f"{client_id} was acked at {at} in {line.c}, and is stored at {seq}")

    def _changes(self, line: history.Changes) -> None:
        self._log.setdefault(line.c, {}).update(line.rows)

    def end(self) -> None:
        if not self.book.whole:
            return
        for c, left in self.book.acked.items():
            for client_id, seq in left.items():
                self.book.lose(f"{client_id} was acked at {seq} in {c}, and is not in the store")
        for c, changes in self._changed.items():
            log, versions = self._log.get(c, {}), self._versions.get(c, {})
            for message, version in changes:
                # An answer that says "so it is already" names the message's last change, perhaps its creation.
                if version != message and log.get(version) != message:
                    self.book.violate(
                        "I1", f"the change of {message} acked at {version} in {c} is not in the log"
                    )
                elif versions.get(message, message) < version:
                    self.book.violate(
                        "I1", f"message {message} in {c} is stored as it was before its change at {version}"
                    )


class FinalViews(Invariant):
    """I1 and I2 of what the participants see at the end: all that is stored and visible to them, once, and the same."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {history.Seen: self._seen}
        self._seqs: dict[tuple[str, str], array[int]] = {}
        self._digests: dict[tuple[str, str], array[int]] = {}

    def _seen(self, line: history.Seen) -> None:
        self._seqs.setdefault((line.u, line.c), array("Q")).extend(line.seqs)
        self._digests.setdefault((line.u, line.c), array("Q")).extend(line.digests)

    def end(self) -> None:
        if not self.book.whole:
            return
        for c in self.book.users.keys() - self.book.rows.keys():
            self.book.violate("I1", f"the store does not hold {c}")
        for (user, c), member in self.book.members.items():
            seqs = self._seqs.pop((user, c), array("Q"))
            digests = self._digests.pop((user, c), array("Q"))
            self._judge(user, c, member.visible_after, seqs, digests)
        for user, c in self._seqs:
            self.book.violate("I6", f"{user} sees {c} at the end, and does not take part in it")

    def _judge(self, user: str, c: str, visible_after: int, seqs: array[int], digests: array[int]) -> None:
        rows = self.book.rows.get(c)
        if rows is None:
            return
        begin = bisect_left(rows.seqs, visible_after + 1)
        stored_seqs, stored_digests = rows.seqs[begin:], rows.digests[begin:]
        if (stored_seqs, stored_digests) == (seqs, digests):
            return
        stored = dict(zip(stored_seqs, stored_digests, strict=True))
        seen = dict(zip(seqs, digests, strict=True))
        if len(seen) != len(seqs):
            self.book.violate("I2", f"{user} sees a position of {c} more than once at the end")
        for times in Counter(digests).values():
            if times > 1:
                self.book.violate("I2", f"{user} sees {times} copies of one message in {c} at the end")
        for seq in sorted(stored.keys() - seen.keys()):
            self.book.violate("I1", f"{user} does not see message {seq} of {c} at the end")
        for seq in sorted(seen.keys() - stored.keys()):
            name = "I6" if seq <= visible_after else "I1"
            self.book.violate(
                name, f"{user} sees message {seq} of {c} at the end, which is not there for them"
            )
        for seq in sorted(stored.keys() & seen.keys()):
            if stored[seq] != seen[seq]:
                self.book.violate(
                    "I5", f"{user} sees another message {seq} of {c} at the end than the store has"
                )
        if list(seqs) != sorted(seqs):
            self.book.violate("I3", f"{user} sees the messages of {c} out of order at the end")


class Once(Invariant):
    """I2: one `clientId` of a sender is one message, in every ack, in what everybody hears, and in the store."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.handles = {history.Ok: self._ok, history.Heard: self._heard, history.Stored: self._stored}
        #: Conversation → digest of each message as it was created → its position.
        self._created: dict[str, dict[int, int]] = {}
        self._stored_ids: set[str] = set()

    def _ok(self, line: history.Ok) -> None:
        invoked = self.book.answered
        if invoked is None or invoked.w not in SENDS:
            return
        first = self.book.acked.get(invoked.c, {}).get(invoked.i, line.m)
        if first != line.m:
            self.book.violate("I2", f"{invoked.i} was acked at {first} and at {line.m} in {invoked.c}")

    def _heard(self, line: history.Heard) -> None:
        if line.m and line.m == line.v and line.d:
            at = self._created.setdefault(line.c, {}).setdefault(line.d, line.m)
            if at != line.m:
                self.book.violate(
                    "I2", f"{line.k} heard the same message at {at} and at {line.m} in {line.c}"
                )

    def _stored(self, line: history.Stored) -> None:
        for seq, _, sender, client_id, _ in line.rows:
            key = f"{sender} {client_id}"
            if key in self._stored_ids:
                self.book.violate(
                    "I2", f"{client_id} of {sender} is in the store again, at {seq} in {line.c}"
                )
            self._stored_ids.add(key)
