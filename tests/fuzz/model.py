"""What the server must hold, told in the plainest way: a conversation is a list of changes, one for each `seq`.

The state machine in `test_model` does to the model what it does to the server, and asks both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Said:
    """A message of `sender`, a name. `seq` is 0 until the server has put it somewhere."""

    sender: str
    client_id: str
    first_content: str
    content: str = ""
    id: str = ""
    seq: int = 0
    deleted: bool = False


@dataclass
class Change:
    """One position of a log: the event that tells of it and the message that it is about, if it is about one."""

    event: str
    about: Said | None = None


@dataclass
class Talk:
    """A conversation of two or more."""

    id: str
    people: tuple[str, ...]
    closed: bool = False
    said: list[Said] = field(default_factory=list)
    log: list[Change] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)

    @property
    def seq(self) -> int:
        return len(self.log)

    def say(self, said: Said, stored: Json) -> None:
        """Take what the server made of it: the next position, and no other."""
        assert stored["clientId"] == said.client_id
        assert stored["content"] == said.first_content
        assert stored["seq"] == self.seq + 1, f"expected seq {self.seq + 1}, got {stored['seq']}"
        said.id, said.seq, said.content = stored["id"], stored["seq"], said.first_content
        self.said.append(said)
        self.log.append(Change("message_received", said))

    def edit(self, said: Said, content: str) -> None:
        if content != said.content:
            said.content = content
            self.log.append(Change("message_updated", said))

    def delete(self, said: Said) -> None:
        if not said.deleted:
            said.deleted, said.content = True, ""
            self.log.append(Change("message_deleted", said))

    def turn(self, *, closed: bool) -> None:
        if closed != self.closed:
            self.closed = closed
            self.log.append(Change("conversation_updated"))

    def mark(self, user: str, seq: int) -> int:
        self.read[user] = max(self.read.get(user, 0), min(seq, self.seq))
        return self.read[user]

    def unread(self, user: str) -> int:
        mark = self.read.get(user, 0)
        return sum(said.sender != user and not said.deleted and said.seq > mark for said in self.said)

    def history(self) -> list[Json]:
        """As `shown` cuts it out of what the server answers."""
        return [
            {"id": each.id, "seq": each.seq, "content": each.content, "deleted": each.deleted}
            for each in self.said
        ]

    def gap(self, position: int) -> list[tuple[int, str, str]]:
        """What somebody who holds `position` missed: place, event, and the id of the message that it is about."""
        return [
            (place, change.event, "" if change.about is None else change.about.id)
            for place, change in enumerate(self.log, 1)
            if place > position
        ]


def shown(page: Json) -> list[Json]:
    return [
        {
            "id": each["id"],
            "seq": each["seq"],
            "content": each["content"],
            "deleted": each["deletedAt"] is not None,
        }
        for each in page["items"]
    ]


def missed(events: list[Json]) -> list[tuple[int, str, str]]:
    """Entries of a gap in the form of `Talk.gap`."""
    return [(entry["seq"], entry["event"], _message_id(entry)) for entry in events]


def _message_id(entry: Json) -> str:
    payload = entry["payload"]
    if entry["event"] == "message_deleted":
        return str(payload["messageId"])
    return str(payload["id"]) if entry["event"].startswith("message_") else ""
