"""Verbs on users. The host platform owns them; the system keeps the last profile that a token showed."""

from __future__ import annotations

import re

from .domain import Actor, Domain
from .errors import Code, MessagingError
from .models import MAX_TITLE_CHARS, MAX_URL_CHARS, Profile
from .ports import Greeting
from .text import is_address

_BARRED = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


async def seen(domain: Domain, profile: Profile) -> None:
    """Keep what a verified token said of its user, cut to what a page can show.

    An avatar whose address is neither `http(s)` nor a path of this site is dropped: it would end in an `img`.
    A store that cannot write now keeps nobody from reading: the next token tells the same again.
    """
    try:
        await domain.store.save_profile(_as_shown(profile))
    except MessagingError as refusal:
        _excuse(refusal)


async def arrive(domain: Domain, profile: Profile) -> Greeting:
    """As `seen`, of somebody whose new socket is in their room already: what it is to be told."""
    try:
        return await domain.store.greet(_as_shown(profile))
    except MessagingError as refusal:
        _excuse(refusal)
    return await domain.store.greeting(profile.id)


async def profile(domain: Domain, actor: Actor, user_id: str) -> Profile:
    """One's own, or that of somebody with whom one shares a conversation."""
    return await domain.store.profile(user_id, seen_by=actor.user_id)


def _as_shown(profile: Profile) -> Profile:
    return Profile(
        id=profile.id,
        name=_shown(profile.name),
        company_name=_shown(profile.company_name),
        country=_shown(profile.country),
        avatar_url=_address(profile.avatar_url),
        role=profile.role,
    )


def _excuse(refusal: MessagingError) -> None:
    if refusal.code not in (Code.STORE_UNAVAILABLE, Code.OVERLOADED):
        raise refusal


def _shown(text: str | None) -> str | None:
    if text is None:
        return None
    return _BARRED.sub("", text).strip()[:MAX_TITLE_CHARS] or None


def _address(url: str | None) -> str | None:
    if url is None or len(url) > MAX_URL_CHARS or not is_address(url):
        return None
    return url
