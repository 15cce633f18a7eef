"""What a store tells of its writing, for whoever watches the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Buckets(Protocol):
    """A histogram: upper bounds with the number of values up to each, and the sum of all."""

    total: float

    def buckets(self) -> Sequence[tuple[str, float]]: ...


class WriteFigures(Protocol):
    """Each only grows. `batch_s`: seconds of a batch, its commit included."""

    @property
    def writes(self) -> int: ...

    @property
    def refused(self) -> int: ...

    @property
    def batch_s(self) -> Buckets: ...
