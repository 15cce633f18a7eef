"""People come, go and talk as it occurs to them: what each device makes of its events is what a fetch shows.

Every device holds the +1 rule: an event at any position but the next fails the story, and so does any event of a
conversation of which it is not, or no longer, a part.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import msgspec
import pytest

from stockent.messaging import conversations, groups, messages, reading, sync
from stockent.messaging.commands import (
    AddParticipants,
    ChangeConversation,
    CreateConversation,
    EditMessage,
    Resume,
)
from stockent.messaging.domain import Actor, Domain
from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.models import ConversationKind, GroupRole
from tests.messaging.conftest import say
from tests.messaging.sockets import Socket, Sockets
from tests.store.acts import all_conversations, all_messages, recount

Json = dict[str, Any]
PEOPLE = [Actor(user_id, user_id.title()) for user_id in ("ann", "bob", "cem", "dan", "eve")]
BURSTS = 40
#: How often each is done.
ACTS = {
    "say": 30,
    "edit": 8,
    "delete": 8,
    "read": 14,
    "add": 20,
    "remove": 12,
    "leave": 6,
    "role": 6,
    "name": 5,
}
FOR_OWNERS = {"add", "remove", "role"}
#: What somebody is told who may not, or whose target went away at the same moment.
HARMLESS = {Code.FORBIDDEN, Code.NOT_FOUND, Code.INVALID, Code.MESSAGE_DELETED}


def wire(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


class Device:
    """What one socket's client knows: conversations, its position in each, the total, and messages of what it views."""

    def __init__(self, actor: Actor, socket: Socket | None = None) -> None:
        self.actor = actor
        self.socket = socket
        self.known: dict[str, Json] = {}
        self.at: dict[str, int] = {}
        self.total = 0
        self.messages: dict[str, dict[str, Json]] = {}
        self._applied = 0

    def catch_up(self) -> None:
        """With what the socket has heard."""
        assert self.socket is not None
        for event, payload in self.socket.heard[self._applied :]:
            self.apply(event, payload)
        self._applied = len(self.socket.heard)

    def apply(self, event: str, payload: Json, position: int | None = None) -> None:
        """`position`: that of the log's entry, whose payload is of now; else the event carries it."""
        if event == "conversation_created":
            assert payload["id"] not in self.known
            self.take(payload)
            return
        cid = payload["conversationId"]
        assert cid in self.known, f"{event} of what {self.actor.user_id} has no part in"
        if event == "message_read":
            self._read(cid, payload)
            return
        if event == "message_delivered":
            assert payload["userId"] in {person["userId"] for person in self.known[cid]["participants"]}
            return
        if position is None:
            position = payload["updatedSeq"] if event == "message_updated" else payload["seq"]
        assert position == self.at[cid] + 1, f"{event} at {position} after {self.at[cid]}"
        self.at[cid] = position
        getattr(self, "_" + event)(cid, payload)
        if payload.get("totalUnread") is not None:
            self.total = payload["totalUnread"]

    def take(self, conversation: Json) -> None:
        self.known[conversation["id"]] = conversation
        self.at[conversation["id"]] = conversation["seq"]

    def drop(self, cid: str) -> None:
        del self.known[cid], self.at[cid]
        self.messages.pop(cid, None)

    def settle(self, cid: str, caught: Json) -> None:
        """What stands beside a gap: everyone's marks and one's own count."""
        people = self.known[cid]["participants"]
        marked = [person | caught["marks"][person["userId"]] for person in people]
        self.known[cid] = self.known[cid] | {"participants": marked, "unread": caught["unread"]}

    def _conversation_updated(self, cid: str, payload: Json) -> None:
        self.known[cid] = payload["conversation"]

    _new_message_notification = _conversation_updated

    def _message_received(self, cid: str, message: Json) -> None:
        self.messages.setdefault(cid, {})[message["id"]] = message
        shown = self.known[cid] = self.known[cid] | {"seq": self.at[cid], "lastMessage": message}
        if message["type"] != "SYSTEM" and message["sender"]["id"] != self.actor.user_id:
            shown["unread"] += 1
            self.total += 1

    def _message_updated(self, cid: str, message: Json) -> None:
        self.messages.setdefault(cid, {})[message["id"]] = message
        shown = self.known[cid] = self.known[cid] | {"seq": self.at[cid]}
        if shown["lastMessage"]["id"] == message["id"]:
            shown["lastMessage"] = message

    def _message_deleted(self, cid: str, payload: Json) -> None:
        mid, gone = (
            payload["messageId"],
            {"content": "", "deletedAt": "some time", "updatedSeq": self.at[cid]},
        )
        if mid in self.messages.get(cid, ()):
            self.messages[cid][mid] = self.messages[cid][mid] | gone
        shown = self.known[cid] = self.known[cid] | {"seq": self.at[cid]}
        if shown["lastMessage"]["id"] == mid:
            shown["lastMessage"] = shown["lastMessage"] | gone
        if payload["unread"] is not None:
            shown["unread"] = payload["unread"]

    def _participant_removed(self, cid: str, payload: Json) -> None:
        assert payload["userId"] == self.actor.user_id
        self.drop(cid)

    def _read(self, cid: str, payload: Json) -> None:
        mark = {"readSeq": payload["readSeq"], "readAt": payload["readAt"]}
        people = self.known[cid]["participants"]
        people = [person | mark if person["userId"] == payload["userId"] else person for person in people]
        self.known[cid] = self.known[cid] | {"participants": people}
        if payload["unread"] is not None:
            self.known[cid]["unread"] = payload["unread"]
            self.total = payload["totalUnread"]

    def shown(self) -> Json:
        return shown(self.known, self.at, self.total, self.messages)


def shown(known: dict[str, Json], at: dict[str, int], total: int, texts: dict[str, dict[str, Json]]) -> Json:
    """Without the moments that not every event tells, and without deliveries, of which only the room is told."""
    return {
        "conversations": {cid: _timeless(conversation) for cid, conversation in known.items()},
        "at": at,
        "total": total,
        "messages": {
            cid: {mid: _timeless_message(message) for mid, message in page.items()}
            for cid, page in texts.items()
        },
    }


def _timeless(conversation: Json) -> Json:
    last = conversation["lastMessage"]
    people = [person | {"deliveredSeq": None, "deliveredAt": None} for person in conversation["participants"]]
    return conversation | {
        "participants": people,
        "updatedAt": None,
        "lastMessage": last and _timeless_message(last),
    }


def _timeless_message(message: Json) -> Json:
    return message | {"deletedAt": message["deletedAt"] is not None}


class Story:
    """The same seed tells the same story, of two groups: one shows its history to those who come, one does not."""

    def __init__(self, seed: int, domain: Domain, sockets: Sockets) -> None:
        self._random = random.Random(seed)
        self._domain = domain
        self._sockets = sockets
        self._groups: dict[bool, str] = {}
        self._said: dict[str, list[tuple[Actor, str]]] = {}
        self.done: Counter[str] = Counter()
        self.viewers = [Device(actor, sockets.connect(actor.user_id)) for actor in PEOPLE]
        self.elsewhere = [Device(actor, sockets.connect(actor.user_id)) for actor in PEOPLE]
        self.sleepers = [Device(actor) for actor in PEOPLE]

    async def burst(self) -> None:
        """Some acts at once, then every device catches up."""
        await self._found()
        await asyncio.gather(*(self._act() for _ in range(self._random.randint(2, 7))))
        await self._catch_up()

    async def check(self) -> None:
        for device in self.viewers + self.elsewhere:
            assert device.shown() == await self._fetched(device)
        for sleeper in self.sleepers:
            if self._random.random() < 0.25:
                await self._wake(sleeper)
                assert sleeper.shown() == await self._fetched(sleeper)

    async def _found(self) -> None:
        """A group whose last participant left is followed by a new one."""
        for history_visible in (False, True):
            cid = self._groups.get(history_visible)
            if any(cid in device.known for device in self.viewers):
                continue
            owner, member = self._random.sample(PEOPLE, 2)
            body = CreateConversation(
                participant_ids=[member.user_id],
                title=f"History {history_visible}",
                kind=ConversationKind.GROUP,
                history_visible=history_visible,
            )
            created = await conversations.create(self._domain, owner, body)
            assert not created.repeated
            self._groups[history_visible] = created.conversation.id
            self._said[created.conversation.id] = []
        await self._catch_up()

    async def _catch_up(self) -> None:
        for device in self.viewers + self.elsewhere:
            device.catch_up()
        for viewer in self.viewers:
            for cid in viewer.known.keys() - viewer.messages.keys():
                await self._open(viewer, cid)

    async def _open(self, viewer: Device, cid: str) -> None:
        assert viewer.socket is not None
        page = await all_messages(self._domain.store, cid, viewer.actor.user_id)
        viewer.messages[cid] = {message.id: wire(message) for message in page}
        self._sockets.view(viewer.socket, cid)

    async def _act(self) -> None:
        cid = self._random.choice(list(self._groups.values()))
        [kind] = self._random.choices(list(ACTS), list(ACTS.values()))
        actor, other = self._cast(kind, cid)
        try:
            await self._verb(kind, actor, other, cid)
        except MessagingError as refusal:
            if refusal.code not in HARMLESS:
                raise
            self.done["refused"] += 1
        else:
            self.done[kind] += 1

    def _cast(self, kind: str, cid: str) -> tuple[Actor, Actor]:
        """Mostly somebody who may do it, as far as can be told before the burst."""
        actor, other = self._random.sample(PEOPLE, 2)
        shown = next(device.known[cid] for device in self.viewers if cid in device.known)
        rank = {person["userId"]: person["groupRole"] for person in shown["participants"]}
        able = [
            each
            for each in PEOPLE
            if each.user_id in rank and (kind not in FOR_OWNERS or rank[each.user_id] == "OWNER")
        ]
        if self._random.random() < 0.9:
            actor = self._random.choice(able)
            other = self._random.choice([each for each in PEOPLE if each != actor])
        return actor, other

    def _verb(self, kind: str, actor: Actor, other: Actor, cid: str) -> Awaitable[object]:
        domain, chance = self._domain, self._random
        author, mid = chance.choice(self._said[cid] or [(actor, "none yet")])
        match kind:
            case "say":
                return self._say(actor, cid)
            case "edit":
                return messages.edit(domain, author, cid, mid, EditMessage(content=f"Edit {chance.random()}"))
            case "delete":
                return messages.delete(domain, author, cid, mid)
            case "read":
                return reading.mark_read(domain, actor, cid, chance.randrange(200))
            case "add":
                several = tuple(person.user_id for person in chance.sample(PEOPLE, 2))
                return groups.add(domain, actor, cid, AddParticipants(user_ids=several))
            case "remove":
                return groups.remove(domain, actor, cid, other.user_id)
            case "leave":
                return groups.leave(domain, actor, cid)
            case "role":
                return groups.set_role(domain, actor, cid, other.user_id, chance.choice(list(GroupRole)))
        return conversations.change(domain, actor, cid, ChangeConversation(title=f"Name {chance.random()}"))

    async def _say(self, actor: Actor, cid: str) -> None:
        message = await say(self._domain, actor, cid, f"Text {self._random.random()}")
        self._said[cid].append((actor, message.id))

    async def _wake(self, sleeper: Device) -> None:
        body = Resume(epoch=self._domain.store.epoch, conversations=sleeper.at)
        ack = wire(await sync.resume(self._domain, sleeper.actor, body))
        for cid, caught in ack["conversations"].items():
            if caught["gone"]:
                sleeper.drop(cid)
                continue
            for entry in caught["events"] or ():
                sleeper.apply(entry["event"], entry["payload"], entry["seq"])
            if caught["reset"]:
                sleeper.take(wire(await conversations.get(self._domain, sleeper.actor, cid)))
            else:
                self.done["caught up"] += 1
                sleeper.settle(cid, caught)
        for other in ack["others"]:
            sleeper.take(other)
        sleeper.total = ack["totalUnread"]
        sleeper.messages.clear()

    async def _fetched(self, device: Device) -> Json:
        store, user_id = self._domain.store, device.actor.user_id
        listed = {each.id: wire(each) for each in await all_conversations(store, user_id)}
        unread = await store.unread(user_id)
        assert unread.conversations == await recount(store, user_id)
        pages = {
            cid: {message.id: wire(message) for message in await all_messages(store, cid, user_id)}
            for cid in device.messages
        }
        return shown(listed, {cid: each["seq"] for cid, each in listed.items()}, unread.total, pages)


@pytest.mark.parametrize("seed", range(4))
async def test_what_devices_make_of_their_events_is_what_a_fetch_shows(
    domain: Domain, sockets: Sockets, seed: int
) -> None:
    story = Story(seed, domain, sockets)
    for _ in range(BURSTS):
        await story.burst()
        await story.check()
    assert {"add", "remove", "leave", "role", "say", "caught up"} <= story.done.keys(), story.done
