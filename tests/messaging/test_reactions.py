"""Reactions as verbs: who hears of one, which text is an emoji, and words that can no longer be taken back."""

from __future__ import annotations

import pytest

from stockent.messaging import conversations, messages, personal, reactions
from stockent.messaging.commands import (
    ChangePersonal,
    CreateConversation,
    EditMessage,
    MessageRef,
    SendMessage,
)
from stockent.messaging.domain import Domain
from stockent.messaging.errors import Code
from stockent.messaging.policy import Policy
from tests.messaging.conftest import ANN, BOB, CEM, EVE, new_client_id, say
from tests.messaging.sockets import Sockets
from tests.store.acts import refused


async def test_a_reaction_is_told_in_the_room_and_changes_the_conversation_elsewhere(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    message = await say(domain, ANN, cid)
    here, elsewhere = sockets.connect("ann", viewing=cid), sockets.connect("cem")
    shown = await reactions.react(domain, BOB, cid, message.id, "👍", present=True)
    assert [(each.emoji, each.count) for each in shown.reactions] == [("👍", 1)]
    told = here.only("message_updated")
    assert (told["seq"], told["updatedSeq"]) == (1, 2)
    assert told["reactions"] == [{"emoji": "👍", "count": 1, "users": [{"id": "bob", "name": None}]}]
    assert elsewhere.only("conversation_updated")["seq"] == 2
    await reactions.react(domain, BOB, cid, message.id, "👍", present=True)
    assert (here.names, elsewhere.names) == (["message_updated"], ["conversation_updated"])


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("❤", "❤️"), ("❤️", "❤️"), ("👍🏽", "👍🏽"), ("👨‍👩‍👧", "👨‍👩‍👧"), ("🇹🇷", "🇹🇷"), ("1️⃣", "1️⃣")],
)
async def test_an_emoji_is_one_however_it_was_typed(
    domain: Domain, cid: str, typed: str, stored: str
) -> None:
    message = await say(domain, ANN, cid)
    shown = await reactions.react(domain, BOB, cid, message.id, typed, present=True)
    assert [each.emoji for each in shown.reactions] == [stored]
    shown = await reactions.react(domain, BOB, cid, message.id, stored, present=False)
    assert shown.reactions == []


@pytest.mark.parametrize("text", ["a", "ok", "👍👍", " 👍", "1", "<b>", "\u202e", "\ufe0f"])
async def test_what_is_not_one_emoji_is_refused(domain: Domain, cid: str, text: str) -> None:
    message = await say(domain, ANN, cid)
    refusal = await refused(Code.INVALID, reactions.react(domain, BOB, cid, message.id, text, present=True))
    assert refusal.errors[0].field == "emoji"
    assert "expected one emoji" in refusal.message


async def test_the_operator_settles_for_how_long_words_can_be_taken_back(domain: Domain, cid: str) -> None:
    message = await say(domain, ANN, cid)
    strict = Domain(domain.store, domain.emitter, Policy(edit_window_s=0.0, delete_window_s=0.0))
    edit = EditMessage(content="changed")
    await refused(Code.TOO_LATE, messages.edit(strict, ANN, cid, message.id, edit))
    await refused(Code.TOO_LATE, messages.delete(strict, ANN, cid, message.id))
    lasting = Domain(domain.store, domain.emitter, Policy(edit_window_s=None, delete_window_s=None))
    await messages.edit(lasting, ANN, cid, message.id, edit)
    await messages.delete(lasting, ANN, cid, message.id)


async def test_a_forwarded_message_is_told_like_any_other(domain: Domain, sockets: Sockets, cid: str) -> None:
    message = await say(domain, ANN, cid, "the offer")
    direct = await conversations.create(domain, BOB, CreateConversation(participant_ids=["eve"]))
    eve = sockets.connect("eve")
    source = MessageRef(conversation_id=cid, message_id=message.id)
    body = SendMessage(client_id=new_client_id(), forward_of=source)
    await messages.send(domain, BOB, direct.conversation.id, body)
    told = eve.only("new_message_notification")["message"]
    assert (told["content"], told["forwarded"]) == ("the offer", True)
    both = SendMessage(client_id=new_client_id(), content="mine", forward_of=source)
    await refused(Code.INVALID, messages.send(domain, BOB, direct.conversation.id, both))
    foreign = SendMessage(client_id=new_client_id(), forward_of=source)
    await refused(Code.NOT_FOUND, messages.send(domain, EVE, direct.conversation.id, foreign))


async def test_how_one_keeps_a_conversation_is_told_to_ones_own_devices_only(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    mine, phone, other = sockets.connect("cem", viewing=cid), sockets.connect("cem"), sockets.connect("ann")
    shown = await personal.change(domain, CEM, cid, ChangePersonal(muted_until="2030-01-01T02:00:00+02:00"))
    assert shown.personal.muted_until == "2030-01-01T00:00:00.000Z"
    for socket in (mine, phone):
        told = socket.only("personal_changed")
        assert (told["conversationId"], told["personal"]["mutedUntil"]) == (cid, "2030-01-01T00:00:00.000Z")
    await personal.change(domain, CEM, cid, ChangePersonal(muted_until="2030-01-01T00:00:00Z"))
    assert mine.names == ["personal_changed"], "the same again is not told"
    assert other.heard == []


@pytest.mark.parametrize("moment", ["tomorrow", "2030-01-01T00:00:00", "9999-12-31T23:59:59-14:00", ""])
async def test_a_moment_that_is_none_is_refused(domain: Domain, cid: str, moment: str) -> None:
    refusal = await refused(
        Code.INVALID, personal.change(domain, ANN, cid, ChangePersonal(muted_until=moment))
    )
    assert refusal.errors[0].field == "mutedUntil"


async def test_keeping_nothing_is_refused_saying_what_there_is(domain: Domain, cid: str) -> None:
    refusal = await refused(Code.INVALID, personal.change(domain, ANN, cid, ChangePersonal()))
    assert "expected pinned, archived, markedUnread or mutedUntil" in refusal.message
