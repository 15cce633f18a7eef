"""What is asked and answered: limits, what was found in a file, and the three ways in which it can fail.

Both sides of the worker's pipe read these, so they hold only what JSON can say; paths travel as text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

Kind = Literal["IMAGE", "VOICE", "FILE"]

#: Values in a waveform, each 0 to 100.
WAVEFORM_VALUES = 64


class MediaRefused(Exception):
    """The file itself is at fault, and will be the next time too. The text is for the person who sent it."""


class MediaUnavailable(Exception):
    """Nothing was found out, for a reason that is not the file's. Worth another try later."""


class MediaBusy(MediaUnavailable):
    """Too many files wait already."""


class MediaNoRoom(MediaUnavailable):
    """The disk is full: what is made of the file cannot be written."""


class MediaLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at, and no more. Judged before anything is decoded, except durations."""

    max_image_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 50_000_000
    max_side: int = 16_384
    max_frames: int = 500
    #: Pixels of all frames of an animation together.
    max_animation_pixels: int = 1_000_000_000
    max_duration_s: int = 600


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    path: Path
    media_type: str
    width: int
    height: int


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What a file turned out to be.

    `width` and `height` are those of the picture as people see it, turned as its EXIF says. `preview` is a small still
    picture. `cleaned` is the file to keep instead of the source: the same picture or sound without metadata, or None
    where there was nothing to remove. Both lie beside the source, and are the caller's to move or delete.
    """

    media_type: str
    kind: Kind
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    waveform: list[int] | None = None
    preview: Preview | None = None
    cleaned: Path | None = None


def preview_path(source: Path) -> Path:
    return source.with_name(source.name + ".preview")


def cleaned_path(source: Path) -> Path:
    return source.with_name(source.name + ".cleaned")
