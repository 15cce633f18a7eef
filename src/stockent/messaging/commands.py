"""What a client may ask, as HTTP bodies and socket commands, and what it is answered.

Socket acks are `{ok: true, ...}` with the fields of the ack type, or `{ok: false, error: {...}}`.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

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

MAX_RESUME_CONVERSATIONS = 500
#: Longer gaps than this are answered with `reset`: reading a page anew is cheaper than replaying.
MAX_CATCHUP_EVENTS = 500
#: Of the conversations that a resuming client did not name, the newest this many come along.
MAX_RESUME_OTHERS = 50

#: Length is checked after trimming, so the bound here only keeps a hostile text from being looked at for long.
Content = Annotated[str, Meta(max_length=100_000)]
Token = Annotated[str, Meta(max_length=8_192)]


class Command(Wire, forbid_unknown_fields=False):
    """Base of what clients send. Unknown fields are ignored, so an older server understands a newer client."""


class CreateConversation(Command):
    participant_ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_PARTICIPANTS)]
    subject: Subject | None = None
    title: Title | None = None


class ChangeConversation(Command):
    status: ConversationStatus | None = None
    title: Title | None = None


class SendMessage(Command):
    client_id: ClientId
    content: Content
    type: MessageType = MessageType.TEXT


class StartConversation(Command):
    """First message to someone: creates the conversation with it, so no empty one is left behind."""

    recipient_id: Id
    client_id: ClientId
    content: Content
    subject: Subject | None = None
    type: MessageType = MessageType.TEXT


class EditMessage(Command):
    content: Content


class MarkRead(Command):
    seq: Seq


class ConversationRef(Command):
    conversation_id: Id


class JoinConversation(ConversationRef):
    after_seq: Seq | None = None


class SendMessageCommand(ConversationRef):
    client_id: ClientId
    content: Content
    type: MessageType = MessageType.TEXT


class EditMessageCommand(ConversationRef):
    message_id: Id
    content: Content


class DeleteMessageCommand(ConversationRef):
    message_id: Id


class MarkReadCommand(ConversationRef):
    seq: Seq


class Resume(Command):
    epoch: str
    conversations: Annotated[dict[Id, Seq], Meta(max_length=MAX_RESUME_CONVERSATIONS)]


class RefreshToken(Command):
    token: Token


class Done(Wire):
    ok: bool = True


class JoinedAck(Done, kw_only=True):
    """`events` holds every change after `afterSeq`, empty when none was asked for; or `reset` is true."""

    conversation: Conversation
    events: list[LogEntry] = []
    reset: bool = False


class MessageAck(Done, kw_only=True):
    message: Message


class StartedAck(Wire, kw_only=True):
    conversation: Conversation
    message: Message


class ConversationAck(Done, kw_only=True):
    conversation: Conversation


class ReadAck(Done, kw_only=True):
    read_seq: int
    unread: int
    total_unread: int


class ReadState(Wire):
    read_seq: int
    unread: int
    total_unread: int


class ResumedAck(Done, kw_only=True):
    """`others`: my newest conversations that the client did not name, so that none made meanwhile is missed."""

    epoch: str
    conversations: dict[str, Catchup]
    others: list[Conversation]
    total_unread: int
    reset: bool = False


class RefreshedAck(Done, kw_only=True):
    expires_at: str


class ErrorBody(Wire):
    code: str
    message: str
    retryable: bool
    retry_after_ms: int | None = None


class Failed(Wire, kw_only=True):
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
