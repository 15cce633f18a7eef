"""Users who are barred, and tokens that no longer count: the family of the store, and its writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from stockent.messaging.errors import invalid
from stockent.messaging.ports import Credential, Void
from stockent.messaging.ports.access import MAX_REVOKED_TOKENS

from .access import Access
from .barred import Barred
from .people import make_known
from .transaction import Transaction

T = TypeVar("T")


class BarringFamily(Access):
    """Every question is answered from `_barred`."""

    _barred: Barred

    async def voided(self, credential: Credential) -> Void | None:
        return self._barred.why(credential)

    async def void_among(self, credentials: Collection[Credential]) -> dict[Credential, Void]:
        return self._barred.among(credentials)

    async def set_disabled(self, user_id: str, *, disabled: bool) -> None:
        await self._bar(lambda tx: _set_disabled(tx, user_id, disabled=disabled))

    async def sign_out(self, user_id: str, *, before: int) -> None:
        await self._bar(lambda tx: _sign_out(tx, user_id, before))

    async def revoke_token(self, token_id: str, *, expires_at: int) -> None:
        revoked = self._barred.revoked
        if len(revoked) >= MAX_REVOKED_TOKENS and token_id not in revoked:
            raise invalid(
                "jti", f"expected at most {MAX_REVOKED_TOKENS} revoked tokens; sign the user out instead"
            )
        await self._bar(lambda tx: _revoke(tx, token_id, expires_at))

    async def forget_revoked(self, *, expired_by: int) -> int:
        expired = self._barred.expired(expired_by)
        if expired:
            await self._bar(lambda tx: _forget(tx, expired))
        return len(expired)

    async def _bar(self, work: Callable[[Transaction], T]) -> T:
        """Under a key of its own: it stands in no conversation's way."""
        return await self._write("who may come in", work)


def _set_disabled(tx: Transaction, user_id: str, *, disabled: bool) -> None:
    make_known(tx, user_id)
    tx.run("UPDATE users SET disabled = ? WHERE id = ?", disabled, user_id)
    tx.traces.disabled[user_id] = disabled


def _sign_out(tx: Transaction, user_id: str, before: int) -> None:
    make_known(tx, user_id)
    tx.traces.valid_from[user_id] = tx.value(
        """
        UPDATE users SET tokens_valid_from = max(coalesce(tokens_valid_from, 0), ?) WHERE id = ?
        RETURNING tokens_valid_from
        """,
        before,
        user_id,
    )


def _revoke(tx: Transaction, token_id: str, expires_at: int) -> None:
    tx.traces.revoked[token_id] = tx.value(
        """
        INSERT INTO revoked_tokens (id, expires_at) VALUES (?, ?)
        ON CONFLICT (id) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at) RETURNING expires_at
        """,
        token_id,
        expires_at,
    )


def _forget(tx: Transaction, token_ids: Sequence[str]) -> None:
    for token_id in token_ids:
        tx.run("DELETE FROM revoked_tokens WHERE id = ?", token_id)
        tx.traces.revoked[token_id] = None
