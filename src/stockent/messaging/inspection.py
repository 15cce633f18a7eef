"""What attachments need from outside to know what a file is, and to have it made harmless."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from .models import AttachmentKind


class Thumbnail(NamedTuple):
    """A small still picture, as a local file."""

    path: Path
    media_type: str


class Inspection(NamedTuple):
    """What a file turned out to be. `media_type` is by content.

    `cleaned` is the file to keep instead of the one that came, None where there was nothing to remove; `size_bytes` is
    of what is to be kept.
    """

    media_type: str
    kind: AttachmentKind
    size_bytes: int
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    waveform: list[int] | None = None
    cleaned: Path | None = None
    thumbnail: Thumbnail | None = None


class Inspector(Protocol):
    def inspected(self, source: Path, *, voice: bool) -> AbstractAsyncContextManager[Inspection]:
        """Look at a local file; `voice` demands a recording. What was made of it is there until the block ends.

        Raises `MessagingError`: `CONTENT_REFUSED` for a file that is not to be kept, with a reason for its sender;
        `OVERLOADED` or `STORE_UNAVAILABLE` when nothing was found out, which another try may.
        """
        ...
