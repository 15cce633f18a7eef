"""Verbs on a group's people: who hears what, in which order, and what those who go and come find."""

from __future__ import annotations

import asyncio

import pytest

from stockent.messaging import conversations, groups, messages
from stockent.messaging.commands import (
    AddParticipants,
    ChangeConversation,
    CreateConversation,
    EditMessage,
)
from stockent.messaging.domain import Actor, Domain
from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.models import ConversationKind, GroupRole
from tests.messaging.conftest import ANN, BOB, CEM, EVE, say
from tests.messaging.sockets import Sockets
from tests.store.acts import refused

DAN = Actor("dan", "Dan")


async def add(domain: Domain, cid: str, *user_ids: str, by: Actor = ANN) -> None:
    await groups.add(domain, by, cid, AddParticipants(user_ids=user_ids))


async def test_those_who_come_hear_of_the_conversation_and_the_others_of_its_change_then_all_the_message(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await say(domain, BOB, cid, "before")
    ann, viewer, phone = sockets.connect("ann"), sockets.connect("bob", viewing=cid), sockets.connect("bob")
    dan, eve = sockets.connect("dan"), sockets.connect("eve")
    shown = await groups.add(domain, ANN, cid, AddParticipants(user_ids=("dan", "bob")))
    assert (shown.seq, shown.unread, len(shown.participants)) == (3, 1, 4)
    assert viewer.names == ["conversation_updated", "message_received"]
    assert phone.names == ["conversation_updated", "new_message_notification"]
    assert ann.names == ["conversation_updated", "conversation_updated"]
    assert dan.names == ["conversation_created", "new_message_notification"]
    assert eve.heard == []
    for socket in (viewer, phone, ann, dan):
        assert [payload["seq"] for _, payload in socket.heard] == [2, 3]
    created = dan.only("conversation_created")
    assert (created["lastMessage"], created["unread"]) == (None, 0)
    notified = dan.only("new_message_notification")
    assert (notified["totalUnread"], notified["conversation"]["unread"]) == (0, 0)
    assert notified["message"]["content"] == "ann added dan"
    assert notified["message"]["type"] == "SYSTEM"
    updated = phone.only("conversation_updated")["conversation"]
    assert [person["userId"] for person in updated["participants"]] == ["ann", "bob", "cem", "dan"]
    assert updated["lastMessage"]["content"] == "before"
    assert "before" not in str(dan.heard)


async def test_who_is_removed_hears_that_and_no_more_and_is_out_of_the_room(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await say(domain, BOB, cid)
    viewer, phone = sockets.connect("cem", viewing=cid), sockets.connect("cem")
    ann, bob = sockets.connect("ann"), sockets.connect("bob", viewing=cid)
    shown = await groups.remove(domain, ANN, cid, "cem")
    assert [person.user_id for person in shown.participants] == ["ann", "bob"]
    await say(domain, ANN, cid, "among us")
    removed = {
        "conversationId": cid,
        "seq": 2,
        "userId": "cem",
        "removedBy": "ann",
        "totalUnread": 0,
    }
    for socket in (viewer, phone):
        assert socket.heard == [("participant_removed", removed)]
    assert sockets.viewers(cid) == [bob]
    assert bob.names == ["conversation_updated", "message_received", "message_received"]
    assert ann.names == ["conversation_updated"] * 3
    assert sockets.unheard == 0, "no payload was made for nobody"


async def test_who_leaves_was_removed_by_oneself_and_the_last_one_ends_it(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    ann, bob, cem = (sockets.connect(who, viewing=cid) for who in ("ann", "bob", "cem"))
    await groups.leave(domain, ANN, cid)
    assert ann.names == ["participant_removed"]
    assert ann.only("participant_removed")["removedBy"] == "ann"
    assert bob.only("message_received")["content"] == "ann left; bob is an owner now"
    await groups.leave(domain, BOB, cid)
    await groups.leave(domain, CEM, cid)
    assert cem.names == [*["conversation_updated", "message_received"] * 2, "participant_removed"]
    assert cem.heard[-1][1]["seq"] == 5
    assert sockets.viewers(cid) == []
    for who in (ANN, BOB, CEM):
        await refused(Code.NOT_FOUND, conversations.get(domain, who, cid))


async def test_a_role_is_told_to_all_with_the_role(domain: Domain, sockets: Sockets, cid: str) -> None:
    bob, cem = sockets.connect("bob"), sockets.connect("cem", viewing=cid)
    shown = await groups.set_role(domain, ANN, cid, "bob", GroupRole.OWNER)
    assert {person.user_id: person.group_role for person in shown.participants} == {
        "ann": "OWNER",
        "bob": "OWNER",
        "cem": "MEMBER",
    }
    assert bob.names == ["conversation_updated", "new_message_notification"]
    assert cem.names == ["conversation_updated", "message_received"]
    assert cem.only("message_received")["system"] == {
        "event": "made_owner",
        "users": [{"id": "bob", "name": None}],
        "title": None,
    }
    await groups.set_role(domain, BOB, cid, "bob", GroupRole.OWNER)
    await add(domain, cid, "cem")
    assert (len(bob.heard), len(cem.heard)) == (2, 2), "what is so already is told to nobody"


async def test_a_groups_new_name_and_a_shown_past_are_told_by_a_change_and_then_by_messages(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    ann, bob = sockets.connect("ann"), sockets.connect("bob", viewing=cid)
    change = ChangeConversation(title="Steel 2027", history_visible=True)
    shown = await conversations.change(domain, ANN, cid, change)
    assert (shown.seq, shown.title, shown.history_visible) == (3, "Steel 2027", True)
    assert shown.last_message is not None
    assert bob.names == ["conversation_updated", "message_received", "message_received"]
    assert ann.names == ["conversation_updated"] * 3
    for socket in (ann, bob):
        assert [payload["seq"] for _, payload in socket.heard] == [1, 2, 3]
    assert bob.heard[1][1]["content"] == "ann named the group “Steel 2027”"


async def test_a_conversation_of_two_may_be_a_group_from_the_start_but_has_no_history_to_show_otherwise(
    domain: Domain, sockets: Sockets
) -> None:
    bob = sockets.connect("bob")
    plain = CreateConversation(participant_ids=["bob"], history_visible=True)
    refusal = await refused(Code.INVALID, conversations.create(domain, ANN, plain))
    assert refusal.errors[0].field == "historyVisible"
    body = CreateConversation(participant_ids=["bob"], history_visible=True, kind=ConversationKind.GROUP)
    made = (await conversations.create(domain, ANN, body)).conversation
    assert bob.names == ["conversation_created"], "its creation is no message"
    await add(domain, made.id, "dan")
    assert bob.names[1:] == ["conversation_updated", "new_message_notification"]


async def test_one_does_not_remove_oneself(domain: Domain, cid: str) -> None:
    refusal = await refused(Code.INVALID, groups.remove(domain, ANN, cid, "ann"))
    assert refusal.errors[0].field == "userId"
    await refused(Code.NOT_FOUND, groups.remove(domain, ANN, cid, "dan"))


async def test_an_outsider_and_a_member_change_nobody_and_nobody_hears_of_it(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    heard = [sockets.connect(who) for who in ("ann", "bob", "cem", "dan")]
    for actor, code in ((EVE, Code.NOT_FOUND), (BOB, Code.FORBIDDEN)):
        for act in (
            add(domain, cid, "dan", by=actor),
            groups.remove(domain, actor, cid, "cem"),
            groups.set_role(domain, actor, cid, "cem", GroupRole.OWNER),
        ):
            await refused(code, act)
    await refused(Code.NOT_FOUND, groups.leave(domain, EVE, cid))
    assert [socket.heard for socket in heard] == [[]] * 4
    await groups.leave(domain, BOB, cid)
    assert heard[0].heard


async def test_changes_of_what_is_hidden_reach_who_came_later_without_it(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    one, two = [await say(domain, BOB, cid, f"hidden {n}") for n in range(2)]
    await add(domain, cid, "dan")
    dan, bob = sockets.connect("dan", viewing=cid), sockets.connect("bob", viewing=cid)
    await messages.edit(domain, BOB, cid, one.id, EditMessage(content="hidden, better"))
    await messages.delete(domain, BOB, cid, two.id)
    assert bob.names == ["message_updated", "message_deleted"]
    assert dan.names == ["conversation_updated", "conversation_updated"]
    assert [payload["seq"] for _, payload in dan.heard] == [5, 6]
    for secret in ("hidden", one.id, two.id):
        assert secret not in str(dan.heard)


@pytest.mark.parametrize("round_", [0, 1, 7, 13, 19])
async def test_of_messages_sent_while_one_is_removed_just_those_before_it_are_heard(
    domain: Domain, sockets: Sockets, cid: str, round_: int
) -> None:
    """Sends of two people and the removal are under way at once; the store decides which came first."""
    viewer, phone, bob = (
        sockets.connect("cem", viewing=cid),
        sockets.connect("cem"),
        sockets.connect("bob", viewing=cid),
    )
    acts = [say(domain, (ANN, BOB)[n % 2], cid, f"message {n}") for n in range(20)]
    acts.insert(round_, groups.remove(domain, ANN, cid, "cem"))  # type: ignore[arg-type]
    await asyncio.gather(*acts)
    for socket in (viewer, phone):
        positions = [payload["seq"] for _, payload in socket.heard]
        assert positions == list(range(1, len(positions) + 1))
        assert socket.names[-1] == "participant_removed"
        assert len(positions) == round_ + 1
    assert [payload["seq"] for _, payload in bob.heard] == list(range(1, 23))


async def test_of_two_owners_who_remove_each_other_one_stays(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await groups.set_role(domain, ANN, cid, "bob", GroupRole.OWNER)
    cem = sockets.connect("cem")
    outcomes = await asyncio.gather(
        groups.remove(domain, ANN, cid, "bob"),
        groups.remove(domain, BOB, cid, "ann"),
        return_exceptions=True,
    )
    [refusal] = [outcome for outcome in outcomes if isinstance(outcome, MessagingError)]
    assert refusal.code is Code.NOT_FOUND
    assert cem.names == ["conversation_updated", "new_message_notification"]
