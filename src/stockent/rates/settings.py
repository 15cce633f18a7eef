"""`RATE_LIMITS`: which limits are in force, and which differ from the table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .table import CAP_BY_NAME, CAPS, RATE_BY_NAME, RATES, UNITS_S, Limit, Pace, Whose

MAX_COUNT = 1_000_000_000
ON, OFF = "on", "off"
_PACE = re.compile(r"([0-9]{1,10})/([0-9]{0,6})([smhd])(?::([0-9]{1,10}))?")
_FORM = "count/time:burst such as 20/s:100 or 60/h:30, or off"


class RateProblem(NamedTuple):
    """`expected` and `came`, as a configuration's problem is told."""

    expected: str
    came: str


@dataclass(frozen=True, slots=True)
class RateSettings:
    """What is in force. A limit that is switched off is missing; of `NODE_CONNECTIONS` 0 means "work it out"."""

    paces: Mapping[Limit, Pace]
    caps: Mapping[Limit, int]


def default_rates() -> RateSettings:
    return RateSettings({rate.name: rate.pace for rate in RATES}, {cap.name: cap.most or 0 for cap in CAPS})


def no_rates() -> RateSettings:
    """All off but what protects the node itself, whoever asks."""
    return RateSettings({}, {cap.name: cap.most or 0 for cap in CAPS if cap.whose is Whose.NODE})


def parse_rates(text: str) -> RateSettings | list[RateProblem]:
    """Read `on`, `off`, or a list such as `messages=500/100s:1000, searches=off, address_open_sessions=50`."""
    if text.lower() in (ON, OFF):
        return default_rates() if text.lower() == ON else no_rates()
    defaults = default_rates()
    paces, caps = dict(defaults.paces), dict(defaults.caps)
    problems: list[RateProblem] = []
    seen: set[str] = set()
    for item in filter(None, (each.strip() for each in text.split(","))):
        name, equals, value = (part.strip() for part in item.partition("="))
        problem = _check(name, bool(equals), seen) or _set(paces, caps, name, value.lower())
        if problem is not None:
            problems.append(problem)
        seen.add(name)
    return problems or RateSettings(paces, caps)


def _check(name: str, has_value: bool, seen: set[str]) -> RateProblem | None:  # noqa: FBT001
    if not has_value:
        return RateProblem("on, off, or name=value pairs separated by commas", name)
    if name not in RATE_BY_NAME and name not in CAP_BY_NAME:
        return RateProblem("one of " + ", ".join((*RATE_BY_NAME, *CAP_BY_NAME)), name)
    return RateProblem(f"{name} once", f"{name} twice") if name in seen else None


def _set(paces: dict[Limit, Pace], caps: dict[Limit, int], name: str, value: str) -> RateProblem | None:
    limit = Limit(name)
    if name in CAP_BY_NAME:
        return _set_cap(caps, limit, value)
    if value == OFF:
        del paces[limit]
        return None
    pace = _pace(value)
    if pace is None:
        return RateProblem(f"{name}={_FORM}", value)
    paces[limit] = pace
    return None


def _set_cap(caps: dict[Limit, int], limit: Limit, value: str) -> RateProblem | None:
    if value == OFF and CAP_BY_NAME[limit].whose is not Whose.NODE:
        del caps[limit]
    elif value.isascii() and value.isdecimal() and 1 <= int(value[:11]) <= MAX_COUNT:
        caps[limit] = int(value)
    else:
        return RateProblem(f"{limit}=a whole number from 1 to {MAX_COUNT}", value)
    return None


def _pace(value: str) -> Pace | None:
    match = _PACE.fullmatch(value)
    if match is None:
        return None
    count, period_s = int(match[1]), int(match[2] or 1) * UNITS_S[match[3]]
    burst = int(match[4] or count)
    if not (1 <= count <= MAX_COUNT and 1 <= burst <= MAX_COUNT and period_s >= 1):
        return None
    return Pace(count, period_s, burst)
