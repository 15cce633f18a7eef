"""Verbs on conversations: what they refuse, and who hears of what they did."""

from __future__ import annotations

import pytest

from stockent.messaging import conversations, reading
from stockent.messaging.commands import ChangeConversation, CreateConversation, StartConversation
from stockent.messaging.domain import Actor, Domain
from stockent.messaging.errors import Code
from stockent.messaging.models import ConversationStatus, MessageType, Subject
from tests.messaging.conftest import ANN, BOB, CEM, EVE, new_client_id, say
from tests.messaging.sockets import Sockets
from tests.store.acts import refused

STEEL = Subject(type="product", id="p-1", title="Steel")


async def test_a_new_conversation_is_told_to_every_participant_once(domain: Domain, sockets: Sockets) -> None:
    ann, bob_phone, bob_desk, eve = (sockets.connect(who) for who in ("ann", "bob", "bob", "eve"))
    body = CreateConversation(participant_ids=["bob"], subject=STEEL, title="  Coils  ")
    created = await conversations.create(domain, ANN, body)
    assert created.conversation.title == "Coils"
    for socket in (ann, bob_phone, bob_desk):
        told = socket.only("conversation_created")
        assert (told["id"], told["unread"], told["subject"]["id"]) == (created.conversation.id, 0, "p-1")
    assert eve.heard == []
    again = await conversations.create(
        domain, BOB, CreateConversation(participant_ids=["ann"], subject=STEEL)
    )
    assert again.repeated
    assert len(ann.heard) == len(bob_phone.heard) == 1, "an existing one is not told again"


async def test_the_creator_takes_part_whether_listed_or_not(domain: Domain) -> None:
    unlisted = await conversations.create(domain, ANN, CreateConversation(participant_ids=["bob"]))
    listed = await conversations.create(
        domain, ANN, CreateConversation(participant_ids=["bob", "ann", "bob"])
    )
    assert listed.repeated
    assert listed.conversation == unlisted.conversation


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (CreateConversation(participant_ids=["ann"]), "participantIds"),
        (CreateConversation(participant_ids=["ann", "ann"]), "participantIds"),
        (CreateConversation(participant_ids=[f"u{n}" for n in range(100)]), "participantIds"),
        (CreateConversation(participant_ids=["bob"], title="two\nlines"), "title"),
        (CreateConversation(participant_ids=["bob"], title="x" * 201), "title"),
        (
            CreateConversation(participant_ids=["bob"], subject=Subject(type="t", id="i", title=" ")),
            "subject.title",
        ),
        (
            CreateConversation(
                participant_ids=["bob"], subject=Subject(type="t", id="i", title="t", data={"x": "y" * 5_000})
            ),
            "subject.data",
        ),
        (
            CreateConversation(
                participant_ids=["bob"],
                subject=Subject(type="t", id="i", title="t", data={"x": ["C:\\u0000", "\0"]}),
            ),
            "subject.data",
        ),
    ],
)
async def test_a_conversation_that_makes_no_sense_is_refused(
    domain: Domain, sockets: Sockets, body: CreateConversation, field: str
) -> None:
    bob = sockets.connect("bob")
    refusal = await refused(Code.INVALID, conversations.create(domain, ANN, body))
    assert [error.field for error in refusal.errors] == [field]
    assert bob.heard == []
    ninety_nine = [f"u{n}" for n in range(99)]
    fine = Subject(type="t", id="i", title="t", data={"x": "C:\\u0000"})
    await conversations.create(
        domain, ANN, CreateConversation(participant_ids=ninety_nine, title=" ", subject=fine)
    )


async def test_a_first_message_tells_of_the_conversation_and_then_of_the_message(
    domain: Domain, sockets: Sockets
) -> None:
    ann, bob, eve = sockets.connect("ann"), sockets.connect("bob"), sockets.connect("eve")
    body = StartConversation(recipient_id="bob", client_id=new_client_id(), content=" hello ", subject=STEEL)
    started = await conversations.start(domain, ANN, body)
    assert started.created
    assert bob.names == ["conversation_created", "new_message_notification"]
    assert ann.names == ["conversation_created", "conversation_updated"]
    assert eve.heard == []
    assert bob.only("conversation_created")["unread"] == 1
    assert ann.only("conversation_created")["unread"] == 0
    notification = bob.only("new_message_notification")
    assert notification["message"]["content"] == "hello"
    assert (notification["conversation"]["unread"], notification["totalUnread"], notification["seq"]) == (
        1,
        1,
        1,
    )

    again = await conversations.start(domain, ANN, body)
    assert again.sent.repeated
    assert (len(ann.heard), len(bob.heard)) == (2, 2), "a repeat emits nothing"

    reply = StartConversation(recipient_id="ann", client_id=new_client_id(), content="hi", subject=STEEL)
    replied = await conversations.start(domain, BOB, reply)
    assert not replied.created
    assert ann.names[2:] == ["new_message_notification"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipient_id": "ann"}, "recipientId"),
        ({"content": " \n "}, "content"),
        ({"content": "nul \x00"}, "content"),
        ({"type": MessageType.SYSTEM}, "type"),
        ({"type": MessageType.VOICE}, "type"),
    ],
)
async def test_a_first_message_that_makes_no_sense_leaves_no_conversation(
    domain: Domain, change: dict[str, str], field: str
) -> None:
    sound = {"recipient_id": "bob", "client_id": new_client_id(), "content": "hello"}
    unsound = StartConversation(**{**sound, **change})  # type: ignore[arg-type]
    refusal = await refused(Code.INVALID, conversations.start(domain, ANN, unsound))
    assert refusal.errors[0].field == field
    assert (await _listing(domain, ANN)) == []
    assert (await conversations.start(domain, ANN, StartConversation(**sound))).created  # type: ignore[arg-type]


async def test_a_closed_and_a_reopened_conversation_are_told_to_all_with_their_own_counts(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await say(domain, ANN, cid)
    ann, bob, eve = sockets.connect("ann"), sockets.connect("bob", viewing=cid), sockets.connect("eve")
    closed = await conversations.set_status(domain, ANN, cid, ConversationStatus.CLOSED)
    assert closed.status is ConversationStatus.CLOSED
    for socket, unread in ((ann, 0), (bob, 1)):
        told = socket.only("conversation_updated")
        assert (told["seq"], told["conversation"]["status"]) == (2, "CLOSED")
        assert (told["conversation"]["unread"], told["totalUnread"]) == (unread, unread)
    await conversations.set_status(domain, BOB, cid, ConversationStatus.CLOSED)
    assert len(ann.heard) == len(bob.heard) == 1, "nothing changed, so nothing is told"
    await conversations.set_status(domain, BOB, cid, ConversationStatus.ACTIVE)
    assert ann.heard[-1][1]["conversation"]["status"] == "ACTIVE"
    assert eve.heard == []


async def test_title_and_status_change_in_one_event_and_a_blank_title_takes_it_away(
    domain: Domain, sockets: Sockets
) -> None:
    cid = (
        await conversations.create(domain, ANN, CreateConversation(participant_ids=["bob"]))
    ).conversation.id
    bob = sockets.connect("bob")
    both = ChangeConversation(status=ConversationStatus.CLOSED, title=" Done ")
    changed = await conversations.change(domain, ANN, cid, both)
    assert (changed.title, changed.status, changed.seq) == ("Done", ConversationStatus.CLOSED, 1)
    assert bob.names == ["conversation_updated"]
    changed = await conversations.change(domain, ANN, cid, ChangeConversation(title="  "))
    assert (changed.title, changed.status) == (None, ConversationStatus.CLOSED)
    refusal = await refused(Code.INVALID, conversations.change(domain, ANN, cid, ChangeConversation()))
    assert "status" in refusal.message
    assert len(bob.heard) == 2


async def test_the_one_who_changes_gets_their_own_unread_back(domain: Domain, cid: str) -> None:
    await say(domain, ANN, cid)
    assert (await conversations.set_status(domain, BOB, cid, ConversationStatus.CLOSED)).unread == 1
    assert (await conversations.set_status(domain, ANN, cid, ConversationStatus.CLOSED)).unread == 0


async def test_a_deletion_is_told_to_all_and_empties_the_room(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await say(domain, ANN, cid)
    ann, bob, cem, eve = (sockets.connect(who) for who in ("ann", "bob", "cem", "eve"))
    viewer = sockets.connect("bob", viewing=cid)
    assert (await reading.unread(domain, BOB)).total == 1
    await conversations.delete(domain, ANN, cid)
    for socket in (ann, bob, cem, viewer):
        assert socket.only("conversation_deleted") == {
            "conversationId": cid,
            "seq": 2,
            "deletedBy": "ann",
            "totalUnread": 0,
        }
    assert eve.heard == []
    assert sockets.viewers(cid) == []
    await refused(Code.NOT_FOUND, conversations.get(domain, ANN, cid))
    await refused(Code.NOT_FOUND, conversations.delete(domain, ANN, cid))
    assert len(ann.heard) == 1


async def test_an_outsider_finds_and_moves_nothing(domain: Domain, sockets: Sockets, cid: str) -> None:
    ann = sockets.connect("ann")
    for act in (
        conversations.get(domain, EVE, cid),
        conversations.change(domain, EVE, cid, ChangeConversation(title="x")),
        conversations.set_status(domain, EVE, cid, ConversationStatus.CLOSED),
        conversations.delete(domain, EVE, cid),
    ):
        refusal = await refused(Code.NOT_FOUND, act)
        assert refusal.message == "no such conversation"
    assert await _listing(domain, EVE) == []
    assert ann.heard == []
    assert (await conversations.get(domain, CEM, cid)).id == cid


@pytest.mark.parametrize("limit", [0, -1, 201])
async def test_a_page_of_conversations_has_its_limit(domain: Domain, cid: str, limit: int) -> None:
    assert await _listing(domain, ANN, limit=200) == [cid]
    refusal = await refused(Code.INVALID, _listing(domain, ANN, limit=limit))
    assert refusal.errors[0].field == "limit"


async def test_a_search_is_trimmed_and_bounded(domain: Domain, cid: str) -> None:
    await conversations.change(domain, ANN, cid, ChangeConversation(title="Coils"))
    assert await _listing(domain, ANN, q="  COILS ") == [cid]
    assert await _listing(domain, ANN, q="  ") == [cid]
    assert await _listing(domain, ANN, q="tin") == []
    await refused(Code.INVALID, _listing(domain, ANN, q="x" * 201))


async def _listing(domain: Domain, actor: Actor, limit: int = 50, q: str | None = None) -> list[str]:
    page = await conversations.listing(domain, actor, cursor=None, limit=limit, status=None, unread=None, q=q)
    return [conversation.id for conversation in page.items]
