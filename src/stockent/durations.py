"""Times as people write them in settings and on the command line: 30s, 15m, 1h, 7d."""

from __future__ import annotations

import re

_FORM = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def duration_s(text: str) -> int | None:
    """Seconds, or None for what is no such time."""
    match = _FORM.fullmatch(text)
    return int(match[1]) * _UNITS_S[match[2]] if match else None
