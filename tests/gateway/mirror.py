"""What a client keeps: a snapshot fetched once, and events applied to it. Pure: it asks the server nothing.

`Mirror` follows one device. Of conversations whose room the device is in it keeps the messages too. It holds what a
client must be able to know from events alone; `seen` cuts that out of what the server fetches.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any

Json = dict[str, Any]


class Mirror:
    """`conversations` and `unread` as fetched at the start; `messages` of the conversations in view."""

    def __init__(
        self, user_id: str, conversations: Iterable[Json], unread: int, messages: dict[str, list[Json]]
    ) -> None:
        self.user_id = user_id
        self.conversations = {each["id"]: each for each in conversations}
        self.unread = unread
        self.messages = {cid: {each["id"]: each for each in page} for cid, page in messages.items()}
        self._apply: dict[str, Callable[[Json], None]] = {
            "message_received": self._received,
            "new_message_notification": self._updated,
            "conversation_created": self._created,
            "conversation_updated": self._updated,
            "message_updated": self._message_updated,
            "message_deleted": self._message_deleted,
            "conversation_deleted": self._deleted,
            "message_read": self._read,
            "message_delivered": self._delivered,
        }

    def apply(self, event: str, payload: Json) -> None:
        self._apply[event](payload)

    def state(self) -> Json:
        """In the form that `seen` gives to what was fetched."""
        return seen(
            self.user_id,
            self.conversations.values(),
            self.unread,
            {cid: list(known.values()) for cid, known in self.messages.items()},
        )

    def _received(self, message: Json) -> None:
        cid = message["conversationId"]
        self.messages[cid][message["id"]] = message
        changed = {"seq": message["seq"], "lastMessage": message}
        if message["sender"]["id"] != self.user_id:
            changed["unread"] = self.conversations[cid]["unread"] + 1
            self.unread += 1
        self.conversations[cid] = self.conversations[cid] | changed

    def _created(self, conversation: Json) -> None:
        self.conversations[conversation["id"]] = conversation

    def _updated(self, payload: Json) -> None:
        self.conversations[payload["conversationId"]] = payload["conversation"]
        if payload["totalUnread"] is not None:
            self.unread = payload["totalUnread"]

    def _message_updated(self, message: Json) -> None:
        cid = message["conversationId"]
        self.messages[cid][message["id"]] = message
        self._put_last(cid, message, message["updatedSeq"])

    def _message_deleted(self, payload: Json) -> None:
        cid, mid = payload["conversationId"], payload["messageId"]
        gone = {"content": "", "deletedAt": "some time", "updatedSeq": payload["seq"]}
        if cid in self.messages:
            self.messages[cid][mid] = self.messages[cid][mid] | gone
        last = self.conversations[cid]["lastMessage"]
        self._put_last(cid, last | gone if last["id"] == mid else last, payload["seq"])
        self.conversations[cid] = self.conversations[cid] | {"unread": payload["unread"]}
        self.unread = payload["totalUnread"]

    def _put_last(self, cid: str, message: Json, seq: int) -> None:
        conversation = self.conversations[cid] | {"seq": seq}
        if conversation["lastMessage"]["id"] == message["id"]:
            conversation["lastMessage"] = message
        self.conversations[cid] = conversation

    def _deleted(self, payload: Json) -> None:
        del self.conversations[payload["conversationId"]]
        self.messages.pop(payload["conversationId"], None)
        self.unread = payload["totalUnread"]

    def _read(self, payload: Json) -> None:
        marks = {"readSeq": payload["readSeq"], "readAt": payload["readAt"]}
        self._mark(payload, marks)
        self._delivered(payload | {"deliveredSeq": payload["readSeq"], "deliveredAt": payload["readAt"]})
        if payload["userId"] == self.user_id:
            cid = payload["conversationId"]
            self.conversations[cid] = self.conversations[cid] | {"unread": payload["unread"]}
            self.unread = payload["totalUnread"]

    def _delivered(self, payload: Json) -> None:
        people = self.conversations[payload["conversationId"]]["participants"]
        [person] = [person for person in people if person["userId"] == payload["userId"]]
        if person["deliveredSeq"] < payload["deliveredSeq"]:
            self._mark(payload, {name: payload[name] for name in ("deliveredSeq", "deliveredAt")})

    def _mark(self, payload: Json, marks: Json) -> None:
        conversation = self.conversations[payload["conversationId"]]
        people = [
            person | marks if person["userId"] == payload["userId"] else person
            for person in conversation["participants"]
        ]
        self.conversations[payload["conversationId"]] = conversation | {"participants": people}


def seen(user_id: str, conversations: Iterable[Json], unread: int, messages: dict[str, list[Json]]) -> Json:
    """Everything but the moments of changes, which not every event tells, and which order nothing.

    Deliveries are told of others only, and of conversations in view.
    """
    return {
        "conversations": {each["id"]: _conversation(each, user_id, messages) for each in conversations},
        "unread": unread,
        "messages": {
            cid: sorted((_message(each) for each in page), key=lambda each: int(each["seq"]))
            for cid, page in messages.items()
        },
    }


def _conversation(conversation: Json, user_id: str, in_view: Container[str]) -> Json:
    last = conversation["lastMessage"]
    shown = {name: value for name, value in conversation.items() if name != "updatedAt"}
    people = [
        person
        if conversation["id"] in in_view and person["userId"] != user_id
        else {name: value for name, value in person.items() if not name.startswith("delivered")}
        for person in conversation["participants"]
    ]
    return shown | {"participants": people, "lastMessage": None if last is None else _message(last)}


def _message(message: Json) -> Json:
    return message | {"deletedAt": message["deletedAt"] is not None}
