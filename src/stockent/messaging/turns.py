"""Who may have how much under way at once: a bound for all together, and one for each user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import Code, MessagingError, jittered

RETRY_AFTER_MS = 1_000


class Turns:
    """`what` names them in a refusal: "uploads"."""

    def __init__(self, what: str, *, most: int, most_each: int) -> None:
        self._what = what
        self._most = most
        self._most_each = most_each
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, user_id: str) -> Iterator[None]:
        """Hold one for the user while the block runs. Raises `RATE_LIMITED` or, for all together, `OVERLOADED`."""
        if self._taken[user_id] >= self._most_each:
            raise _refusal(
                Code.RATE_LIMITED, f"expected at most {self._most_each} of your {self._what} at once"
            )
        if self._taken.total() >= self._most:
            raise _refusal(Code.OVERLOADED, f"too many {self._what} at once")
        self._taken[user_id] += 1
        try:
            yield
        finally:
            self._taken[user_id] -= 1
            if not self._taken[user_id]:
                del self._taken[user_id]


def _refusal(code: Code, message: str) -> MessagingError:
    return MessagingError(code, message, retry_after_ms=jittered(RETRY_AFTER_MS))
