"""Who is speaking."""

from __future__ import annotations

from dataclasses import dataclass

from .models import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is speaking, from a verified token."""

    user_id: str
    name: str | None = None
    role: Role | None = None
