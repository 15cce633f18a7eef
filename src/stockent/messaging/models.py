"""The things of the domain as the wire shows them: one definition for HTTP, events, OpenAPI, TypeScript.

Field names are camelCase on the wire. Times are RFC 3339 UTC with milliseconds, already as text. Ids are
opaque strings; those made here sort by time of creation.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

MAX_CONTENT_CHARS = 5_000
MAX_TITLE_CHARS = 200
MAX_ID_CHARS = 128
MAX_PARTICIPANTS = 100
#: The largest integer that JavaScript holds exactly.
MAX_SEQ = 2**53 - 1
MAX_URL_CHARS = 2_048
MAX_SUBJECT_DATA_BYTES = 4_096
#: What an operator may allow at most; what is allowed stands in `policy.Policy`.
MAX_ATTACHMENTS = 100
MAX_NAME_CHARS = 255
MAX_EMOJI_CHARS = 32
#: Different emoji on one message: a bound on what its document can grow to.
MAX_REACTIONS = 50
#: Of a quoted message its beginning is shown.
QUOTED_CHARS = 200
MAX_SUBJECT_DATA_DEPTH = 16
#: Pages of messages and of conversations: how many without being asked, and at most.
MAX_PAGE = 200
DEFAULT_PAGE_MESSAGES = 50
DEFAULT_PAGE_CONVERSATIONS = 30

#: A user's, conversation's, message's or subject's id: printable, without spaces or slashes.
Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS, pattern=r"^[A-Za-z0-9._:@|+=~-]+$(?!\n)")]
#: Made by the client, unique per sender for ever: the key of an idempotent send. A UUID in any version.
ClientId = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$(?!\n)",
        description="A UUID made by the client, the same on every retry of this send.",
    ),
]
Seq = Annotated[int, Meta(ge=0, le=MAX_SEQ)]
Title = Annotated[str, Meta(max_length=MAX_TITLE_CHARS)]
Url = Annotated[str, Meta(max_length=MAX_URL_CHARS, pattern=r"^(https?://|/)")]


class Wire(msgspec.Struct, rename="camel", frozen=True, kw_only=True, gc=False):
    """Base of all that crosses the wire: camelCase, immutable.

    Without cycles by its nature, so the garbage collector need not walk it (`gc=False`).
    """


class Role(StrEnum):
    BUYER = "BUYER"
    SELLER = "SELLER"
    ADMIN = "ADMIN"


class ConversationKind(StrEnum):
    DIRECT = "DIRECT"
    GROUP = "GROUP"


class ConversationStatus(StrEnum):
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"


class MessageType(StrEnum):
    TEXT = "TEXT"
    IMAGE = "IMAGE"
    FILE = "FILE"
    VOICE = "VOICE"
    SYSTEM = "SYSTEM"


class AttachmentKind(StrEnum):
    IMAGE = "IMAGE"
    FILE = "FILE"
    VOICE = "VOICE"


class GroupRole(StrEnum):
    """In groups: an owner may add, remove and promote people."""

    OWNER = "OWNER"
    MEMBER = "MEMBER"


class Profile(Wire, frozen=True):
    """What the host platform's token last said of a user."""

    id: str
    name: str | None = None
    company_name: str | None = None
    country: str | None = None
    avatar_url: str | None = None
    role: Role | None = None


class Sender(Wire, frozen=True):
    id: str
    name: str | None = None
    company_name: str | None = None
    country: str | None = None
    avatar_url: str | None = None


class Participant(Wire, frozen=True):
    user_id: str
    name: str | None = None
    company_name: str | None = None
    country: str | None = None
    avatar_url: str | None = None
    role: Role | None = None
    read_seq: int = 0
    """How far they read, as far as they let others know; of oneself, how far one read."""
    delivered_seq: int = 0
    read_at: str | None = None
    delivered_at: str | None = None
    group_role: GroupRole | None = None


class Subject(Wire, frozen=True):
    """What the conversation is about, such as a product; `type` and `id` identify it."""

    type: Id
    id: Id
    title: Title
    url: Url | None = None
    image_url: Url | None = None
    data: dict[str, Any] | None = None


class Attachment(Wire, frozen=True):
    """`width` and `height` in pixels, of images; `waveform` 64 values of 0 to 100, of voice messages.

    `mediaType` is what the content is, whatever its name says. `url` and `thumbnailUrl` are paths of this server, open
    to participants only.
    """

    id: str
    kind: AttachmentKind
    name: str
    media_type: str
    size_bytes: int
    url: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    waveform: list[int] | None = None
    thumbnail_url: str | None = None


class UploadState(Wire, frozen=True):
    """How far an upload is: `offset` is where its next part begins, of at most `maxChunkBytes`.

    Once `ready`, `attachment` is what its content turned out to be, and its `id` may be sent in a message.
    """

    id: str
    offset: int
    size_bytes: int
    ready: bool
    attachment: Attachment | None
    max_chunk_bytes: int


class QuotedSender(Wire, frozen=True):
    id: str
    name: str | None = None


class SharedFile(Wire, frozen=True):
    """A file, and the message that shows it."""

    attachment: Attachment
    message_id: str
    seq: int
    sender: QuotedSender
    created_at: str


class SharedFilePage(Wire, frozen=True):
    items: list[SharedFile]
    next_cursor: str | None = None


class Quote(Wire, frozen=True):
    """The message that is answered, as it is now: `content` is its beginning, empty once it is deleted."""

    message_id: str
    seq: int
    sender: QuotedSender
    type: MessageType
    content: str
    deleted: bool = False


class Reaction(Wire, frozen=True):
    """One emoji and who gave it, latest first."""

    emoji: str
    count: int
    users: list[QuotedSender]


class SystemEvent(StrEnum):
    """What happened in a group. The message's sender did it; see `messaging.notices` for the sentences."""

    ADDED = "added"
    REMOVED = "removed"
    LEFT = "left"
    MADE_OWNER = "made_owner"
    MADE_MEMBER = "made_member"
    RENAMED = "renamed"
    HISTORY_SHOWN = "history_shown"
    HISTORY_HIDDEN = "history_hidden"


class SystemNote(Wire, frozen=True):
    """What a SYSTEM message tells, for showing it in the reader's words; `content` says it in English.

    `users`: to whom it was done; of `left` who became an owner by it. `title`: of `renamed`, null if it was taken away.
    """

    event: SystemEvent
    users: list[QuotedSender] = []
    title: str | None = None


class Message(Wire, frozen=True):
    """`seq` is the position of its creation, for order and paging; `updatedSeq` of its last change.

    A deleted message keeps its place: `content` is empty and `deletedAt` set.
    """

    id: str
    conversation_id: str
    seq: int
    updated_seq: int
    client_id: str
    type: MessageType
    content: str
    sender: Sender
    created_at: str
    attachments: list[Attachment] = []
    reply_to: Quote | None = None
    reactions: list[Reaction] = []
    mentions: list[str] = []
    forwarded: bool = False
    system: SystemNote | None = None
    edited_at: str | None = None
    deleted_at: str | None = None


class Personal(Wire, frozen=True):
    """How one participant keeps a conversation. `mutedUntil` may lie in the past: then it is not muted."""

    pinned_at: str | None = None
    muted_until: str | None = None
    archived: bool = False
    marked_unread: bool = False


NOTHING_PERSONAL = Personal()


class Conversation(Wire, frozen=True):
    """A conversation as one participant sees it: `unread` and `personal` are that participant's.

    `historyVisible`: who is added to the group sees what was said before.
    """

    id: str
    kind: ConversationKind
    subject: Subject | None
    title: str | None
    status: ConversationStatus
    seq: int
    epoch: str
    participants: list[Participant]
    last_message: Message | None
    unread: int
    created_at: str
    updated_at: str
    personal: Personal = NOTHING_PERSONAL
    history_visible: bool = False


class Unread(Wire, frozen=True):
    """Unread messages of one user: the total and, for each conversation that has any, its count."""

    total: int
    conversations: dict[str, int]


class ConversationPage(Wire, frozen=True):
    items: list[Conversation]
    next_cursor: str | None = None


class MessagePage(Wire, frozen=True):
    """By `seq`, oldest first. `nextCursor` is the `before` of the next older page, null at the start."""

    items: list[Message]
    has_before: bool
    has_after: bool
    next_cursor: str | None = None


class MessageVersion(Wire, frozen=True):
    """A text that a message had, from `at` on."""

    content: str
    at: str


class MessageHistory(Wire, frozen=True):
    """Every text that the message had, oldest first; the last one is the present."""

    versions: list[MessageVersion]


class PresenceStatus(StrEnum):
    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class Presence(Wire, frozen=True):
    """`lastSeenAt` is told of people who are offline; null for those who hide it and for those never seen."""

    user_id: str
    status: PresenceStatus
    last_seen_at: str | None = None


class Presences(Wire, frozen=True):
    presences: list[Presence]


class UserSettings(Wire, frozen=True):
    """What a person lets others know. Their own devices know all the same."""

    share_presence: bool = True
    send_read_receipts: bool = True


class LogEntry(Wire, frozen=True):
    """One durable change at position `seq`: the event that announced it, with the state as it is now.

    `payload` is that event's type. Of a message changed more than once, each entry carries its present
    content: what was deleted is not replayed.
    """

    seq: int
    event: str
    payload: Any


class Marks(Wire, frozen=True):
    """How far one participant is, and since when."""

    read_seq: int
    read_at: str | None
    delivered_seq: int
    delivered_at: str | None


class Catchup(Wire, frozen=True):
    """What a client that held position n needs to be whole again: either every event after n, or `reset`.

    `reset`: the gap is too long or the epoch changed: fetch the conversation anew. `gone`: deleted, or not
    (any more) yours; the two look the same. `reads`, `marks`, `unread` and `personal` are as
    of now; `reads` is the `readSeq` of the marks.
    """

    events: list[LogEntry] | None = None
    reset: bool = False
    gone: bool = False
    unread: int = 0
    reads: dict[str, int] = {}
    marks: dict[str, Marks] = {}
    personal: Personal = NOTHING_PERSONAL
