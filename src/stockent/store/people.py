"""Writes on users: the profiles that tokens showed, and how the users stand then.

A batch is a few statements, whatever its size: each one costs the event loop the interpreter's lock.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stockent.messaging.models import Profile, UserSettings
from stockent.messaging.ports import Greeting

from .connect import sqlite3
from .documents import encode_text, profile_from
from .queries import value
from .searching import fold
from .transaction import Transaction

NEWCOMER = Greeting(UserSettings(), 0)


def save_profiles(tx: Transaction, profiles: Sequence[Profile]) -> list[Greeting]:
    """How each stands goes back with it, so that who comes for the first time asks nothing more."""
    known = _known(tx, profiles)
    told = [profile for profile in profiles if _tells(profile)]
    if told:
        tx.run(_SAVE, encode_text([_row(profile) for profile in told]))
    for profile in profiles:
        if _tells(profile):
            tx.traces.profiles[profile.id] = profile
        elif profile.id not in tx.traces.profiles:
            make_known(tx, profile.id)
            stored = tx.value("SELECT document FROM profile_document WHERE id = ?", profile.id)
            tx.traces.profiles[profile.id] = profile_from(stored)
    changed = [profile.id for profile in told if known.get(profile.id) not in (None, _told(profile))]
    if changed:
        tx.traces.people.update(changed)
        for (conversation_id,) in tx.run(_CONVERSATIONS_OF, encode_text(changed)):
            tx.memory.forget(conversation_id)
    standing = greetings(tx.connection, list(known)) if known else {}
    return [standing.get(profile.id, NEWCOMER) for profile in profiles]


def greetings(connection: sqlite3.Connection, user_ids: Sequence[str]) -> dict[str, Greeting]:
    """Of those users who have a row."""
    found = _greetings_from(value(connection, _GREETINGS, encode_text(user_ids)))
    return {
        user_id: Greeting(UserSettings(share_presence=bool(shares), send_read_receipts=bool(sends)), unread)
        for user_id, shares, sends, unread in found
    }


def make_known(tx: Transaction, user_id: str) -> None:
    tx.run("INSERT INTO users (id) VALUES (?) ON CONFLICT DO NOTHING", user_id)


_Told = tuple[str | None, str | None, str | None, str | None, str | None]


def _known(tx: Transaction, profiles: Sequence[Profile]) -> dict[str, _Told]:
    """Users who have a row already, and what it tells."""
    found = _known_from(tx.value(_KNOWN, encode_text([profile.id for profile in profiles])))
    return {each[0]: each[1:] for each in found}


def _tells(profile: Profile) -> bool:
    return any(_told(profile))


def _told(profile: Profile) -> _Told:
    return (profile.name, profile.company_name, profile.country, profile.avatar_url, profile.role)


def _row(profile: Profile) -> tuple[str | None, ...]:
    return (profile.id, *_told(profile), fold(profile.name, profile.company_name))


_known_from = msgspec.json.Decoder(
    list[tuple[str, str | None, str | None, str | None, str | None, str | None]]
).decode
_greetings_from = msgspec.json.Decoder(list[tuple[str, int, int, int]]).decode

_KNOWN = """
    SELECT json_group_array(json_array(u.id, u.name, u.company_name, u.country, u.avatar_url, u.role))
    FROM json_each(?) j CROSS JOIN users u ON u.id = j.value
"""
_SAVE = """INSERT INTO users (id, name, company_name, country, avatar_url, role, search)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM json_each(?) WHERE true
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, company_name = excluded.company_name,
        country = excluded.country, avatar_url = excluded.avatar_url, role = excluded.role,
        search = excluded.search
    WHERE (name, company_name, country, avatar_url, role) IS NOT
        (excluded.name, excluded.company_name, excluded.country, excluded.avatar_url, excluded.role)
"""
_GREETINGS = """
    SELECT json_group_array(json_array(u.id, u.share_presence, u.send_receipts, u.unread))
    FROM json_each(?) j CROSS JOIN users u ON u.id = j.value
"""
_CONVERSATIONS_OF = """
    SELECT c.id FROM json_each(?) j CROSS JOIN users u ON u.id = j.value
    CROSS JOIN participants p ON p.user_key = u.key CROSS JOIN conversations c ON c.key = p.conversation_key
"""
