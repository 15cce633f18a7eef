"""Verbs on messages: send, edit, delete, and a page of them."""

from __future__ import annotations

from . import announce, bounds, text
from .commands import EditMessage, SendMessage
from .domain import Actor, Domain
from .errors import invalid
from .models import Message, MessagePage
from .ports import NewMessage, Sent


async def send(domain: Domain, actor: Actor, conversation_id: str, body: SendMessage) -> Sent:
    """Append to the conversation; the same `clientId` again returns the stored message and emits nothing."""
    text.sendable(body.type)
    sent = await domain.store.send(
        NewMessage(conversation_id, actor.user_id, body.client_id, body.type, text.content(body.content))
    )
    if not sent.repeated:
        announce.message_sent(domain.emitter, sent)
    return sent


async def edit(
    domain: Domain, actor: Actor, conversation_id: str, message_id: str, body: EditMessage
) -> Message:
    """Replace the text of one's own message. The same text again changes nothing."""
    changed = await domain.store.edit(
        conversation_id, message_id, user_id=actor.user_id, content=text.content(body.content)
    )
    if not changed.repeated:
        announce.message_updated(domain.emitter, changed)
    assert changed.message is not None
    return changed.message


async def delete(domain: Domain, actor: Actor, conversation_id: str, message_id: str) -> Message:
    """Erase the text of one's own message; its place stays."""
    changed = await domain.store.delete_message(conversation_id, message_id, user_id=actor.user_id)
    if not changed.repeated:
        announce.message_deleted(domain.emitter, changed, deleted_by=actor.user_id)
    assert changed.message is not None
    return changed.message


async def page(
    domain: Domain,
    actor: Actor,
    conversation_id: str,
    *,
    before: int | None,
    after: int | None,
    around: int | None,
    limit: int,
) -> MessagePage:
    """A page by `seq`, oldest first; with no bound the newest."""
    bounds.limit(limit)
    given = {
        name: seq
        for name, seq in (("before", before), ("after", after), ("around", around))
        if seq is not None
    }
    if len(given) > 1:
        raise invalid(next(reversed(given)), f"expected one of before, after and around, got {len(given)}")
    for name, seq in given.items():
        bounds.seq(name, seq)
    return await domain.store.messages(
        conversation_id, user_id=actor.user_id, before=before, after=after, around=around, limit=limit
    )
