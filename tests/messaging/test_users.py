"""Profiles: what a token says is cut to what a page can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockent.messaging import users
from stockent.messaging.domain import Domain
from stockent.messaging.errors import Code
from stockent.messaging.models import Profile, Role
from tests.messaging.conftest import ANN, BOB, EVE
from tests.store.acts import refused
from tests.store.test_faults import locked


async def test_a_profile_is_kept_and_shown_to_whom_one_talks_with(domain: Domain, cid: str) -> None:
    profile = Profile(
        id="ann", name="Ann", company_name="Acme", country="DE", avatar_url="/a.png", role=Role.SELLER
    )
    await users.seen(domain, profile)
    assert await users.profile(domain, ANN, "ann") == profile
    assert await users.profile(domain, BOB, "ann") == profile
    await refused(Code.NOT_FOUND, users.profile(domain, EVE, "ann"))


async def test_a_store_that_cannot_write_keeps_nobody_from_reading(
    domain: Domain, cid: str, tmp_path: Path
) -> None:
    profile = Profile(id="ann", name="Ann", company_name="Acme")
    async with locked(tmp_path / "stockent.db"):
        await refused(Code.STORE_UNAVAILABLE, domain.store.save_profile(profile))
        await users.seen(domain, profile)
        assert (await users.profile(domain, ANN, "ann")).name is None
    await users.seen(domain, profile)
    assert await users.profile(domain, ANN, "ann") == profile


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("  Ann \n Smith\x00 ", "Ann  Smith"),
        ("x" * 300, "x" * 200),
        (" \x07 ", None),
        ("half \ud800 a pair", "half  a pair"),
        ("<b>Ann</b>", "<b>Ann</b>"),
    ],
)
async def test_a_name_is_one_printable_line(domain: Domain, told: str, kept: str | None) -> None:
    await users.seen(domain, Profile(id="ann", name=told, company_name="Acme"))
    assert (await users.profile(domain, ANN, "ann")).name == kept


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("https://example.com/a.png", True),
        ("/avatars/a.png", True),
        ("javascript:alert(1)", False),
        ("JaVa\tScript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://example.com/ x", False),
        ("https://example.com/" + "x" * 2_048, False),
    ],
)
async def test_an_avatar_is_a_web_address_or_dropped(domain: Domain, told: str, kept: bool) -> None:
    await users.seen(domain, Profile(id="ann", name="Ann", avatar_url=told))
    assert (await users.profile(domain, ANN, "ann")).avatar_url == (told if kept else None)
