"""Verbs on what hangs on a message: reactions to it, and the texts that it had."""

from __future__ import annotations

import emoji as emojis

from . import announce
from .domain import Actor, Domain
from .errors import invalid
from .models import Message, MessageHistory


async def react(
    domain: Domain, actor: Actor, conversation_id: str, message_id: str, emoji: str, *, present: bool
) -> Message:
    """Give one's reaction, or take it back; what is so already is answered and not told."""
    changed = await domain.store.react(
        conversation_id, message_id, user_id=actor.user_id, emoji=one_emoji(emoji), present=present
    )
    if not changed.repeated:
        announce.message_updated(domain.emitter, changed)
    assert changed.message is not None
    return changed.message


async def history(domain: Domain, actor: Actor, conversation_id: str, message_id: str) -> MessageHistory:
    """Every text that the message had, for its readers."""
    return await domain.store.message_history(conversation_id, message_id, user_id=actor.user_id)


def one_emoji(text: str) -> str:
    """The emoji as Unicode writes it in full, so that it compares equal with and without its variation selector."""
    if not emojis.is_emoji(text):
        raise invalid("emoji", f"expected one emoji, got {text!r}")
    return emojis.emojize(emojis.demojize(text))
