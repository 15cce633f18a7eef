"""What the gateway counts: commands by how they ended, how long their acks took, and who was not let in."""

from __future__ import annotations

from collections import Counter

from ..figures import Histogram
from ..figures.histogram import WAITING_S
from ..messaging.commands import Done, Failed
from .table import VERBS

#: Clients choose names; a figure for each would be theirs to make without end.
UNKNOWN = "unknown"
OK = "ok"


class GatewayFigures:
    """Written on the event loop only. Each only grows."""

    def __init__(self) -> None:
        self._done = dict.fromkeys(VERBS, 0)
        self._failed: Counter[tuple[str, str]] = Counter()
        #: From a command's turn to its ack, seconds.
        self.ack_s = Histogram(WAITING_S)
        #: Sockets that were not let in, by the error's code.
        self.refused: Counter[str] = Counter()

    def answered(self, command: str, ack: Done | Failed, seconds: float) -> None:
        """0.3 µs, with the clock that is read for it."""
        if ack.ok:
            self._done[command] += 1
        else:
            self._count_failure(command, ack)
        self.ack_s.observe(seconds)

    @property
    def commands(self) -> dict[tuple[str, str], int]:
        """By the command and by "ok" or the error's code."""
        return {(command, OK): count for command, count in self._done.items()} | self._failed

    def _count_failure(self, command: str, ack: Done | Failed) -> None:
        assert isinstance(ack, Failed)
        self._failed[command if command in VERBS else UNKNOWN, ack.error.code] += 1
