"""What the store owes about who may come in: users who are barred, and tokens that no longer count."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple, Protocol


class Credential(NamedTuple):
    """What a verified token says of itself. `issued_at` is Unix seconds; None where it does not say."""

    user_id: str
    issued_at: float | None = None
    token_id: str | None = None


class Void(StrEnum):
    """Why a genuine token does not count; for the log, never for its bearer."""

    DISABLED = "its user is disabled"
    SIGNED_OUT = "it was issued before its user was signed out"
    REVOKED = "it was revoked"


class AccessRecords(Protocol):
    """Each write holds from its return on, also for users whom nobody has seen yet."""

    async def voided(self, credential: Credential) -> Void | None:
        """Why the token does not count, None while it does. Asked for each request: it answers without a query."""
        ...

    async def void_among(self, credentials: Collection[Credential]) -> dict[Credential, Void]:
        """The same for many at once: those that do not count."""
        ...

    async def set_disabled(self, user_id: str, *, disabled: bool) -> None:
        """Bar a user, or let them in again; then their tokens count as before."""
        ...

    async def sign_out(self, user_id: str, *, before: int) -> None:
        """Void the user's tokens that were issued before this second, or do not say when. Forward only."""
        ...

    async def revoke_token(self, token_id: str, *, expires_at: int) -> None:
        """Void one token until it expires (Unix seconds), after which nobody need remember it.

        `INVALID` when `MAX_REVOKED_TOKENS` are remembered.
        """
        ...

    async def forget_revoked(self, *, expired_by: int) -> int:
        """Remove what is remembered of tokens that have expired. Returns how many; writes only if there are any."""
        ...


#: Each is kept in memory, about 200 bytes.
MAX_REVOKED_TOKENS = 100_000
