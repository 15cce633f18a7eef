"""Delivery marks, and what a person lets others know."""

from __future__ import annotations

from collections.abc import Mapping

from stockent.messaging.models import UserSettings
from stockent.messaging.ports import Delivered, Greeting, Settled

from .access import Access
from .connect import sqlite3
from .deliveries import DeliveryMarks
from .people import make_known
from .plan import Kind
from .transaction import Transaction


class ReceiptsFamily(Access):
    """See `ports`."""

    async def mark_delivered(self, user_id: str, positions: Mapping[str, int]) -> list[Delivered]:
        marks = DeliveryMarks(user_id, positions)
        delivered: list[Delivered] = await self._writer.submit(Kind.DELIVERED, f"delivered {user_id}", marks)
        return delivered

    async def settings(self, user_id: str) -> UserSettings:
        return await self._read(lambda connection: _settings(connection, user_id))

    async def greeting(self, user_id: str) -> Greeting:
        return await self._read(lambda connection: _greeting(connection, user_id))

    async def change_settings(
        self, user_id: str, *, share_presence: bool | None, send_read_receipts: bool | None
    ) -> Settled:
        return await self._write(
            f"settings {user_id}",
            lambda tx: _change_settings(
                tx, user_id, share_presence=share_presence, send_read_receipts=send_read_receipts
            ),
        )


def _settings(connection: sqlite3.Connection, user_id: str) -> UserSettings:
    row = connection.execute(_SETTINGS, (user_id,)).fetchone()
    return UserSettings() if row is None else _settings_from(*row)


def _greeting(connection: sqlite3.Connection, user_id: str) -> Greeting:
    row = connection.execute(_GREETING, (user_id,)).fetchone()
    return Greeting(UserSettings(), 0) if row is None else Greeting(_settings_from(*row[:2]), row[2])


def _change_settings(
    tx: Transaction, user_id: str, *, share_presence: bool | None, send_read_receipts: bool | None
) -> Settled:
    make_known(tx, user_id)
    changed = tx.run(_CHANGE_SETTINGS, user_id, share_presence, send_read_receipts).rowcount
    return Settled(_settings(tx.connection, user_id), repeated=not changed)


def _settings_from(share_presence: int, send_receipts: int) -> UserSettings:
    return UserSettings(share_presence=bool(share_presence), send_read_receipts=bool(send_receipts))


_SETTINGS = "SELECT share_presence, send_receipts FROM users WHERE id = ?"
_GREETING = """
    SELECT share_presence, send_receipts, unread FROM users WHERE id = ?
"""
_CHANGE_SETTINGS = """
    UPDATE users SET share_presence = coalesce(?2, share_presence), send_receipts = coalesce(?3, send_receipts)
    WHERE id = ?1
        AND (share_presence, send_receipts) IS NOT (coalesce(?2, share_presence), coalesce(?3, send_receipts))
"""
