"""Verbs of catching up: the gap after a known position, for one conversation or for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from . import bounds, receipts
from .commands import JoinConversation, JoinedAck, Resume, ResumedAck
from .domain import Actor, Domain
from .ports import Resumed


async def join(domain: Domain, actor: Actor, body: JoinConversation) -> JoinedAck:
    """The conversation, and either every change after `afterSeq` or `reset`. What is handed out counts as delivered."""
    if body.after_seq is not None:
        bounds.seq("afterSeq", body.after_seq)
    joined = await domain.store.conversation_since(
        body.conversation_id, user_id=actor.user_id, after_seq=body.after_seq
    )
    conversation = joined.conversation
    if receipts.is_news(conversation, actor.user_id):
        await receipts.handed_out(domain, actor, {conversation.id: conversation.seq})
    return JoinedAck(conversation=conversation, events=joined.events or [], reset=joined.events is None)


async def resume(domain: Domain, actor: Actor, body: Resume) -> ResumedAck:
    """Every gap at once. Positions of another epoch mean nothing here: `reset`, and the client loads anew.

    What is handed out counts as delivered.
    """
    for after_seq in body.conversations.values():
        bounds.seq("conversations", after_seq)
    same_life = body.epoch == domain.store.epoch
    positions = body.conversations if same_life else {}
    resumed = await domain.store.resume(actor.user_id, positions)
    await receipts.handed_out(domain, actor, dict(_handed_out(actor.user_id, positions, resumed)))
    return ResumedAck(
        epoch=domain.store.epoch,
        conversations=resumed.conversations,
        others=resumed.others,
        total_unread=resumed.total_unread,
        reset=not same_life,
    )


def _handed_out(user_id: str, positions: Mapping[str, int], resumed: Resumed) -> Iterator[tuple[str, int]]:
    """Conversations whose newest change the user holds with this answer, where that was not marked yet."""
    for conversation_id, caught in resumed.conversations.items():
        if caught.events is not None:
            seq = caught.events[-1].seq if caught.events else positions[conversation_id]
            if seq > caught.marks[user_id].delivered_seq:
                yield conversation_id, seq
    for conversation in resumed.others:
        if receipts.is_news(conversation, user_id):
            yield conversation.id, conversation.seq
