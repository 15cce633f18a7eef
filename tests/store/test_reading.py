"""Read marks and unread counts: what they are after anything that can happen."""

from __future__ import annotations

import asyncio
import random

import pytest

from stockent.messaging.errors import MessagingError
from stockent.messaging.models import ConversationStatus
from stockent.messaging.ports import Store
from tests.store.acts import (
    all_conversations,
    all_messages,
    begin,
    opened,
    recount,
    say,
    whole_log,
)


async def test_a_mark_moves_forward_and_never_back(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    for n in range(5):
        await say(store, cid, "ann", str(n))
    read = await store.mark_read(cid, user_id="bob", seq=3)
    assert (read.read_seq, read.view.counts, read.changed) == (3, (2, 2), True)
    assert sorted(read.participant_ids) == ["ann", "bob"]
    for lower in (3, 2, 0):
        read = await store.mark_read(cid, user_id="bob", seq=lower)
        assert (read.read_seq, read.view.counts, read.changed) == (3, (2, 2), False)


async def test_a_mark_beyond_the_last_message_stops_at_it(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann")
    read = await store.mark_read(cid, user_id="bob", seq=2**53 - 1)
    assert (read.read_seq, read.view.counts) == (1, (0, 0))
    sent = await say(store, cid, "ann", "the next one is unread")
    assert sent.views["bob"].counts == (1, 1)


async def test_others_see_how_far_one_has_read(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann")
    await store.mark_read(cid, user_id="bob", seq=1)
    conversation = await store.conversation(cid, user_id="ann")
    assert {person.user_id: person.read_seq for person in conversation.participants} == {"ann": 0, "bob": 1}
    sent = await say(store, cid, "ann")
    assert sent.conversation == await store.conversation(cid, user_id="ann")


async def test_ones_own_and_deleted_messages_never_count(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    doomed = await say(store, cid, "ann")
    await say(store, cid, "bob")
    await say(store, cid, "ann")
    await store.delete_message(cid, doomed.message.id, user_id="ann")
    assert (await store.unread("bob")).conversations == {cid: 1}
    read = await store.mark_read(cid, user_id="bob", seq=2)
    assert read.view.counts == (1, 1)
    read = await store.mark_read(cid, user_id="bob", seq=3)
    assert read.view.counts == (0, 0)


async def test_totals_are_over_all_conversations(store: Store) -> None:
    first, second = await opened(store, "ann", "bob"), await opened(store, "ann", "bob", "cem")
    await say(store, first, "ann")
    await say(store, second, "ann")
    await say(store, second, "cem")
    unread = await store.unread("bob")
    assert (unread.total, unread.conversations) == (3, {first: 1, second: 2})
    assert (await store.mark_read(second, user_id="bob", seq=1)).view.counts == (1, 2)
    assert (await store.mark_read(first, user_id="bob", seq=9)).view.counts == (0, 1)
    assert (await store.unread("nobody-knows")).total == 0


async def test_marks_in_random_order_at_once_end_at_the_greatest(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await asyncio.gather(*(say(store, cid, "ann", str(n)) for n in range(30)))
    marks = list(range(1, 26))
    random.Random(7).shuffle(marks)
    reads = await asyncio.gather(*(store.mark_read(cid, user_id="bob", seq=seq) for seq in marks))
    assert [read.read_seq for read in reads] == [max(marks[: n + 1]) for n in range(25)]
    assert all(read.view.unread == 30 - read.read_seq for read in reads)
    assert (await store.unread("bob")).conversations == await recount(store, "bob") == {cid: 5}


async def test_marks_in_many_conversations_at_once_keep_the_total_right(store: Store) -> None:
    cids = [await opened(store, "bob", f"u{n}") for n in range(10)]
    for n, cid in enumerate(cids):
        await say(store, cid, f"u{n}")
    reads = await asyncio.gather(*(store.mark_read(cid, user_id="bob", seq=1) for cid in cids))
    assert [read.view.total_unread for read in reads] == list(range(9, -1, -1))


USERS = ["ann", "bob", "cem", "dan"]


class History:
    """Random people doing random things, several at once, in a way that a seed repeats."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)
        self.cids: list[str] = []
        self.marks: dict[tuple[str, str], int] = {}
        self.done = 0

    async def run(self, rounds: int) -> None:
        for pair in (["ann", "bob"], ["bob", "cem"], USERS):
            self.cids.append(await opened(self.store, *pair))
        for _ in range(rounds):
            acts = [self._act() for _ in range(self.random.choice([1, 1, 5, 20]))]
            for outcome in await asyncio.gather(*acts, return_exceptions=True):
                assert outcome is None or isinstance(outcome, MessagingError), outcome
                self.done += outcome is None

    async def _act(self) -> None:
        cid, user = self.random.choice(self.cids), self.random.choice(USERS)
        await self.random.choices(
            [
                self._send,
                self._mark,
                self._edit,
                self._delete_message,
                self._status,
                self._start,
                self._delete,
            ],
            [40, 25, 10, 10, 3, 2, 0.3],
        )[0](cid, user)

    async def _send(self, cid: str, user: str) -> None:
        await say(self.store, cid, user, str(self.random.random()))

    async def _mark(self, cid: str, user: str) -> None:
        read = await self.store.mark_read(cid, user_id=user, seq=self.random.randrange(300))
        assert read.read_seq >= self.marks.get((cid, user), 0), "a mark fell"
        self.marks[cid, user] = read.read_seq

    async def _edit(self, cid: str, user: str) -> None:
        message_id = await self._any_message(cid, user)
        await self.store.edit(cid, message_id, user_id=user, content=str(self.random.random()))

    async def _delete_message(self, cid: str, user: str) -> None:
        await self.store.delete_message(cid, await self._any_message(cid, user), user_id=user)

    async def _any_message(self, cid: str, user: str) -> str:
        page = await self.store.messages(
            cid, user_id=user, before=None, after=None, around=self.random.randrange(1, 200), limit=9
        )
        return self.random.choice(page.items).id if page.items else "none"

    async def _status(self, cid: str, user: str) -> None:
        await self.store.change_conversation(
            cid, user_id=user, status=self.random.choice(list(ConversationStatus))
        )

    async def _start(self, _: str, user: str) -> None:
        other = self.random.choice([other for other in USERS if other != user])
        started = await begin(self.store, user, other)
        if started.created:
            self.cids.append(started.sent.conversation.id)

    async def _delete(self, cid: str, user: str) -> None:
        await self.store.delete_conversation(cid, user_id=user)


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_history_counts_equal_a_recount_and_seq_has_no_hole(store: Store, seed: int) -> None:
    history = History(store, seed)
    await history.run(rounds=60)
    assert history.done > 100, "a history in which nothing happened proves nothing"
    for user in USERS:
        unread = await store.unread(user)
        assert unread.conversations == await recount(store, user)
        assert unread.total == sum(unread.conversations.values())
        for conversation in await all_conversations(store, user):
            assert conversation.unread == unread.conversations.get(conversation.id, 0)
            if conversation.seq <= 500:
                log = await whole_log(store, conversation.id, user)
                assert [entry.seq for entry in log] == list(range(1, conversation.seq + 1))
            messages = await all_messages(store, conversation.id, user)
            assert [message.seq for message in messages] == sorted({message.seq for message in messages})
            assert conversation.last_message == (messages[-1] if messages else None)
