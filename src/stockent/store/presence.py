"""Who was seen when, and to whom that may be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from .access import Access
from .connect import sqlite3
from .documents import encode_text
from .queries import value


class PresenceFamily(Access):
    """See `ports`."""

    async def acquaintances(self, user_id: str, among: Sequence[str]) -> Mapping[str, str | None]:
        return await self._read(lambda connection: _acquaintances(connection, user_id, among))

    async def save_last_seen(self, seen: Mapping[str, str]) -> None:
        rows = encode_text(list(seen.items()))
        await self._write("last seen", lambda tx: tx.run(_SAVE_LAST_SEEN, rows).rowcount)


def _acquaintances(
    connection: sqlite3.Connection, user_id: str, among: Sequence[str]
) -> Mapping[str, str | None]:
    return _seen_from(value(connection, _ACQUAINTANCES, user_id, encode_text(list(among))))


# One walk over my conversations, however many people are asked about: the plus keeps the planner from looking for each
# of them in each conversation (185 ms against 5 with 10,000 conversations and 200 people).
_ACQUAINTANCES = """
    WITH asked AS (SELECT u.key FROM json_each(?2) j CROSS JOIN users u ON u.id = j.value WHERE u.id <> ?1)
    SELECT json_group_object(u.id, iif(u.share_presence, u.last_seen_at, NULL)) FROM users u
    WHERE u.key IN (
        SELECT theirs.user_key FROM users me CROSS JOIN participants mine ON mine.user_key = me.key
        CROSS JOIN participants theirs ON theirs.conversation_key = mine.conversation_key
        WHERE me.id = ?1 AND +theirs.user_key IN (SELECT key FROM asked))
"""
_SAVE_LAST_SEEN = """
    UPDATE users SET last_seen_at = j.value ->> 1 FROM json_each(?) j
    WHERE users.id = j.value ->> 0 AND share_presence AND coalesce(last_seen_at, '') < j.value ->> 1
"""
_seen_from = msgspec.json.Decoder(dict[str, str | None]).decode
