"""Verbs on delivery: how far each conversation has come to a device of a participant."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from . import announce, bounds
from .domain import Actor, Domain
from .errors import MessagingError
from .models import Conversation

log = structlog.get_logger("stockent.receipts")


async def mark_delivered(domain: Domain, actor: Actor, positions: Mapping[str, int]) -> None:
    """Move one's marks forward, never back and never past the last change; emits for those that moved.

    What is not one's own is passed over, so the answer tells nothing of it.
    """
    for seq in positions.values():
        bounds.seq("conversations", seq)
    await _mark(domain, actor, positions)


async def handed_out(domain: Domain, actor: Actor, positions: Mapping[str, int]) -> None:
    """Mark what an answer carries. A store that cannot write now keeps nobody from reading."""
    if not positions:
        return
    try:
        await _mark(domain, actor, positions)
    except MessagingError as refusal:
        log.info("delivery_unmarked", user=actor.user_id, code=refusal.code, reason=refusal.message)


def is_news(conversation: Conversation, user_id: str) -> bool:
    """Whether the conversation went on since it last came to a device of the user's."""
    return any(
        person.user_id == user_id and person.delivered_seq < conversation.seq
        for person in conversation.participants
    )


async def _mark(domain: Domain, actor: Actor, positions: Mapping[str, int]) -> None:
    for delivered in await domain.store.mark_delivered(actor.user_id, positions):
        announce.message_delivered(domain.emitter, delivered, receiver=actor.user_id)
