"""How a step of the check says that the server did not keep its word: what was expected, and what came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MAX_SHOWN_CHARS = 400


class StepFailed(Exception):
    """`expected` and `got` are each a line for the reader of the report."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected = expected
        self.got = got


def same(what: str, got: object, expected: object) -> None:
    """Raise `StepFailed` unless both are equal."""
    if got != expected:
        raise StepFailed(f"{what}: {shown(expected)}", shown(got))


def fields(what: str, got: Any, **expected: object) -> None:
    """Raise `StepFailed` unless `got` is an object that has at least these fields with these values."""
    if not isinstance(got, Mapping):
        raise StepFailed(f"{what}: an object with {', '.join(expected)}", shown(got))
    for name, value in expected.items():
        same(f"{what}, {name}", got.get(name), value)


def shown(value: object) -> str:
    """JSON where it is JSON, cut to what fits in a report."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= MAX_SHOWN_CHARS else text[:MAX_SHOWN_CHARS] + "…"
