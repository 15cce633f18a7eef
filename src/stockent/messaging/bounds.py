"""Numbers that a caller may give: how many rows, and which positions. Raises `invalid` for what is outside."""

from __future__ import annotations

from .errors import invalid
from .models import MAX_PAGE, MAX_SEQ


def limit(given: int) -> None:
    if not 1 <= given <= MAX_PAGE:
        raise invalid("limit", f"expected 1 to {MAX_PAGE}, got {given}")


def seq(field: str, given: int) -> None:
    if not 0 <= given <= MAX_SEQ:
        raise invalid(field, f"expected 0 to {MAX_SEQ}, got {given}")
