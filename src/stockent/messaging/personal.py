"""Verbs on how one keeps a conversation: pin, mute, archive, mark as unread. Nobody else learns of any of it."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from .commands import ChangePersonal
from .domain import Actor, Domain
from .errors import invalid
from .events import PERSONAL_CHANGED, PersonalChanged, user_room
from .models import Conversation


async def change(domain: Domain, actor: Actor, conversation_id: str, body: ChangePersonal) -> Conversation:
    """Set what is given; one's own devices hear of it. What is so already is answered and not told."""
    given = (body.pinned, body.archived, body.marked_unread)
    if given == (None, None, None) and body.muted_until is UNSET:
        raise invalid("pinned", "expected pinned, archived, markedUnread or mutedUntil")
    kept = await domain.store.change_personal(
        conversation_id,
        user_id=actor.user_id,
        pinned=body.pinned,
        archived=body.archived,
        marked_unread=body.marked_unread,
        muted_until=_moment(body.muted_until),
    )
    room = [user_room(actor.user_id)]
    if not kept.repeated and domain.emitter.reaches(room):
        changed = PersonalChanged(conversation_id=conversation_id, personal=kept.conversation.personal)
        domain.emitter.emit(PERSONAL_CHANGED, changed, to=room)
    return kept.conversation


def _moment(text: str | UnsetType | None) -> str | UnsetType | None:
    """In the one form in which moments compare as text: UTC with milliseconds."""
    if not isinstance(text, str):
        return text
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no offset from UTC")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid(
            "mutedUntil", f"expected a moment such as 2027-03-01T09:00:00Z, got {text!r}"
        ) from error
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
