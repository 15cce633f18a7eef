"""Who may not come in, and which tokens no longer count: at once, and in the store's next life too."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stockent.messaging.errors import Code
from stockent.messaging.models import Profile
from stockent.messaging.ports import Credential, Store, Void
from stockent.store import barring
from tests.store.acts import refused
from tests.store.conftest import Place
from tests.store.test_faults import locked

ANN = Credential("ann", 1_000, "t-1")


async def reopened(place: Place, store: Store) -> Store:
    await store.close()
    store = place.store()
    await store.open()
    return store


async def lives(place: Place, store: Store) -> AsyncIterator[Store]:
    """The store as it is, and in its next life, which is closed at the end."""
    yield store
    again = await reopened(place, store)
    yield again
    await again.close()


@pytest.mark.parametrize("user_id", ["ann", "not-seen-yet"])
async def test_a_barred_user_stays_barred_until_let_in(place: Place, user_id: str) -> None:
    store = place.store()
    await store.open()
    await store.save_profile(Profile(id="ann", name="Ann"))
    theirs = Credential(user_id, 1_000)
    assert await store.voided(theirs) is None
    await store.set_disabled(user_id, disabled=True)
    assert await store.voided(theirs) is Void.DISABLED
    assert await store.voided(Credential("somebody-else")) is None
    store = await reopened(place, store)
    assert await store.voided(theirs) is Void.DISABLED
    await store.set_disabled(user_id, disabled=False)
    assert await store.voided(theirs) is None
    store = await reopened(place, store)
    assert await store.voided(theirs) is None
    await store.close()


@pytest.mark.parametrize("user_id", ["ann", "not-seen-yet"])
async def test_who_is_signed_out_needs_a_token_that_says_it_is_later(place: Place, user_id: str) -> None:
    store = place.store()
    await store.open()
    await store.save_profile(Profile(id="ann", name="Ann"))
    await store.sign_out(user_id, before=1_000)
    async for life in lives(place, store):
        void = [
            Credential(user_id, 999),
            Credential(user_id, 999.9),
            Credential(user_id),
            Credential(user_id, 0),
        ]
        good = [
            Credential(user_id, 1_000),
            Credential(user_id, 1_000.5),
            Credential("bob", 1),
            Credential("bob"),
        ]
        assert [await life.voided(each) for each in void] == [Void.SIGNED_OUT] * 4
        assert [await life.voided(each) for each in good] == [None] * 4
        assert await life.void_among([*void, *good]) == dict.fromkeys(void, Void.SIGNED_OUT)


async def test_signing_out_never_makes_older_tokens_good_again(place: Place) -> None:
    store = place.store()
    await store.open()
    await store.sign_out("ann", before=1_000)
    await store.sign_out("ann", before=500)
    async for life in lives(place, store):
        assert await life.voided(Credential("ann", 999)) is Void.SIGNED_OUT


async def test_a_revoked_token_is_void_and_its_users_others_are_not(place: Place) -> None:
    store = place.store()
    await store.open()
    await store.revoke_token("t-1", expires_at=2_000)
    async for life in lives(place, store):
        assert await life.voided(ANN) is Void.REVOKED
        for other in (ANN._replace(token_id="t-2"), ANN._replace(token_id=None)):
            assert await life.voided(other) is None
        assert await life.void_among([ANN, Credential("bob")]) == {ANN: Void.REVOKED}


async def test_what_has_expired_is_forgotten_and_nothing_else(place: Place) -> None:
    store = place.store()
    await store.open()
    await store.revoke_token("early", expires_at=1_000)
    await store.revoke_token("late", expires_at=2_000)
    await store.revoke_token("late", expires_at=1_500)
    assert await store.forget_revoked(expired_by=999) == 0
    assert await store.forget_revoked(expired_by=1_999) == 1
    async for life in lives(place, store):
        assert await life.voided(Credential("ann", 1, "early")) is None
        assert await life.voided(Credential("ann", 1, "late")) is Void.REVOKED


async def test_when_all_have_expired_nothing_is_left_to_forget(store: Store) -> None:
    await store.revoke_token("late", expires_at=2_000)
    assert await store.forget_revoked(expired_by=2_000) == 1
    assert await store.forget_revoked(expired_by=2_000) == 0
    assert await store.void_among([Credential("ann", 1, "late")]) == {}


async def test_no_more_tokens_are_revoked_than_memory_is_meant_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(barring, "MAX_REVOKED_TOKENS", 2)
    for token_id in ("t-1", "t-2", "t-1"):
        await store.revoke_token(token_id, expires_at=1_000)
    refusal = await refused(Code.INVALID, store.revoke_token("t-3", expires_at=1_000))
    assert "at most 2 revoked tokens" in refusal.message
    assert await store.voided(Credential("ann", 1, "t-3")) is None


async def test_what_could_not_be_stored_bars_nobody(place: Place) -> None:
    store = place.store()
    await store.open()
    async with locked(place.file):
        await refused(Code.STORE_UNAVAILABLE, store.set_disabled("ann", disabled=True))
        await refused(Code.STORE_UNAVAILABLE, store.sign_out("ann", before=2_000))
        await refused(Code.STORE_UNAVAILABLE, store.revoke_token("t-1", expires_at=2_000))
    assert await store.voided(ANN) is None
    await store.sign_out("ann", before=2_000)
    assert await store.voided(ANN) is Void.SIGNED_OUT
    await store.close()
