"""Token buckets by key: who has asked for how much of one thing. No I/O; `now` is an argument, from a monotonic clock.

A bucket is one number: the moment at which it is full again, were nothing more taken (the "generic cell rate
algorithm"). One that is full needs no memory, so whoever was quiet for a while is forgotten without losing anything.
"""

from __future__ import annotations

from itertools import islice

#: Keys that one kind of limit remembers: some MB at the most, whoever asks, from however many addresses.
MAX_KEYS = 20_000
#: Who waited as long as they were told must not be told to wait again because a sum was rounded.
ROUNDING_S = 1e-6
#: Of so many the fullest bucket makes room for a new key; of more, while none is half full.
SAMPLE = 8
MAX_SAMPLES = 8


class Buckets:
    """Each key may take `burst` at once, and `per_s` in the long run.

    Memory is bounded by `max_keys`. A new key beyond that has one forgotten of those which have taken least: to forget
    is to give back, so nobody ever loses by it, and who has drained a bucket does not get it refilled by coming under
    many other names.
    """

    __slots__ = ("_interval_s", "_max_keys", "_older", "_recent", "_span_s", "_turn_at")

    def __init__(self, *, per_s: float, burst: int, max_keys: int = MAX_KEYS) -> None:
        self._interval_s = 1.0 / per_s
        self._span_s = burst / per_s
        self._max_keys = max_keys
        #: Key → when its bucket is full. What was not written to for two spans is full, and goes with `_older`.
        self._recent: dict[str, float] = {}
        self._older: dict[str, float] = {}
        self._turn_at = 0.0

    def __len__(self) -> int:
        return len(self._recent) + len(self._older)

    def take(self, key: str, now: float, cost: float = 1.0) -> float:
        """Take `cost` tokens and return 0.0; or, if there are not as many, none, and return the seconds to wait."""
        held = self._recent.get(key)
        full_at = self._full_at(key, now) if held is None else held if held > now else now
        full_at += cost * self._interval_s
        wait_s = full_at - now - self._span_s
        if wait_s > ROUNDING_S:
            return wait_s
        if held is not None and now < self._turn_at:
            self._recent[key] = full_at
        else:
            self._write(key, full_at, now)
        return 0.0

    def wait_s(self, key: str, now: float) -> float:
        """How long until a token is there; 0.0 if one is. Takes nothing."""
        full_at = self._full_at(key, now)
        if full_at == now:
            return 0.0
        wait_s = full_at + self._interval_s - now - self._span_s
        return wait_s if wait_s > ROUNDING_S else 0.0

    def charge(self, key: str, now: float) -> None:
        """Take a token that may not be there: for what is known only afterwards. The debt is at most a burst."""
        full_at = self._full_at(key, now) + self._interval_s
        self._write(key, min(full_at, now + 2 * self._span_s), now)

    def forget(self, key: str) -> None:
        """Its owner is gone for good."""
        self._recent.pop(key, None)
        self._older.pop(key, None)

    def sweep(self, now: float) -> None:
        """Let go of what has been full for long. Taking does so too; this is for when nobody takes."""
        if now >= self._turn_at:
            self._turn(now)

    def _full_at(self, key: str, now: float) -> float:
        full_at = self._recent.get(key) or self._older.get(key)
        return now if full_at is None or full_at < now else full_at

    def _write(self, key: str, full_at: float, now: float) -> None:
        if now >= self._turn_at:
            self._turn(now)
        recent = self._recent
        if key not in recent and self._older.pop(key, None) is None and len(self) >= self._max_keys:
            self._make_room(now)
        recent[key] = full_at

    def _turn(self, now: float) -> None:
        """Two turns pass between the last write of a key and its end, and one lasts as long as the deepest debt."""
        lasting_s = 2 * self._span_s
        self._older = self._recent if now < self._turn_at + lasting_s else {}
        self._recent = {}
        self._turn_at = now + lasting_s

    def _make_room(self, now: float) -> None:
        """Forget the fullest of the next few in line. They go to its end, so that the next ones are seen next time."""
        line = self._older or self._recent
        fullest: str | None = None
        for _ in range(MAX_SAMPLES):
            seen = {key: line.pop(key) for key in tuple(islice(line, SAMPLE))}
            line.update(seen)
            key = min(seen, key=seen.__getitem__)
            if fullest is None or line[key] < line[fullest]:
                fullest = key
            if line[fullest] <= now + self._span_s / 2:
                break
        assert fullest is not None
        del line[fullest]
