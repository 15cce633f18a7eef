"""What passes between the domain and the store: requests and results, plain and immutable."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from ..models import (
    NOTHING_PERSONAL,
    Catchup,
    Conversation,
    ConversationKind,
    LogEntry,
    Message,
    MessageType,
    Personal,
    Subject,
    UserSettings,
)


class NewConversation(NamedTuple):
    """Creator included in `participant_ids`, which are distinct and sorted."""

    creator_id: str
    participant_ids: tuple[str, ...]
    subject: Subject | None
    title: str | None
    kind: ConversationKind
    history_visible: bool = False


class Extras(NamedTuple):
    """What a message carries besides its text; ids as the client gave them, to be proved by the store."""

    attachment_ids: tuple[str, ...] = ()
    reply_to: str | None = None
    mentions: tuple[str, ...] = ()
    #: Conversation and message whose content and attachments are taken over.
    forward_of: tuple[str, str] | None = None


class NewMessage(NamedTuple):
    """`content` is already trimmed and within its limit.

    `type` None: what the attachments make of it. `extras` is None for a message of nothing but text.
    """

    conversation_id: str
    sender_id: str
    client_id: str
    type: MessageType | None
    content: str
    extras: Extras | None = None


class View(msgspec.Struct, frozen=True, gc=False):
    """One participant's side of a conversation after a change.

    `unread`, `total_unread`: in this conversation, and in all. `visible_after`: messages up to this `seq` are
    not theirs to see. `read_seq`: their own mark, where others are shown another one; else None.
    """

    unread: int
    total_unread: int
    personal: Personal = NOTHING_PERSONAL
    visible_after: int = 0
    read_seq: int | None = None

    @property
    def counts(self) -> tuple[int, int]:
        return self.unread, self.total_unread


class Sent(NamedTuple):
    """A stored message. `repeated`: it was there already under this `clientId`; nothing was written.

    `conversation` is the state right after the message, nobody's in particular; `views` holds what is each
    participant's own.
    """

    message: Message
    conversation: Conversation
    views: Mapping[str, View]
    repeated: bool


class Changed(NamedTuple):
    """A durable change at `seq`. `repeated`: it was so already: nothing was written, emit nothing.

    `message` is set for edits and deletions. `views` as in `Sent`. `told`: the SYSTEM messages that tell a group of it,
    right behind it.
    """

    seq: int
    conversation: Conversation
    message: Message | None
    views: Mapping[str, View]
    repeated: bool
    told: tuple[Sent, ...] = ()


class Created(NamedTuple):
    conversation: Conversation
    views: Mapping[str, View]
    repeated: bool


class Started(NamedTuple):
    """`created`: the conversation came into being with this message."""

    sent: Sent
    created: bool


class Delivered(NamedTuple):
    """A delivery mark that moved forward."""

    conversation_id: str
    delivered_seq: int
    delivered_at: str


class Read(NamedTuple):
    """`changed` is False when the mark did not move forward. `shown`: others are told of it.

    `read_at` is what others are shown. `delivered`: what was read had not been marked as delivered before.
    """

    read_seq: int
    read_at: str | None
    view: View
    participant_ids: tuple[str, ...]
    changed: bool
    shown: bool
    delivered: Delivered | None = None


class Settled(NamedTuple):
    """`repeated`: they were so already."""

    settings: UserSettings
    repeated: bool


class Greeting(NamedTuple):
    settings: UserSettings
    total_unread: int


class Membership(NamedTuple):
    """A change of who takes part: the change itself at its `seq`, then the SYSTEM message that tells of it.

    `changed.views` and `told.views` are of those who take part now. `added`, `removed`: whom it brought and lost.
    `removed_totals`: what those have unread in all, now. `told` is None when the last one left and the conversation is
    gone with them, and when nothing changed.
    """

    changed: Changed
    told: Sent | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    removed_totals: Mapping[str, int] = MappingProxyType({})


class Kept(NamedTuple):
    """How a participant keeps a conversation now. `repeated`: so it was kept already."""

    conversation: Conversation
    repeated: bool


class Joined(NamedTuple):
    """`events`: every change after the position that was asked from; None if they cannot all be told."""

    conversation: Conversation
    events: list[LogEntry] | None


class Resumed(NamedTuple):
    conversations: dict[str, Catchup]
    others: list[Conversation]
    total_unread: int
