"""What is read through the caches is what stands in the database, whatever happens and however it is interleaved."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.models import (
    MAX_SEQ,
    ConversationKind,
    ConversationStatus,
    GroupRole,
    MessagePage,
    Profile,
)
from stockent.messaging.ports import Extras, Membership, NewConversation
from stockent.store import queries
from stockent.store.connect import connect_reader, sqlite3
from stockent.store.sqlite import SqliteStore
from tests.store.acts import opened, refused, say
from tests.store.test_faults import files_at_most

PEOPLE = ["ann", "bob", "cem", "dan", "eve"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "stockent.db")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def beside(store: SqliteStore) -> AsyncIterator[sqlite3.Connection]:
    """A connection of its own, that knows of no cache."""
    connection = connect_reader(store.path)
    yield connection
    connection.close()


async def newest(store: SqliteStore, cid: str, user: str, limit: int = 50) -> MessagePage:
    return await store.messages(cid, user_id=user, before=None, after=None, around=None, limit=limit)


async def group(store: SqliteStore, *user_ids: str, history_visible: bool = True) -> str:
    new = NewConversation(
        user_ids[0], tuple(sorted(user_ids)), None, None, ConversationKind.GROUP, history_visible
    )
    return (await store.create_conversation(new)).conversation.id


async def assert_true_to(store: SqliteStore, beside: sqlite3.Connection, cids: list[str]) -> None:
    """Of every conversation, for everybody: the newest messages, who takes part; of everybody the profile."""
    for cid in cids:
        ids = [user_id for (user_id,) in beside.execute(_PARTICIPANTS, (cid,))]
        for user in PEOPLE:
            if user not in ids:
                await refused(Code.NOT_FOUND, newest(store, cid, user))
                await refused(Code.NOT_FOUND, store.check_access(cid, user_id=user))
                continue
            assert sorted(await store.check_access(cid, user_id=user)) == sorted(ids)
            for limit in (1, 3, 50):
                stored = queries.messages(
                    beside, cid, user_id=user, before=MAX_SEQ, after=None, around=None, limit=limit
                )
                assert await newest(store, cid, user, limit) == stored
    for user in PEOPLE:
        assert await store.profile(user, seen_by=user) == queries.profile(beside, user, user)


_PARTICIPANTS = """
    SELECT u.id FROM conversations c JOIN participants p ON p.conversation_key = c.key
    JOIN users u ON u.key = p.user_key WHERE c.id = ?
"""


class Life:
    """Random people doing everything that there is, several at once, and reading in between."""

    def __init__(self, store: SqliteStore, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)
        self.cids: list[str] = []
        self.done: dict[str, int] = {}

    async def begin(self) -> None:
        for user in PEOPLE:
            await self.store.save_profile(Profile(id=user, name=user.title()))
        self.cids = [
            await opened(self.store, "ann", "bob"),
            await group(self.store, *PEOPLE[:4]),
            await group(self.store, *PEOPLE[:3], history_visible=False),
        ]

    async def round(self) -> None:
        acts = [self._act() for _ in range(self.random.choice([1, 1, 4, 12]))]
        for outcome in await asyncio.gather(*acts, return_exceptions=True):
            assert outcome is None or isinstance(outcome, (MessagingError, UnicodeEncodeError)), outcome

    async def _act(self) -> None:
        cid, user = self.random.choice(self.cids), self.random.choice(PEOPLE)
        [act] = self.random.choices(list(ACTS), list(ACTS.values()))
        await act(self, cid, user)
        self.done[act.__name__] = self.done.get(act.__name__, 0) + 1

    async def look(self, cid: str, user: str) -> None:
        await newest(self.store, cid, user, self.random.choice([1, 3, 50]))
        await self.store.check_access(cid, user_id=user)

    async def send(self, cid: str, user: str) -> None:
        extras = None
        if self.random.random() < 0.4:
            extras = Extras(reply_to=await self._any_message(cid, user), mentions=(user,))
        sent = (await say(self.store, cid, user, str(self.random.random()), extras=extras)).message
        assert (await newest(self.store, cid, user, 1)).items[-1].seq >= sent.seq, "one reads what one wrote"

    async def bad(self, cid: str, user: str) -> None:
        await say(self.store, cid, user, "\ud800 is no character")

    async def edit(self, cid: str, user: str) -> None:
        message_id = await self._own_message(cid, user)
        changed = await self.store.edit(cid, message_id, user_id=user, content=str(self.random.random()))
        for message in (await newest(self.store, cid, user)).items:
            assert message.id != message_id or message.updated_seq >= changed.seq, "one reads what one wrote"

    async def erase(self, cid: str, user: str) -> None:
        await self.store.delete_message(cid, await self._own_message(cid, user), user_id=user)

    async def react(self, cid: str, user: str) -> None:
        emoji, present = self.random.choice("👍🎉"), self.random.random() < 0.7
        message_id = await self._any_message(cid, user)
        await self.store.react(cid, message_id, user_id=user, emoji=emoji, present=present)

    async def mark(self, cid: str, user: str) -> None:
        await self.store.mark_read(cid, user_id=user, seq=self.random.randrange(200))
        await self.store.mark_delivered(user, {cid: self.random.randrange(200)})

    async def invite(self, cid: str, user: str) -> None:
        by = self.random.choice(["ann", user])
        await self.store.add_participants(cid, user_id=by, user_ids=(self.random.choice(PEOPLE),))

    async def remove(self, cid: str, user: str) -> None:
        by = self.random.choice(["ann", user])
        await self.store.remove_participant(cid, user_id=by, removed_id=self.random.choice(PEOPLE))

    async def promote(self, cid: str, user: str) -> None:
        role = self.random.choice(list(GroupRole))
        await self.store.set_group_role(cid, user_id=user, member_id=self.random.choice(PEOPLE), role=role)

    async def change(self, cid: str, user: str) -> None:
        status = self.random.choices(list(ConversationStatus), [4, 1])[0]
        title = self.random.choice([None, "A", "B"])
        visible = self.random.choice([None, True, False])
        await self.store.change_conversation(
            cid, user_id=user, status=status, title=title, history_visible=visible
        )

    async def keep(self, cid: str, user: str) -> None:
        pinned = self.random.choice([True, False])
        await self.store.change_personal(cid, user_id=user, pinned=pinned, archived=None, marked_unread=None)

    async def rename(self, _: str, user: str) -> None:
        name = self.random.choice([None, user, user.title(), user.upper()])
        await self.store.save_profile(Profile(id=user, name=name))

    async def delete(self, cid: str, user: str) -> None:
        await self.store.delete_conversation(cid, user_id=user)

    async def found(self, _: str, user: str) -> None:
        others = self.random.sample([each for each in PEOPLE if each != user], 2)
        self.cids.append(await group(self.store, user, *others))

    async def _any_message(self, cid: str, user: str) -> str:
        items = (await newest(self.store, cid, user, 20)).items
        return self.random.choice(items).id if items else "none"

    async def _own_message(self, cid: str, user: str) -> str:
        items = [each for each in (await newest(self.store, cid, user)).items if each.sender.id == user]
        return self.random.choice(items).id if items else "none"


#: How often each is done, against the others.
ACTS = {
    Life.look: 40,
    Life.send: 30,
    Life.edit: 10,
    Life.react: 10,
    Life.mark: 5,
    Life.erase: 4,
    Life.rename: 4,
    Life.invite: 4,
    Life.remove: 3,
    Life.keep: 2,
    Life.bad: 2,
    Life.promote: 2,
    Life.change: 2,
    Life.found: 0.5,
    Life.delete: 0.3,
}


@pytest.mark.parametrize("small", [False, True], ids=["ample", "small"])
@pytest.mark.parametrize("seed", range(4))
async def test_after_any_life_the_caches_are_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, *, small: bool
) -> None:
    """Also when they are so small that everything is driven out and cut all the time."""
    if small:
        for name, value in (("MAX_TAILS", 2), ("MAX_MEMBERS", 2), ("MAX_PROFILES", 2), ("MAX_CHANGES", 2)):
            monkeypatch.setattr(f"stockent.store.caches.{name}", value)
        for module in ("caches", "tails"):
            monkeypatch.setattr(f"stockent.store.{module}.MAX_TAIL_MESSAGES", 4)
    store = SqliteStore(tmp_path / "stockent.db")
    await store.open()
    beside = connect_reader(store.path)
    life = Life(store, seed)
    await life.begin()
    for number in range(300):
        await life.round()
        if number % 10 == 9:
            await assert_true_to(store, beside, life.cids)
    often = {act.__name__ for act, weight in ACTS.items() if weight >= 3}
    assert life.done.keys() >= often, "a life in which nothing happened proves nothing"
    assert store.caches.tails.hits > 100, "caches that are never asked prove nothing"
    beside.close()
    await store.close()


async def test_what_was_refused_with_its_whole_batch_is_not_shown(
    store: SqliteStore, beside: sqlite3.Connection
) -> None:
    life = Life(store, seed=0)
    await life.begin()
    for _ in range(10):
        await life.round()
    await assert_true_to(store, beside, life.cids)
    cid = await opened(store, "ann", "zoe")
    await say(store, cid, "ann", "before")
    await newest(store, cid, "zoe")
    log_file = store.path.with_name(store.path.name + "-wal")
    with files_at_most(log_file.stat().st_size):
        await refused(Code.STORE_UNAVAILABLE, say(store, cid, "ann", "lost"))
        for _ in range(10):
            await life.round()
        await assert_true_to(store, beside, life.cids)
    await say(store, cid, "ann", "after")
    assert [each.content for each in (await newest(store, cid, "zoe")).items] == ["before", "after"]
    await assert_true_to(store, beside, [cid, *life.cids])


async def test_who_was_removed_reads_nothing_from_the_moment_of_the_ack(store: SqliteStore) -> None:
    for _ in range(20):
        cid = await group(store, "ann", "bob", "cem")
        await say(store, cid, "ann")
        await newest(store, cid, "bob")
        removal = asyncio.create_task(store.remove_participant(cid, user_id="ann", removed_id="bob"))
        looks = [asyncio.ensure_future(look_until(store, cid, "bob", removal)) for _ in range(2)]
        await removal
        await refused(Code.NOT_FOUND, newest(store, cid, "bob"))
        await refused(Code.NOT_FOUND, store.check_access(cid, user_id="bob"))
        await asyncio.gather(*looks)
        assert len((await newest(store, cid, "cem")).items) == 2


async def look_until(store: SqliteStore, cid: str, user: str, over: asyncio.Task[Membership]) -> None:
    """Read on and on; what is asked for once it is over must be refused."""
    while not over.done():
        with suppress(MessagingError):
            await newest(store, cid, user)
            await store.check_access(cid, user_id=user)
        await asyncio.sleep(0)
    await refused(Code.NOT_FOUND, newest(store, cid, user))


async def test_a_profile_that_says_nothing_is_written_once_and_blanks_nothing(store: SqliteStore) -> None:
    await store.save_profile(Profile(id="ann", name="Ann"))
    again = SqliteStore(store.path)
    await store.close()
    await again.open()
    statements: list[str] = []
    again.trace(lambda _, sql: statements.append(sql))
    await again.save_profile(Profile(id="ann"))
    assert statements
    statements.clear()
    await again.save_profile(Profile(id="ann"))
    assert await again.profile("ann", seen_by="ann") == Profile(id="ann", name="Ann")
    assert statements == []
    await again.save_profile(Profile(id="ann", name="Anna"))
    assert await again.profile("ann", seen_by="ann") == Profile(id="ann", name="Anna")
    await again.close()


async def test_a_profile_whose_caller_gave_up_is_known_all_the_same(store: SqliteStore) -> None:
    """Else a token that tells the former name would be taken for stored."""
    await store.save_profile(Profile(id="ann", name="Ann"))
    saving = asyncio.ensure_future(store.save_profile(Profile(id="ann", name="Anna")))
    await asyncio.sleep(0)
    saving.cancel()
    await store.ping()
    assert await store.profile("ann", seen_by="ann") == Profile(id="ann", name="Anna")
    await store.save_profile(Profile(id="ann", name="Ann"))
    assert await store.profile("ann", seen_by="ann") == Profile(id="ann", name="Ann")
