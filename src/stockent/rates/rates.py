"""The buckets of one node, by the table, and the refusal that an empty one answers with."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil
from random import randrange

from ..messaging.errors import Code, MessagingError
from .buckets import Buckets
from .settings import RateSettings, default_rates
from .table import RATE_BY_NAME, Limit

#: What is added to the waiting time by chance, so that those who were refused together do not come back together.
LEAST_JITTER_MS = 250


class Rates:
    """`now` is a monotonic clock, in seconds. A limit that is off, and a key None, are never exhausted."""

    def __init__(
        self, settings: RateSettings | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        settings = settings or default_rates()
        self.now = now
        self.caps = settings.caps
        self._paces = settings.paces
        self._buckets = {
            name: Buckets(per_s=pace.per_s, burst=pace.burst) for name, pace in settings.paces.items()
        }

    def take(self, limit: Limit, key: str | None) -> None:
        """Take one, or raise `MessagingError` with `RATE_LIMITED`."""
        buckets = self._buckets.get(limit)
        if buckets is None or key is None:
            return
        wait_s = buckets.take(key, self.now())
        if wait_s:
            raise self._refusal(limit, wait_s)

    def look(self, limit: Limit, key: str | None) -> None:
        """Raise as `take` would, but take nothing."""
        buckets = self._buckets.get(limit)
        if buckets is None or key is None:
            return
        wait_s = buckets.wait_s(key, self.now())
        if wait_s:
            raise self._refusal(limit, wait_s)

    def charge(self, limit: Limit, key: str | None) -> None:
        """Count what has happened already."""
        buckets = self._buckets.get(limit)
        if buckets is not None and key is not None:
            buckets.charge(key, self.now())

    def runs_out(self, limit: Limit, key: str) -> bool:
        """Take one if it is there; whether it was not."""
        buckets = self._buckets.get(limit)
        return buckets is not None and buckets.take(key, self.now()) > 0

    def enter(self, total: Limit, kind: Limit | None, *, user_id: str, place: str | None) -> None:
        """Count one act of a user from an address, in all and by its kind. Raises as `take`.

        Who has guessed too often is refused before anything is looked up: a guess that is answered is a guess.
        """
        self.look(Limit.MISSES, user_id)
        self.look(Limit.ADDRESS_MISSES, place)
        self.take(total, user_id)
        if kind is not None:
            self.take(kind, user_id)

    def missed(self, *, user_id: str, place: str | None) -> None:
        """Count an answer "not found"."""
        self.charge(Limit.MISSES, user_id)
        self.charge(Limit.ADDRESS_MISSES, place)

    def forget(self, limit: Limit, key: str) -> None:
        buckets = self._buckets.get(limit)
        if buckets is not None:
            buckets.forget(key)

    def sweep(self) -> None:
        """Call it now and then, so that memory is given back also when nobody comes any more."""
        now = self.now()
        for buckets in self._buckets.values():
            buckets.sweep(now)

    @property
    def remembered(self) -> int:
        """How many keys of all limits are in memory."""
        return sum(map(len, self._buckets.values()))

    def _refusal(self, limit: Limit, wait_s: float) -> MessagingError:
        rate = RATE_BY_NAME[limit]
        pace = self._paces[limit]
        wait_ms = ceil(wait_s * 1000)
        return MessagingError(
            Code.RATE_LIMITED,
            f"too many for this {rate.whose}: expected at most {pace.amount} in {pace.period_s} s "
            f"({limit}: {rate.counted})",
            retry_after_ms=wait_ms + randrange(max(LEAST_JITTER_MS, wait_ms // 2)),  # noqa: S311
        )
