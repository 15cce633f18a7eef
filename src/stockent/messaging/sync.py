"""Verbs of catching up: the gap after a known position, for one conversation or for all."""

from __future__ import annotations

from . import bounds
from .commands import Resume, ResumedAck
from .domain import Actor, Domain
from .models import Catchup


async def catch_up(domain: Domain, actor: Actor, conversation_id: str, after_seq: int) -> Catchup:
    """Either every change after `after_seq`, or `reset`; `gone` for what is not there or not yours."""
    bounds.seq("afterSeq", after_seq)
    return await domain.store.catch_up(conversation_id, user_id=actor.user_id, after_seq=after_seq)


async def resume(domain: Domain, actor: Actor, body: Resume) -> ResumedAck:
    """Every gap at once. Positions of another epoch mean nothing here: `reset`, and the client loads anew."""
    for after_seq in body.conversations.values():
        bounds.seq("conversations", after_seq)
    same_life = body.epoch == domain.store.epoch
    resumed = await domain.store.resume(actor.user_id, body.conversations if same_life else {})
    return ResumedAck(
        epoch=domain.store.epoch,
        conversations=resumed.conversations,
        others=resumed.others,
        total_unread=resumed.total_unread,
        reset=not same_life,
    )
