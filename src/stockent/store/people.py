"""Writes on users: the profile that a token showed."""

from __future__ import annotations

from collections.abc import Sequence

from stockent.messaging.models import Profile

from .documents import profile_from
from .searching import fold
from .transaction import Transaction


def save_profiles(tx: Transaction, profiles: Sequence[Profile]) -> list[None]:
    for profile in profiles:
        _save_profile(tx, profile)
    return [None] * len(profiles)


def _save_profile(tx: Transaction, profile: Profile) -> None:
    told = (profile.name, profile.company_name, profile.country, profile.avatar_url, profile.role)
    if not any(told):
        make_known(tx, profile.id)
        stored = tx.value("SELECT document FROM profile_document WHERE id = ?", profile.id)
        tx.traces.profiles[profile.id] = profile_from(stored)
        return
    tx.traces.profiles[profile.id] = profile
    changed = tx.run(_SAVE, profile.id, *told, fold(profile.name, profile.company_name)).rowcount
    if changed:
        tx.traces.people.add(profile.id)
        for (conversation_id,) in tx.run(_CONVERSATIONS_OF, profile.id):
            tx.memory.forget(conversation_id)


def make_known(tx: Transaction, user_id: str) -> None:
    tx.run("INSERT INTO users (id) VALUES (?) ON CONFLICT DO NOTHING", user_id)


_SAVE = """
    INSERT INTO users (id, name, company_name, country, avatar_url, role, search) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, company_name = excluded.company_name,
        country = excluded.country, avatar_url = excluded.avatar_url, role = excluded.role,
        search = excluded.search
    WHERE (name, company_name, country, avatar_url, role) IS NOT
        (excluded.name, excluded.company_name, excluded.country, excluded.avatar_url, excluded.role)
"""
_CONVERSATIONS_OF = """
    SELECT c.id FROM users u JOIN participants p ON p.user_key = u.key
    JOIN conversations c ON c.key = p.conversation_key WHERE u.id = ?
"""
