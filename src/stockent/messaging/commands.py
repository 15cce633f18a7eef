"""What a client may ask, as HTTP bodies and socket commands, and what it is answered.

Socket acks are `{ok: true, ...}` with the fields of the ack type, or `{ok: false, error: {...}}`.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from .models import (
    MAX_PARTICIPANTS,
    Catchup,
    ClientId,
    Conversation,
    ConversationStatus,
    Id,
    LogEntry,
    Message,
    MessageType,
    Seq,
    Subject,
    Title,
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

#: Length is checked after trimming, so the bound here only keeps a hostile text from being looked at for
#: long.
Content = Annotated[str, Meta(max_length=100_000)]
Token = Annotated[str, Meta(max_length=8_192)]


class Command(Wire, frozen=True, forbid_unknown_fields=False):
    """Base of what clients send. Unknown fields are ignored: an older server understands a newer client."""


class CreateConversation(Command, frozen=True):
    participant_ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_PARTICIPANTS)]
    subject: Subject | None = None
    title: Title | None = None


class ChangeConversation(Command, frozen=True):
    status: ConversationStatus | None = None
    title: Title | None = None


class SendMessage(Command, frozen=True):
    client_id: ClientId
    content: Content
    type: MessageType = MessageType.TEXT


class StartConversation(Command, frozen=True):
    """First message to someone: creates the conversation with it, so no empty one is left behind."""

    recipient_id: Id
    client_id: ClientId
    content: Content
    subject: Subject | None = None
    type: MessageType = MessageType.TEXT


class EditMessage(Command, frozen=True):
    content: Content


class MarkRead(Command, frozen=True):
    seq: Seq


class ConversationRef(Command, frozen=True):
    conversation_id: Id


class JoinConversation(ConversationRef, frozen=True):
    after_seq: Seq | None = None


class SendMessageCommand(ConversationRef, frozen=True):
    client_id: ClientId
    content: Content
    type: MessageType = MessageType.TEXT


class EditMessageCommand(ConversationRef, frozen=True):
    message_id: Id
    content: Content


class DeleteMessageCommand(ConversationRef, frozen=True):
    message_id: Id


class MarkReadCommand(ConversationRef, frozen=True):
    seq: Seq


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
    "delete_message": CommandType(DeleteMessageCommand, MessageAck),
    "mark_read": CommandType(MarkReadCommand, ReadAck),
    "typing_start": CommandType(ConversationRef, Done),
    "typing_stop": CommandType(ConversationRef, Done),
    "close_conversation": CommandType(ConversationRef, ConversationAck),
    "reopen_conversation": CommandType(ConversationRef, ConversationAck),
    "delete_conversation": CommandType(ConversationRef, Done),
    "resume": CommandType(Resume, ResumedAck),
    "refresh_token": CommandType(RefreshToken, RefreshedAck),
}
