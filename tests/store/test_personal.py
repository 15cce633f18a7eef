"""How each person keeps a conversation, in a store: theirs alone, and where lists show it."""

from __future__ import annotations

from typing import Any

from stockent.messaging.errors import Code
from stockent.messaging.models import NOTHING_PERSONAL, Conversation, Personal
from stockent.messaging.ports import Store
from tests.store.acts import all_conversations, catch_up, opened, refused, say


async def _keep(store: Store, cid: str, who: str, **given: Any) -> Personal:
    asked = {"pinned": None, "archived": None, "marked_unread": None, **given}
    return (await store.change_personal(cid, user_id=who, **asked)).conversation.personal


async def _list(store: Store, who: str, **asked: Any) -> list[str]:
    page = await store.conversations(
        **{"user_id": who, "cursor": None, "limit": 50, "status": None, "unread": None, "q": None, **asked}
    )
    return [each.id for each in page.items]


async def test_what_one_keeps_is_nobody_elses(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    kept = await _keep(store, cid, "ann", pinned=True, muted_until="2030-01-01T00:00:00.000Z")
    assert kept.pinned_at is not None
    assert kept.muted_until == "2030-01-01T00:00:00.000Z"
    sent = await say(store, cid, "bob")
    assert sent.views["ann"].personal == kept
    assert sent.views["bob"].personal == NOTHING_PERSONAL
    assert (await store.conversation(cid, user_id="ann")).personal == kept
    assert (await store.conversation(cid, user_id="bob")).personal == NOTHING_PERSONAL
    caught = await catch_up(store, cid, user_id="ann", after_seq=0)
    assert caught.personal == kept


async def test_what_is_left_out_stays_and_the_same_again_is_a_repeat(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    pinned = await _keep(store, cid, "ann", pinned=True)
    both = await _keep(store, cid, "ann", marked_unread=True)
    assert (both.pinned_at, both.marked_unread) == (pinned.pinned_at, True)
    again = await store.change_personal(cid, user_id="ann", pinned=True, archived=None, marked_unread=True)
    assert again.repeated
    assert await _keep(store, cid, "ann", pinned=False, marked_unread=False) == NOTHING_PERSONAL
    assert (await store.conversation(cid, user_id="ann")).seq == 0, "it is no change of the conversation"


async def test_pinned_ones_stand_first_and_pages_lose_and_double_none(store: Store) -> None:
    cids = [await opened(store, "ann", f"user{n}") for n in range(9)]
    for pinned in (1, 4, 7):
        await _keep(store, cids[pinned], "ann", pinned=True)
    wanted = [cids[n] for n in (7, 4, 1, 8, 6, 5, 3, 2, 0)]
    assert await _list(store, "ann") == wanted
    for limit in (1, 2, 4):
        assert [each.id for each in await all_conversations(store, "ann", limit=limit)] == wanted
    await say(store, cids[1], "ann")
    assert (await _list(store, "ann"))[:3] == [cids[n] for n in (1, 7, 4)]


async def test_the_archive_is_a_list_of_its_own_and_a_new_message_brings_back_what_lies_in_it(
    store: Store,
) -> None:
    first, second = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    await _keep(store, first, "ann", archived=True)
    assert (await _list(store, "ann"), await _list(store, "ann", archived=True)) == ([second], [first])
    assert first in await _list(store, "bob")
    message = (await say(store, first, "bob")).message
    assert (await _list(store, "ann"), await _list(store, "ann", archived=True)) == ([first, second], [])
    await _keep(store, first, "ann", archived=True)
    await store.react(first, message.id, user_id="bob", emoji="👍", present=True)
    await store.edit(first, message.id, user_id="bob", content="edited")
    assert await _list(store, "ann", archived=True) == [first], "only a message brings it back"
    sent = await say(store, first, "ann")
    assert sent.views["ann"].personal == NOTHING_PERSONAL


async def test_marked_as_unread_is_found_among_the_unread_until_it_is_read(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    await say(store, cid, "bob")
    await store.mark_read(cid, user_id="ann", seq=1)
    await _keep(store, cid, "ann", marked_unread=True)
    assert await _list(store, "ann", unread=True) == [cid]
    assert await _list(store, "ann", unread=False) == [other]
    assert (await store.unread("ann")).total == 0, "messages are counted, and this is none"
    read = await store.mark_read(cid, user_id="ann", seq=1)
    assert (read.changed, read.read_seq, read.view.personal) == (True, 1, NOTHING_PERSONAL)
    assert not read.shown, "others have nothing new to learn"
    assert await _list(store, "ann", unread=True) == []
    assert not (await store.mark_read(cid, user_id="ann", seq=1)).changed


async def test_outsiders_keep_nothing(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    for where in (cid, "0" * 32):
        act = store.change_personal(where, user_id="eve", pinned=True, archived=None, marked_unread=None)
        await refused(Code.NOT_FOUND, act)
    shown: Conversation = await store.conversation(cid, user_id="ann")
    assert shown.personal == NOTHING_PERSONAL
