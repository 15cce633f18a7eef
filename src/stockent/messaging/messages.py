"""Verbs on messages: send, edit, delete, and a page of them."""

from __future__ import annotations

from . import announce, bounds, text
from .commands import Body, EditMessage
from .domain import Actor, Domain
from .errors import invalid
from .models import Message, MessagePage, MessageType
from .ports import Extras, NewMessage, Sent


async def send(domain: Domain, actor: Actor, conversation_id: str, body: Body) -> Sent:
    """Append to the conversation; the same `clientId` again returns the stored message and emits nothing."""
    sent = await domain.store.send(composed(domain, actor, conversation_id, body))
    if not sent.repeated:
        domain.typing.sent(actor.user_id, conversation_id)
        announce.message_sent(domain.emitter, sent)
    return sent


def composed(domain: Domain, actor: Actor, conversation_id: str, body: Body) -> NewMessage:
    """What the store is to keep. Raises `invalid` for a body that says nothing, or too much at once."""
    if body.type is MessageType.SYSTEM:
        raise invalid("type", "SYSTEM messages are written by the server only")
    allowed = domain.policy.max_attachments
    if len(body.attachments) > allowed:
        raise invalid("attachments", f"expected at most {allowed} files, got {len(body.attachments)}")
    if body.forward_of is not None and (body.attachments or body.content.strip()):
        raise invalid("forwardOf", "a forwarded message brings its own content; send yours beside it")
    carries = bool(body.attachments or body.forward_of)
    if not carries and body.type not in (None, MessageType.TEXT):
        raise invalid("type", f"{body.type.value} needs attachments, got none; send TEXT")
    return NewMessage(
        conversation_id,
        actor.user_id,
        body.client_id,
        body.type,
        text.content(body.content, may_be_empty=carries),
        _extras(body),
    )


def _extras(body: Body) -> Extras | None:
    if not (body.attachments or body.reply_to or body.mentions or body.forward_of):
        return None
    source = body.forward_of
    return Extras(
        attachment_ids=body.attachments,
        reply_to=body.reply_to,
        mentions=body.mentions,
        forward_of=None if source is None else (source.conversation_id, source.message_id),
    )


async def edit(
    domain: Domain, actor: Actor, conversation_id: str, message_id: str, body: EditMessage
) -> Message:
    """Replace the text of one's own message. The same text again changes nothing."""
    changed = await domain.store.edit(
        conversation_id,
        message_id,
        user_id=actor.user_id,
        content=text.content(body.content, may_be_empty=True),
        mentions=body.mentions,
        within_s=domain.policy.edit_window_s,
    )
    if not changed.repeated:
        announce.message_updated(domain.emitter, changed)
    assert changed.message is not None
    return changed.message


async def delete(domain: Domain, actor: Actor, conversation_id: str, message_id: str) -> Message:
    """Erase the text of one's own message; its place stays."""
    changed = await domain.store.delete_message(
        conversation_id, message_id, user_id=actor.user_id, within_s=domain.policy.delete_window_s
    )
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
