"""Verbs on what a person lets others know."""

from __future__ import annotations

from . import events
from .commands import ChangeSettings
from .domain import Actor, Domain
from .errors import invalid
from .events import user_room
from .models import UserSettings


async def settings(domain: Domain, actor: Actor) -> UserSettings:
    return await domain.store.settings(actor.user_id)


async def change(domain: Domain, actor: Actor, body: ChangeSettings) -> UserSettings:
    """Set what is given, and tell one's own devices. Others are told of one's presence, or that there is none."""
    if body.share_presence is None and body.send_read_receipts is None:
        raise invalid("sharePresence", "expected sharePresence or sendReadReceipts")
    settled = await domain.store.change_settings(
        actor.user_id, share_presence=body.share_presence, send_read_receipts=body.send_read_receipts
    )
    if not settled.repeated:
        if body.share_presence is not None:
            domain.presence.share(actor.user_id, shares=settled.settings.share_presence)
        own = [user_room(actor.user_id)]
        if domain.emitter.reaches(own):
            domain.emitter.emit(events.SETTINGS_CHANGED, settled.settings, to=own)
    return settled.settings
