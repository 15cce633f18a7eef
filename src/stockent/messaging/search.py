"""What a search is, checked, and what it gives. What a client may ask is `SearchMessages`, among the commands."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from .models import ConversationKind, Message, Sender, Subject, Wire
from .terms import Term

DEFAULT_PAGE_HITS = 20
MAX_PAGE_HITS = 50
#: Of a conversation that a hit shows, the people at most; `participantCount` tells of all.
MAX_SHOWN_PEOPLE = 8
#: Places of one message that are marked at most.
MAX_HIGHLIGHTS = 50
MAX_CURSOR_CHARS = 512


class SearchSort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"


class SearchQuery(NamedTuple):
    """A search that was checked. Times are RFC 3339 UTC with milliseconds: `after` is met, `before` is not."""

    terms: tuple[Term, ...] = ()
    sender_id: str | None = None
    conversation_id: str | None = None
    after: str | None = None
    before: str | None = None
    has_attachments: bool | None = None
    sort: SearchSort = SearchSort.RELEVANCE
    cursor: str | None = None
    limit: int = DEFAULT_PAGE_HITS


class Highlight(Wire, frozen=True):
    """A place in `content` that the search met: UTF-16 code units, as JavaScript counts, from `start` up to `end`."""

    start: int
    end: int


class SearchConversation(Wire, frozen=True):
    """Enough of a conversation to name it beside a hit."""

    id: str
    kind: ConversationKind
    title: str | None
    subject: Subject | None
    participants: list[Sender]
    participant_count: int


class SearchHit(Wire, frozen=True):
    """`highlights` is empty where only the name of an attachment, or a filter, met the message."""

    message: Message
    conversation: SearchConversation
    highlights: list[Highlight]


class SearchPage(Wire, frozen=True):
    items: list[SearchHit]
    next_cursor: str | None = None
