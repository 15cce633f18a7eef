"""What the store does when it cannot write, when one operation is bad, when too many wait, and when it is killed."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.models import MessageType, Profile
from stockent.messaging.ports import NewMessage, Sent, Store
from stockent.store import open_store
from stockent.store.connect import BUSY_TIMEOUT_S, sqlite3
from tests.store.acts import (
    all_conversations,
    all_messages,
    new_client_id,
    opened,
    people,
    recount,
    refused,
    say,
    whole_log,
)
from tests.store.conftest import Place


@asynccontextmanager
async def locked(file: Path) -> AsyncIterator[None]:
    """Another process holds the right to write."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.store.locking",
        str(file),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdin
    assert holder.stdout
    assert await holder.stdout.readline() == b"locked\n"
    try:
        yield
    finally:
        holder.stdin.close()
        await holder.wait()


@contextmanager
def files_at_most(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to let a file of this process grow further."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_while_another_program_locks_the_store_writes_are_refused_soon_and_reads_go_on(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockent.store.writer.MAX_BATCH", 10)
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann", "before")
    await store.save_profile(Profile(id="ann", name="Ann"))
    loop = asyncio.get_running_loop()
    async with locked(place.file):
        start = loop.time()
        refusals = await asyncio.gather(
            *(refused(Code.STORE_UNAVAILABLE, say(store, cid, "ann", "refused")) for _ in range(50)),
            refused(Code.STORE_UNAVAILABLE, store.mark_read(cid, user_id="bob", seq=1)),
            refused(Code.STORE_UNAVAILABLE, store.ping()),
        )
        assert loop.time() - start < 3 * BUSY_TIMEOUT_S
        assert all(refusal.retryable and refusal.retry_after_ms for refusal in refusals)
        assert len({refusal.retry_after_ms for refusal in refusals}) > 1, "not all come back at once"
        await store.save_profile(Profile(id="ann", name="Ann"))
        assert [message.content for message in await all_messages(store, cid, "bob")] == ["before"]
    assert (await say(store, cid, "ann", "after")).message.seq == 2, "it heals by itself"
    await store.ping()
    assert (await store.unread("bob")).conversations == await recount(store, "bob") == {cid: 2}


async def test_when_files_cannot_grow_nothing_is_acknowledged_and_it_heals(
    store: Store, place: Place
) -> None:
    cid = await opened(store, "ann", "bob")
    acknowledged = [(await say(store, cid, "ann", "before")).message]
    log_file = place.file.with_name(place.file.name + "-wal")
    refusals = 0
    with files_at_most(log_file.stat().st_size + 256 * 1024):
        for _ in range(30):
            answers = await asyncio.gather(
                *(say(store, cid, "ann", "x" * 5_000) for _ in range(8)), return_exceptions=True
            )
            for answer in answers:
                if isinstance(answer, Sent):
                    acknowledged.append(answer.message)
                else:
                    assert isinstance(answer, MessagingError)
                    assert answer.code is Code.STORE_UNAVAILABLE
                    refusals += 1
        assert refusals, "the limit was reached"
        assert await all_messages(store, cid, "bob") == acknowledged, "reads go on"
    remembered = (await store.create_conversation(people("ann", "bob"))).conversation
    assert remembered == await store.conversation(cid, user_id="ann"), "nothing of what failed is remembered"
    acknowledged.append((await say(store, cid, "bob", "after")).message)
    assert await all_messages(store, cid, "bob") == acknowledged
    assert [message.seq for message in acknowledged] == list(range(1, len(acknowledged) + 1))
    assert (await store.unread("bob")).conversations == await recount(store, "bob")


async def test_one_bad_operation_of_a_batch_spoils_no_other(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    not_text = NewMessage(cid, "ann", new_client_id(), MessageType.TEXT, "\ud800 is no character")
    answers = await asyncio.gather(
        say(store, cid, "ann", "one"),
        store.send(not_text),
        say(store, cid, "bob", "two"),
        store.mark_read(cid, user_id="bob", seq=1),
        store.mark_read(cid, user_id="\udc00 neither", seq=1),
        store.create_conversation(people("ann", "cem", title="\ud800")),
        store.create_conversation(people("ann", "dan")),
        return_exceptions=True,
    )
    failed = [position for position, answer in enumerate(answers) if isinstance(answer, BaseException)]
    assert failed == [1, 4, 5]
    assert [message.content for message in await all_messages(store, cid, "ann")] == ["one", "two"]
    assert [entry.seq for entry in await whole_log(store, cid, "ann")] == [1, 2]
    assert (await store.unread("ann")).conversations == await recount(store, "ann") == {cid: 1}
    assert (await store.unread("bob")).total == 0
    assert len(await all_conversations(store, "ann")) == 2, "what failed left nothing behind"


async def test_more_writes_than_may_wait_are_refused_as_overload(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockent.store.writer.MAX_WAITING_WRITES", 100)
    cid = await opened(store, "ann", "bob")
    async with locked(place.file):
        first = asyncio.create_task(say(store, cid, "ann"))
        await asyncio.sleep(0)
        answers = await asyncio.gather(*(say(store, cid, "ann") for _ in range(300)), return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, MessagingError)]
    assert len(refusals) == 300, "the store was locked"
    overloaded = [refusal for refusal in refusals if refusal.code is Code.OVERLOADED]
    assert len(overloaded) >= 50
    assert len({refusal.retry_after_ms for refusal in overloaded}) > 1, "not all come back at once"
    assert {refusal.code for refusal in refusals} == {Code.OVERLOADED, Code.STORE_UNAVAILABLE}
    await refused(Code.STORE_UNAVAILABLE, first)
    assert (await say(store, cid, "ann")).message.seq == 1


async def test_more_reads_than_may_wait_are_refused_as_overload(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockent.store.readers.MAX_WAITING_READS", 10)
    answers = await asyncio.gather(*(store.unread("ann") for _ in range(30)), return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, MessagingError)]
    assert {refusal.code for refusal in refusals} == {Code.OVERLOADED}
    assert len(refusals) == 20
    assert (await store.unread("ann")).total == 0


async def test_closing_finishes_what_was_accepted_and_refuses_what_comes_after(place: Place) -> None:
    store = place.store()
    await store.open()
    cid = await opened(store, "ann", "bob")
    accepted = [asyncio.create_task(say(store, cid, "ann", str(n))) for n in range(200)]
    await asyncio.sleep(0)
    await store.close()
    sent = await asyncio.gather(*accepted)
    await refused(Code.SHUTTING_DOWN, say(store, cid, "ann"))
    await refused(Code.SHUTTING_DOWN, store.unread("ann"))
    await refused(Code.SHUTTING_DOWN, store.ping())
    await store.close()
    again = place.store()
    await again.open()
    assert await all_messages(again, cid, "bob") == [each.message for each in sent]
    await again.close()


async def test_what_was_acknowledged_before_a_kill_is_there_after_it(place: Place) -> None:
    url = f"sqlite:///{place.file}"
    acknowledged: set[tuple[str, int, str]] = set()
    for life in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.store.killed", url, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout
        for _ in range(150 + 70 * life):
            acknowledged.add(_parse(await process.stdout.readline()))
        process.kill()
        acknowledged |= {
            _parse(line) for line in (await process.stdout.read()).splitlines(keepends=True)[:-1]
        }
        await process.wait()
        await _check_after_kill(place, acknowledged)
    assert len(acknowledged) >= 3 * 150


async def _check_after_kill(place: Place, acknowledged: set[tuple[str, int, str]]) -> None:
    store = open_store(f"sqlite:///{place.file}")
    await store.open()
    stored: set[tuple[str, int, str]] = set()
    for conversation in await all_conversations(store, "ann"):
        messages = await all_messages(store, conversation.id, "ann")
        assert [message.seq for message in messages] == list(range(1, conversation.seq + 1))
        [other] = [person.user_id for person in conversation.participants if person.user_id != "ann"]
        assert (await store.unread(other)).conversations == await recount(store, other)
        stored |= {(conversation.id, message.seq, message.id) for message in messages}
    assert acknowledged <= stored
    await store.close()
    with sqlite3.connect(place.file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def _parse(line: bytes) -> tuple[str, int, str]:
    cid, seq, message_id = line.decode().split()
    return cid, int(seq), message_id
