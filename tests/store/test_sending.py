"""Sending: `seq`, order, idempotence for ever, and who may."""

from __future__ import annotations

import asyncio

import pytest

from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.models import ConversationStatus, MessageType
from stockent.messaging.ports import NewMessage, Sent, Store
from tests.store.acts import (
    STEEL,
    all_conversations,
    all_messages,
    begin,
    counts_of,
    new_client_id,
    opened,
    people,
    refused,
    say,
    whole_log,
)
from tests.store.conftest import Place


async def test_a_message_takes_the_next_seq_and_carries_its_sender_and_time(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    first = await say(store, cid, "ann", "one")
    second = await say(store, cid, "bob", "two")
    assert (first.message.seq, second.message.seq) == (1, 2)
    assert second.message.updated_seq == 2
    assert second.message.sender.id == "bob"
    assert second.message.created_at.endswith("Z")
    assert second.message.id > first.message.id
    assert await all_messages(store, cid, "ann") == [first.message, second.message]


async def test_what_a_send_returns_is_what_a_read_shows(store: Store) -> None:
    cid = await opened(store, "ann", "bob", subject=STEEL, title="Coils")
    sent = await say(store, cid, "ann", 'quote " back \\ line \n emoji 🙂 and \u2028')
    assert await store.conversation(cid, user_id="ann") == sent.conversation
    assert await all_messages(store, cid, "bob") == [sent.message]


async def test_counts_are_each_participants_own_right_after_the_message(store: Store) -> None:
    first, second = await opened(store, "ann", "bob"), await opened(store, "ann", "bob", "cem")
    await say(store, first, "ann")
    sent = await say(store, second, "ann")
    assert sent.views["ann"].counts == (0, 0)
    assert sent.views["bob"].counts == (1, 2)
    assert sent.views["cem"].counts == (1, 1)
    assert sent.conversation.unread == 0


async def test_sends_at_once_leave_no_hole_and_no_double(store: Store) -> None:
    cids = [await opened(store, "ann", "bob", subject=None), await opened(store, "ann", "bob", subject=STEEL)]
    sent = await asyncio.gather(
        *(say(store, cids[n % 2], ("ann", "bob")[n % 3 % 2], str(n)) for n in range(300))
    )
    for cid in cids:
        mine = [each.message for each in sent if each.message.conversation_id == cid]
        assert [message.seq for message in mine] == list(range(1, 151)), "seq is the order of handing over"
        assert await all_messages(store, cid, "bob") == mine


async def test_counts_rise_message_by_message_within_one_batch(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    sent = await asyncio.gather(*(say(store, cid, "ann", str(n)) for n in range(20)))
    assert [each.views["bob"].counts for each in sent] == [(n, n) for n in range(1, 21)]
    assert [each.conversation.seq for each in sent] == list(range(1, 21))


async def test_callers_are_resumed_in_the_order_of_seq(store: Store) -> None:
    cids = [await opened(store, "ann", f"u{n}") for n in range(5)]
    resumed: list[tuple[str, int]] = []

    async def send_and_note(n: int) -> None:
        sent = await say(store, cids[n % 5], "ann", str(n))
        resumed.append((sent.message.conversation_id, sent.message.seq))

    await asyncio.gather(*(send_and_note(n) for n in range(400)))
    for cid in cids:
        assert [seq for other, seq in resumed if other == cid] == list(range(1, 81))


async def test_operations_of_one_conversation_keep_their_order_whatever_their_kind(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    first = await say(store, cid, "ann", "first")
    results = await asyncio.gather(
        say(store, cid, "ann", "second"),
        store.mark_read(cid, user_id="bob", seq=2),
        say(store, other, "ann", "elsewhere"),
        store.edit(cid, first.message.id, user_id="ann", content="edited"),
        say(store, cid, "ann", "third"),
        store.mark_read(cid, user_id="bob", seq=4),
        store.change_conversation(cid, user_id="bob", status=ConversationStatus.CLOSED),
        say(store, cid, "ann", "too late"),
        return_exceptions=True,
    )
    assert isinstance(results[-1], MessagingError)
    assert results[-1].code is Code.CONVERSATION_CLOSED
    log = await whole_log(store, cid, "ann")
    assert [entry.event for entry in log] == [
        "message_received",
        "message_received",
        "message_updated",
        "message_received",
        "conversation_updated",
    ]
    assert [entry.seq for entry in log] == [1, 2, 3, 4, 5]
    assert (await store.unread("bob")).total == 0


async def test_a_repeat_returns_the_stored_message_and_writes_nothing(store: Store) -> None:
    cid, client_id = await opened(store, "ann", "bob"), new_client_id()
    first = await say(store, cid, "ann", "once", client_id)
    await say(store, cid, "bob", "between")
    again = await say(store, cid, "ann", "once", client_id)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.message == first.message
    assert again.conversation.seq == 2
    assert again.views["bob"].counts == (1, 1)
    assert len(await all_messages(store, cid, "bob")) == 2


async def test_one_client_id_fifty_times_at_once_is_one_row_and_fifty_equal_answers(store: Store) -> None:
    cid, client_id = await opened(store, "ann", "bob"), new_client_id()
    sent = await asyncio.gather(*(say(store, cid, "ann", "once", client_id) for _ in range(50)))
    assert len({each.message.id for each in sent}) == 1
    assert sum(not each.repeated for each in sent) == 1
    assert [message.content for message in await all_messages(store, cid, "bob")] == ["once"]
    assert (await store.unread("bob")).total == 1


async def test_a_client_id_is_the_same_uuid_in_either_case_and_shown_as_the_client_wrote_it(
    store: Store,
) -> None:
    cid, client_id = await opened(store, "ann", "bob"), new_client_id().upper()
    first = await say(store, cid, "ann", "once", client_id)
    again = await say(store, cid, "ann", "once", client_id.lower())
    assert first.message.client_id == client_id
    assert again == first._replace(repeated=True)


@pytest.mark.parametrize("since", ["nothing", "edited", "deleted", "closed", "restarted"])
async def test_a_repeat_is_known_whatever_happened_since(place: Place, since: str) -> None:
    store = place.store()
    await store.open()
    cid, client_id = await opened(store, "ann", "bob"), new_client_id()
    stored = (await say(store, cid, "ann", "once", client_id)).message
    if since == "edited":
        edited = await store.edit(cid, stored.id, user_id="ann", content="twice")
        assert edited.message
        stored = edited.message
    elif since == "deleted":
        await store.edit(cid, stored.id, user_id="ann", content="twice")
        deleted = await store.delete_message(cid, stored.id, user_id="ann")
        assert deleted.message
        stored = deleted.message
    elif since == "closed":
        await store.change_conversation(cid, user_id="bob", status=ConversationStatus.CLOSED)
    elif since == "restarted":
        await store.close()
        store = place.store()
        await store.open()
    again = await say(store, cid, "ann", "once", client_id)
    assert again.repeated
    assert again.message == stored
    await refused(Code.CLIENT_ID_REUSED, say(store, cid, "ann", "another body", client_id))
    await store.close()


async def test_a_client_id_with_another_body_type_or_conversation_is_refused_and_shows_nothing(
    store: Store,
) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    client_id = new_client_id()
    await say(store, cid, "ann", "secret canary", client_id)
    again = NewMessage(cid, "ann", client_id, MessageType.TEXT, "secret canary")
    for changed in (
        again._replace(content="another"),
        again._replace(type=MessageType.SYSTEM),
        again._replace(conversation_id=other),
    ):
        refusal = await refused(Code.CLIENT_ID_REUSED, store.send(changed))
        assert "canary" not in refusal.message
    assert (await store.send(again)).repeated, "the same request, unchanged, is answered"
    assert await all_messages(store, other, "ann") == []


async def test_client_ids_of_two_senders_do_not_meet(store: Store) -> None:
    cid, client_id = await opened(store, "ann", "bob"), new_client_id()
    mine = await say(store, cid, "ann", "mine", client_id)
    theirs = await say(store, cid, "bob", "theirs", client_id)
    assert not theirs.repeated
    assert mine.message.id != theirs.message.id


async def test_a_batch_answers_each_of_its_sends_as_if_it_were_alone(store: Store) -> None:
    cid, closed = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    await store.change_conversation(closed, user_id="ann", status=ConversationStatus.CLOSED)
    client_id = new_client_id()
    answers = await asyncio.gather(
        say(store, cid, "ann", "one", client_id),
        say(store, cid, "eve", "outsider"),
        say(store, "no-such-conversation", "ann", "nowhere"),
        say(store, closed, "ann", "closed"),
        say(store, cid, "ann", "one", client_id),
        say(store, cid, "ann", "other body", client_id),
        say(store, cid, "bob", "two"),
        return_exceptions=True,
    )
    seen: list[tuple[int, bool] | Code] = []
    for answer in answers:
        assert isinstance(answer, Sent | MessagingError)
        seen.append(
            answer.code if isinstance(answer, MessagingError) else (answer.message.seq, answer.repeated)
        )
    assert seen == [
        (1, False),
        Code.NOT_FOUND,
        Code.NOT_FOUND,
        Code.CONVERSATION_CLOSED,
        (1, True),
        Code.CLIENT_ID_REUSED,
        (2, False),
    ]


async def test_a_reopened_conversation_takes_messages_again(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await store.change_conversation(cid, user_id="ann", status=ConversationStatus.CLOSED)
    await refused(Code.CONVERSATION_CLOSED, say(store, cid, "bob"))
    await store.change_conversation(cid, user_id="bob", status=ConversationStatus.ACTIVE)
    assert (await say(store, cid, "bob")).message.seq == 3


async def test_first_messages_from_both_sides_at_once_meet_in_one_conversation(store: Store) -> None:
    started = await asyncio.gather(
        *(
            begin(store, *pair, f"{pair[0]} {n}")
            for n in range(50)
            for pair in (("ann", "bob"), ("bob", "ann"))
        )
    )
    assert len({each.sent.conversation.id for each in started}) == 1
    assert sum(each.created for each in started) == 1
    cid = started[0].sent.conversation.id
    assert [message.seq for message in await all_messages(store, cid, "ann")] == list(range(1, 101))
    assert len(await all_conversations(store, "bob")) == 1
    assert (await store.unread("ann")).total == (await store.unread("bob")).total == 50


async def test_a_repeated_start_returns_the_stored_message_in_its_conversation(store: Store) -> None:
    client_id = new_client_id()
    first = await begin(store, "ann", "bob", "hello", client_id, STEEL)
    again = await begin(store, "ann", "bob", "hello", client_id, STEEL)
    assert (first.created, again.created) == (True, False)
    assert again.sent == first.sent._replace(repeated=True)
    by_id = await say(store, first.sent.conversation.id, "ann", "hello", client_id)
    assert by_id == again.sent, "the two ways of sending know each other's repeats"


async def test_a_start_whose_client_id_is_used_elsewhere_is_refused_and_makes_nothing(store: Store) -> None:
    client_id = new_client_id()
    await begin(store, "ann", "bob", "hello", client_id)
    for elsewhere in (
        begin(store, "ann", "cem", "hello", client_id),
        begin(store, "ann", "bob", "hello", client_id, STEEL),
        begin(store, "ann", "bob", "another body", client_id),
    ):
        await refused(Code.CLIENT_ID_REUSED, elsewhere)
    assert len(await all_conversations(store, "ann")) == 1
    assert await all_conversations(store, "cem") == []


async def test_a_repeat_finds_nothing_once_its_conversation_is_deleted(store: Store) -> None:
    client_id = new_client_id()
    cid = (await begin(store, "ann", "bob", "hello", client_id)).sent.conversation.id
    await store.delete_conversation(cid, user_id="bob")
    await refused(Code.NOT_FOUND, say(store, cid, "ann", "hello", client_id))
    await refused(Code.NOT_FOUND, begin(store, "ann", "bob", "hello", client_id))
    assert await all_conversations(store, "ann") == [], "and a repeat does not bring it back"
    anew = await begin(store, "ann", "bob", "hello again")
    assert anew.created
    assert anew.sent.conversation.id != cid


async def test_a_closed_conversation_refuses_a_start(store: Store) -> None:
    cid = (await begin(store, "ann", "bob")).sent.conversation.id
    await store.change_conversation(cid, user_id="bob", status=ConversationStatus.CLOSED)
    await refused(Code.CONVERSATION_CLOSED, begin(store, "ann", "bob", "again"))
    assert (await store.conversation(cid, user_id="ann")).seq == 2


async def test_a_cancelled_caller_does_not_undo_its_write(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    task = asyncio.create_task(say(store, cid, "ann", "still sent"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await say(store, cid, "ann", "next")
    assert [message.content for message in await all_messages(store, cid, "bob")] == ["still sent", "next"]


async def test_a_group_of_a_hundred_counts_for_everyone(store: Store) -> None:
    everyone = [f"user-{n:03d}" for n in range(100)]
    created = await store.create_conversation(people(*everyone))
    sent = await say(store, created.conversation.id, "user-007")
    assert {user_id for user_id, counts in counts_of(sent).items() if counts == (1, 1)} == set(everyone) - {
        "user-007"
    }
