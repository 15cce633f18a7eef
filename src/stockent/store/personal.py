"""How each person keeps a conversation: pinned, muted, archived, marked as unread."""

from __future__ import annotations

from .access import Access


class PersonalFamily(Access):
    """See `ports`."""
