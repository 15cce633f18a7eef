"""Delivery marks, and what a person lets others know."""

from __future__ import annotations

from .access import Access


class ReceiptsFamily(Access):
    """See `ports`."""
