"""Every event that the server sends, with its payload: JSON Schema and TypeScript are made from here."""

from __future__ import annotations

from .commands import Activity
from .models import Conversation, Message, Personal, Presence, UserSettings, Wire


class Limits(Wire, frozen=True):
    """Told to the client in `ready`, so that it need not guess."""

    max_content_chars: int
    max_payload_bytes: int
    max_page: int
    max_resume_conversations: int
    max_participants: int
    max_attachments: int
    max_attachment_bytes: int
    max_voice_ms: int
    edit_window_ms: int | None
    """For how long one may edit, and delete for everyone; null: for ever."""
    delete_window_ms: int | None


class Ready(Wire, frozen=True):
    user_id: str
    epoch: str
    server_time: str
    limits: Limits
    settings: UserSettings
    total_unread: int


class NewMessageNotification(Wire, frozen=True):
    conversation_id: str
    seq: int
    message: Message
    conversation: Conversation
    total_unread: int


class ConversationUpdated(Wire, frozen=True):
    conversation_id: str
    seq: int
    conversation: Conversation
    total_unread: int | None = None


class MessageDeleted(Wire, frozen=True):
    """`seq` is the position of the deletion, `messageSeq` of the message; counts are the receiver's."""

    conversation_id: str
    seq: int
    message_id: str
    message_seq: int
    deleted_by: str
    unread: int | None = None
    total_unread: int | None = None


class ConversationDeleted(Wire, frozen=True):
    conversation_id: str
    seq: int
    deleted_by: str
    total_unread: int | None = None


class MessageRead(Wire, frozen=True):
    """`unread` and `totalUnread` only on the reader's own devices."""

    conversation_id: str
    user_id: str
    read_seq: int
    read_at: str | None = None
    unread: int | None = None
    total_unread: int | None = None


class MessageDelivered(Wire, frozen=True):
    """All up to `deliveredSeq` has come to one of the user's devices."""

    conversation_id: str
    user_id: str
    delivered_seq: int
    delivered_at: str


class ParticipantRemoved(Wire, frozen=True):
    """To the removed person's own sockets, the last that they hear of the conversation.

    Who left by themselves was removed by themselves.
    """

    conversation_id: str
    seq: int
    user_id: str
    removed_by: str
    total_unread: int


class PersonalChanged(Wire, frozen=True):
    """To one's own devices: how one keeps the conversation now. It has no `seq`: it is nobody else's business."""

    conversation_id: str
    personal: Personal


class UserTyping(Wire, frozen=True):
    conversation_id: str
    user_id: str
    name: str | None = None
    activity: Activity = Activity.TYPING


class AuthExpiring(Wire, frozen=True):
    expires_at: str


class ServerDraining(Wire, frozen=True):
    reconnect_in_ms: int


READY = "ready"
MESSAGE_RECEIVED = "message_received"
NEW_MESSAGE_NOTIFICATION = "new_message_notification"
CONVERSATION_CREATED = "conversation_created"
CONVERSATION_UPDATED = "conversation_updated"
MESSAGE_UPDATED = "message_updated"
MESSAGE_DELETED = "message_deleted"
CONVERSATION_DELETED = "conversation_deleted"
MESSAGE_READ = "message_read"
MESSAGE_DELIVERED = "message_delivered"
PARTICIPANT_REMOVED = "participant_removed"
PERSONAL_CHANGED = "personal_changed"
PRESENCE_CHANGED = "presence_changed"
SETTINGS_CHANGED = "settings_changed"
USER_TYPING = "user_typing"
USER_STOPPED_TYPING = "user_stopped_typing"
AUTH_EXPIRING = "auth_expiring"
SERVER_DRAINING = "server_draining"

EVENTS: dict[str, type[Wire]] = {
    READY: Ready,
    MESSAGE_RECEIVED: Message,
    NEW_MESSAGE_NOTIFICATION: NewMessageNotification,
    CONVERSATION_CREATED: Conversation,
    CONVERSATION_UPDATED: ConversationUpdated,
    MESSAGE_UPDATED: Message,
    MESSAGE_DELETED: MessageDeleted,
    CONVERSATION_DELETED: ConversationDeleted,
    MESSAGE_READ: MessageRead,
    MESSAGE_DELIVERED: MessageDelivered,
    PARTICIPANT_REMOVED: ParticipantRemoved,
    PERSONAL_CHANGED: PersonalChanged,
    PRESENCE_CHANGED: Presence,
    SETTINGS_CHANGED: UserSettings,
    USER_TYPING: UserTyping,
    USER_STOPPED_TYPING: UserTyping,
    AUTH_EXPIRING: AuthExpiring,
    SERVER_DRAINING: ServerDraining,
}


def user_room(user_id: str) -> str:
    """The room of all of one user's sockets. Joined by the server at connect, never by name."""
    return "user:" + user_id


def conversation_room(conversation_id: str) -> str:
    """The room of sockets that have the conversation in view. Joined after an access check, never by name."""
    return "conversation:" + conversation_id


def joining_room(conversation_id: str) -> str:
    """The room of sockets whose access to a conversation is being proved. Nothing is ever sent to it.

    Who is removed meanwhile is taken out of it, and by that not let into the conversation's own.
    """
    return "joining:" + conversation_id


def presence_room(user_id: str) -> str:
    """The room of sockets that watch a user's presence. Joined after a proof that they share a conversation."""
    return "presence:" + user_id
