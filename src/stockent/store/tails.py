"""The newest messages of one conversation: read once, kept whole while messages come and change, shown as pages."""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from operator import attrgetter

import msgspec

from stockent.messaging.errors import not_found
from stockent.messaging.models import Message, MessagePage

from .connect import sqlite3
from .documents import encode, messages_from

#: Kept of one conversation: two pages.
MAX_TAIL_MESSAGES = 100

_seq = attrgetter("seq")


class Tail:
    """All messages whose `seq` is above `floor`, oldest first. `people`: everybody whose name stands in them."""

    __slots__ = ("_sizes", "floor", "messages", "people", "size_bytes")

    def __init__(self, messages: list[Message], floor: int) -> None:
        self.messages = messages
        self.floor = floor
        self.people: set[str] = set()
        self._sizes = [_size_of(message) for message in messages]
        self.size_bytes = sum(self._sizes)
        for message in messages:
            self._name_people(message)

    def page(self, visible_after: int, limit: int) -> MessagePage | None:
        """The newest that are above `visible_after`; None if what is here does not tell which they are."""
        messages = self.messages
        first = bisect_right(messages, visible_after, key=_seq) if visible_after > self.floor else 0
        has_before = len(messages) - first > limit
        if not has_before and visible_after < self.floor:
            return None
        items = messages[max(first, len(messages) - limit) :]
        cursor = str(items[0].seq) if items and has_before else None
        return MessagePage(items=items, has_before=has_before, has_after=False, next_cursor=cursor)

    def take(self, message: Message) -> bool:
        """Put in a message that is new or has changed. False: the tail can no longer be kept whole."""
        messages = self.messages
        if message.seq > self.floor and (not messages or message.seq > messages[-1].seq):
            messages.append(message)
            self._sizes.append(_size_of(message))
            self.size_bytes += self._sizes[-1]
            self._name_people(message)
            self.trim(MAX_TAIL_MESSAGES)
            return True
        if any(each.reply_to and each.reply_to.message_id == message.id for each in messages):
            return False
        if message.seq > self.floor:
            self._replace(bisect_left(messages, message.seq, key=_seq), message)
        return True

    def trim(self, limit: int) -> None:
        surplus = len(self.messages) - limit
        if surplus > 0:
            self.floor = self.messages[surplus - 1].seq
            self.size_bytes -= sum(self._sizes[:surplus])
            del self.messages[:surplus], self._sizes[:surplus]

    def _replace(self, position: int, message: Message) -> None:
        """A tail that was read after several changes learns of the earlier ones later: they are passed over."""
        if message.updated_seq > self.messages[position].updated_seq:
            size = _size_of(message)
            self.size_bytes += size - self._sizes[position]
            self.messages[position], self._sizes[position] = message, size
            self._name_people(message)

    def _name_people(self, message: Message) -> None:
        self.people.add(message.sender.id)
        if message.reply_to:
            self.people.add(message.reply_to.sender.id)
        for reaction in message.reactions:
            self.people.update(user.id for user in reaction.users)


def read_tail(
    connection: sqlite3.Connection, conversation_id: str, user_id: str, limit: int
) -> tuple[Mapping[str, int], Tail]:
    """Who takes part, of whom the user must be one, and at least `limit` of the newest messages that they may see."""
    key, members = prove_membership(connection, conversation_id, user_id)
    visible_after = members[user_id]
    messages = messages_from(connection.execute(_NEWEST, (key, visible_after, limit + 1)).fetchone()[0])
    messages.reverse()
    return members, Tail(messages, messages[0].seq - 1 if len(messages) > limit else visible_after)


def prove_membership(
    connection: sqlite3.Connection, conversation_id: str, user_id: str
) -> tuple[int, Mapping[str, int]]:
    """The conversation's key, and up to which `seq` messages are hidden from each who takes part."""
    row = connection.execute(_MEMBERS, (conversation_id,)).fetchone()
    members = {} if row is None else _members_from(row[1])
    if user_id not in members:
        raise not_found()
    return row[0], members


def _size_of(message: Message) -> int:
    """In memory, roughly: what was measured is 1,060 bytes for 546 of JSON, and with 50 reactions 8,560 for 1,960."""
    size = len(encode(message))
    if message.reactions or message.attachments or message.mentions or message.system:
        return 5 * size
    return 2 * size + sys.getsizeof(message.content)


_MEMBERS = """
    SELECT c.key, (
        SELECT json_group_object(u.id, p.visible_after) FROM participants p CROSS JOIN users u ON u.key = p.user_key
        WHERE p.conversation_key = c.key)
    FROM conversations c WHERE c.id = ?
"""
_NEWEST = """
    SELECT json_group_array(json(document)) FROM (
        SELECT document FROM message_document
        WHERE conversation_key = ? AND seq > ? ORDER BY seq DESC LIMIT 0 + ?)
"""
_members_from = msgspec.json.Decoder(dict[str, int]).decode
