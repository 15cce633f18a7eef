"""Reactions and former texts: what a store owes of them."""

from __future__ import annotations

import asyncio
import time

import pytest

from stockent.messaging.errors import Code
from stockent.messaging.models import MAX_REACTIONS, ConversationStatus, Message
from stockent.messaging.ports import Store
from tests.store.acts import all_messages, opened, refused, say, whole_log

from .conftest import Place


async def _react(
    store: Store, cid: str, message: Message, who: str, emoji: str, *, present: bool = True
) -> Message:
    changed = await store.react(cid, message.id, user_id=who, emoji=emoji, present=present)
    assert changed.message is not None
    return changed.message


def _shown(message: Message) -> list[tuple[str, int, list[str]]]:
    return [(each.emoji, each.count, [user.id for user in each.users]) for each in message.reactions]


async def test_reactions_are_grouped_with_counts_and_people_latest_first(store: Store) -> None:
    cid = await opened(store, "ann", "bob", "cem")
    message = (await say(store, cid, "ann")).message
    for who, emoji in (("ann", "👍"), ("bob", "🎉"), ("cem", "👍"), ("bob", "👍"), ("cem", "🎉")):
        last = await _react(store, cid, message, who, emoji)
    assert _shown(last) == [("🎉", 2, ["cem", "bob"]), ("👍", 3, ["bob", "cem", "ann"])]
    assert [_shown(each) for each in await all_messages(store, cid, "bob")] == [_shown(last)]
    conversation = await store.conversation(cid, user_id="ann")
    assert conversation.last_message is not None
    assert _shown(conversation.last_message) == _shown(last)


async def test_each_reaction_is_the_next_change_of_the_log_with_the_message_as_it_is(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    message = (await say(store, cid, "ann")).message
    first = await _react(store, cid, message, "bob", "👍")
    assert (first.seq, first.updated_seq) == (1, 2)
    await _react(store, cid, message, "bob", "👍", present=False)
    log = await whole_log(store, cid, "ann")
    assert [(entry.seq, entry.event) for entry in log] == [
        (1, "message_received"),
        (2, "message_updated"),
        (3, "message_updated"),
    ]
    assert all(entry.payload.reactions == [] for entry in log), "with the state as it is now"


async def test_the_same_again_changes_nothing_in_either_direction(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    message = (await say(store, cid, "ann")).message
    for present in (False, True, True, False, False):
        before = (await store.conversation(cid, user_id="ann")).seq
        had = any("bob" in people for _, _, people in _shown((await all_messages(store, cid, "bob"))[0]))
        changed = await store.react(cid, message.id, user_id="bob", emoji="👍", present=present)
        assert changed.repeated == (had == present)
        assert (await store.conversation(cid, user_id="ann")).seq == before + (had != present)


async def test_many_at_once_each_count_once(store: Store) -> None:
    people = [f"user{n}" for n in range(20)]
    cid = await opened(store, *people)
    message = (await say(store, cid, people[0])).message
    await asyncio.gather(*(_react(store, cid, message, who, "👍") for who in people for _ in range(3)))
    [shown] = await all_messages(store, cid, people[0])
    assert [(each.emoji, each.count) for each in shown.reactions] == [("👍", 20)]
    assert (await store.conversation(cid, user_id=people[0])).seq == 21


async def test_who_may_not_read_may_not_react_and_learns_nothing(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "eve", "bob")
    message = (await say(store, cid, "ann")).message
    for who, where, what in (("eve", cid, message.id), ("bob", other, message.id), ("bob", cid, "0" * 36)):
        await refused(Code.NOT_FOUND, store.react(where, what, user_id=who, emoji="👍", present=True))
        await refused(Code.NOT_FOUND, store.message_history(where, what, user_id=who))
    assert await _react(store, cid, message, "bob", "👍")


async def test_what_is_deleted_or_closed_takes_no_reaction(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    gone, stays = (await say(store, cid, "ann")).message, (await say(store, cid, "ann")).message
    await _react(store, cid, gone, "bob", "👍")
    deleted = await store.delete_message(cid, gone.id, user_id="ann")
    assert deleted.message is not None
    assert deleted.message.reactions == []
    await refused(Code.MESSAGE_DELETED, store.react(cid, gone.id, user_id="bob", emoji="🎉", present=True))
    await store.change_conversation(cid, user_id="ann", status=ConversationStatus.CLOSED)
    act = store.react(cid, stays.id, user_id="bob", emoji="👍", present=True)
    await refused(Code.CONVERSATION_CLOSED, act)
    assert [each.reactions for each in await all_messages(store, cid, "bob")] == [[], []]


async def test_different_emoji_on_one_message_have_a_bound(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    message = (await say(store, cid, "ann")).message
    for n in range(MAX_REACTIONS):
        await _react(store, cid, message, "ann", chr(0x1F600 + n))
    act = store.react(cid, message.id, user_id="bob", emoji="👍", present=True)
    await refused(Code.INVALID, act)
    assert await _react(store, cid, message, "bob", chr(0x1F600)), "one that is there may be joined"


async def test_a_message_keeps_every_text_that_it_had_for_those_who_read_it(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    message = (await say(store, cid, "ann", "one")).message
    for content in ("two", "two", "three"):
        await store.edit(cid, message.id, user_id="ann", content=content)
    history = await store.message_history(cid, message.id, user_id="bob")
    assert [version.content for version in history.versions] == ["one", "two", "three"]
    assert history.versions[0].at == message.created_at
    moments = [version.at for version in history.versions]
    assert moments == sorted(moments)
    await store.delete_message(cid, message.id, user_id="ann")
    await refused(Code.MESSAGE_DELETED, store.message_history(cid, message.id, user_id="bob"))


async def test_reactions_and_former_texts_survive_a_restart(place: Place) -> None:
    store = place.store()
    await store.open()
    cid = await opened(store, "ann", "bob")
    message = (await say(store, cid, "ann", "before")).message
    await _react(store, cid, message, "bob", "👍")
    await store.edit(cid, message.id, user_id="ann", content="after")
    await store.close()
    store = place.store()
    await store.open()
    [shown] = await all_messages(store, cid, "bob")
    assert _shown(shown) == [("👍", 1, ["bob"])]
    history = await store.message_history(cid, message.id, user_id="bob")
    assert [version.content for version in history.versions] == ["before", "after"]
    await store.close()


class _Clock:
    def __init__(self) -> None:
        self.now_s = time.time()

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize("verb", ["edit", "delete"])
async def test_words_can_be_taken_back_within_their_time_and_not_after(place: Place, verb: str) -> None:
    clock = _Clock()
    store = place.store(clock)
    await store.open()
    cid = await opened(store, "ann", "bob")
    message = (await say(store, cid, "ann")).message

    async def take_back(within_s: float | None) -> None:
        if verb == "edit":
            await store.edit(cid, message.id, user_id="ann", content="changed", within_s=within_s)
        else:
            await store.delete_message(cid, message.id, user_id="ann", within_s=within_s)

    clock.now_s += 901
    refusal = await refused(Code.TOO_LATE, take_back(900))
    assert "within 15 minutes" in refusal.message
    assert (await all_messages(store, cid, "ann"))[0] == message
    await take_back(902)
    assert (await all_messages(store, cid, "ann"))[0] != message
    await take_back(None)
    await store.close()
