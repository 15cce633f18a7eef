"""Ids and times made by the store. Ids are fixed-width hexadecimal and sort by time of creation.

A conversation's id is the millisecond and 80 random bits. A message's id is the millisecond, its `seq`, and 48 random
bits: with its conversation it is found through its `seq`, and needs no index of its own.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

#: Before all that ever happens here.
LONG_AGO = "1970-01-01T00:00:00.000Z"
_MS_DIGITS = 12
_SEQ_DIGITS = 12
_TAIL_BYTES = 6
_TAILS_DRAWN = 4_096


class MessageIds:
    """Draws random tails in bulk: one call into the kernel for thousands of ids. One thread's own."""

    def __init__(self) -> None:
        self._tails = ""
        self._position = 0

    def new(self, now_ms: str, seq: int) -> str:
        if self._position == len(self._tails):
            self._tails, self._position = os.urandom(_TAIL_BYTES * _TAILS_DRAWN).hex(), 0
        start = self._position
        self._position = end = start + _TAIL_BYTES * 2
        return f"{now_ms}{seq:012x}{self._tails[start:end]}"


def new_id(now_s: float) -> str:
    """32 hexadecimal digits."""
    return hex_ms(now_s) + os.urandom(10).hex()


def hex_ms(now_s: float) -> str:
    return f"{int(now_s * 1000):012x}"


def seq_in(message_id: str) -> int:
    """The `seq` that a message's id holds; -1 for what is no id of ours. The caller compares the whole id."""
    try:
        return int(message_id[_MS_DIGITS : _MS_DIGITS + _SEQ_DIGITS], 16)
    except ValueError:
        return -1


def rfc3339(now_s: float) -> str:
    """UTC with milliseconds and `Z`."""
    return datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
