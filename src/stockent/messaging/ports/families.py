"""What the store owes for each family of verbs beyond plain talk. `Store` is all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import UNSET, UnsetType

from ..models import GroupRole, MessageHistory, UserSettings
from .values import Changed, Delivered, Kept, Membership, Settled


class Receipts(Protocol):
    async def mark_delivered(self, user_id: str, positions: Mapping[str, int]) -> list[Delivered]:
        """`delivered_seq = max(old, min(seq, last_seq))` for each conversation of the user; returns those that moved.

        Conversations that are not the user's are passed over: nothing tells them from those that did not move.
        """
        ...

    async def settings(self, user_id: str) -> UserSettings:
        """Those of a user whom nobody has seen yet are what everybody begins with."""
        ...

    async def change_settings(
        self, user_id: str, *, share_presence: bool | None, send_read_receipts: bool | None
    ) -> Settled:
        """Set what is given. While receipts are off, one's marks go on and others see where they stood."""
        ...


class PresenceRecords(Protocol):
    async def acquaintances(self, user_id: str, among: Sequence[str]) -> Mapping[str, str | None]:
        """Of `among`, the others who share a conversation with the user, and when each was last seen.

        None: never, or not to be told.
        """
        ...

    async def save_last_seen(self, seen: Mapping[str, str]) -> None:
        """Of each user the moment (RFC 3339) at which they went; forward only.

        Of those who do not share their presence nothing is kept.
        """
        ...


class Reactions(Protocol):
    async def react(
        self, conversation_id: str, message_id: str, *, user_id: str, emoji: str, present: bool
    ) -> Changed:
        """Give or take back one's `emoji`; `repeated` if it was so already.

        A deleted message raises `MESSAGE_DELETED`, a closed conversation `CONVERSATION_CLOSED`, more than
        `MAX_REACTIONS` different emoji `INVALID`.
        """
        ...

    async def message_history(self, conversation_id: str, message_id: str, *, user_id: str) -> MessageHistory:
        """Every text that the message had. Of a deleted message there is none left: `MESSAGE_DELETED`."""
        ...


class Groups(Protocol):
    """Of a group only; else `INVALID`. Only an owner may add, remove others, and give roles; else `FORBIDDEN`.

    Each takes two `seq` in one transaction: the change's, and that of the SYSTEM message that tells of it. Also in a
    closed conversation. Who was removed finds nothing from then on.
    """

    async def add_participants(
        self, conversation_id: str, *, user_id: str, user_ids: tuple[str, ...]
    ) -> Membership:
        """Those who are there already are passed over; `changed.repeated` when all are.

        Who is added sees nothing from before unless the group's history is visible, and has nothing unread. More than
        `MAX_PARTICIPANTS` in all is `INVALID`.
        """
        ...

    async def remove_participant(self, conversation_id: str, *, user_id: str, removed_id: str) -> Membership:
        """Oneself: leave. When the last owner leaves, the longest-standing member becomes one.

        With the last participant the conversation is deleted. Who does not take part is `not_found("participant")`.
        """
        ...

    async def set_group_role(
        self, conversation_id: str, *, user_id: str, member_id: str, role: GroupRole
    ) -> Membership:
        """A group keeps at least one owner: who takes that role from the last one is refused as `INVALID`."""
        ...


class PersonalState(Protocol):
    async def change_personal(
        self,
        conversation_id: str,
        *,
        user_id: str,
        pinned: bool | None,
        archived: bool | None,
        marked_unread: bool | None,
        muted_until: str | UnsetType | None = UNSET,
    ) -> Kept:
        """Set what is given of how the user keeps the conversation. Takes no `seq`: nobody else learns of it."""
        ...
