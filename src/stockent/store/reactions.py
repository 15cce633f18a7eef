"""Reactions to messages, and the texts that messages had."""

from __future__ import annotations

from .access import Access


class ReactionsFamily(Access):
    """See `ports`."""
