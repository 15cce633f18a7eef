"""Catching up: the whole gap or a reset, never a part; and what it makes of an old snapshot is the present."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from msgspec.structs import replace

from stockent.messaging import events
from stockent.messaging.commands import MAX_CATCHUP_EVENTS, MAX_RESUME_EVENTS, MAX_RESUME_OTHERS
from stockent.messaging.errors import Code
from stockent.messaging.events import ConversationUpdated, MessageDeleted
from stockent.messaging.models import Catchup, Conversation, ConversationStatus, Message
from stockent.messaging.ports import Store
from tests.store.acts import all_messages, catch_up, opened, refused, say
from tests.store.conftest import Place


class View:
    """What a client of `user_id` holds of a conversation, and how it applies what it missed."""

    def __init__(self, conversation: Conversation, messages: list[Message]) -> None:
        self.conversation = conversation
        self.messages = {message.id: message for message in messages}

    @classmethod
    async def of(cls, store: Store, cid: str, user_id: str) -> View:
        return cls(await store.conversation(cid, user_id=user_id), await all_messages(store, cid, user_id))

    def apply(self, caught: Catchup) -> None:
        assert caught.events is not None
        for entry in caught.events:
            assert entry.seq == self.conversation.seq + 1, "a client applies steps of one"
            self._apply(entry.event, entry.payload)
            self.conversation = replace(self.conversation, seq=entry.seq)
        people = [
            replace(person, **msgspec.structs.asdict(caught.marks[person.user_id]))
            for person in self.conversation.participants
        ]
        self.conversation = replace(
            self.conversation, participants=people, unread=caught.unread, personal=caught.personal
        )

    def _apply(self, event: str, payload: object) -> None:
        if event == events.CONVERSATION_UPDATED:
            assert isinstance(payload, ConversationUpdated)
            self.conversation = payload.conversation
        elif event == events.MESSAGE_DELETED:
            assert isinstance(payload, MessageDeleted)
            old = self.messages[payload.message_id]
            self._put(replace(old, content="", deleted_at="some time", updated_seq=payload.seq))
        else:
            assert isinstance(payload, Message)
            self._put(payload)
            if event == events.MESSAGE_RECEIVED:
                self.conversation = replace(self.conversation, last_message=payload)

    def _put(self, message: Message) -> None:
        self.messages[message.id] = message
        last = self.conversation.last_message
        if last is not None and last.id == message.id:
            self.conversation = replace(self.conversation, last_message=message)

    def shown(self) -> tuple[Conversation, list[Message]]:
        """Without the times that no event carries."""
        last = self.conversation.last_message
        conversation = replace(
            self.conversation, updated_at="", last_message=None if last is None else _timeless(last)
        )
        return conversation, [_timeless(message) for message in self.messages.values()]


def _timeless(message: Message) -> Message:
    return replace(message, deleted_at="some time" if message.deleted_at else None)


Act = Callable[[Store, str, list[Message]], Awaitable[object]]

ACTS: dict[str, Act] = {
    "a message": lambda store, cid, _: say(store, cid, "bob", "news"),
    "many messages": lambda store, cid, _: asyncio.gather(
        *(say(store, cid, "bob", str(n)) for n in range(9))
    ),
    "an edit": lambda store, cid, old: store.edit(cid, old[0].id, user_id="ann", content="edited"),
    "an edit of the last": lambda store, cid, old: store.edit(
        cid, old[-1].id, user_id="ann", content="edited"
    ),
    "a deletion": lambda store, cid, old: store.delete_message(cid, old[1].id, user_id="ann"),
    "an edit, then a deletion": lambda store, cid, old: asyncio.gather(
        store.edit(cid, old[1].id, user_id="ann", content="edited"),
        store.delete_message(cid, old[1].id, user_id="ann"),
    ),
    "a title": lambda store, cid, _: store.change_conversation(cid, user_id="bob", title="New"),
    "closed": lambda store, cid, _: store.change_conversation(
        cid, user_id="bob", status=ConversationStatus.CLOSED
    ),
    "a mark and a message": lambda store, cid, _: asyncio.gather(
        store.mark_read(cid, user_id="bob", seq=2), say(store, cid, "bob", "seen")
    ),
    "a bit of everything": lambda store, cid, old: asyncio.gather(
        say(store, cid, "bob", "new"),
        store.change_conversation(cid, user_id="ann", title="Title"),
        store.edit(cid, old[2].id, user_id="ann", content="edited"),
        say(store, cid, "ann", "newer"),
        store.delete_message(cid, old[2].id, user_id="ann"),
        store.mark_read(cid, user_id="ann", seq=5),
    ),
}


@pytest.mark.parametrize("act", ACTS)
async def test_the_gap_makes_of_an_old_snapshot_the_present(store: Store, act: str) -> None:
    cid = await opened(store, "ann", "bob")
    old = [(await say(store, cid, "ann", str(n))).message for n in range(3)]
    views = {user_id: await View.of(store, cid, user_id) for user_id in ("ann", "bob")}
    await ACTS[act](store, cid, old)
    for user_id, view in views.items():
        before, seq = view.shown(), view.conversation.seq
        caught = await catch_up(store, cid, user_id=user_id, after_seq=seq)
        view.apply(caught)
        assert view.shown() != before, "the act changed something"
        now = await View.of(store, cid, user_id)
        assert view.shown() == now.shown()
        joined = await store.conversation_since(cid, user_id=user_id, after_seq=seq)
        assert joined == (now.conversation, caught.events), "who joins is told the same"


async def test_who_missed_nothing_gets_no_events_but_the_present_counts(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann")
    await store.mark_read(cid, user_id="ann", seq=1)
    caught = await catch_up(store, cid, user_id="bob", after_seq=1)
    assert (caught.events, caught.unread, caught.reads) == ([], 1, {"ann": 1, "bob": 0})
    assert [caught.marks[user_id].read_at is None for user_id in ("ann", "bob")] == [False, True]


async def test_what_was_deleted_is_not_replayed(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = await say(store, cid, "ann", "secret canary")
    await store.edit(cid, sent.message.id, user_id="ann", content="another canary")
    await store.delete_message(cid, sent.message.id, user_id="ann")
    caught = await catch_up(store, cid, user_id="bob", after_seq=0)
    assert caught.events
    assert [entry.event for entry in caught.events] == [
        "message_received",
        "message_updated",
        "message_deleted",
    ]
    assert "canary" not in str(caught.events)
    assert caught.events[2].payload.deleted_by == "ann"
    assert (caught.events[2].payload.message_seq, caught.events[2].seq) == (1, 3)


async def test_a_gap_of_the_limit_comes_whole_and_a_longer_one_is_reset(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await asyncio.gather(*(say(store, cid, "ann", str(n)) for n in range(MAX_CATCHUP_EVENTS + 1)))
    whole = await catch_up(store, cid, user_id="bob", after_seq=1)
    assert whole.events
    assert [entry.seq for entry in whole.events] == list(range(2, MAX_CATCHUP_EVENTS + 2))
    longer = await catch_up(store, cid, user_id="bob", after_seq=0)
    assert (longer.events, longer.reset, longer.unread) == (None, True, MAX_CATCHUP_EVENTS + 1)
    for after_seq, expected in ((1, whole.events), (0, None)):
        assert (await store.conversation_since(cid, user_id="bob", after_seq=after_seq)).events == expected


async def test_a_position_ahead_of_the_log_is_reset(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann")
    assert (await catch_up(store, cid, user_id="bob", after_seq=1)).reset is False
    assert (await catch_up(store, cid, user_id="bob", after_seq=2)).reset is True
    assert (await store.conversation_since(cid, user_id="bob", after_seq=2)).events is None
    assert (await store.conversation_since(cid, user_id="bob", after_seq=None)).events == []


async def test_deleted_foreign_and_unknown_conversations_are_gone_alike(store: Store) -> None:
    cid, deleted = await opened(store, "ann", "bob"), await opened(store, "ann", "bob", "eve")
    await say(store, deleted, "ann")
    await store.delete_conversation(deleted, user_id="ann")
    assert not (await catch_up(store, cid, user_id="ann", after_seq=0)).gone
    answers = [
        await catch_up(store, guess, user_id="eve", after_seq=0) for guess in (cid, deleted, "unknown")
    ]
    assert answers == [Catchup(gone=True)] * 3
    assert (await store.conversation_since(cid, user_id="ann", after_seq=0)).events is not None
    for guess in (cid, deleted, "unknown"):
        await refused(Code.NOT_FOUND, store.conversation_since(guess, user_id="eve", after_seq=0))


async def test_resume_gives_each_named_gap_and_the_others_whole(store: Store) -> None:
    cids = [await opened(store, "ann", f"u{n}") for n in range(4)]
    for cid in cids:
        await say(store, cid, "ann", "one")
        await say(store, cid, "ann", "two")
    await say(store, cids[3], "u3", "to ann")
    resumed = await store.resume("ann", {cids[0]: 1, cids[1]: 2, cids[2]: 9, "unknown": 0})
    assert list(resumed.conversations) == [cids[0], cids[1], cids[2], "unknown"]
    for cid, after_seq in ((cids[0], 1), (cids[1], 2), (cids[2], 9)):
        assert resumed.conversations[cid] == await catch_up(store, cid, user_id="ann", after_seq=after_seq)
    assert resumed.conversations["unknown"].gone
    assert resumed.others == [await store.conversation(cids[3], user_id="ann")]
    assert resumed.total_unread == 1


async def test_resume_brings_the_newest_others_up_to_a_limit(store: Store) -> None:
    cids = [await opened(store, "ann", f"u{n}") for n in range(MAX_RESUME_OTHERS + 3)]
    resumed = await store.resume("ann", {cids[-1]: 0})
    assert [other.id for other in resumed.others] == cids[2:-1][::-1]


async def test_gaps_that_are_too_much_together_are_reset_whole(store: Store) -> None:
    count = MAX_RESUME_EVENTS // MAX_CATCHUP_EVENTS + 1
    cids = [await opened(store, "ann", f"u{n}") for n in range(count)]
    await asyncio.gather(*(say(store, cid, "ann") for cid in cids for _ in range(MAX_CATCHUP_EVENTS)))
    caught = list((await store.resume("ann", dict.fromkeys(cids, 0))).conversations.values())
    assert [each.reset for each in caught] == [False] * (count - 1) + [True]
    assert all(len(each.events or ()) in (0, MAX_CATCHUP_EVENTS) for each in caught)


async def test_a_snapshot_does_not_mix_two_moments(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    writing = asyncio.gather(*(say(store, cid, "ann", str(n)) for n in range(400)))
    looks = 0
    while not writing.done():
        caught = await catch_up(store, cid, user_id="bob", after_seq=0)
        assert caught.events is not None
        assert len(caught.events) == caught.unread, "events and counts are of one moment"
        conversation = await store.conversation(cid, user_id="bob")
        assert conversation.unread == conversation.seq
        looks += 1
    assert looks
    await writing


async def test_the_epoch_and_every_position_outlive_a_restart(place: Place) -> None:
    first = place.store()
    await first.open()
    cid = await opened(first, "ann", "bob", title="kept")
    await say(first, cid, "ann")
    await first.mark_read(cid, user_id="bob", seq=1)
    await say(first, cid, "ann")
    epoch, before = first.epoch, await first.conversation(cid, user_id="bob")
    await first.close()
    second = place.store()
    await second.open()
    assert second.epoch == epoch
    assert await second.conversation(cid, user_id="bob") == before
    assert (await say(second, cid, "bob")).message.seq == 3
    await second.close()
