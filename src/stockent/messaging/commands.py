"""What a client may ask, as HTTP bodies and socket commands, and what it is answered.

Socket acks are `{ok: true, ...}` with the fields of the ack type, or `{ok: false, error: {...}}`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from .models import (
    MAX_ATTACHMENTS,
    MAX_EMOJI_CHARS,
    MAX_NAME_CHARS,
    MAX_PARTICIPANTS,
    MAX_SEQ,
    Catchup,
    ClientId,
    Conversation,
    ConversationKind,
    ConversationStatus,
    GroupRole,
    Id,
    LogEntry,
    Message,
    MessageType,
    MessageVersion,
    Presence,
    Seq,
    Subject,
    Title,
    UserSettings,
    Wire,
)
from .search import DEFAULT_PAGE_HITS, MAX_CURSOR_CHARS, SearchHit, SearchSort

MAX_RESUME_CONVERSATIONS = 500
#: Longer gaps than this are answered with `reset`: reading a page anew is cheaper than replaying.
MAX_CATCHUP_EVENTS = 500
#: Of the conversations that a resuming client did not name, the newest this many come along.
MAX_RESUME_OTHERS = 50
#: All gaps of one `resume` together: conversations beyond it are answered with `reset`.
MAX_RESUME_EVENTS = 2_000
#: People whose presence one socket may watch.
MAX_WATCHED = 200

#: Length is checked after trimming, so the bound here only keeps a hostile text from being looked at for
#: long.
Content = Annotated[str, Meta(max_length=100_000)]
Token = Annotated[str, Meta(max_length=8_192)]
Emoji = Annotated[str, Meta(min_length=1, max_length=MAX_EMOJI_CHARS)]
#: RFC 3339; judged by the verb that takes it.
Moment = Annotated[str, Meta(max_length=40)]


class Command(Wire, frozen=True, forbid_unknown_fields=False):
    """Base of what clients send. Unknown fields are ignored: an older server understands a newer client."""


class CreateConversation(Command, frozen=True):
    participant_ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_PARTICIPANTS)]
    subject: Subject | None = None
    title: Title | None = None
    kind: ConversationKind | None = None
    """By default DIRECT for two and GROUP for more; two may ask for a GROUP, to which others can be added."""
    history_visible: bool = False


class ChangeConversation(Command, frozen=True):
    """`historyVisible` is for owners of a group."""

    status: ConversationStatus | None = None
    title: Title | None = None
    history_visible: bool | None = None


class MessageRef(Command, frozen=True):
    conversation_id: Id
    message_id: Id


class Body(Command, frozen=True, kw_only=True):
    """What a message says. One of `content`, `attachments` and `forwardOf` must be there.

    `type` follows from the attachments where it is left out. `attachments` are ids of one's own finished uploads.
    `forwardOf` takes content and attachments of another message that one may read. `mentions` are participants.
    """

    client_id: ClientId
    content: Content = ""
    type: MessageType | None = None
    attachments: Annotated[tuple[Id, ...], Meta(max_length=MAX_ATTACHMENTS)] = ()
    reply_to: Id | None = None
    mentions: Annotated[tuple[Id, ...], Meta(max_length=MAX_PARTICIPANTS)] = ()
    forward_of: MessageRef | None = None


class SendMessage(Body, frozen=True):
    pass


class StartConversation(Body, frozen=True):
    """First message to someone: creates the conversation with it, so no empty one is left behind."""

    recipient_id: Id
    subject: Subject | None = None


class BeginUpload(Command, frozen=True):
    """A file that is about to come; `voice` makes it a voice message. `clientId` is the same on every retry."""

    client_id: ClientId
    name: Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
    size_bytes: Annotated[int, Meta(ge=0, le=MAX_SEQ)]
    voice: bool = False


class EditMessage(Command, frozen=True):
    """`mentions` left out stay as they are."""

    content: Content
    mentions: Annotated[tuple[Id, ...], Meta(max_length=MAX_PARTICIPANTS)] | None = None


class MarkRead(Command, frozen=True):
    seq: Seq


class ConversationRef(Command, frozen=True):
    conversation_id: Id


class JoinConversation(ConversationRef, frozen=True):
    after_seq: Seq | None = None


class SendMessageCommand(Body, frozen=True):
    conversation_id: Id


class EditMessageCommand(EditMessage, frozen=True, kw_only=True):
    conversation_id: Id
    message_id: Id


class MarkReadCommand(ConversationRef, frozen=True):
    seq: Seq


class MarkDeliveredCommand(Command, frozen=True):
    """How far each conversation has come to this device."""

    conversations: Annotated[dict[Id, Seq], Meta(min_length=1, max_length=MAX_RESUME_CONVERSATIONS)]


class Activity(StrEnum):
    TYPING = "typing"
    RECORDING = "recording"


class TypingCommand(ConversationRef, frozen=True):
    activity: Activity = Activity.TYPING


class ActiveStatus(StrEnum):
    ONLINE = "online"
    AWAY = "away"


class SetPresence(Command, frozen=True):
    status: ActiveStatus


class WatchPresence(Command, frozen=True):
    """Replaces whom this socket watched before. Who shares no conversation with me is left out of the ack."""

    user_ids: Annotated[tuple[Id, ...], Meta(max_length=MAX_WATCHED)]


class ChangeSettings(Command, frozen=True):
    share_presence: bool | None = None
    send_read_receipts: bool | None = None


class React(Command, frozen=True):
    emoji: Emoji


class ReactCommand(MessageRef, frozen=True):
    emoji: Emoji


class AddParticipants(Command, frozen=True):
    user_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_PARTICIPANTS)]


class AddParticipantsCommand(AddParticipants, frozen=True, kw_only=True):
    conversation_id: Id


class RemoveParticipantCommand(ConversationRef, frozen=True):
    user_id: Id


class SetGroupRole(Command, frozen=True):
    role: GroupRole


class SetGroupRoleCommand(RemoveParticipantCommand, frozen=True):
    role: GroupRole


class ChangeConversationCommand(ChangeConversation, frozen=True, kw_only=True):
    conversation_id: Id


class ChangePersonal(Command, frozen=True):
    """What is left out stays as it is. `mutedUntil`: a moment to come, or null to unmute."""

    pinned: bool | None = None
    archived: bool | None = None
    marked_unread: bool | None = None
    muted_until: Moment | UnsetType | None = UNSET


class ChangePersonalCommand(ChangePersonal, frozen=True, kw_only=True):
    conversation_id: Id


class SearchMessages(Command, frozen=True):
    """Words, a filter, or both. `after` and `before`: a date, which is its first moment in UTC, or a date-time.

    Text is checked by the verb, which tells the field and what was expected.
    """

    q: Annotated[str, Meta(max_length=100_000)] | None = None
    sender: Id | None = msgspec.field(default=None, name="from")
    conversation_id: Id | None = None
    after: Annotated[str, Meta(max_length=100)] | None = None
    before: Annotated[str, Meta(max_length=100)] | None = None
    has_attachments: bool | None = None
    sort: SearchSort = SearchSort.RELEVANCE
    cursor: Annotated[str, Meta(max_length=MAX_CURSOR_CHARS)] | None = None
    limit: int = DEFAULT_PAGE_HITS


class Resume(Command, frozen=True):
    epoch: str
    conversations: Annotated[dict[Id, Seq], Meta(max_length=MAX_RESUME_CONVERSATIONS)]


class RefreshToken(Command, frozen=True):
    token: Token


class Done(Wire, frozen=True):
    ok: bool = True


class JoinedAck(Done, frozen=True, kw_only=True):
    """`events` holds every change after `afterSeq`, empty when none was asked for; or `reset` is true."""

    conversation: Conversation
    events: list[LogEntry] = msgspec.field(default_factory=list)
    reset: bool = False


class MessageAck(Done, frozen=True, kw_only=True):
    message: Message


class StartedAck(Wire, frozen=True, kw_only=True):
    conversation: Conversation
    message: Message


class ConversationAck(Done, frozen=True, kw_only=True):
    conversation: Conversation


class ReadAck(Done, frozen=True, kw_only=True):
    read_seq: int
    unread: int
    total_unread: int


class ReadState(Wire, frozen=True):
    read_seq: int
    unread: int
    total_unread: int


class ResumedAck(Done, frozen=True, kw_only=True):
    """`others`: my newest conversations that the client did not name; none made meanwhile is missed."""

    epoch: str
    conversations: dict[str, Catchup]
    others: list[Conversation]
    total_unread: int
    reset: bool = False


class SearchedAck(Done, frozen=True, kw_only=True):
    items: list[SearchHit]
    next_cursor: str | None = None


class RefreshedAck(Done, frozen=True, kw_only=True):
    expires_at: str


class PresencesAck(Done, frozen=True, kw_only=True):
    presences: list[Presence]


class SettingsAck(Done, frozen=True, kw_only=True):
    settings: UserSettings


class HistoryAck(Done, frozen=True, kw_only=True):
    versions: list[MessageVersion]


class ErrorBody(Wire, frozen=True):
    code: str
    message: str
    retryable: bool
    retry_after_ms: int | None = None


class Failed(Wire, frozen=True, kw_only=True):
    error: ErrorBody
    ok: bool = False


class CommandType(NamedTuple):
    request: type[Command]
    ack: type[Done]


#: The socket's command table: name → what it takes and what the ack holds.
COMMANDS: dict[str, CommandType] = {
    "join_conversation": CommandType(JoinConversation, JoinedAck),
    "leave_conversation": CommandType(ConversationRef, Done),
    "send_message": CommandType(SendMessageCommand, MessageAck),
    "edit_message": CommandType(EditMessageCommand, MessageAck),
    "delete_message": CommandType(MessageRef, MessageAck),
    "message_history": CommandType(MessageRef, HistoryAck),
    "add_reaction": CommandType(ReactCommand, MessageAck),
    "remove_reaction": CommandType(ReactCommand, MessageAck),
    "mark_read": CommandType(MarkReadCommand, ReadAck),
    "mark_delivered": CommandType(MarkDeliveredCommand, Done),
    "typing_start": CommandType(TypingCommand, Done),
    "typing_stop": CommandType(ConversationRef, Done),
    "set_presence": CommandType(SetPresence, Done),
    "watch_presence": CommandType(WatchPresence, PresencesAck),
    "change_settings": CommandType(ChangeSettings, SettingsAck),
    "create_conversation": CommandType(CreateConversation, ConversationAck),
    "change_conversation": CommandType(ChangeConversationCommand, ConversationAck),
    "change_personal": CommandType(ChangePersonalCommand, ConversationAck),
    "close_conversation": CommandType(ConversationRef, ConversationAck),
    "reopen_conversation": CommandType(ConversationRef, ConversationAck),
    "delete_conversation": CommandType(ConversationRef, Done),
    "add_participants": CommandType(AddParticipantsCommand, ConversationAck),
    "remove_participant": CommandType(RemoveParticipantCommand, ConversationAck),
    "set_group_role": CommandType(SetGroupRoleCommand, ConversationAck),
    "leave_group": CommandType(ConversationRef, Done),
    "search_messages": CommandType(SearchMessages, SearchedAck),
    "resume": CommandType(Resume, ResumedAck),
    "refresh_token": CommandType(RefreshToken, RefreshedAck),
}
