"""Groups: who takes part, and in which role. Each change is an entry of the log and a SYSTEM message behind it."""

from __future__ import annotations

from .access import Access


class GroupsFamily(Access):
    """See `ports`."""
