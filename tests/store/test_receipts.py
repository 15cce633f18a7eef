"""Delivery marks and settings: only ever forward, exact in what the writer remembers, and nobody else's to see."""

from __future__ import annotations

import asyncio
import random

import pytest

from stockent.messaging.models import Conversation, Participant, UserSettings
from stockent.messaging.ports import Store
from tests.store.acts import catch_up, opened, say
from tests.store.conftest import Place


async def person(store: Store, cid: str, user_id: str, *, seen_by: str) -> Participant:
    return _of(await store.conversation(cid, user_id=seen_by), user_id)


def _of(conversation: Conversation, user_id: str) -> Participant:
    [found] = [each for each in conversation.participants if each.user_id == user_id]
    return found


async def test_a_delivery_moves_forward_never_back_and_never_past_the_last_change(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    for n in range(5):
        await say(store, cid, "ann", str(n))
    for seq, moved in ((3, 3), (3, None), (1, None), (0, None), (2**53 - 1, 5), (5, None)):
        delivered = await store.mark_delivered("bob", {cid: seq})
        assert [(each.conversation_id, each.delivered_seq) for each in delivered] == (
            [] if moved is None else [(cid, moved)]
        )
        if moved is not None:
            bob = await person(store, cid, "bob", seen_by="ann")
            assert (bob.delivered_seq, bob.delivered_at) == (moved, delivered[0].delivered_at)
    await say(store, cid, "ann", "one more")
    assert (await person(store, cid, "bob", seen_by="ann")).delivered_seq == 5
    assert (await person(store, cid, "ann", seen_by="bob")).delivered_seq == 0


async def test_many_conversations_move_at_once_and_foreign_ones_are_passed_over(store: Store) -> None:
    mine = [await opened(store, "bob", f"u{n}") for n in range(4)]
    foreign, deleted = await opened(store, "ann", "cem"), await opened(store, "ann", "bob")
    for n, cid in enumerate(mine):
        await say(store, cid, f"u{n}")
    for cid in (foreign, deleted):
        await say(store, cid, "ann")
    await store.delete_conversation(deleted, user_id="ann")
    positions = dict.fromkeys([*mine[:3], foreign, deleted, "unknown"], 1)
    delivered = await store.mark_delivered("bob", positions)
    assert sorted(each.conversation_id for each in delivered) == sorted(mine[:3])
    assert (await person(store, foreign, "cem", seen_by="ann")).delivered_seq == 0
    assert await store.mark_delivered("nobody-knows", {mine[0]: 1}) == []
    assert await store.mark_delivered("bob", {}) == []


async def test_marks_at_once_each_tell_what_they_moved(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await asyncio.gather(*(say(store, cid, "ann", str(n)) for n in range(30)))
    marks = list(range(1, 26))
    random.Random(7).shuffle(marks)
    moved = await asyncio.gather(*(store.mark_delivered("bob", {cid: seq}) for seq in marks))
    expected = [[seq] if seq > max(marks[:n], default=0) else [] for n, seq in enumerate(marks)]
    assert [[each.delivered_seq for each in delivered] for delivered in moved] == expected
    assert (await person(store, cid, "bob", seen_by="ann")).delivered_seq == 25


async def test_what_is_read_is_delivered(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    for n in range(4):
        await say(store, cid, "ann", str(n))
    read = await store.mark_read(cid, user_id="bob", seq=2)
    assert read.delivered is not None
    assert (read.delivered.delivered_seq, read.delivered.delivered_at) == (2, read.read_at)
    await store.mark_delivered("bob", {cid: 4})
    bob = await person(store, cid, "bob", seen_by="ann")
    assert (await store.mark_read(cid, user_id="bob", seq=3)).delivered is None
    now = await person(store, cid, "bob", seen_by="ann")
    assert (now.read_seq, now.delivered_seq, now.delivered_at) == (3, 4, bob.delivered_at)


async def test_what_the_writer_remembers_is_what_is_stored(store: Store) -> None:
    """Whatever marks came before, a send shows every participant as a fresh read does."""
    cid = await opened(store, "ann", "bob", "cem")
    chance = random.Random(11)

    async def act() -> None:
        who, seq = chance.choice(["ann", "bob", "cem"]), chance.randrange(60)
        match chance.randrange(4):
            case 0:
                await store.mark_delivered(who, {cid: seq})
            case 1:
                await store.mark_read(cid, user_id=who, seq=seq)
            case 2:
                on = chance.random() < 0.5
                await store.change_settings(who, share_presence=None, send_read_receipts=on)
            case _:
                await say(store, cid, who)

    for _ in range(40):
        await asyncio.gather(*(act() for _ in range(chance.choice([1, 3, 9]))))
        sent = await say(store, cid, "ann")
        for viewer, view in sent.views.items():
            stored = await store.conversation(cid, user_id=viewer)
            for other in ("ann", "bob", "cem"):
                shown = _of(sent.conversation, other)
                if other == viewer and view.read_seq is not None:
                    assert _of(stored, other).read_seq == view.read_seq
                else:
                    assert _of(stored, other) == shown


async def test_delivery_marks_survive_a_restart(place: Place) -> None:
    store = place.store()
    await store.open()
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann")
    [delivered] = await store.mark_delivered("bob", {cid: 1})
    await store.change_settings("bob", share_presence=False, send_read_receipts=None)
    await store.close()
    again = place.store()
    await again.open()
    bob = await person(again, cid, "bob", seen_by="ann")
    assert (bob.delivered_seq, bob.delivered_at) == (1, delivered.delivered_at)
    assert await again.settings("bob") == UserSettings(share_presence=False)
    await again.close()


async def test_while_receipts_are_off_others_see_where_the_mark_stood(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    for n in range(4):
        await say(store, cid, "ann", str(n))
    await store.mark_read(cid, user_id="bob", seq=1)
    shown = await person(store, cid, "bob", seen_by="ann")
    await store.change_settings("bob", share_presence=None, send_read_receipts=False)
    read = await store.mark_read(cid, user_id="bob", seq=3)
    assert (read.read_seq, read.shown, read.read_at, read.view.unread) == (3, False, shown.read_at, 1)
    assert read.view.read_seq == 3
    bob = await person(store, cid, "bob", seen_by="ann")
    assert (bob.read_seq, bob.read_at, bob.delivered_seq) == (1, shown.read_at, 3)
    caught = await catch_up(store, cid, user_id="ann", after_seq=4)
    assert (caught.marks["bob"].read_seq, caught.reads["bob"]) == (1, 1)
    own = await catch_up(store, cid, user_id="bob", after_seq=4)
    assert (own.marks["bob"].read_seq, own.unread) == (3, 1)
    await store.change_settings("bob", share_presence=None, send_read_receipts=True)
    assert (await person(store, cid, "bob", seen_by="ann")).read_seq == 1
    assert (await store.mark_read(cid, user_id="bob", seq=4)).shown
    assert (await person(store, cid, "bob", seen_by="ann")).read_seq == 4


@pytest.mark.parametrize("known", [True, False])
async def test_settings_begin_as_everybodys_and_change_by_what_is_given(store: Store, *, known: bool) -> None:
    if known:
        await opened(store, "ann", "bob")
    assert await store.settings("ann") == UserSettings()
    changed = await store.change_settings("ann", share_presence=False, send_read_receipts=None)
    assert changed == (UserSettings(share_presence=False), False)
    again = await store.change_settings("ann", share_presence=False, send_read_receipts=None)
    assert again == (UserSettings(share_presence=False), True)
    both = await store.change_settings("ann", share_presence=True, send_read_receipts=False)
    assert both == (UserSettings(send_read_receipts=False), False)
    assert await store.settings("ann") == both.settings
    assert await store.settings("bob") == UserSettings()


async def test_a_greeting_holds_the_settings_and_the_total_of_what_is_unread(store: Store) -> None:
    assert await store.greeting("nobody-knows") == (UserSettings(), 0)
    for other in ("ann", "cem"):
        await say(store, await opened(store, other, "bob"), other)
    await store.change_settings("bob", share_presence=None, send_read_receipts=False)
    assert await store.greeting("bob") == (UserSettings(send_read_receipts=False), 2)
    assert (await store.greeting("bob")).total_unread == (await store.unread("bob")).total
