"""Groups: who may change who takes part, what each change leaves in the log, and what the added and removed find."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from stockent.messaging.errors import Code
from stockent.messaging.models import (
    MAX_PARTICIPANTS,
    Conversation,
    ConversationKind,
    ConversationStatus,
    GroupRole,
    Message,
    MessageType,
    Profile,
    SystemEvent,
)
from stockent.messaging.ports import Extras, Membership, NewConversation, NewMessage, Sent, Store
from tests.store.acts import (
    all_conversations,
    all_messages,
    catch_up,
    counts_of,
    new_client_id,
    opened,
    people,
    recount,
    refused,
    say,
    whole_log,
)


async def group(store: Store, *user_ids: str, history_visible: bool = False, title: str | None = None) -> str:
    """The first owns it."""
    created = await store.create_conversation(
        NewConversation(
            user_ids[0], tuple(sorted(user_ids)), None, title, ConversationKind.GROUP, history_visible
        )
    )
    return created.conversation.id


async def add(store: Store, cid: str, *user_ids: str, by: str = "ann") -> Membership:
    return await store.add_participants(cid, user_id=by, user_ids=user_ids)


async def remove(store: Store, cid: str, user_id: str, *, by: str = "ann") -> Membership:
    return await store.remove_participant(cid, user_id=by, removed_id=user_id)


async def leave(store: Store, cid: str, user_id: str) -> Membership:
    return await remove(store, cid, user_id, by=user_id)


async def roles(store: Store, cid: str, seen_by: str) -> dict[str, GroupRole | None]:
    conversation = await store.conversation(cid, user_id=seen_by)
    return {person.user_id: person.group_role for person in conversation.participants}


def told(membership: Membership) -> Message:
    assert membership.told is not None
    return membership.told.message


async def test_adding_takes_two_positions_the_change_and_the_message_that_tells_of_it(store: Store) -> None:
    for user_id, name in (("ann", "Ann"), ("dan", "Dan")):
        await store.save_profile(Profile(id=user_id, name=name, company_name="Acme"))
    cid = await group(store, "ann", "bob")
    await say(store, cid, "bob", "before")
    added = await add(store, cid, "dan", "cem")
    assert added.added == ("dan", "cem")
    assert (added.changed.seq, added.changed.conversation.seq) == (2, 2)
    assert added.changed.conversation.last_message is not None
    assert added.changed.conversation.last_message.content == "before"
    assert [person.user_id for person in added.changed.conversation.participants].count("dan") == 1
    message = told(added)
    assert (message.seq, message.type, message.content) == (3, MessageType.SYSTEM, "Ann added Dan and cem")
    assert (message.sender.id, message.sender.company_name) == ("ann", "Acme")
    assert message.system is not None
    assert message.system.event is SystemEvent.ADDED
    assert [(user.id, user.name) for user in message.system.users] == [("dan", "Dan"), ("cem", None)]
    assert await all_messages(store, cid, "ann") == [
        (await store.messages(cid, user_id="ann", before=2, after=None, around=None, limit=9)).items[0],
        message,
    ]
    assert [(entry.seq, entry.event) for entry in await whole_log(store, cid, "bob")] == [
        (1, "message_received"),
        (2, "conversation_updated"),
        (3, "message_received"),
    ]


async def test_the_state_after_each_step_is_what_each_participant_then_reads(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    await say(store, cid, "ann")
    added = await add(store, cid, "cem")
    assert added.told is not None
    for user_id in ("ann", "bob", "cem"):
        read = await store.conversation(cid, user_id=user_id)
        assert read.participants == added.told.conversation.participants
        assert (read.seq, read.last_message, read.updated_at) == (3, told(added), told(added).created_at)
        assert read.unread == added.told.views[user_id].unread
    assert counts_of(added.changed) == counts_of(added.told) == {"ann": (0, 0), "bob": (1, 1), "cem": (0, 0)}


async def test_a_system_message_is_no_unread_message_but_new_activity_and_brings_back_from_the_archive(
    store: Store,
) -> None:
    cid, other = await group(store, "ann", "bob"), await opened(store, "ann", "bob")
    await say(store, other, "ann")
    listed = [conversation.id for conversation in await all_conversations(store, "bob")]
    assert listed == [other, cid]
    await add(store, cid, "cem")
    listed = [conversation.id for conversation in await all_conversations(store, "bob")]
    assert listed == [cid, other]
    assert (await store.unread("bob")).conversations == await recount(store, "bob") == {other: 1}


async def test_who_is_added_sees_nothing_from_before_and_counts_from_there(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    for text in ("one", "two"):
        await say(store, cid, "bob", text)
    await add(store, cid, "cem")
    assert [message.content for message in await all_messages(store, cid, "cem")] == ["ann added cem"]
    mine = await store.conversation(cid, user_id="cem")
    [me] = [person for person in mine.participants if person.user_id == "cem"]
    assert (mine.unread, me.read_seq, me.delivered_seq, me.read_at) == (0, 2, 2, None)
    await say(store, cid, "ann", "three")
    assert (await store.unread("cem")).conversations == await recount(store, "cem") == {cid: 1}
    assert (await store.unread("bob")).conversations == await recount(store, "bob") == {cid: 1}
    read = await store.mark_read(cid, user_id="cem", seq=5)
    assert (read.view.counts, await recount(store, "cem")) == ((0, 0), {})


async def test_no_page_reaches_into_the_time_before(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    for n in range(5):
        await say(store, cid, "bob", f"hidden {n}")
    await add(store, cid, "cem")
    await say(store, cid, "bob", "seen")
    for bounds in (
        {},
        {"before": 3},
        {"before": 99},
        {"after": 0},
        {"after": 2},
        {"around": 1},
        {"around": 7},
    ):
        page = await store.messages(
            cid, user_id="cem", **{"before": None, "after": None, "around": None} | bounds, limit=5
        )
        assert not [message for message in page.items if "hidden" in message.content], bounds
        assert not page.has_before, bounds
        assert page.next_cursor is None, bounds


async def test_a_group_that_shows_its_history_shows_all_of_it_and_nothing_of_it_is_unread(
    store: Store,
) -> None:
    cid = await group(store, "ann", "bob", history_visible=True)
    first = (await say(store, cid, "bob", "one")).message
    await add(store, cid, "cem")
    assert [message.content for message in await all_messages(store, cid, "cem")] == ["one", "ann added cem"]
    assert (await store.unread("cem")).total == 0 == len(await recount(store, "cem"))
    deleted = await store.delete_message(cid, first.id, user_id="bob")
    assert deleted.views["cem"].counts == (0, 0)
    assert deleted.views["ann"].counts == (0, 0)


async def test_the_past_is_shown_by_what_held_when_one_came(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    await say(store, cid, "bob", "one")
    await add(store, cid, "cem")
    changed = await store.change_conversation(cid, user_id="ann", history_visible=True)
    assert [sent.message.content for sent in changed.told] == [
        "ann let people who are added see earlier messages"
    ]
    await add(store, cid, "dan")
    assert "one" not in [message.content for message in await all_messages(store, cid, "cem")]
    assert "one" in [message.content for message in await all_messages(store, cid, "dan")]


async def test_who_is_removed_finds_nothing_any_more(store: Store) -> None:
    cid = await group(store, "ann", "bob", "cem")
    kept = await opened(store, "ann", "cem")
    message = (await say(store, cid, "cem", "mine")).message
    for each in (cid, kept):
        await say(store, each, "ann")
    assert (await store.unread("cem")).total == 2
    removed = await remove(store, cid, "cem")
    assert (removed.removed, dict(removed.removed_totals)) == (("cem",), {"cem": 1})
    assert (told(removed).content, sorted(removed.changed.views)) == ("ann removed cem", ["ann", "bob"])
    assert removed.told is not None
    assert sorted(removed.told.views) == ["ann", "bob"]
    new = NewMessage(cid, "cem", new_client_id(), MessageType.TEXT, "still here?")
    for act in (
        store.conversation(cid, user_id="cem"),
        store.check_access(cid, user_id="cem"),
        store.messages(cid, user_id="cem", before=None, after=None, around=None, limit=5),
        store.send(new),
        store.mark_read(cid, user_id="cem", seq=1),
        store.edit(cid, message.id, user_id="cem", content="edited"),
        store.delete_message(cid, message.id, user_id="cem"),
        store.change_conversation(cid, user_id="cem", title="Mine"),
        store.delete_conversation(cid, user_id="cem"),
        leave(store, cid, "cem"),
        add(store, cid, "dan", by="cem"),
    ):
        assert (await refused(Code.NOT_FOUND, act)).message == "no such conversation"
    assert (await catch_up(store, cid, user_id="cem", after_seq=0)).gone
    resumed = await store.resume("cem", {cid: 2})
    assert (resumed.conversations[cid].gone, resumed.total_unread) == (True, 1)
    assert [each.id for each in resumed.others] == [kept]
    assert [each.id for each in await all_conversations(store, "cem")] == [kept]
    assert (await store.unread("cem")).conversations == await recount(store, "cem") == {kept: 1}
    said = await all_messages(store, cid, "ann")
    assert [each.content for each in said] == ["mine", "hello", "ann removed cem"], "what they said stays"


async def test_a_send_that_was_stored_before_is_not_repeated_to_who_was_removed(store: Store) -> None:
    cid = await group(store, "ann", "cem")
    client_id = new_client_id()
    assert not (await say(store, cid, "cem", "once", client_id)).repeated
    assert (await say(store, cid, "cem", "once", client_id)).repeated
    await remove(store, cid, "cem")
    await refused(Code.NOT_FOUND, say(store, cid, "cem", "once", client_id))


async def test_who_comes_back_sees_neither_their_former_time_nor_the_time_between(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    mine = (await say(store, cid, "bob", "in my time")).message
    await remove(store, cid, "bob")
    await say(store, cid, "ann", "without you")
    await add(store, cid, "bob")
    await say(store, cid, "ann", "welcome")
    assert [message.content for message in await all_messages(store, cid, "bob")] == [
        "ann added bob",
        "welcome",
    ]
    await refused(Code.NOT_FOUND, store.edit(cid, mine.id, user_id="bob", content="edited"))
    assert (await catch_up(store, cid, user_id="bob", after_seq=1)).reset
    assert (await catch_up(store, cid, user_id="bob", after_seq=3)).reset
    caught = await catch_up(store, cid, user_id="bob", after_seq=4)
    assert [entry.seq for entry in caught.events or ()] == [5, 6, 7]
    assert (await store.unread("bob")).conversations == await recount(store, "bob") == {cid: 1}


async def test_who_comes_back_to_a_group_that_shows_its_history_catches_up_with_all_of_it(
    store: Store,
) -> None:
    cid = await group(store, "ann", "bob", history_visible=True)
    await say(store, cid, "bob", "in my time")
    await leave(store, cid, "bob")
    await say(store, cid, "ann", "without you")
    await add(store, cid, "bob")
    caught = await catch_up(store, cid, user_id="bob", after_seq=1)
    assert [entry.seq for entry in caught.events or ()] == [2, 3, 4, 5, 6]
    assert (await store.unread("bob")).conversations == await recount(store, "bob") == {}


async def test_changes_of_hidden_messages_say_only_that_something_moved(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    one, two = [(await say(store, cid, "bob", f"hidden {n}")).message for n in range(2)]
    await add(store, cid, "cem")
    for act in (
        store.edit(cid, one.id, user_id="bob", content="hidden still"),
        store.delete_message(cid, two.id, user_id="bob"),
    ):
        changed = await act
        assert changed.views["cem"].visible_after == 2
        assert changed.views["cem"].counts == (0, 0)
    caught = await catch_up(store, cid, user_id="cem", after_seq=2)
    assert caught.events is not None
    assert [entry.event for entry in caught.events] == [
        "conversation_updated",
        "message_received",
        "conversation_updated",
        "conversation_updated",
    ]
    assert "hidden" not in str(caught)


async def test_hidden_messages_are_neither_answered_nor_forwarded_nor_changed(store: Store) -> None:
    cid, elsewhere = await group(store, "ann", "bob"), await opened(store, "bob", "cem")
    hidden = (await say(store, cid, "bob", "hidden")).message
    await add(store, cid, "cem")
    seen = (await say(store, cid, "bob", "seen")).message

    def answer(message: Message) -> NewMessage:
        return NewMessage(cid, "cem", new_client_id(), None, "yes", Extras(reply_to=message.id))

    def forward(message: Message) -> NewMessage:
        return NewMessage(elsewhere, "cem", new_client_id(), None, "", Extras(forward_of=(cid, message.id)))

    for make in (answer, forward):
        assert isinstance(await store.send(make(seen)), Sent)
        assert (await refused(Code.NOT_FOUND, store.send(make(hidden)))).message == "no such message"


async def test_a_quote_of_a_hidden_message_is_the_words_of_who_quotes(store: Store) -> None:
    """Who was there may show what was said; the page around it stays shut."""
    cid = await group(store, "ann", "bob")
    hidden = (await say(store, cid, "bob", "hidden")).message
    await add(store, cid, "cem")
    reply = NewMessage(cid, "ann", new_client_id(), None, "as Bob said", Extras(reply_to=hidden.id))
    await store.send(reply)
    [_, quoting] = await all_messages(store, cid, "cem")
    assert quoting.reply_to is not None
    assert quoting.reply_to.content == "hidden"
    around = await store.messages(cid, user_id="cem", before=None, after=None, around=hidden.seq, limit=5)
    assert [message.seq for message in around.items] == [3, 4]


async def test_only_an_owner_adds_removes_gives_roles_and_opens_the_history(store: Store) -> None:
    cid = await group(store, "ann", "bob", "cem")
    acts = (
        lambda by: add(store, cid, "dan", by=by),
        lambda by: store.set_group_role(cid, user_id=by, member_id="cem", role=GroupRole.OWNER),
        lambda by: store.change_conversation(cid, user_id=by, history_visible=True),
        lambda by: remove(store, cid, "cem", by=by),
    )
    for act in acts:
        await refused(Code.FORBIDDEN, act("bob"))
        assert (await refused(Code.NOT_FOUND, act("eve"))).message == "no such conversation"
    assert (await store.conversation(cid, user_id="bob")).seq == 0
    for act in acts:
        await act("ann")
    renamed = await store.change_conversation(cid, user_id="bob", title="Steel 2027")
    assert renamed.told[0].message.content == "bob named the group “Steel 2027”"


async def test_a_conversation_of_two_is_no_group(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    for act in (
        add(store, cid, "cem"),
        remove(store, cid, "bob"),
        leave(store, cid, "ann"),
        store.set_group_role(cid, user_id="ann", member_id="bob", role=GroupRole.OWNER),
    ):
        assert "expected a group" in (await refused(Code.INVALID, act)).message
    named = await store.change_conversation(cid, user_id="ann", title="Coils")
    assert (named.told, named.seq) == ((), 1)
    assert await all_messages(store, cid, "ann") == []
    for user_id in ("cem", "eve"):
        await refused(Code.NOT_FOUND, leave(store, cid, user_id))


async def test_who_is_there_is_passed_over_and_nothing_happens_if_all_are(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    again = await add(store, cid, "bob", "ann", "bob")
    assert (again.changed.repeated, again.told, again.added) == (True, None, ())
    assert (again.changed.seq, sorted(again.changed.views)) == (0, ["ann", "bob"])
    some = await add(store, cid, "bob", "cem", "cem")
    assert (some.added, some.changed.seq) == (("cem",), 1)


async def test_a_group_holds_as_many_as_it_may_and_not_one_more(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    refusal = await refused(Code.INVALID, add(store, cid, *(f"u{n}" for n in range(MAX_PARTICIPANTS - 1))))
    assert refusal.errors[0].field == "userIds"
    assert str(MAX_PARTICIPANTS) in refusal.message
    full = await add(store, cid, *(f"u{n}" for n in range(MAX_PARTICIPANTS - 2)))
    assert told(full).content == "ann added u0, u1, u2 and 95 others"
    assert len((await store.conversation(cid, user_id="u7")).participants) == MAX_PARTICIPANTS
    await refused(Code.INVALID, add(store, cid, "one too many"))
    assert (await add(store, cid, "u5", "bob")).changed.repeated


async def test_a_role_is_given_and_taken_but_never_from_the_last_owner(store: Store) -> None:
    cid = await group(store, "ann", "bob", "cem")

    async def give(by: str, member: str, role: GroupRole) -> Membership:
        return await store.set_group_role(cid, user_id=by, member_id=member, role=role)

    refusal = await refused(Code.INVALID, give("ann", "ann", GroupRole.MEMBER))
    assert (refusal.errors[0].field, "at least one owner" in refusal.message) == ("role", True)
    assert (
        await refused(Code.NOT_FOUND, give("ann", "eve", GroupRole.OWNER))
    ).message == "no such participant"
    assert (await give("ann", "ann", GroupRole.OWNER)).changed.repeated
    assert (await give("ann", "bob", GroupRole.MEMBER)).changed.repeated
    assert told(await give("ann", "bob", GroupRole.OWNER)).content == "ann made bob an owner"
    assert told(await give("ann", "ann", GroupRole.MEMBER)).content == "ann is no longer an owner"
    assert await roles(store, cid, "cem") == {"ann": "MEMBER", "bob": "OWNER", "cem": "MEMBER"}
    await refused(Code.FORBIDDEN, give("ann", "cem", GroupRole.OWNER))
    await give("bob", "cem", GroupRole.OWNER)
    assert told(await give("cem", "bob", GroupRole.MEMBER)).content == "cem made bob a member"
    assert (await store.conversation(cid, user_id="ann")).seq == 8


async def test_when_the_last_owner_leaves_the_longest_standing_member_becomes_one(store: Store) -> None:
    cid = await group(store, "ann", "zoe")
    await add(store, cid, "bob")
    await add(store, cid, "cem")
    await remove(store, cid, "zoe")
    await add(store, cid, "zoe")
    left = await leave(store, cid, "ann")
    assert told(left).content == "ann left; bob is an owner now"
    assert told(left).sender.id == "ann"
    note = told(left).system
    assert note is not None
    assert (note.event, [user.id for user in note.users]) == (SystemEvent.LEFT, ["bob"])
    assert await roles(store, cid, "zoe") == {"bob": "OWNER", "cem": "MEMBER", "zoe": "MEMBER"}
    assert told(await leave(store, cid, "cem")).content == "cem left"
    assert await roles(store, cid, "zoe") == {"bob": "OWNER", "zoe": "MEMBER"}


async def test_an_owner_who_leaves_another_behind_makes_nobody_one(store: Store) -> None:
    cid = await group(store, "ann", "bob", "cem")
    await store.set_group_role(cid, user_id="ann", member_id="cem", role=GroupRole.OWNER)
    assert told(await leave(store, cid, "ann")).content == "ann left"
    assert await roles(store, cid, "bob") == {"bob": "MEMBER", "cem": "OWNER"}


async def test_the_last_one_to_leave_takes_the_conversation_along(store: Store) -> None:
    cid, other = await group(store, "ann", "bob"), await opened(store, "ann", "bob")
    await say(store, cid, "bob")
    await say(store, other, "bob")
    await leave(store, cid, "bob")
    assert (await store.unread("ann")).total == 2
    last = await leave(store, cid, "ann")
    assert (last.told, last.removed, dict(last.removed_totals)) == (None, ("ann",), {"ann": 1})
    assert (last.changed.seq, dict(last.changed.views)) == (4, {})
    for user_id in ("ann", "bob"):
        await refused(Code.NOT_FOUND, store.conversation(cid, user_id=user_id))
        assert [each.id for each in await all_conversations(store, user_id)] == [other]
    assert (await store.unread("ann")).conversations == await recount(store, "ann") == {other: 1}


async def test_the_same_people_are_not_led_into_a_group_whose_people_changed(store: Store) -> None:
    three = people("ann", "bob", "cem")
    first = (await store.create_conversation(three)).conversation.id
    assert (await store.create_conversation(three)).conversation.id == first
    await remove(store, first, "cem")
    second = (await store.create_conversation(three)).conversation.id
    two = await group(store, "ann", "bob")
    await add(store, first, "cem")
    third = await store.create_conversation(three)
    assert third.repeated
    assert len({first, second, two}) == 3
    assert third.conversation.id == second, "not the one that has these people again"


async def test_a_closed_group_takes_no_message_but_its_people_may_change(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    await store.change_conversation(cid, user_id="ann", status=ConversationStatus.CLOSED)
    await refused(Code.CONVERSATION_CLOSED, say(store, cid, "ann"))
    assert told(await add(store, cid, "cem")).seq == 3
    assert told(await leave(store, cid, "bob")).seq == 5
    renamed = await store.change_conversation(cid, user_id="cem", title="Over")
    assert [sent.message.seq for sent in renamed.told] == [7]
    assert renamed.told[0].conversation.status is ConversationStatus.CLOSED


async def test_a_group_hears_of_its_name_and_its_past_in_one_change_and_a_message_for_each(
    store: Store,
) -> None:
    cid = await group(store, "ann", "bob", title="Coils")
    await say(store, cid, "bob")
    both = await store.change_conversation(cid, user_id="ann", title=None, history_visible=True)
    assert both.seq == 2
    assert [(sent.message.seq, sent.message.content) for sent in both.told] == [
        (3, "ann took the group’s name away"),
        (4, "ann let people who are added see earlier messages"),
    ]
    notes = [sent.message.system for sent in both.told]
    assert [note and (note.event, note.title) for note in notes] == [
        (SystemEvent.RENAMED, None),
        (SystemEvent.HISTORY_SHOWN, None),
    ]
    assert both.told[-1].views["bob"].counts == (0, 0)
    assert both.told[-1].views["ann"].counts == (1, 1)
    same = await store.change_conversation(cid, user_id="ann", title=None, history_visible=True)
    assert (same.repeated, same.told) == (True, ())
    closed = await store.change_conversation(cid, user_id="bob", status=ConversationStatus.CLOSED)
    assert closed.told == ()


async def test_nobody_changes_deletes_answers_or_repeats_what_the_server_wrote(store: Store) -> None:
    cid = await group(store, "ann", "bob")
    notice = told(await add(store, cid, "cem"))
    await refused(Code.FORBIDDEN, store.edit(cid, notice.id, user_id="ann", content="nobody"))
    await refused(Code.FORBIDDEN, store.delete_message(cid, notice.id, user_id="ann"))
    reply = NewMessage(cid, "bob", new_client_id(), None, "who?", Extras(reply_to=notice.id))
    await refused(Code.NOT_FOUND, store.send(reply))
    await refused(Code.CLIENT_ID_REUSED, say(store, cid, "ann", notice.content, notice.client_id))


async def test_the_log_has_no_holes_whatever_happens_at_once(store: Store) -> None:
    cid = await group(store, "ann", "bob", history_visible=True)
    acts = [
        act
        for n in range(12)
        for act in (
            add(store, cid, f"u{n}"),
            say(store, cid, "bob", f"message {n}"),
            remove(store, cid, f"u{n}"),
            store.change_conversation(cid, user_id="bob", title=f"Title {n}"),
        )
    ]
    results = await asyncio.gather(*acts)
    log = await whole_log(store, cid, "ann")
    assert [entry.seq for entry in log] == list(range(1, 12 * 7 + 1))
    assert len(results) == 48
    sends = [result for result in results if isinstance(result, Sent)]
    assert all(one.message.seq < next_.message.seq for one, next_ in pairwise(sends))
    assert sorted(await roles(store, cid, "ann")) == ["ann", "bob"]


async def test_what_the_writer_remembers_of_a_group_is_who_takes_part_now(store: Store) -> None:
    cid = await group(store, "ann", "bob")

    def members(conversation: Conversation) -> list[str]:
        return sorted(person.user_id for person in conversation.participants)

    assert members((await say(store, cid, "ann")).conversation) == ["ann", "bob"]
    await add(store, cid, "cem")
    sent = await say(store, cid, "cem")
    assert (members(sent.conversation), sorted(sent.views)) == (["ann", "bob", "cem"], ["ann", "bob", "cem"])
    await remove(store, cid, "bob")
    sent = await say(store, cid, "cem")
    assert (members(sent.conversation), sorted(sent.views)) == (["ann", "cem"], ["ann", "cem"])
    read = await store.mark_read(cid, user_id="ann", seq=99)
    assert sorted(read.participant_ids) == ["ann", "cem"]


@pytest.mark.parametrize("user_ids", [("bob",), ("bob", "cem")])
async def test_creating_a_group_writes_no_message(store: Store, user_ids: tuple[str, ...]) -> None:
    cid = await group(store, "ann", *user_ids)
    assert await all_messages(store, cid, "ann") == []
    assert await roles(store, cid, "bob") == {"ann": "OWNER"} | dict.fromkeys(user_ids, "MEMBER")
