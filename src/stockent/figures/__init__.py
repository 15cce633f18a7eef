"""What the running process counts of itself: plain numbers, kept where things happen and read by `/metrics`.

Whoever counts is the only one to write its numbers, on one thread and without a lock; a reader may be a moment behind.
"""

from __future__ import annotations

from .histogram import Histogram
from .loop_watch import LoopWatch

__all__ = ["Histogram", "LoopWatch"]
