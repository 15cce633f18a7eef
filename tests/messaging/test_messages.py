"""Verbs on messages: what they refuse, and that each socket of each participant learns of each exactly once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stockent.messaging import conversations, messages
from stockent.messaging.commands import EditMessage, SendMessage
from stockent.messaging.domain import Domain
from stockent.messaging.errors import Code
from stockent.messaging.models import ConversationStatus, MessageType
from tests.messaging.conftest import ANN, BOB, CEM, EVE, new_client_id, say
from tests.messaging.sockets import Sockets
from tests.store.acts import refused


async def test_each_socket_of_each_participant_learns_of_a_message_exactly_once(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    ann_viewing, ann_elsewhere = sockets.connect("ann", viewing=cid), sockets.connect("ann")
    bob_viewing, bob_elsewhere = sockets.connect("bob", viewing=cid), sockets.connect("bob")
    cem, eve = sockets.connect("cem"), sockets.connect("eve")
    message = await say(domain, ANN, cid, "hello")
    for viewer in (ann_viewing, bob_viewing):
        assert viewer.names == ["message_received"]
        assert viewer.only("message_received")["id"] == message.id
    for other in (bob_elsewhere, cem):
        assert other.names == ["new_message_notification"]
        told = other.only("new_message_notification")
        assert (told["message"]["id"], told["seq"], told["conversationId"]) == (message.id, 1, cid)
        assert (told["conversation"]["unread"], told["totalUnread"]) == (1, 1)
    assert ann_elsewhere.names == ["conversation_updated"]
    told = ann_elsewhere.only("conversation_updated")
    assert (told["conversation"]["lastMessage"]["id"], told["conversation"]["unread"]) == (message.id, 0)
    assert eve.heard == []
    assert sockets.unheard == 0


async def test_nothing_is_made_for_whom_nobody_listens(domain: Domain, sockets: Sockets, cid: str) -> None:
    first = await say(domain, ANN, cid)
    await messages.edit(domain, ANN, cid, first.id, EditMessage(content="edited"))
    await messages.delete(domain, ANN, cid, first.id)
    await conversations.set_status(domain, ANN, cid, ConversationStatus.CLOSED)
    assert sockets.unheard == 0


async def test_a_repeat_returns_the_stored_message_and_emits_nothing(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    bob = sockets.connect("bob", viewing=cid)
    body = SendMessage(client_id=new_client_id(), content=" once ")
    first = await messages.send(domain, ANN, cid, body)
    again = await messages.send(domain, ANN, cid, body)
    assert first.message.content == "once"
    assert (again.message, again.repeated) == (first.message, True)
    assert bob.names == ["message_received"]


async def test_events_of_sends_at_once_arrive_in_the_order_of_seq(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    viewer, elsewhere = sockets.connect("bob", viewing=cid), sockets.connect("bob")
    await asyncio.gather(*(say(domain, (ANN, CEM)[n % 2], cid, str(n)) for n in range(100)))
    assert [payload["seq"] for _, payload in viewer.heard] == list(range(1, 101))
    assert [payload["seq"] for _, payload in elsewhere.heard] == list(range(1, 101))
    assert [payload["totalUnread"] for _, payload in elsewhere.heard] == list(range(1, 101))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "1 to 5000 characters after trimming, got none"),
        (" \n\t\u3000 ", "got none"),
        ("x" * 5_001, "at most 5000 characters after trimming, got 5001"),
        ("nul \x00", "U+0000"),
        ("bell \x07", "U+0007"),
        ("old Mac \r", "U+000D"),
        ("half \ud83d", "U+D83D"),
    ],
)
async def test_a_text_that_cannot_be_sent_is_refused_saying_why(
    domain: Domain, sockets: Sockets, cid: str, content: str, complaint: str
) -> None:
    bob = sockets.connect("bob")
    original = await say(domain, ANN, cid, "sound")
    send = SendMessage(client_id=new_client_id(), content=content)
    for act in (
        messages.send(domain, ANN, cid, send),
        messages.edit(domain, ANN, cid, original.id, EditMessage(content=content)),
    ):
        refusal = await refused(Code.INVALID, act)
        assert complaint in refusal.message
        assert refusal.errors[0].field == "content"
    assert len(bob.heard) == 1, "only the sound one"


@pytest.mark.parametrize(
    ("content", "stored"),
    [
        ("  trimmed \n", "trimmed"),
        ("a\r\nb\tc\n\nd", "a\nb\tc\n\nd"),
        (" " + "x" * 5_000 + " ", "x" * 5_000),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("👩‍👩‍👧 \u202e rtl", "👩‍👩‍👧 \u202e rtl"),
    ],
)
async def test_a_text_is_trimmed_and_otherwise_kept(
    domain: Domain, cid: str, content: str, stored: str
) -> None:
    assert (await say(domain, ANN, cid, content)).content == stored
    page = await messages.page(domain, BOB, cid, before=None, after=None, around=None, limit=1)
    assert page.items[0].content == stored


@pytest.mark.parametrize("kind", [MessageType.SYSTEM, MessageType.IMAGE, MessageType.FILE, MessageType.VOICE])
async def test_a_type_is_refused_that_is_the_servers_or_needs_attachments(
    domain: Domain, cid: str, kind: MessageType
) -> None:
    body = SendMessage(client_id=new_client_id(), content="x", type=kind)
    refusal = await refused(Code.INVALID, messages.send(domain, ANN, cid, body))
    assert refusal.errors[0].field == "type"
    assert kind.value in refusal.message


async def test_an_edit_is_told_in_the_room_and_changes_the_conversation_elsewhere(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    message = await say(domain, ANN, cid, "before")
    viewer, bob, ann = (
        sockets.connect("bob", viewing=cid),
        sockets.connect("bob"),
        sockets.connect("ann"),
    )
    eve = sockets.connect("eve")
    edited = await messages.edit(domain, ANN, cid, message.id, EditMessage(content=" after "))
    assert edited.content == "after"
    assert viewer.names == ["message_updated"]
    told = viewer.only("message_updated")
    assert (told["content"], told["seq"], told["updatedSeq"]) == ("after", 1, 2)
    assert told["editedAt"] is not None
    for socket, unread in ((bob, 1), (ann, 0)):
        assert socket.names == ["conversation_updated"]
        told = socket.only("conversation_updated")
        assert (told["seq"], told["conversation"]["lastMessage"]["content"]) == (2, "after")
        assert told["conversation"]["unread"] == unread
    await messages.edit(domain, ANN, cid, message.id, EditMessage(content="after"))
    assert len(viewer.heard) == 1, "the same text again is no change"
    assert eve.heard == []


async def test_a_deletion_is_told_to_every_socket_with_its_users_counts(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    message = await say(domain, ANN, cid, "doomed")
    await say(domain, ANN, cid, "stays")
    viewer, bob, ann, eve = (
        sockets.connect("bob", viewing=cid),
        sockets.connect("bob"),
        sockets.connect("ann"),
        sockets.connect("eve"),
    )
    deleted = await messages.delete(domain, ANN, cid, message.id)
    assert (deleted.content, deleted.seq) == ("", 1)
    expected: dict[str, Any] = {
        "conversationId": cid,
        "seq": 3,
        "messageId": message.id,
        "messageSeq": 1,
        "deletedBy": "ann",
    }
    for socket, unread in ((viewer, 1), (bob, 1), (ann, 0)):
        assert socket.names == ["message_deleted"]
        assert socket.only("message_deleted") == {**expected, "unread": unread, "totalUnread": unread}
    assert await messages.delete(domain, ANN, cid, message.id) == deleted
    assert len(bob.heard) == 1, "an already deleted one is not told again"
    assert eve.heard == []


async def test_other_peoples_messages_are_not_ones_own_to_change(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    message = await say(domain, ANN, cid)
    bob = sockets.connect("bob")
    edit = EditMessage(content="x")
    await refused(Code.FORBIDDEN, messages.edit(domain, BOB, cid, message.id, edit))
    await refused(Code.FORBIDDEN, messages.delete(domain, BOB, cid, message.id))
    await refused(Code.NOT_FOUND, messages.edit(domain, EVE, cid, message.id, edit))
    await refused(Code.NOT_FOUND, messages.delete(domain, EVE, cid, message.id))
    await refused(Code.NOT_FOUND, messages.edit(domain, ANN, cid, "no-such-message", edit))
    assert bob.heard == []
    await messages.edit(domain, ANN, cid, message.id, edit)
    assert len(bob.heard) == 1


async def test_an_outsider_sends_nothing_and_reads_nothing(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await say(domain, ANN, cid, "canary")
    bob = sockets.connect("bob")
    for guess in (cid, "unknown"):
        page = messages.page(domain, EVE, guess, before=None, after=None, around=None, limit=10)
        for act in (say(domain, EVE, guess), page):
            refusal = await refused(Code.NOT_FOUND, act)
            assert refusal.message == "no such conversation"
    assert bob.heard == []
    assert (
        len((await messages.page(domain, CEM, cid, before=None, after=None, around=None, limit=10)).items)
        == 1
    )


async def test_a_closed_conversation_refuses_and_a_reopened_one_takes(domain: Domain, cid: str) -> None:
    await conversations.set_status(domain, BOB, cid, ConversationStatus.CLOSED)
    await refused(Code.CONVERSATION_CLOSED, say(domain, ANN, cid))
    await conversations.set_status(domain, BOB, cid, ConversationStatus.ACTIVE)
    assert (await say(domain, ANN, cid)).seq == 3


@pytest.mark.parametrize(
    ("bounds", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"before": -1}, "before"),
        ({"after": 2**53}, "after"),
        ({"around": 10**30}, "around"),
        ({"before": 1, "after": 1}, "after"),
        ({"after": 1, "around": 1}, "around"),
    ],
)
async def test_a_page_has_one_bound_within_reason(
    domain: Domain, cid: str, bounds: dict[str, int], field: str
) -> None:
    unbounded: dict[str, Any] = {"before": None, "after": None, "around": None, "limit": 50}
    assert (await messages.page(domain, ANN, cid, **unbounded)).items == []
    refusal = await refused(Code.INVALID, messages.page(domain, ANN, cid, **{**unbounded, **bounds}))
    assert refusal.errors[0].field == field
