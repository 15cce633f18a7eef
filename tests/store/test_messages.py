"""Editing, deleting and paging messages."""

from __future__ import annotations

import asyncio

import pytest

from stockent.messaging.errors import Code
from stockent.messaging.models import ConversationStatus, MessagePage
from stockent.messaging.ports import Store
from tests.store.acts import all_messages, counts_of, opened, refused, say


async def test_an_edit_takes_a_seq_and_leaves_the_message_in_its_place(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = (await say(store, cid, "ann", "before")).message
    await say(store, cid, "bob")
    changed = await store.edit(cid, sent.id, user_id="ann", content="after")
    assert changed.message
    assert (changed.seq, changed.message.seq, changed.message.updated_seq) == (3, 1, 3)
    assert changed.message.content == "after"
    assert changed.message.edited_at is not None
    assert counts_of(changed) == {"ann": (1, 1), "bob": (1, 1)}
    assert (await all_messages(store, cid, "bob"))[0] == changed.message


async def test_the_same_text_again_is_no_edit(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = await say(store, cid, "ann", "same")
    changed = await store.edit(cid, sent.message.id, user_id="ann", content="same")
    assert changed.repeated
    assert changed.message == sent.message
    assert changed.conversation.seq == 1


async def test_an_edit_of_the_last_message_shows_in_the_conversation(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = await say(store, cid, "ann", "before")
    changed = await store.edit(cid, sent.message.id, user_id="ann", content="after")
    assert changed.conversation.last_message == changed.message
    assert await store.conversation(cid, user_id="ann") == changed.conversation
    following = await say(store, cid, "bob")
    assert following.conversation.last_message == following.message


async def test_a_deletion_erases_the_text_and_keeps_the_place(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = (await say(store, cid, "ann", "secret")).message
    deleted = await store.delete_message(cid, sent.id, user_id="ann")
    assert deleted.message
    assert (deleted.seq, deleted.message.seq, deleted.message.content) == (2, 1, "")
    assert deleted.message.deleted_at is not None
    assert await all_messages(store, cid, "bob") == [deleted.message]
    again = await store.delete_message(cid, sent.id, user_id="ann")
    assert again == deleted._replace(repeated=True)


async def test_deleting_what_someone_has_not_read_lowers_their_count_only(store: Store) -> None:
    cid = await opened(store, "ann", "bob", "cem")
    first = await say(store, cid, "ann", "one")
    await say(store, cid, "ann", "two")
    await store.mark_read(cid, user_id="cem", seq=1)
    deleted = await store.delete_message(cid, first.message.id, user_id="ann")
    assert counts_of(deleted) == {"ann": (0, 0), "bob": (1, 1), "cem": (1, 1)}


async def test_a_message_is_its_senders_to_change(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = await say(store, cid, "ann")
    await refused(Code.FORBIDDEN, store.edit(cid, sent.message.id, user_id="bob", content="x"))
    await refused(Code.FORBIDDEN, store.delete_message(cid, sent.message.id, user_id="bob"))
    assert await all_messages(store, cid, "bob") == [sent.message]
    assert not (await store.edit(cid, sent.message.id, user_id="ann", content="x")).repeated


async def test_a_message_is_found_in_its_own_conversation_only(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    mine = (await say(store, cid, "ann")).message
    await say(store, other, "ann")
    for wrong in (mine.id[:-1] + ("0" if mine.id[-1] != "0" else "1"), "x", "", "é" * 40, mine.id + "0"):
        await refused(Code.NOT_FOUND, store.edit(cid, wrong, user_id="ann", content="x"))
    await refused(Code.NOT_FOUND, store.edit(other, mine.id, user_id="ann", content="x"))
    await refused(Code.NOT_FOUND, store.delete_message(other, mine.id, user_id="ann"))


async def test_a_deleted_message_cannot_be_edited(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = await say(store, cid, "ann")
    await store.delete_message(cid, sent.message.id, user_id="ann")
    await refused(Code.MESSAGE_DELETED, store.edit(cid, sent.message.id, user_id="ann", content="x"))


async def test_in_a_closed_conversation_one_may_delete_but_not_edit(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = await say(store, cid, "ann")
    await store.change_conversation(cid, user_id="bob", status=ConversationStatus.CLOSED)
    await refused(Code.CONVERSATION_CLOSED, store.edit(cid, sent.message.id, user_id="ann", content="x"))
    assert not (await store.delete_message(cid, sent.message.id, user_id="ann")).repeated


async def test_leaving_sending_and_deleting_at_once_answers_everyone_and_stays_whole(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = await asyncio.gather(*(say(store, cid, "ann", str(n)) for n in range(20)))
    answers = await asyncio.gather(
        *(store.delete_message(cid, each.message.id, user_id="ann") for each in sent),
        *(say(store, cid, "bob", str(n)) for n in range(20)),
        store.delete_conversation(cid, user_id="bob"),
        *(say(store, cid, "ann", str(n)) for n in range(20)),
        return_exceptions=True,
    )
    assert len(answers) == 61
    assert {getattr(answer, "code", None) for answer in answers[:41]} == {None}
    assert {getattr(answer, "code", None) for answer in answers[41:]} == {Code.NOT_FOUND}
    assert (await store.unread("ann")).total == 0


@pytest.fixture
async def cid(store: Store) -> str:
    """Ten messages at seq 1 to 5 and 7 to 11; at 6 stands an edit."""
    cid = await opened(store, "ann", "bob")
    first = await say(store, cid, "ann", "1")
    for n in range(2, 6):
        await say(store, cid, "ann", str(n))
    await store.edit(cid, first.message.id, user_id="ann", content="1 edited")
    for n in range(7, 12):
        await say(store, cid, "bob", str(n))
    return cid


@pytest.mark.parametrize(
    ("bounds", "limit", "seqs", "has_before", "has_after"),
    [
        ({}, 3, [9, 10, 11], True, False),
        ({}, 10, [1, 2, 3, 4, 5, 7, 8, 9, 10, 11], False, False),
        ({}, 200, [1, 2, 3, 4, 5, 7, 8, 9, 10, 11], False, False),
        ({"before": 9}, 3, [5, 7, 8], True, True),
        ({"before": 3}, 3, [1, 2], False, True),
        ({"before": 1}, 3, [], False, True),
        ({"before": 12}, 2, [10, 11], True, False),
        ({"before": 99}, 2, [10, 11], True, False),
        ({"after": 0}, 2, [1, 2], False, True),
        ({"after": 5}, 3, [7, 8, 9], True, True),
        ({"after": 9}, 3, [10, 11], True, False),
        ({"after": 11}, 3, [], True, False),
        ({"after": 99}, 3, [], True, False),
        ({"around": 5}, 4, [3, 4, 5, 7], True, True),
        ({"around": 6}, 4, [4, 5, 7, 8], True, True),
        ({"around": 1}, 4, [1, 2, 3, 4], False, True),
        ({"around": 11}, 4, [9, 10, 11], True, False),
        ({"around": 5}, 1, [5], True, True),
    ],
)
async def test_a_page_is_bounded_by_seq_and_tells_what_lies_beyond(
    store: Store,
    cid: str,
    bounds: dict[str, int],
    limit: int,
    seqs: list[int],
    has_before: bool,
    has_after: bool,
) -> None:
    page = await _page(store, cid, limit, **bounds)
    assert [message.seq for message in page.items] == seqs
    assert (page.has_before, page.has_after) == (has_before, has_after)
    assert page.next_cursor == (str(seqs[0]) if seqs and has_before else None)


async def test_following_the_cursor_back_gives_every_message_once(store: Store, cid: str) -> None:
    found: list[int] = []
    before: int | None = None
    while True:
        page = await _page(store, cid, 3, before=before)
        found = [message.seq for message in page.items] + found
        if page.next_cursor is None:
            break
        before = int(page.next_cursor)
    assert found == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]


async def test_an_empty_conversation_has_an_empty_page(store: Store) -> None:
    empty = await opened(store, "ann", "cem")
    assert await _page(store, empty, 50) == MessagePage(items=[], has_before=False, has_after=False)


async def _page(
    store: Store,
    cid: str,
    limit: int,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
) -> MessagePage:
    return await store.messages(cid, user_id="ann", before=before, after=after, around=around, limit=limit)
