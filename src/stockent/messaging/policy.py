"""What the operator settles about conversations: how large files may be, and for how long words can be taken back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """`edit_window_s`, `delete_window_s`: since the sending; None for ever."""

    max_attachments: int = 10
    max_attachment_bytes: int = 25_000_000
    max_voice_s: int = 600
    edit_window_s: float | None = 15 * 60.0
    delete_window_s: float | None = 24 * 3600.0
    #: Uploads that were never sent are removed after this long.
    upload_expires_s: float = 24 * 3600.0


def duration(seconds: float) -> str:
    """In words, for people: "15 minutes", "24 hours"."""
    for unit_s, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        count, rest = divmod(seconds, unit_s)
        if count >= 1 and rest == 0 and not (unit == "day" and count == 1):
            return f"{count:g} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:g} second{'' if seconds == 1 else 's'}"
