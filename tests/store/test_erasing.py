"""Deleting a long conversation: gone for everybody at once, its texts soon after, and nobody waits for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from stockent.messaging.errors import Code
from stockent.messaging.models import Attachment, AttachmentKind
from stockent.messaging.ports import Extras, NewUpload, Store
from stockent.store import erasing, open_store, search_index
from stockent.store.connect import connect_snapshot, connect_writer, sqlite3
from stockent.store.erasing import BUSY_SHARE, QUIET_S, RETRY_S, Erasing
from stockent.store.search_indexing import Indexing
from stockent.store.snapshots import prove
from tests.store.acts import all_messages, new_client_id, opened, refused, say
from tests.store.conftest import Place
from tests.store.test_search_index import Clock, indexed, work_off
from tests.waiting import poll_until

CANARY = "canarycanary"
MESSAGES = 35


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "SLICE", 10)


@pytest.fixture
def looker(place: Place, store: Store) -> Iterator[sqlite3.Connection]:
    """Looks at the file from outside while the store is open."""
    with closing(connect_snapshot(place.file)) as connection:
        yield connection


def is_erasing(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM meta WHERE key LIKE 'erase %'").fetchone() is not None


def left_of(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def file_of(store: Store, owner_id: str) -> str:
    new = NewUpload(owner_id, new_client_id(), f"{CANARY}.png", 100, voice=False)
    begun = await store.begin_upload(new, max_unsent=100, max_unsent_bytes=10**9)
    file_id = begun.upload.id
    judged = Attachment(
        id=file_id,
        kind=AttachmentKind.IMAGE,
        name=f"{CANARY}.png",
        media_type="image/png",
        size_bytes=90,
        url=f"/{file_id}",
    )
    await store.judge_upload(file_id, judged, thumbnail_type=None)
    await store.finish_upload(file_id)
    return file_id


async def long_talk(store: Store, cid: str) -> list[str]:
    """Words, edits, reactions and files from the first slice to the last; returns the files."""
    files = []
    for number in range(MESSAGES):
        message = (await say(store, cid, "ann", f"{CANARY} {number}")).message
        if number % 7 == 0:
            await store.edit(cid, message.id, user_id="ann", content=f"{CANARY} edited {number}")
            await store.react(cid, message.id, user_id="bob", emoji="👍", present=True)
            files.append(await file_of(store, "ann"))
            await say(store, cid, "ann", "", extras=Extras(attachment_ids=(files[-1],)))
    return files


async def test_everything_is_out_of_reach_at_once_and_gone_from_the_file_soon(
    store: Store, place: Place, looker: sqlite3.Connection
) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    files = await long_talk(store, cid)
    await say(store, other, "ann", "stays", extras=Extras(attachment_ids=(files[0],)))
    await store.delete_conversation(cid, user_id="bob")
    await refused(Code.NOT_FOUND, all_messages(store, cid, "ann"))
    await refused(Code.NOT_FOUND, say(store, cid, "ann"))
    for file_id in files[1:]:
        await refused(Code.NOT_FOUND, store.readable_file(file_id, user_id="bob"))
    assert (await store.unread("bob")).total == 0
    await poll_until(lambda: not is_erasing(looker))
    texts = looker.execute("SELECT DISTINCT content, extra IS NULL, reacted FROM messages").fetchall()
    assert sorted(texts) == [("", 1, 0), ("stays", 0, 0)]
    assert left_of(looker, "reactions") == left_of(looker, "versions") == 0
    assert left_of(looker, "message_attachments") == 1
    assert set(await store.remove_unshown(idle_s=3_600, limit=100)) == set(files[1:])
    assert (await store.readable_file(files[0], user_id="cem")).attachment.id == files[0]
    await store.close()
    connection, clock = connect_writer(place.file), Clock()
    work_off(Indexing(clock), connection, clock)
    connection.execute("INSERT INTO message_words (message_words) VALUES ('integrity-check')")
    assert {word for word, _, _ in indexed(connection) if "canary" in word} <= {"canarycanary", "png"}
    assert len({doc for word, doc, _ in indexed(connection) if "canary" in word}) == 1, "the file that stays"
    connection.close()
    prove(place.file, lambda: None)


async def test_a_deletion_that_was_cut_off_goes_on_with_the_next_start(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "QUIET_S", 3_600.0)
    cid = await opened(store, "ann", "bob")
    await long_talk(store, cid)
    await store.delete_conversation(cid, user_id="ann")
    await store.close()
    with closing(connect_snapshot(place.file)) as connection:
        assert is_erasing(connection)
        texts = connection.execute("SELECT seq FROM messages WHERE content <> '' ORDER BY seq").fetchall()
        assert texts[0] > (erasing.SLICE,), "the first are gone with the deletion itself"
    again = open_store(f"sqlite:///{place.file}")
    await again.open()
    with closing(connect_snapshot(place.file)) as connection:
        await poll_until(lambda: not is_erasing(connection))
        assert left_of(connection, "messages WHERE content <> ''") == 0
    assert len(await again.remove_unshown(idle_s=3_600, limit=100)) == 5
    await again.close()
    connection, clock = connect_writer(place.file), Clock()
    work_off(Indexing(clock), connection, clock)
    connection.close()
    assert CANARY.encode() not in place.file.read_bytes()


async def test_others_write_between_two_slices(
    store: Store, looker: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "SLICE", 1)
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    for number in range(MESSAGES):
        await say(store, cid, "ann", f"{CANARY} {number}")
    await store.delete_conversation(cid, user_id="ann")
    between = 0
    for _ in range(5):
        await say(store, other, "ann")
        between += is_erasing(looker)
    assert between > 0
    await poll_until(lambda: not is_erasing(looker))


async def test_the_same_people_may_talk_anew_while_the_old_texts_go(
    store: Store, looker: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "QUIET_S", 3_600.0)
    cid, client_id = await opened(store, "ann", "bob"), new_client_id()
    await say(store, cid, "ann", client_id=client_id)
    for number in range(MESSAGES):
        await say(store, cid, "bob", f"{number}")
    await store.delete_conversation(cid, user_id="ann")
    assert is_erasing(looker)
    anew = await opened(store, "ann", "bob")
    assert anew != cid
    await refused(Code.CLIENT_ID_REUSED, say(store, anew, "ann", client_id=client_id))
    assert (await say(store, anew, "ann", "anew")).message.seq == 1
    monkeypatch.undo()
    await opened(store, "ann", "dan")
    assert [message.content for message in await all_messages(store, anew, "bob")] == ["anew"]


class TestSteps:
    """On the writer's connection, with a clock of the test's own."""

    @pytest.fixture
    async def connection(
        self, store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> sqlite3.Connection:
        """A store whose index is whole, with two deletions that were only begun."""
        monkeypatch.setattr(erasing, "QUIET_S", 3_600.0)
        cids = [await opened(store, "ann", name) for name in ("bob", "cem")]
        for number in range(MESSAGES):
            for cid in cids:
                await say(store, cid, "ann", f"{CANARY} {number}")
        await store.close()
        connection, clock = connect_writer(place.file), Clock()
        work_off(Indexing(clock), connection, clock)
        connection.close()
        again = open_store(f"sqlite:///{place.file}")
        monkeypatch.setattr(Erasing, "step", lambda *_: None)
        await again.open()
        for cid in cids:
            await again.delete_conversation(cid, user_id="ann")
        await again.close()
        monkeypatch.undo()
        monkeypatch.setattr(erasing, "SLICE", 10)
        return connect_writer(place.file)

    def erase(self, connection: sqlite3.Connection) -> int:
        """All of it; returns the steps."""
        clock = Clock()
        erasing_, steps = Erasing(clock), 0
        while (wait_s := erasing_.wait_s()) is not None:
            clock.now_s += wait_s
            erasing_.step(connection)
            steps += 1
            assert steps < 100, "it never ends"
        return steps

    def test_each_slice_is_a_step_and_the_last_finds_nothing(self, connection: sqlite3.Connection) -> None:
        assert self.erase(connection) == 2 * 3 + 1
        assert left_of(connection, "messages WHERE content <> ''") == 0
        assert indexed(connection) == []
        connection.close()

    @pytest.mark.parametrize("after_steps", [0, 1, 4])
    def test_an_index_that_is_begun_anew_meanwhile_stays_true(
        self, connection: sqlite3.Connection, after_steps: int
    ) -> None:
        erasing_ = Erasing(Clock())
        for _ in range(after_steps):
            erasing_.step(connection)
        assert len(indexed(connection)) > 0
        connection.execute("DELETE FROM meta WHERE key = 'search'" if after_steps == 1 else "SELECT 1")
        search_index.begin(connection)
        clock = Clock()
        work_off(Indexing(clock), connection, clock)
        self.erase(connection)
        connection.execute("INSERT INTO message_words (message_words) VALUES ('integrity-check')")
        assert indexed(connection) == []
        connection.close()

    def test_it_takes_its_share_under_load_and_rests_after_a_failure(
        self, connection: sqlite3.Connection
    ) -> None:
        clock = Clock()
        erasing_ = Erasing(clock)
        assert erasing_.is_overdue(), "what the last life left"
        clock.tick_s = 0.005
        erasing_.step(connection)
        clock.tick_s = 0
        assert not erasing_.is_overdue()
        assert erasing_.wait_s() == pytest.approx(0.005), "who has nothing else to do goes on soon"
        clock.now_s += 0.005 / BUSY_SHARE - 0.001
        assert not erasing_.is_overdue()
        clock.now_s += 0.002
        assert erasing_.is_overdue()
        erasing_.failed()
        assert erasing_.wait_s() == RETRY_S
        assert not erasing_.is_overdue()
        clock.now_s += RETRY_S
        assert erasing_.is_overdue()
        self.erase(connection)
        while erasing_.wait_s() is not None:
            erasing_.step(connection)
        assert not erasing_.is_overdue()
        erasing_.wrote()
        assert erasing_.wait_s() == pytest.approx(QUIET_S)
        connection.close()
