"""How the families of the store reach its writer and its readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from stockent.messaging.ports import StoreError

from .connect import sqlite3
from .plan import Kind
from .readers import Readers
from .transaction import Transaction
from .writer import Writer

T = TypeVar("T")


class Access:
    """Base of every family. `_readers` is there while the store is open."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._readers: Readers | None = None

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """In one snapshot, beside the writer."""
        if self._readers is None:
            raise StoreError("the store is not open")
        return await self._readers.read(query)

    async def _write(self, conversation_id: str | None, work: Callable[[Transaction], T]) -> T:
        """In the writer's next batch; `conversation_id` None for what may touch any of them.

        Any other key, one with a space in it, is for what stands in no conversation's way.
        """
        result: T = await self._writer.submit(Kind.OTHER, conversation_id, work)
        return result
