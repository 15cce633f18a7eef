"""What the store keeps of the database on the event loop, so that the commonest reads need neither thread nor query.

Owner: the `SqliteStore`; used on its event loop only. No cache can show anybody what a write has changed once that
write is acknowledged: every write comes through the one writer of this one process, and what a batch changed is applied
here in the same turn of the event loop in which its callers' futures are resolved, before any of them runs. A read that
fills a cache keeps what it found only if nothing of it changed since it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, NamedTuple, TypeVar

from stockent.messaging.models import MessagePage, Profile

from .barred import Barred
from .documents import encode
from .tails import MAX_TAIL_MESSAGES, Tail
from .traces import Traces

K = TypeVar("K")
V = TypeVar("V")

MAX_PROFILES = 10_000
MAX_PROFILES_BYTES = 16 * 1024 * 1024
#: Conversations whose people are known.
MAX_MEMBERS = 10_000
MAX_MEMBERS_BYTES = 16 * 1024 * 1024
#: Conversations whose newest messages are known.
MAX_TAILS = 2_000
MAX_TAILS_BYTES = 64 * 1024 * 1024
#: Conversations of which it is known when they last changed: more than can change during one read.
MAX_CHANGES = 20_000

#: Who takes part, and up to which `seq` messages are hidden from them.
Members = Mapping[str, int]


class Cache(Generic[K, V]):
    """Bounded by entries and by bytes, as `size_of` reckons them. The least recently got leaves first."""

    def __init__(self, name: str, max_entries: int, max_bytes: int, size_of: Callable[[K, V], int]) -> None:
        self.name = name
        self.hits = 0
        self.misses = 0
        self.size_bytes = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._size_of = size_of
        self._entries: dict[K, tuple[V, int]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        entry = self._entries.pop(key, None)
        if entry is None:
            self.misses += 1
            return None
        self.hits += 1
        self._entries[key] = entry
        return entry[0]

    def peek(self, key: K) -> V | None:
        """Neither a hit nor a miss, and no use that keeps the entry longer."""
        entry = self._entries.get(key)
        return None if entry is None else entry[0]

    def put(self, key: K, value: V) -> None:
        self.forget(key)
        size = self._size_of(key, value)
        self._entries[key] = value, size
        self.size_bytes += size
        self._shrink()

    def weigh_again(self, key: K) -> None:
        """The value has changed in itself; its place among the others stays."""
        value, former = self._entries[key]
        size = self._size_of(key, value)
        self._entries[key] = value, size
        self.size_bytes += size - former
        self._shrink()

    def forget(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size_bytes -= entry[1]

    def clear(self) -> None:
        self._entries.clear()
        self.size_bytes = 0

    def items(self) -> list[tuple[K, V]]:
        return [(key, value) for key, (value, _) in self._entries.items()]

    def _shrink(self) -> None:
        while len(self._entries) > self._max_entries or self.size_bytes > self._max_bytes:
            self.forget(next(iter(self._entries)))


class Shown(NamedTuple):
    """Of one snapshot, so that nobody is shown what is newer than the end of their taking part."""

    members: Members
    tail: Tail


class Caches:
    """All of them. `apply` is called with what each batch of writes changed."""

    def __init__(self) -> None:
        #: User → profile as it is stored. Renewed by each write of it. Saves the write of a profile that is stored so
        #: already, and the query for one's own.
        self.profiles: Cache[str, Profile] = Cache(
            "profiles", MAX_PROFILES, MAX_PROFILES_BYTES, lambda _, profile: 4 * len(encode(profile))
        )
        #: Conversation → who takes part. Dropped by every change of the conversation itself, its people among them.
        #: Saves the query that proves access before a room is joined or somebody is told to be typing.
        self.members: Cache[str, Members] = Cache(
            "members", MAX_MEMBERS, MAX_MEMBERS_BYTES, lambda _, members: _size_of(members)
        )
        #: Conversation → its newest messages, and for whom they are. A message that is sent, edited, deleted or reacted
        #: to takes its place in it; dropped by every other change of the conversation, by a change of a message that
        #: one in it answers, and by a new profile of anybody whom it shows. Saves the queries of a page without bounds.
        self.tails: Cache[str, Shown] = Cache(
            "tails",
            MAX_TAILS,
            MAX_TAILS_BYTES,
            lambda _, shown: shown.tail.size_bytes + _size_of(shown.members),
        )
        self.barred = Barred()
        self._changes = _Changes()

    def page(self, conversation_id: str, user_id: str, limit: int) -> MessagePage | None:
        """The newest messages, if both they and the user's access are known here."""
        shown = self.tails.get(conversation_id)
        if shown is None or user_id not in shown.members:
            return None
        return shown.tail.page(shown.members[user_id], limit)

    @property
    def now(self) -> int:
        """To be taken before a read whose result is to be kept."""
        return self._changes.now

    def keep(self, conversation_id: str, since: int, members: Members, tail: Tail | None = None) -> None:
        """What a read found that was asked for at `since`, unless the conversation has changed after that."""
        if self._changes.latest(conversation_id) > since:
            return
        self.members.put(conversation_id, members)
        if tail is not None and all(self._changes.latest(user_id) <= since for user_id in tail.people):
            tail.trim(MAX_TAIL_MESSAGES)
            self.tails.put(conversation_id, Shown(members, tail))

    def apply(self, traces: Traces) -> None:
        """In the turn of the event loop in which the batch's callers are answered."""
        if traces.failed:
            self._distrust(traces)
            return
        for conversation_id, message in traces.messages:
            self._changes.note(conversation_id)
            if message is None:
                self.members.forget(conversation_id)
                self.tails.forget(conversation_id)
            elif (shown := self.tails.peek(conversation_id)) is not None:
                if shown.tail.take(message):
                    self.tails.weigh_again(conversation_id)
                else:
                    self.tails.forget(conversation_id)
        for user_id, profile in traces.profiles.items():
            self.profiles.put(user_id, profile)
        if traces.people:
            self._show_anew(traces.people)
        self.barred.apply(traces)

    def forget_conversations(self) -> None:
        self.members.clear()
        self.tails.clear()

    def _show_anew(self, people: set[str]) -> None:
        for user_id in people:
            self._changes.note(user_id)
        for conversation_id, shown in self.tails.items():
            if not people.isdisjoint(shown.tail.people):
                self.tails.forget(conversation_id)

    def _distrust(self, traces: Traces) -> None:
        """Nothing was stored, as far as the disk let us know. Who asks now finds it in the database."""
        self._changes.note_all()
        self.forget_conversations()
        for user_id in traces.profiles:
            self.profiles.forget(user_id)


def _size_of(members: Members) -> int:
    return 512 + 128 * len(members)


class _Changes:
    """When conversations and users last changed, by a count of changes. What has longest been unchanged is forgotten:
    it counts as changed when the last one was that was forgotten."""

    def __init__(self) -> None:
        self.now = 0
        self._at: dict[str, int] = {}
        self._floor = 0

    def note(self, conversation_id: str) -> None:
        self.now += 1
        self._at.pop(conversation_id, None)
        self._at[conversation_id] = self.now
        if len(self._at) > MAX_CHANGES:
            self._floor = max(self._floor, self._at.pop(next(iter(self._at))))

    def note_all(self) -> None:
        self.now += 1
        self._floor = self.now

    def latest(self, conversation_id: str) -> int:
        return max(self._at.get(conversation_id, 0), self._floor)
