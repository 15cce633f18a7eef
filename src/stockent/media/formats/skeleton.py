"""What a walk over an image file gives, and how it says that the file is broken."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass

#: Segments, chunks or blocks in one file; the longest animations that are let in have a few thousand.
MAX_PARTS = 50_000


class Malformed(Exception):
    """The file does not keep to its own format."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """`parts` one after another are the file without metadata. The size is as stored, before any turning."""

    width: int
    height: int
    frames: int
    parts: Sequence[bytes | memoryview]

    def differs_from(self, data: memoryview) -> bool:
        position = 0
        for part in self.parts:
            if data[position : position + len(part)] != part:
                return True
            position += len(part)
        return position != len(data)


def begins(view: memoryview, words: bytes) -> bool:
    return bytes(view[: len(words)]) == words


def check_count(parts: Sized) -> None:
    """Raises `Malformed` for a file of so many parts that listing them costs more than the picture."""
    if len(parts) > MAX_PARTS:
        raise Malformed(f"more than {MAX_PARTS} parts")


def take(data: memoryview, position: int, count: int) -> memoryview:
    """Exactly `count` bytes from `position`. Raises `Malformed` where the file ends before."""
    part = data[position : position + count]
    if len(part) != count:
        raise Malformed(f"expected {count} bytes at {position}, got {len(part)}")
    return part
