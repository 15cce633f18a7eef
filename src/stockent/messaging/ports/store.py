"""The truth, as the domain needs it. `tests/store/` holds one suite that judges every implementation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import UNSET, UnsetType

from ..models import Conversation, ConversationPage, ConversationStatus, MessagePage, Profile, Unread
from ..search import SearchPage, SearchQuery
from .access import AccessRecords
from .attachments import AttachmentRecords
from .families import Groups, PersonalState, PresenceRecords, Reactions, Receipts
from .figures import WriteFigures
from .values import (
    Changed,
    Created,
    Greeting,
    Joined,
    NewConversation,
    NewMessage,
    Read,
    Resumed,
    Sent,
    Started,
)


class Store(
    AccessRecords, Receipts, PresenceRecords, Reactions, Groups, PersonalState, AttachmentRecords, Protocol
):
    """The truth. A write returns when it is durable, or raises `MessagingError`: then nothing was stored.

    Order: writes of one conversation take effect, and their awaiting callers are resumed, in the order of
    `seq`. A caller that emits right after its `await`, with no further await in between, emits in that order.

    Access: each method that names a conversation takes the acting user's id, and the query itself is the
    permission. "Does not exist", "deleted" and "not a participant" raise one and the same `not_found`.

    Cancellation: cancelling a caller does not undo a write that was already handed over.

    Overload: when more than a bounded number of writes wait, raises `Code.OVERLOADED` at once. When the store
    cannot write (disk full, locked), raises `Code.STORE_UNAVAILABLE`; reads go on.
    """

    @property
    def epoch(self) -> str:
        """Names the store's life: made with it, changed by a restore. Clients of another epoch reload."""
        ...

    @property
    def figures(self) -> WriteFigures:
        """What was written so far."""
        ...

    @property
    def waiting_writes(self) -> int:
        """How many writes wait for a batch."""
        ...

    async def open(self) -> None:
        """Migrate to the newest schema and be ready. Raises `StoreError` with the reason otherwise."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then close. Idempotent."""
        ...

    async def ping(self) -> None:
        """Prove that the store answers reads and that its writer lives. Raises `MessagingError` otherwise."""
        ...

    # users

    async def save_profile(self, profile: Profile) -> None:
        """Keep what the token said of its user; a no-op write when nothing changed.

        A profile that holds nothing but the id makes the user known and blanks nothing.
        """
        ...

    async def greet(self, profile: Profile) -> Greeting:
        """`save_profile`, and what a new socket of the user is told, as it is after the call."""
        ...

    async def greeting(self, user_id: str) -> Greeting:
        """The same of a user whose profile is not told."""
        ...

    async def profile(self, user_id: str, *, seen_by: str) -> Profile:
        """A profile that `seen_by` may see: one's own, or of somebody with whom a conversation is shared."""
        ...

    # conversations

    async def create_conversation(self, new: NewConversation) -> Created:
        """Create, or return the one that the same people have on the same subject (`repeated`)."""
        ...

    async def conversation(self, conversation_id: str, *, user_id: str) -> Conversation: ...

    async def conversations(
        self,
        *,
        user_id: str,
        cursor: str | None,
        limit: int,
        status: ConversationStatus | None,
        unread: bool | None,
        q: str | None,
        archived: bool = False,
    ) -> ConversationPage:
        """Mine, pinned ones first, then newest activity; `unread` finds what is marked so too.

        No row is lost or doubled at a page edge, also under equal times.

        `q` matches title, subject title, and the other people's names and companies, case-insensitively.
        Raises `invalid("cursor", ...)` for a cursor that this method did not make.
        """
        ...

    async def change_conversation(
        self,
        conversation_id: str,
        *,
        user_id: str,
        status: ConversationStatus | None = None,
        title: str | UnsetType | None = UNSET,
        history_visible: bool | None = None,
    ) -> Changed:
        """Set what is given, in one change at one `seq`; `repeated` when all of it was so already.

        `history_visible` is an owner's to set, in a group. A group is told of a new title or another
        `history_visible` by a SYSTEM message (`told`), at the `seq` after the change.
        """
        ...

    async def delete_conversation(self, conversation_id: str, *, user_id: str) -> Changed:
        """Delete for everyone: afterwards it is `not_found` for all; its texts are gone from the store."""
        ...

    async def check_access(self, conversation_id: str, *, user_id: str) -> tuple[str, ...]:
        """The participants' ids if `user_id` is one of them, else `not_found`."""
        ...

    # messages

    async def send(self, new: NewMessage) -> Sent:
        """Append at the next `seq`.

        `(sender_id, client_id)` is unique for ever: the same body in the same conversation returns the stored
        message with `repeated`; another body or conversation raises `CLIENT_ID_REUSED` and shows nothing of
        the stored one. A closed conversation raises `CONVERSATION_CLOSED`, but a repeat of what was stored
        before still returns it.
        """
        ...

    async def start(self, conversation: NewConversation, message: NewMessage) -> Started:
        """Create the conversation if need be and send into it, in one transaction.

        `message.conversation_id` is not used.
        """
        ...

    async def edit(
        self,
        conversation_id: str,
        message_id: str,
        *,
        user_id: str,
        content: str,
        mentions: tuple[str, ...] | None = None,
        within_s: float | None = None,
    ) -> Changed:
        """One's own, not deleted, in an open conversation. Somebody else's raises `FORBIDDEN`.

        Older than `within_s` raises `TOO_LATE`. The former text is kept in the message's history.
        """
        ...

    async def delete_message(
        self, conversation_id: str, message_id: str, *, user_id: str, within_s: float | None = None
    ) -> Changed:
        """One's own; content, history and reactions are erased, the place stays. Already deleted: `repeated`.

        Older than `within_s` raises `TOO_LATE`.
        """
        ...

    async def messages(
        self,
        conversation_id: str,
        *,
        user_id: str,
        before: int | None,
        after: int | None,
        around: int | None,
        limit: int,
    ) -> MessagePage:
        """A page by `seq`, oldest first; with no bound the newest. At most one bound is given."""
        ...

    async def search(self, query: SearchQuery, *, user_id: str) -> SearchPage:
        """Messages of the user's conversations that meet every term and filter. System messages are not searched.

        The caller finds what it sent or changed before. A page's cursor goes on where the page ended, whatever has
        been written since. Raises `not_found` for a conversation that is not the user's, `invalid("cursor", ...)` for a
        cursor that this method did not make for this user.
        """
        ...

    # reading

    async def mark_read(self, conversation_id: str, *, user_id: str, seq: int) -> Read:
        """`read_seq = max(old, min(seq, last_seq))`; unread is what a recount would give."""
        ...

    async def unread(self, user_id: str) -> Unread: ...

    # catching up

    async def conversation_since(
        self, conversation_id: str, *, user_id: str, after_seq: int | None
    ) -> Joined:
        """The conversation, and every change after `after_seq` (None: it is not asked for), in one snapshot.

        No events but None for more than `MAX_CATCHUP_EVENTS`, for a position ahead of the log, or before the user's
        time.
        """
        ...

    async def resume(self, user_id: str, positions: Mapping[str, int]) -> Resumed:
        """Every change after each position, and the newest conversations that were not named, in one snapshot.

        `reset` where `conversation_since` gives no events, or for more than `MAX_RESUME_EVENTS` in all. Never
        raises for a conversation that is not there: `gone`.
        """
        ...


class StoreError(Exception):
    """The store cannot open or go on; the text names what is wrong and what would mend it."""


class StoreInUse(StoreError):
    """Another process has it open."""
