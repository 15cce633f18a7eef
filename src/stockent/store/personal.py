"""How each person keeps a conversation: pinned, muted, archived, marked as unread."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from stockent.messaging.models import NOTHING_PERSONAL, Personal
from stockent.messaging.ports import Kept

from .access import Access
from .changes import prove_access
from .documents import PERSONAL, conversation_from
from .transaction import Transaction


class PersonalFamily(Access):
    """See `ports`."""

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
        def change(tx: Transaction) -> Kept:
            return change_personal(
                tx,
                conversation_id,
                user_id,
                pinned=pinned,
                archived=archived,
                marked_unread=marked_unread,
                muted_until=muted_until,
            )

        return await self._write(conversation_id, change)


def change_personal(
    tx: Transaction,
    conversation_id: str,
    user_id: str,
    *,
    pinned: bool | None,
    archived: bool | None,
    marked_unread: bool | None,
    muted_until: str | UnsetType | None,
) -> Kept:
    """The writer's memory holds nothing of this: it is nobody's in particular."""
    stands = prove_access(tx, conversation_id, user_id)
    before = tx.value(
        f"SELECT {PERSONAL} FROM participants p WHERE p.conversation_key = ? AND p.user_key = ?",
        stands.key,
        stands.user_key,
    )
    tx.run(
        """
        UPDATE participants SET
            pinned_at = CASE WHEN ?1 IS NULL THEN pinned_at WHEN ?1 THEN coalesce(pinned_at, ?2) END,
            archived = coalesce(?3, archived), marked_unread = coalesce(?4, marked_unread),
            muted_until = iif(?5, ?6, muted_until)
        WHERE conversation_key = ?7 AND user_key = ?8
        """,
        pinned,
        tx.now,
        archived,
        marked_unread,
        muted_until is not UNSET,
        None if muted_until is UNSET else muted_until,
        stands.key,
        stands.user_key,
    )
    document = tx.value(
        "SELECT document FROM conversation_document WHERE id = ? AND viewer_id = ?", conversation_id, user_id
    )
    conversation = conversation_from(document)
    former = NOTHING_PERSONAL if before is None else _personal_from(before)
    return Kept(conversation, conversation.personal == former)


_personal_from = msgspec.json.Decoder(Personal).decode
