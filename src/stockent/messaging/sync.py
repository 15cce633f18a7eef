"""Verbs of catching up: the gap after a known position, for one conversation or for all."""

from __future__ import annotations

from . import bounds
from .commands import JoinConversation, JoinedAck, Resume, ResumedAck
from .domain import Actor, Domain


async def join(domain: Domain, actor: Actor, body: JoinConversation) -> JoinedAck:
    """The conversation, and either every change after `afterSeq` or `reset`."""
    if body.after_seq is not None:
        bounds.seq("afterSeq", body.after_seq)
    joined = await domain.store.conversation_since(
        body.conversation_id, user_id=actor.user_id, after_seq=body.after_seq
    )
    return JoinedAck(
        conversation=joined.conversation, events=joined.events or [], reset=joined.events is None
    )


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
