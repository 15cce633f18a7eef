"""What is done to a file in the worker: find what it is, and make it fit to be kept and shown.

`child` calls it; so may a test. Everything that it writes lies beside the source under two known names, so that who
started it can clear up after a process that died.
"""

from __future__ import annotations

from pathlib import Path

from . import types
from .models import Inspection, MediaLimits, MediaRefused, cleaned_path, preview_path


def inspect(source: Path, *, voice: bool, limits: MediaLimits) -> Inspection:
    """Look at one file; blocks. `voice` demands a recording.

    Raises `MediaRefused` for a file that is not to be kept, OSError where the disk is at fault. Nothing but the source
    is left behind then.
    """
    try:
        return _inspect(source, voice=voice, limits=limits)
    except BaseException:
        discard_made(source)
        raise


def discard_made(source: Path) -> None:
    """Remove what an inspection may have written."""
    for made in (preview_path(source), cleaned_path(source)):
        made.unlink(missing_ok=True)


def _inspect(source: Path, *, voice: bool, limits: MediaLimits) -> Inspection:
    # The decoders are imported by the first job that needs them: each costs memory and time.
    if voice and not source.stat().st_size:
        raise MediaRefused("expected a recording, got an empty file")
    media_type = types.sniff(source)
    if voice:
        from .voice import inspect_voice

        return inspect_voice(source, media_type, limits)
    if media_type.startswith("image/"):
        from . import images

        if media_type in images.IMAGE_TYPES:
            return images.inspect_image(source, media_type, limits)
        if media_type in images.STRIPPED_TYPES:
            return images.inspect_stripped(source, media_type, limits)
    return Inspection(media_type=media_type, kind="FILE")
