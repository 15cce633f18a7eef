"""What the operations of one batch share: the write connection, its one moment in time, and what it remembers.

Lives on the writer's thread only. What is remembered is exact as long as every write goes through here; any
rollback empties it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from stockent.messaging.models import Conversation, Message, Participant, Personal, Sender
from stockent.messaging.ports import View

from .connect import sqlite3
from .documents import VIEW, conversations_from, encode_text, view_from
from .ids import MessageIds, hex_ms, rfc3339
from .traces import Traces

#: Conversations whose present state the writer keeps, so that a send need not read it; the oldest leave first.
MAX_REMEMBERED_CONVERSATIONS = 10_000
#: Participants of all of them together, about 700 bytes each: more than one batch can bring.
MAX_REMEMBERED_PEOPLE = 250_000


class Memory:
    """Conversations as of the last write, with `unread` 0, and their people as senders. Bounded."""

    def __init__(self) -> None:
        self._conversations: dict[str, Conversation] = {}
        self._senders: dict[str, dict[str, Sender]] = {}
        self._people = 0

    def get(self, conversation_id: str) -> Conversation | None:
        return self._conversations.get(conversation_id)

    def put(self, conversation: Conversation) -> None:
        former = self._conversations.get(conversation.id)
        self._conversations[conversation.id] = conversation
        self._people += len(conversation.participants) - (len(former.participants) if former else 0)
        while len(self._conversations) > MAX_REMEMBERED_CONVERSATIONS or self._people > MAX_REMEMBERED_PEOPLE:
            self.forget(next(iter(self._conversations)))

    def sender(self, conversation: Conversation, user_id: str) -> Sender:
        senders = self._senders.get(conversation.id)
        if senders is None:
            senders = {person.user_id: _sender(person) for person in conversation.participants}
            self._senders[conversation.id] = senders
        return senders[user_id]

    def forget(self, conversation_id: str) -> None:
        former = self._conversations.pop(conversation_id, None)
        if former is not None:
            self._people -= len(former.participants)
        self._senders.pop(conversation_id, None)

    def clear(self) -> None:
        self._conversations.clear()
        self._senders.clear()
        self._people = 0


class Transaction:
    """One batch: all its operations happen at `now`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        memory: Memory,
        message_ids: MessageIds,
        now_s: float,
        activity_us: int,
    ) -> None:
        self.connection = connection
        self.memory = memory
        self.now_s = now_s
        self.now = rfc3339(now_s)
        self.now_hex = hex_ms(now_s)
        #: Orders lists: greater than in every batch before, whatever the clock does.
        self.activity_us = activity_us
        self.message_ids = message_ids
        #: Of the attempt that is being made.
        self.traces = Traces()

    def run(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        return self.connection.execute(sql, parameters)

    def row(self, sql: str, *parameters: Any) -> Any:
        return self.connection.execute(sql, parameters).fetchone()

    def value(self, sql: str, *parameters: Any) -> Any:
        """The one value of a query that gives one row, such as a JSON document; None without a row."""
        row = self.connection.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def forget(self, conversation_id: str) -> None:
        """To be called by whatever changes a conversation's messages or people otherwise than by `show`."""
        self.memory.forget(conversation_id)
        self.traces.messages.append((conversation_id, None))

    def show(self, message: Message) -> None:
        """To be called with each message that is new, or changed by nothing else than what it says itself."""
        self.traces.messages.append((message.conversation_id, message))

    def conversations(self, ids: Iterable[str]) -> Mapping[str, Conversation]:
        """Present states with `unread` 0, for the writer's own use: proves nobody's access."""
        found: dict[str, Conversation] = {}
        unknown = []
        for conversation_id in ids:
            remembered = self.memory.get(conversation_id)
            if remembered is None:
                unknown.append(conversation_id)
            else:
                found[conversation_id] = remembered
        if unknown:
            for loaded in self._load(unknown):
                found[loaded.id] = loaded
        return found

    def conversation(self, conversation_id: str) -> Conversation:
        return self.conversations([conversation_id])[conversation_id]

    def views(self, conversation_id: str) -> dict[str, View]:
        """Every participant's side of the conversation."""
        found = self.value(_VIEWS, conversation_id)
        return {row[0]: view_from(*row[1:]) for row in _views_from(found)}

    def _load(self, ids: list[str]) -> Iterator[Conversation]:
        documents = self.value(
            """
            SELECT json_group_array(json(v.document)) FROM json_each(?) j
            CROSS JOIN shared_document v ON v.id = j.value
            """,
            encode_text(ids),
        )
        for loaded in conversations_from(documents):
            self.memory.put(loaded)
            yield loaded


_VIEWS = f"""
    SELECT json_group_array(json_array(u.id, {VIEW}))
    FROM conversations c CROSS JOIN participants p ON p.conversation_key = c.key
    CROSS JOIN users u ON u.key = p.user_key
    WHERE c.id = ?
"""
_views_from = msgspec.json.Decoder(list[tuple[str, int, int, Personal | None, int, int | None]]).decode


def with_marks(conversation: Conversation, moved: Mapping[str, Mapping[str, Any]]) -> Conversation:
    """The conversation after marks moved: user → what of the participant is new."""
    people = [
        replace(person, **moved[person.user_id]) if person.user_id in moved else person
        for person in conversation.participants
    ]
    return replace(conversation, participants=people)


def _sender(person: Participant) -> Sender:
    return Sender(
        id=person.user_id,
        name=person.name,
        company_name=person.company_name,
        country=person.country,
        avatar_url=person.avatar_url,
    )
