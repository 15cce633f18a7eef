"""Users: the last profile that a token showed, and who may see it."""

from __future__ import annotations

from stockent.messaging.errors import Code
from stockent.messaging.models import Profile, Role
from stockent.messaging.ports import Store
from tests.store.acts import opened, refused, say

ANN = Profile(id="ann", name="Ann", company_name="Acme", country="DE", avatar_url="/ann.png", role=Role.BUYER)


async def test_a_profile_is_kept_as_it_was_last_seen(store: Store) -> None:
    await store.save_profile(ANN)
    assert await store.profile("ann", seen_by="ann") == ANN
    married = Profile(id="ann", name="Ann Smith")
    await store.save_profile(married)
    assert await store.profile("ann", seen_by="ann") == married
    await store.save_profile(ANN)
    assert await store.profile("ann", seen_by="ann") == ANN


async def test_a_token_that_tells_nothing_blanks_nothing(store: Store) -> None:
    await store.save_profile(ANN)
    await store.save_profile(Profile(id="ann"))
    assert await store.profile("ann", seen_by="ann") == ANN


async def test_a_profile_is_for_oneself_and_for_whom_one_talks_with(store: Store) -> None:
    await store.save_profile(ANN)
    await store.save_profile(Profile(id="eve", name="Eve"))
    cid = await opened(store, "ann", "bob")
    await opened(store, "eve", "bob")
    assert await store.profile("ann", seen_by="bob") == ANN
    foreign = await refused(Code.NOT_FOUND, store.profile("ann", seen_by="eve"))
    unknown = await refused(Code.NOT_FOUND, store.profile("nobody", seen_by="eve"))
    assert foreign.message == unknown.message
    await store.delete_conversation(cid, user_id="ann")
    await refused(Code.NOT_FOUND, store.profile("ann", seen_by="bob"))


async def test_somebody_nobody_has_seen_yet_can_be_written_to(store: Store) -> None:
    cid = await opened(store, "ann", "a-seller")
    await say(store, cid, "ann")
    assert await store.profile("a-seller", seen_by="ann") == Profile(id="a-seller")
    assert (await store.unread("a-seller")).total == 1


async def test_a_changed_profile_shows_in_conversations_and_in_what_is_sent_next(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    assert (await say(store, cid, "ann")).message.sender.name is None
    await store.save_profile(ANN)
    sent = await say(store, cid, "ann")
    assert sent.message.sender.name == "Ann"
    assert sent.conversation == await store.conversation(cid, user_id="ann")
    assert {person.name for person in sent.conversation.participants} == {"Ann", None}
