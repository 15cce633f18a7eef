"""What a run counts on its way, for the progress and the table."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Recovery:
    """From the server's sudden death to the first ack after it, and until every device is back. In seconds, without
    the time in which the store was examined."""

    first_ack_s: list[float] = field(default_factory=list)
    all_resumed_s: list[float] = field(default_factory=list)


@dataclass
class Figures:
    rounds: int = 0
    kills: int = 0
    #: Kind of fault → how often.
    faults: Counter[str] = field(default_factory=Counter)
    acked: int = 0
    #: Command → how often it was answered with ok.
    done: Counter[str] = field(default_factory=Counter)
    #: Code → how often a command was refused with it.
    refused: Counter[str] = field(default_factory=Counter)
    #: Commands that had no answer, by command.
    unknown: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    connected: int = 0
    heard: int = 0
    gaps_filled: int = 0
    views_reset: int = 0
    load_s: float = 0.0
    server_errors: int = 0
    #: Messages that had no answer when the run ended.
    outbox_left: int = 0
    recovery: Recovery = field(default_factory=Recovery)
    whole_examinations: int = 0


def median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


def worst(values: list[float]) -> float | None:
    return max(values) if values else None
