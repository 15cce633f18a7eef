"""Short words for what people do in these tests, and for asking the store everything it knows."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable

import pytest

from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.models import (
    Catchup,
    Conversation,
    ConversationKind,
    LogEntry,
    Message,
    MessageType,
    Subject,
)
from stockent.messaging.ports import (
    Changed,
    Created,
    Extras,
    NewConversation,
    NewMessage,
    Sent,
    Started,
    Store,
)

STEEL = Subject(type="product", id="p-1", title="Steel coil", url="/products/p-1", data={"grade": "S235"})


def new_client_id() -> str:
    return str(uuid.uuid4())


def people(*user_ids: str, subject: Subject | None = None, title: str | None = None) -> NewConversation:
    """The first creates, all take part."""
    kind = ConversationKind.DIRECT if len(user_ids) == 2 else ConversationKind.GROUP
    return NewConversation(user_ids[0], tuple(sorted(user_ids)), subject, title, kind)


async def opened(
    store: Store, *user_ids: str, subject: Subject | None = None, title: str | None = None
) -> str:
    created = await store.create_conversation(people(*user_ids, subject=subject, title=title))
    return created.conversation.id


async def say(
    store: Store,
    conversation_id: str,
    sender_id: str,
    content: str = "hello",
    client_id: str | None = None,
    extras: Extras | None = None,
) -> Sent:
    return await store.send(
        NewMessage(conversation_id, sender_id, client_id or new_client_id(), None, content, extras)
    )


async def begin(
    store: Store,
    sender_id: str,
    recipient_id: str,
    content: str = "hello",
    client_id: str | None = None,
    subject: Subject | None = None,
) -> Started:
    message = NewMessage("", sender_id, client_id or new_client_id(), MessageType.TEXT, content)
    return await store.start(people(sender_id, recipient_id, subject=subject), message)


def counts_of(result: Created | Sent | Changed) -> dict[str, tuple[int, int]]:
    return {user_id: view.counts for user_id, view in result.views.items()}


async def refused(code: Code, act: Awaitable[object]) -> MessagingError:
    """Await what must be refused with this code."""
    with pytest.raises(MessagingError) as caught:
        await act
    assert caught.value.code is code, caught.value.message
    return caught.value


async def all_messages(store: Store, conversation_id: str, user_id: str) -> list[Message]:
    """Every message, collected page by page from the oldest."""
    found: list[Message] = []
    more = True
    while more:
        page = await store.messages(
            conversation_id,
            user_id=user_id,
            before=None,
            after=found[-1].seq if found else 0,
            around=None,
            limit=200,
        )
        found += page.items
        more = page.has_after
    return found


async def all_conversations(
    store: Store, user_id: str, *, limit: int = 200, q: str | None = None, unread: bool | None = None
) -> list[Conversation]:
    """Everything listed to a user, collected page by page."""
    found: list[Conversation] = []
    cursor: str | None = None
    while True:
        page = await store.conversations(
            user_id=user_id, cursor=cursor, limit=limit, status=None, unread=unread, q=q
        )
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(found) < 5_000, "paging does not come to an end"


async def catch_up(store: Store, conversation_id: str, *, user_id: str, after_seq: int) -> Catchup:
    """Of one conversation what `resume` tells of many."""
    resumed = await store.resume(user_id, {conversation_id: after_seq})
    return resumed.conversations[conversation_id]


async def whole_log(store: Store, conversation_id: str, user_id: str) -> list[LogEntry]:
    caught = await catch_up(store, conversation_id, user_id=user_id, after_seq=0)
    assert caught.events is not None
    return caught.events


async def recount(store: Store, user_id: str) -> dict[str, int]:
    """What is unread by the definition, counted message by message."""
    counted: dict[str, int] = {}
    for conversation in await all_conversations(store, user_id):
        [me] = [person for person in conversation.participants if person.user_id == user_id]
        unread = sum(
            message.seq > me.read_seq
            and message.sender.id != user_id
            and message.deleted_at is None
            and message.type is not MessageType.SYSTEM
            for message in await all_messages(store, conversation.id, user_id)
        )
        if unread:
            counted[conversation.id] = unread
    return counted
