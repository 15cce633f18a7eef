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
    delivered_seq: int = 0


class Subject(Wire, frozen=True):
    """What the conversation is about, such as a product; `type` and `id` identify it."""

    type: Id
    id: Id
    title: Title
    url: Url | None = None
    image_url: Url | None = None
    data: dict[str, Any] | None = None


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
    attachments: list[dict[str, Any]] = []
    reply_to: dict[str, Any] | None = None
    reactions: list[dict[str, Any]] = []
    edited_at: str | None = None
    deleted_at: str | None = None


class Conversation(Wire, frozen=True):
    """A conversation as one participant sees it: `unread` is that participant's count."""

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


class LogEntry(Wire, frozen=True):
    """One durable change at position `seq`: the event that announced it, with the state as it is now.

    `payload` is that event's type. Of a message changed more than once, each entry carries its present
    content: what was deleted is not replayed.
    """

    seq: int
    event: str
    payload: Any


class Catchup(Wire, frozen=True):
    """What a client that held position n needs to be whole again: either every event after n, or `reset`.

    `reset`: the gap is too long or the epoch changed: fetch the conversation anew. `gone`: deleted, or not
    (any more) yours; the two look the same. `reads` and `unread` are as of now.
    """

    events: list[LogEntry] | None = None
    reset: bool = False
    gone: bool = False
    unread: int = 0
    reads: dict[str, int] = {}
