"""The verb of searching my messages, and the rules for what may be asked."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from .commands import SearchMessages
from .domain import Actor, Domain
from .errors import invalid
from .search import MAX_PAGE_HITS, SearchPage, SearchQuery
from .terms import parse

#: RFC 3339: a full date, or a date-time with its offset.
_WHEN = re.compile(r"\d{4}-\d\d-\d\d(?P<time>[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d))?", re.ASCII)


async def search(domain: Domain, actor: Actor, body: SearchMessages) -> SearchPage:
    """Messages of my conversations that hold all the words and pass all the filters."""
    return await domain.store.search(checked(body), user_id=actor.user_id)


def checked(body: SearchMessages) -> SearchQuery:
    """Return what the store is to find; blank words are none. Raises `invalid` naming the field."""
    if not 1 <= body.limit <= MAX_PAGE_HITS:
        raise invalid("limit", f"expected 1 to {MAX_PAGE_HITS}, got {body.limit}")
    q = (body.q or "").strip()
    query = SearchQuery(
        terms=parse(q) if q else (),
        sender_id=body.sender,
        conversation_id=body.conversation_id,
        after=_moment("after", body.after),
        before=_moment("before", body.before),
        has_attachments=body.has_attachments,
        sort=body.sort,
        cursor=body.cursor or None,
        limit=body.limit,
    )
    filters = (query.sender_id, query.conversation_id, query.after, query.before, query.has_attachments)
    if not query.terms and all(each is None for each in filters):
        raise invalid(
            "q", "expected words to find, or a filter: from, conversationId, after, before, hasAttachments"
        )
    return query


def _moment(field: str, text: str | None) -> str | None:
    if not text:
        return None
    match = _WHEN.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        moment = datetime.fromisoformat(text.upper() if match["time"] else f"{text}T00:00:00Z").astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        raise invalid(
            field, "expected a date such as 2025-11-30, or a date-time such as 2025-11-30T08:00:00Z"
        ) from None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
