"""Who was seen when, and to whom that may be told."""

from __future__ import annotations

from .access import Access


class PresenceFamily(Access):
    """See `ports`."""
