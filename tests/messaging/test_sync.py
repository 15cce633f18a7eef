"""Catching up and resuming, and that live events make of an old snapshot what a new one shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from stockent.messaging import conversations, messages, reading, sync
from stockent.messaging.commands import (
    ChangeConversation,
    EditMessage,
    JoinConversation,
    Resume,
    StartConversation,
)
from stockent.messaging.domain import Domain
from stockent.messaging.errors import Code
from stockent.messaging.models import Catchup, ConversationStatus
from tests.messaging.conftest import ANN, BOB, EVE, say
from tests.messaging.sockets import Heard, Sockets
from tests.store.acts import refused

Json = dict[str, Any]


def since(conversation_id: str, after_seq: int) -> JoinConversation:
    return JoinConversation(conversation_id=conversation_id, after_seq=after_seq)


class ListedView:
    """What a client shows of its list: the conversations and the total, moved by events alone."""

    def __init__(self, listed: list[Json], total: int) -> None:
        self.listed = {conversation["id"]: conversation for conversation in listed}
        self.total = total

    @classmethod
    async def of_bob(cls, domain: Domain) -> ListedView:
        page = await conversations.listing(
            domain, BOB, cursor=None, limit=50, status=None, unread=None, q=None
        )
        unread = await reading.unread(domain, BOB)
        return cls(msgspec.json.decode(msgspec.json.encode(page.items)), unread.total)

    def apply(self, heard: list[Heard]) -> None:
        for event, payload in heard:
            if payload.get("totalUnread") is not None:
                self.total = payload["totalUnread"]
            getattr(self, "_" + event)(payload)

    def shown(self) -> tuple[dict[str, Json], int]:
        """Without the times that no event carries."""
        return {
            cid: {
                **{key: value for key, value in conversation.items() if key != "updatedAt"},
                "lastMessage": _timeless(conversation["lastMessage"]),
            }
            for cid, conversation in self.listed.items()
        }, self.total

    def _conversation_created(self, payload: Json) -> None:
        self.listed[payload["id"]] = payload

    def _new_message_notification(self, payload: Json) -> None:
        self.listed[payload["conversationId"]] = payload["conversation"]

    def _conversation_updated(self, payload: Json) -> None:
        self.listed[payload["conversationId"]] = payload["conversation"]

    def _conversation_deleted(self, payload: Json) -> None:
        del self.listed[payload["conversationId"]]

    def _message_deleted(self, payload: Json) -> None:
        conversation = self.listed[payload["conversationId"]]
        conversation["seq"], conversation["unread"] = payload["seq"], payload["unread"]
        last = conversation["lastMessage"]
        if last["id"] == payload["messageId"]:
            last.update(content="", deletedAt="some time", updatedSeq=payload["seq"])

    def _message_read(self, payload: Json) -> None:
        conversation = self.listed[payload["conversationId"]]
        if payload["unread"] is not None:
            conversation["unread"] = payload["unread"]
        for person in conversation["participants"]:
            if person["userId"] == payload["userId"]:
                person.update(readSeq=payload["readSeq"], readAt=payload["readAt"])
                if person["deliveredSeq"] < payload["readSeq"]:
                    person.update(deliveredSeq=payload["readSeq"], deliveredAt=payload["readAt"])


def _timeless(message: Json | None) -> Json | None:
    return message and {**message, "deletedAt": "some time" if message["deletedAt"] else None}


async def _edit_last(domain: Domain, cid: str) -> None:
    message = await say(domain, ANN, cid, "before")
    await messages.edit(domain, ANN, cid, message.id, EditMessage(content="after"))


async def _delete_last(domain: Domain, cid: str) -> None:
    message = await say(domain, ANN, cid, "before")
    await messages.delete(domain, ANN, cid, message.id)


async def _reopen(domain: Domain, cid: str) -> None:
    await conversations.set_status(domain, BOB, cid, ConversationStatus.CLOSED)
    await conversations.set_status(domain, ANN, cid, ConversationStatus.ACTIVE)


async def _start(domain: Domain, _: str) -> None:
    body = StartConversation(
        recipient_id="bob", client_id="8b1f3f5e-0000-4000-8000-000000000000", content="hello"
    )
    await conversations.start(domain, ANN, body)


ACTS: dict[str, Callable[[Domain, str], Awaitable[object]]] = {
    "a message from another": lambda domain, cid: say(domain, ANN, cid),
    "a message of one's own": lambda domain, cid: say(domain, BOB, cid),
    "an edit": _edit_last,
    "a deletion": _delete_last,
    "a mark of another's": lambda domain, cid: reading.mark_read(domain, ANN, cid, 1),
    "a mark of one's own": lambda domain, cid: reading.mark_read(domain, BOB, cid, 1),
    "a title": lambda domain, cid: conversations.change(domain, ANN, cid, ChangeConversation(title="New")),
    "closed and reopened": _reopen,
    "a first message": _start,
    "a conversation deleted": lambda domain, cid: conversations.delete(domain, ANN, cid),
}


@pytest.mark.parametrize("act", ACTS)
async def test_events_make_of_an_old_list_what_a_new_one_shows(
    domain: Domain, sockets: Sockets, cid: str, act: str
) -> None:
    await say(domain, ANN, cid, "old")
    view, socket = await ListedView.of_bob(domain), sockets.connect("bob")
    before = msgspec.json.encode(view.shown())
    await ACTS[act](domain, cid)
    view.apply(socket.heard)
    assert msgspec.json.encode(view.shown()) != before, "the events changed something"
    assert view.shown() == (await ListedView.of_bob(domain)).shown()


async def test_the_gap_comes_as_the_events_that_announced_it(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    viewer = sockets.connect("bob", viewing=cid)
    await say(domain, ANN, cid, "one")
    await say(domain, BOB, cid, "two")
    await conversations.change(domain, ANN, cid, ChangeConversation(title="New"))
    now = await conversations.get(domain, BOB, cid)
    joined = await sync.join(domain, BOB, since(cid, 0))
    assert joined.conversation == now
    assert [entry.event for entry in joined.events] == viewer.names
    live = [payload for event, payload in viewer.heard if event == "message_received"]
    logged = [entry.payload for entry in joined.events if entry.event == "message_received"]
    assert msgspec.to_builtins(logged) == live


async def test_an_outsider_and_a_ghost_are_told_the_same(domain: Domain, cid: str) -> None:
    await say(domain, ANN, cid, "canary")
    assert (await sync.join(domain, BOB, since(cid, 0))).events
    for guess in (cid, "unknown"):
        await refused(Code.NOT_FOUND, sync.join(domain, EVE, since(guess, 0)))
        asked = Resume(epoch=domain.store.epoch, conversations={guess: 0})
        resumed = await sync.resume(domain, EVE, asked)
        assert resumed.conversations == {guess: Catchup(gone=True)}


async def test_resume_brings_every_gap_of_this_life(domain: Domain, cid: str) -> None:
    await say(domain, ANN, cid)
    body = Resume(epoch=domain.store.epoch, conversations={cid: 0, "unknown": 3})
    resumed = await sync.resume(domain, BOB, body)
    assert (resumed.reset, resumed.epoch, resumed.total_unread) == (False, domain.store.epoch, 1)
    events = resumed.conversations[cid].events
    assert events is not None
    assert len(events) == 1
    assert resumed.conversations["unknown"].gone
    assert resumed.others == []


async def test_positions_of_another_life_are_reset_and_the_list_comes_along(domain: Domain, cid: str) -> None:
    await say(domain, ANN, cid)
    resumed = await sync.resume(domain, BOB, Resume(epoch="another", conversations={cid: 1}))
    assert (resumed.reset, resumed.conversations, resumed.epoch) == (True, {}, domain.store.epoch)
    assert [conversation.id for conversation in resumed.others] == [cid]


async def test_a_position_is_a_position(domain: Domain, cid: str) -> None:
    await refused(Code.INVALID, sync.join(domain, ANN, since(cid, 2**53)))
    body = Resume(epoch=domain.store.epoch, conversations={cid: 2**53})
    await refused(Code.INVALID, sync.resume(domain, ANN, body))
