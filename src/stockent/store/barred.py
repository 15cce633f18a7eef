"""Who may not come in, in memory: not a cache but all of it, read when the store opens, and exact from then on."""

from __future__ import annotations

from collections.abc import Collection

from stockent.messaging.ports import Credential, Void

from .connect import sqlite3
from .traces import Traces


class Barred:
    """Users who are disabled; user → the second before which their tokens are void; `jti` → when it expires."""

    def __init__(self) -> None:
        self.disabled: set[str] = set()
        self.valid_from: dict[str, int] = {}
        self.revoked: dict[str, int] = {}

    def load(self, connection: sqlite3.Connection) -> None:
        users = connection.execute(
            "SELECT id, disabled, tokens_valid_from FROM users WHERE disabled OR tokens_valid_from IS NOT NULL"
        ).fetchall()
        self.disabled = {user_id for user_id, disabled, _ in users if disabled}
        self.valid_from = {user_id: second for user_id, _, second in users if second is not None}
        self.revoked = dict(connection.execute("SELECT id, expires_at FROM revoked_tokens").fetchall())

    def why(self, credential: Credential) -> Void | None:
        user_id, issued_at, token_id = credential
        if user_id in self.disabled:
            return Void.DISABLED
        valid_from = self.valid_from.get(user_id)
        if valid_from is not None and (issued_at is None or issued_at < valid_from):
            return Void.SIGNED_OUT
        return Void.REVOKED if token_id in self.revoked else None

    def among(self, credentials: Collection[Credential]) -> dict[Credential, Void]:
        if not (self.disabled or self.valid_from or self.revoked):
            return {}
        reasons = ((credential, self.why(credential)) for credential in credentials)
        return {credential: reason for credential, reason in reasons if reason is not None}

    def expired(self, by: int) -> list[str]:
        return [token_id for token_id, expires_at in self.revoked.items() if expires_at <= by]

    def apply(self, traces: Traces) -> None:
        for user_id, disabled in traces.disabled.items():
            (self.disabled.add if disabled else self.disabled.discard)(user_id)
        self.valid_from |= traces.valid_from
        for token_id, expires_at in traces.revoked.items():
            if expires_at is None:
                self.revoked.pop(token_id, None)
            else:
                self.revoked[token_id] = expires_at
