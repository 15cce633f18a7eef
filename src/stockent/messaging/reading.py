"""Verbs on read state: mark read up to a position, and what is unread."""

from __future__ import annotations

from . import announce, bounds
from .commands import ReadState
from .domain import Actor, Domain
from .models import Unread


async def mark_read(domain: Domain, actor: Actor, conversation_id: str, seq: int) -> ReadState:
    """Move one's mark forward to `seq`, never back and never past the last; emits only if it moved."""
    bounds.seq("seq", seq)
    read = await domain.store.mark_read(conversation_id, user_id=actor.user_id, seq=seq)
    if read.changed:
        announce.message_read(domain.emitter, conversation_id, read, reader=actor.user_id)
    return ReadState(read_seq=read.read_seq, unread=read.view.unread, total_unread=read.view.total_unread)


async def unread(domain: Domain, actor: Actor) -> Unread:
    return await domain.store.unread(actor.user_id)
