"""Searching: what is found, by whom, in which order, page by page, and where it is marked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockent.messaging.commands import SearchMessages
from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.models import MessageType
from stockent.messaging.ports import NewMessage, Store
from stockent.messaging.search import SearchHit, SearchPage, SearchSort
from stockent.messaging.searching import checked
from stockent.messaging.terms import matches, parse
from stockent.messaging.words import words
from stockent.store import migrate, open_store
from tests.messaging.test_words import TRICKY
from tests.store.acts import new_client_id, opened, refused, say
from tests.store.conftest import Place
from tests.store.test_faults import locked

DAY_S = 86_400


async def searched(store: Store, user_id: str, q: str | None = None, **asked: Any) -> SearchPage:
    return await store.search(checked(SearchMessages(q=q, **asked)), user_id=user_id)


async def found(store: Store, user_id: str, q: str | None = None, **asked: Any) -> list[str]:
    return [hit.message.content for hit in (await searched(store, user_id, q, **asked)).items]


async def paged(store: Store, user_id: str, q: str, *, limit: int, sort: SearchSort) -> list[str]:
    """Every match, collected page by page."""
    contents: list[str] = []
    cursor: str | None = None
    while True:
        page = await searched(store, user_id, q, limit=limit, sort=sort, cursor=cursor)
        contents += [hit.message.content for hit in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return contents
        assert len(contents) < 5_000, "paging does not come to an end"


async def send(store: Store, cid: str, sender: str, content: str, kind: MessageType) -> None:
    await store.send(NewMessage(cid, sender, new_client_id(), kind, content))


@pytest.mark.parametrize(
    ("q", "contents"),
    [
        ("steel", ["cold rolled steel coil", "Steelworks in Zürich"]),
        ("STEEL coil", ["cold rolled steel coil"]),
        ('"steel"', ["cold rolled steel coil"]),
        ('"rolled steel"', ["cold rolled steel coil"]),
        ('"steel rolled"', []),
        ("steel -coil", []),
        ("-coil steel", ["Steelworks in Zürich"]),
        ('-"rolled steel" steel', ["Steelworks in Zürich"]),
        ("zuri", ["Steelworks in Zürich"]),
        ("ZÜRİCH", ["Steelworks in Zürich"]),
        ("ılık", ["ILIK su, İzmir"]),
        ("izmir", ["ILIK su, İzmir"]),
        ("棉纱", ["30支棉纱的价格"]),
        ("价格", ["30支棉纱的价格"]),
        ("纱棉", []),
        ("가격", ["제품 가격은 얼마"]),
        ("st", ["cold rolled steel coil", "Steelworks in Zürich"]),
        ("s", []),
        ("po-2024/11", ["see PO-2024/117"]),
        ("2024 117", ["see PO-2024/117"]),
        ("nowhere", []),
    ],
)
async def test_words_beginnings_and_phrases_are_found_in_every_script(
    store: Store, q: str, contents: list[str]
) -> None:
    cid = await opened(store, "ann", "bob")
    for content in (
        "cold rolled steel coil",
        "Steelworks in Zürich",
        "ILIK su, İzmir",
        "30支棉纱的价格",
        "제품 가격은 얼마",
        "see PO-2024/117",
    ):
        await say(store, cid, "ann", content)
    assert sorted(await found(store, "bob", q)) == sorted(contents)


@pytest.mark.parametrize(
    "q",
    [
        '"·u1"',
        "text:steel",
        "steel OR NOT",
        "NEAR(steel, 2)",
        "{text}: steel",
        "^steel",
        "steel + x",
        "steel' --",
        '""steel""',
    ],
)
async def test_nothing_that_is_typed_is_taken_for_a_command_of_the_index(store: Store, q: str) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "cem", "dan")
    await say(store, cid, "ann", "text steel or not near 2 u1 x")
    await say(store, other, "cem", "text steel or not near 2 u1 x secret")
    assert await found(store, "eve", q) == []
    assert await found(store, "ann", q) in ([], ["text steel or not near 2 u1 x"])


async def test_everybody_finds_what_they_may_read_and_nobody_else_does(store: Store) -> None:
    pair, group = await opened(store, "ann", "bob"), await opened(store, "ann", "bob", "cem")
    other = await opened(store, "bob", "cem")
    for cid, sender, content in (
        (pair, "ann", "in pair"),
        (group, "cem", "in group"),
        (other, "bob", "in other"),
    ):
        await say(store, cid, sender, content)
    by_person = {
        user: sorted(await found(store, user, "in")) for user in ("ann", "bob", "cem", "eve", "never seen")
    }
    assert by_person == {
        "ann": ["in group", "in pair"],
        "bob": ["in group", "in other", "in pair"],
        "cem": ["in group", "in other"],
        "eve": [],
        "never seen": [],
    }


async def test_a_search_is_narrowed_by_conversation_and_person(store: Store) -> None:
    pair, group = await opened(store, "ann", "bob"), await opened(store, "ann", "bob", "cem")
    await say(store, pair, "ann", "steel 1")
    await say(store, pair, "bob", "steel 2")
    await say(store, group, "bob", "steel 3")
    await say(store, group, "cem", "copper 4")
    newest = {"sort": SearchSort.NEWEST}
    assert await found(store, "ann", "steel", conversation_id=pair, **newest) == ["steel 2", "steel 1"]
    assert await found(store, "ann", "steel", sender="bob", **newest) == ["steel 3", "steel 2"]
    assert await found(store, "ann", "steel", sender="bob", conversation_id=group) == ["steel 3"]
    assert await found(store, "ann", conversation_id=group) == ["copper 4", "steel 3"]
    assert await found(store, "ann", sender="bob") == ["steel 3", "steel 2"]
    assert await found(store, "ann", "steel", sender="nobody") == []
    await refused(Code.NOT_FOUND, found(store, "cem", "steel", conversation_id=pair))
    await refused(Code.NOT_FOUND, found(store, "cem", "steel", conversation_id="0" * 32))


async def test_a_search_is_narrowed_by_date(place: Place) -> None:
    day = 1_764_460_800 // DAY_S  # 2025-11-30
    now = [0.0]
    store = place.store(lambda: now[0])
    await store.open()
    cid = await opened(store, "ann", "bob")
    for offset in (-2, -1, 0, 1, 2, 1.5):  # at last the clock was put back
        now[0] = (day + offset) * DAY_S
        await say(store, cid, "ann", f"day {offset}")
    newest = {"sort": SearchSort.NEWEST}
    assert await found(store, "bob", "day", after="2025-12-01", **newest) == ["day 1.5", "day 2", "day 1"]
    assert await found(store, "bob", "day", before="2025-12-02", after="2025-11-29", **newest) == [
        "day 1.5",
        "day 1",
        "day 0",
        "day -1",
    ]
    assert await found(store, "bob", after="2025-11-30", before="2025-12-01") == ["day 0"]
    assert await found(store, "bob", after="2025-11-30T00:00:00.001Z", before="2025-12-01") == []
    assert (
        await found(store, "bob", after="9999-12-31") == await found(store, "bob", before="0001-01-01") == []
    )
    await store.close()


async def test_a_search_is_narrowed_to_messages_with_attachments_or_without(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann", "steel")
    for kind in (MessageType.IMAGE, MessageType.FILE, MessageType.VOICE):
        await send(store, cid, "ann", f"steel {kind.value}", kind)
    with_files = ["steel FILE", "steel IMAGE", "steel VOICE"]
    assert sorted(await found(store, "bob", "steel", has_attachments=True)) == with_files
    assert sorted(await found(store, "bob", has_attachments=True)) == with_files
    assert await found(store, "bob", "steel", has_attachments=False) == ["steel"]
    assert await found(store, "bob", has_attachments=False) == ["steel"]


async def test_what_the_server_wrote_is_not_found(store: Store) -> None:
    cid = await opened(store, "ann", "bob", "cem")
    await send(store, cid, "ann", "ann removed steel", MessageType.SYSTEM)
    await say(store, cid, "ann", "steel")
    assert await found(store, "bob", "steel") == ["steel"]


async def test_edits_and_deletions_are_known_at_once_indexed_before_or_not(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    for indexed in (True, False):
        message = (await say(store, cid, "ann", "steel and more")).message
        if indexed:
            assert len(await found(store, "bob", "steel")) == 1
        await store.edit(cid, message.id, user_id="ann", content="copper and more")
        assert await found(store, "bob", "steel") == []
        assert await found(store, "bob", "copper more") == ["copper and more"]
        await store.delete_message(cid, message.id, user_id="ann")
        assert await found(store, "bob", "copper") == []
        assert await found(store, "bob", sender="ann") == []


async def test_a_deleted_conversation_is_found_by_nobody_also_when_it_begins_anew(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    for content in ("steel one", "steel two"):
        await say(store, cid, "ann", content)
    await say(store, other, "ann", "steel other")
    assert len(await found(store, "ann", "steel")) == 3
    await say(store, cid, "ann", "steel three")
    await store.delete_conversation(cid, user_id="bob")
    assert await found(store, "bob", "steel") == []
    again = await opened(store, "ann", "bob")
    await say(store, again, "ann", "steel again")
    assert await found(store, "bob", "steel") == ["steel again"]
    assert sorted(await found(store, "ann", "steel")) == ["steel again", "steel other"]


async def test_what_was_sent_is_found_however_many_sent_at_once(store: Store) -> None:
    cids = [await opened(store, "ann", f"u{n}") for n in range(20)]
    await asyncio.gather(*(say(store, cid, "ann", f"steel {n}") for cid in cids for n in range(20)))
    assert len(await paged(store, "ann", "steel", limit=50, sort=SearchSort.NEWEST)) == 400
    assert len(await paged(store, "u7", "steel", limit=50, sort=SearchSort.RELEVANCE)) == 20


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("steel of ours", "steelworks of ours"),
        ("steel, steel it is", "steel, copper it is"),
        ("steel", "steel among many other words that are not asked for"),
        ("steel " * 3 + "word " * 9, "steel " * 2 + "word " * 10),
    ],
)
async def test_whole_words_frequent_words_and_short_texts_come_first(
    store: Store, better: str, worse: str
) -> None:
    cid = await opened(store, "ann", "bob")
    for content in (better, worse):  # the worse is the newer one
        await say(store, cid, "ann", content)
    assert await found(store, "bob", "steel") == [better, worse]
    assert await found(store, "bob", "steel", sort=SearchSort.NEWEST) == [worse, better]


async def test_of_equals_the_newer_comes_first_and_much_older_comes_later(place: Place) -> None:
    now = [1_700_000_000.0]
    store = place.store(lambda: now[0])
    await store.open()
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann", "steel steel of long ago")
    now[0] += 400 * DAY_S
    await say(store, cid, "ann", "steel of 1 day")
    now[0] += DAY_S
    await say(store, cid, "ann", "steel of 0 day")
    assert await found(store, "bob", "steel") == [
        "steel of 0 day",
        "steel of 1 day",
        "steel steel of long ago",
    ]
    await store.close()


@pytest.mark.parametrize("sort", SearchSort)
@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_pages_show_every_match_once(
    store: Store, sort: SearchSort, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockent.store.search_query.WINDOW", 7)
    cid = await opened(store, "ann", "bob")
    sent = [f"steel {'steel ' * (n % 3)}{n}" for n in range(25)]
    for content in sent:
        await say(store, cid, "ann", content)
    collected = await paged(store, "bob", "steel", limit=limit, sort=sort)
    assert sorted(collected) == sorted(sent)
    if sort is SearchSort.NEWEST:
        assert collected == sent[::-1]
    else:
        assert set(collected[:7]) == set(sent[-7:]), "the newest are ranked among themselves"
        assert collected[:7] != sent[:-8:-1]


@pytest.mark.parametrize("sort", SearchSort)
async def test_what_is_written_between_two_pages_moves_nothing(
    store: Store, sort: SearchSort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockent.store.search_query.WINDOW", 7)
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    sent = {(await say(store, cid, "ann", f"steel {n}")).message.id: f"steel {n}" for n in range(20)}
    whole = await paged(store, "ann", "steel", limit=50, sort=sort)
    collected: list[SearchHit] = []
    deleted: set[str] = set()
    cursor: str | None = None
    while True:
        page = await searched(store, "ann", "steel", limit=3, sort=sort, cursor=cursor)
        collected += page.items
        if (cursor := page.next_cursor) is None:
            break
        await say(store, other, "cem", "steel of somebody else")
        shown = {hit.message.id for hit in collected}
        victims = [message_id for message_id in sent if message_id not in shown | deleted]
        for message_id in (collected[-1].message.id, *victims[:1]):
            await store.delete_message(cid, message_id, user_id="ann")
            deleted.add(message_id)
    contents = [hit.message.content for hit in collected]
    gone = {sent[message_id] for message_id in deleted} - set(contents)
    assert gone
    assert contents == [content for content in whole if content not in gone]


async def test_a_cursor_that_the_search_did_not_make_for_me_is_refused(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "cem", "dan")
    for n in range(5):
        await say(store, cid, "ann", f"steel {n}")
        await say(store, other, "cem", f"steel {n}")
    for sort in SearchSort:
        foreign = (await searched(store, "dan", "steel", limit=2, sort=sort)).next_cursor
        mine = (await searched(store, "bob", "steel", limit=2, sort=sort)).next_cursor
        assert mine
        assert len(await found(store, "bob", "steel", limit=2, sort=sort, cursor=mine)) == 2
        for cursor in (foreign, "x", "!", "e30", "W10", mine[:-2], mine + "AAAA", "🙂", "A" * 500):
            error = await refused(Code.INVALID, found(store, "bob", "steel", sort=sort, cursor=cursor))
            assert [each.field for each in error.errors] == ["cursor"]


async def test_a_hit_shows_the_message_as_it_is_and_names_its_conversation(store: Store) -> None:
    people = [f"u{n:02}" for n in range(12)]
    cid = await opened(store, "ann", *people, title="Steel talk")
    sent = (await say(store, cid, "ann", "price of steel")).message
    [hit] = (await searched(store, "u03", "steel")).items
    assert hit.message == sent
    assert (hit.conversation.id, hit.conversation.title, hit.conversation.participant_count) == (
        cid,
        "Steel talk",
        13,
    )
    assert len(hit.conversation.participants) == 8
    assert [(mark.start, mark.end) for mark in hit.highlights] == [(9, 14)]


async def test_marks_count_as_javascript_counts(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann", "👍🏽 Cafe\u0301 𠀀 ılık steel")
    [hit] = (await searched(store, "bob", '"cafe" ilik stee')).items
    assert marked(hit) == ["Cafe\u0301", "ılık", "steel"]
    assert hit.highlights[0].start == 5


async def test_a_hit_by_filter_alone_has_no_marks_and_a_text_of_one_word_has_not_too_many(
    store: Store,
) -> None:
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann", "steel " * 800)
    [hit] = (await searched(store, "bob", "steel")).items
    assert len(hit.highlights) == 50
    [hit] = (await searched(store, "bob", conversation_id=cid)).items
    assert hit.highlights == []


async def test_a_store_opened_again_finds_what_was_sent_last(place: Place) -> None:
    store = place.store()
    await store.open()
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann", "steel one")
    assert len(await found(store, "bob", "steel")) == 1
    await say(store, cid, "ann", "steel two")
    await store.close()
    store = place.store()
    await store.open()

    assert sorted(await found(store, "bob", "steel")) == ["steel one", "steel two"]
    await store.close()


async def test_while_the_store_cannot_write_what_is_indexed_is_found(store: Store, place: Place) -> None:
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann", "steel")
    assert await found(store, "bob", "steel") == ["steel"]
    await say(store, cid, "ann", "copper")
    async with locked(place.file):
        assert await found(store, "bob", "steel") == ["steel"]
    assert await found(store, "bob", "copper") == ["copper"]


CONTENTS = st.lists(
    st.text(st.sampled_from(TRICKY + "  "), min_size=1, max_size=30).filter(lambda text: text.strip() != ""),
    min_size=1,
    max_size=8,
)
QUERIES = st.lists(
    st.text(st.sampled_from(TRICKY + '   "-'), min_size=1, max_size=6), min_size=1, max_size=12
)


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrate(f"sqlite:///{tmp_path_factory.mktemp('empty') / 'store.db'}")


@given(CONTENTS, QUERIES)
@settings(max_examples=30, deadline=None)
def test_what_is_found_and_marked_is_what_the_words_say(
    empty_file: Path, tmp_path_factory: pytest.TempPathFactory, contents: list[str], queries: list[str]
) -> None:
    """The index and the marks agree with the definition, whatever the script."""
    file = tmp_path_factory.mktemp("found") / "store.db"
    shutil.copy(empty_file, file)
    asyncio.run(_compare(file, contents, [*queries, *_excerpts(contents)]))


def _excerpts(contents: Sequence[str]) -> list[str]:
    return [excerpt for content in contents for excerpt in (content, content[:4], f'"{content[-5:]}"')]


async def _compare(file: Path, contents: Sequence[str], queries: Sequence[str]) -> None:
    store = open_store(f"sqlite:///{file}")
    await store.open()
    try:
        cid = await opened(store, "ann", "bob")
        for content in contents:
            await say(store, cid, "ann", content)
        for q in queries:
            try:
                terms = parse(q.strip())
            except MessagingError:
                continue
            met = [
                content
                for content in contents
                if all(bool(matches(term, words(content))) != term.is_excluded for term in terms)
            ]
            hits = (await searched(store, "bob", q)).items
            assert sorted(hit.message.content for hit in hits) == sorted(met), q
            for hit in hits:
                assert hit.highlights
                folded = [word for mark in marked(hit) for word in words(mark)]
                assert all(set(term.words[:-1]) <= set(folded) for term in terms if not term.is_excluded)
    finally:
        await store.close()


def marked(hit: SearchHit) -> list[str]:
    """What the marks cut out of the text, as code units; a cut through a character would not decode."""
    units = hit.message.content.encode("utf-16-le")
    return [units[mark.start * 2 : mark.end * 2].decode("utf-16-le") for mark in hit.highlights]
