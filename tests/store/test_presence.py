"""Who shares a conversation with whom, and when somebody was last seen."""

from __future__ import annotations

from stockent.messaging.ports import Store
from tests.store.acts import opened

EARLY, LATE = "2026-11-20T08:00:00.000Z", "2026-11-20T09:30:00.000Z"


async def test_acquaintances_are_those_with_whom_a_conversation_is_shared(store: Store) -> None:
    await opened(store, "ann", "bob")
    await opened(store, "ann", "cem", "dan")
    await opened(store, "eve", "bob")
    asked = ("bob", "cem", "eve", "ann", "nobody-knows", "bob")
    assert await store.acquaintances("ann", asked) == {"bob": None, "cem": None}
    assert await store.acquaintances("eve", asked) == {"bob": None}
    assert await store.acquaintances("nobody-knows", asked) == {}
    assert await store.acquaintances("ann", ()) == {}


async def test_the_last_shared_conversation_ends_an_acquaintance(store: Store) -> None:
    first, second = await opened(store, "ann", "bob"), await opened(store, "ann", "bob", "cem")
    await store.delete_conversation(first, user_id="ann")
    assert await store.acquaintances("ann", ("bob",)) == {"bob": None}
    await store.delete_conversation(second, user_id="ann")
    assert await store.acquaintances("ann", ("bob",)) == {}


async def test_last_seen_moves_forward_only(store: Store) -> None:
    await opened(store, "ann", "bob", "cem")
    await store.save_last_seen({"bob": LATE, "cem": EARLY, "nobody-knows": EARLY})
    await store.save_last_seen({"bob": EARLY})
    assert await store.acquaintances("ann", ("bob", "cem")) == {"bob": LATE, "cem": EARLY}
    await store.save_last_seen({})
    await store.save_last_seen({"cem": LATE})
    assert (await store.acquaintances("ann", ("cem",)))["cem"] == LATE


async def test_of_who_does_not_share_their_presence_nothing_is_told_nor_kept(store: Store) -> None:
    await opened(store, "ann", "bob")
    await store.save_last_seen({"bob": EARLY})
    await store.change_settings("bob", share_presence=False, send_read_receipts=None)
    assert await store.acquaintances("ann", ("bob",)) == {"bob": None}
    await store.save_last_seen({"bob": LATE})
    await store.change_settings("bob", share_presence=True, send_read_receipts=None)
    assert await store.acquaintances("ann", ("bob",)) == {"bob": EARLY}
