"""`GET /api/search`: my messages by words, person, conversation, date and attachments."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from ..messaging.commands import SearchMessages
from ..messaging.domain import Actor, Domain
from ..messaging.models import MAX_ID_CHARS
from ..messaging.search import DEFAULT_PAGE_HITS, MAX_CURSOR_CHARS, MAX_PAGE_HITS, SearchPage, SearchSort
from ..messaging.searching import search
from ..messaging.terms import MAX_SEARCH_CHARS
from .responses import refusals

GivenDomain = NamedDependency[SkipValidation[Domain]]
GivenActor = NamedDependency[SkipValidation[Actor]]
When = Annotated[
    str | None,
    QueryParameter(
        max_length=100, description="A date, which is its first moment in UTC, or an RFC 3339 date-time."
    ),
]


@get(
    "/search",
    tags=["messages"],
    summary="Search my messages",
    description="Words, a filter, or both. Best first, unless the newest are asked for.",
    responses=refusals(404, 422),
)
async def search_messages(
    domain: GivenDomain,
    actor: GivenActor,
    # Arguments are named as on the wire, because refusals name them.
    q: Annotated[
        str | None,
        QueryParameter(
            description=f"Up to {MAX_SEARCH_CHARS} characters. All words must be there, the last may be only begun;"
            ' "a phrase"; -word must not be there.'
        ),
    ] = None,
    sender: Annotated[str | None, QueryParameter(name="from", description="Who wrote: a user's id.")] = None,
    conversationId: Annotated[str | None, QueryParameter(max_length=MAX_ID_CHARS)] = None,  # noqa: N803
    after: When = None,
    before: When = None,
    hasAttachments: Annotated[bool | None, QueryParameter()] = None,  # noqa: N803
    sort: Annotated[SearchSort, QueryParameter()] = SearchSort.RELEVANCE,
    cursor: Annotated[str | None, QueryParameter(max_length=MAX_CURSOR_CHARS)] = None,
    limit: Annotated[
        int, QueryParameter(ge=1, le=MAX_PAGE_HITS, description="At most this many.")
    ] = DEFAULT_PAGE_HITS,
) -> SearchPage:
    return await search(
        domain,
        actor,
        SearchMessages(
            q=q,
            sender=sender or None,
            conversation_id=conversationId or None,
            after=after,
            before=before,
            has_attachments=hasAttachments,
            sort=sort,
            cursor=cursor,
            limit=limit,
        ),
    )
