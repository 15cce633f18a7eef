"""The verb of searching: what may be asked, and that only what is mine is found."""

from __future__ import annotations

import pytest

from stockent.messaging import conversations, messages
from stockent.messaging.commands import EditMessage, SearchMessages
from stockent.messaging.decoding import decode
from stockent.messaging.domain import Actor, Domain
from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.search import MAX_PAGE_HITS
from stockent.messaging.searching import checked, search
from tests.messaging.conftest import ANN, BOB, EVE, say


async def found(domain: Domain, actor: Actor, **asked: object) -> list[str]:
    page = await search(domain, actor, decode(SearchMessages, asked))
    return [hit.message.content for hit in page.items]


def refused_field(**asked: object) -> str:
    with pytest.raises(MessagingError) as caught:
        checked(decode(SearchMessages, asked))
    assert caught.value.code is Code.INVALID
    [error] = caught.value.errors
    return error.field


async def test_what_was_just_sent_is_found_by_its_participants_only(domain: Domain, cid: str) -> None:
    await say(domain, ANN, cid, "the price of steel")
    assert await found(domain, BOB, q="steel") == ["the price of steel"]
    assert await found(domain, EVE, q="steel") == []


async def test_what_was_edited_or_deleted_is_found_as_it_is_now(domain: Domain, cid: str) -> None:
    sent = await say(domain, ANN, cid, "steel")
    assert await found(domain, BOB, q="steel") == ["steel"]
    await messages.edit(domain, ANN, cid, sent.id, EditMessage(content="copper"))
    assert await found(domain, BOB, q="steel") == []
    assert await found(domain, BOB, q="copper") == ["copper"]
    await messages.delete(domain, ANN, cid, sent.id)
    assert await found(domain, BOB, q="copper") == []


async def test_a_deleted_conversation_is_not_searched(domain: Domain, cid: str) -> None:
    await say(domain, ANN, cid, "steel")
    assert await found(domain, ANN, q="steel") == ["steel"]
    await conversations.delete(domain, ANN, cid)
    assert await found(domain, ANN, q="steel") == []
    with pytest.raises(MessagingError) as caught:
        await found(domain, ANN, q="steel", conversationId=cid)
    assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    "asked",
    [{}, {"q": ""}, {"q": "   "}, {"sort": "newest"}, {"q": "-steel"}, {"q": "?!", "hasAttachments": True}],
)
def test_without_words_and_filters_nothing_is_searched(asked: dict[str, object]) -> None:
    assert refused_field(**asked) == "q"


@pytest.mark.parametrize(
    "filters",
    [
        {"from": "ann"},
        {"conversationId": "c"},
        {"after": "2025-11-30"},
        {"before": "2025-11-30"},
        {"hasAttachments": False},
    ],
)
def test_a_filter_is_enough(filters: dict[str, object]) -> None:
    assert checked(decode(SearchMessages, filters)).terms == ()


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2025-11-30", "2025-11-30T00:00:00.000Z"),
        ("2025-11-30T08:00:00Z", "2025-11-30T08:00:00.000Z"),
        ("2025-11-30t08:00:00.123456789z", "2025-11-30T08:00:00.123Z"),
        ("2025-11-30 08:00:00+03:00", "2025-11-30T05:00:00.000Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59-00:00", "9999-12-31T23:59:59.000Z"),
        ("", None),
    ],
)
def test_a_date_is_its_first_moment_and_a_time_is_put_into_utc(given: str, moment: str | None) -> None:
    query = checked(decode(SearchMessages, {"q": "x", "after": given, "before": given}))
    assert (query.after, query.before) == (moment, moment)


@pytest.mark.parametrize(
    "given",
    ["yesterday", "2025-02-30", "2025-11-30T08:00:00", "2025-11-30T25:00:00Z", "20251130", "2025-W48-7", "-1",
     "0001-01-01T00:00:00+14:00", "٢٠٢٥-١١-٣٠", "2025-11-30\n", "1764489600"],
)  # fmt: skip
def test_another_time_is_refused(given: str) -> None:
    assert refused_field(q="x", after=given) == "after"
    assert refused_field(q="x", before=given) == "before"


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE_HITS + 1, 10**18])
def test_a_page_has_a_size(limit: int) -> None:
    assert refused_field(q="x", limit=limit) == "limit"
    assert checked(decode(SearchMessages, {"q": "x", "limit": MAX_PAGE_HITS})).limit == MAX_PAGE_HITS


@pytest.mark.parametrize(
    ("field", "value"),
    [("q", 1), ("q", ["x"]), ("from", "a b"), ("conversationId", ""), ("hasAttachments", "yes"), ("sort", "best"),
     ("cursor", "x" * 513), ("limit", 1.5), ("q", "x" * 100_001)],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_by_its_field(field: str, value: object) -> None:
    assert refused_field(**{field: value}) == field
