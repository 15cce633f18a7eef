"""Conversations: which are the same, who finds them, in what order, and what changing and deleting leave behind."""

from __future__ import annotations

import asyncio
import base64
import itertools

import pytest

from stockent.messaging.errors import Code
from stockent.messaging.models import Conversation, ConversationKind, ConversationStatus, Profile, Subject
from stockent.messaging.ports import Store
from tests.store.acts import (
    STEEL,
    all_conversations,
    begin,
    catch_up,
    counts_of,
    new_client_id,
    opened,
    people,
    refused,
    say,
    whole_log,
)
from tests.store.conftest import Place


async def test_what_is_created_is_what_every_participant_reads(store: Store) -> None:
    await store.save_profile(Profile(id="ann", name="Ann", company_name="Acme"))
    created = await store.create_conversation(people("ann", "bob", subject=STEEL, title="Coils"))
    assert not created.repeated
    conversation = created.conversation
    assert (conversation.kind, conversation.status) == (ConversationKind.DIRECT, ConversationStatus.ACTIVE)
    assert (conversation.subject, conversation.title) == (STEEL, "Coils")
    assert (conversation.seq, conversation.last_message, conversation.unread) == (0, None, 0)
    assert conversation.epoch == store.epoch
    assert {person.user_id: person.name for person in conversation.participants} == {
        "ann": "Ann",
        "bob": None,
    }
    assert counts_of(created) == {"ann": (0, 0), "bob": (0, 0)}
    for user_id in ("ann", "bob"):
        assert await store.conversation(conversation.id, user_id=user_id) == conversation
        assert await all_conversations(store, user_id) == [conversation]


async def test_three_people_are_a_group(store: Store) -> None:
    created = await store.create_conversation(people("ann", "bob", "cem"))
    assert created.conversation.kind is ConversationKind.GROUP


async def test_the_same_people_and_subject_are_the_same_conversation(store: Store) -> None:
    first = await store.create_conversation(people("ann", "bob", subject=STEEL))
    retold = Subject(type=STEEL.type, id=STEEL.id, title="Renamed")
    again = await store.create_conversation(people("bob", "ann", subject=retold, title="ignored"))
    assert again.repeated
    assert again.conversation == first.conversation


async def test_other_people_or_another_subject_are_another_conversation(store: Store) -> None:
    other_product = Subject(type="product", id="p-2", title="Tin")
    other_type = Subject(type="order", id="p-1", title="Order")
    made = {
        await opened(store, *who, subject=subject)
        for who in (("ann", "bob"), ("ann", "cem"), ("ann", "bob", "cem"))
        for subject in (None, STEEL, other_product, other_type)
    }
    assert len(made) == 12


async def test_creating_at_once_from_both_sides_makes_one(store: Store) -> None:
    created = await asyncio.gather(
        *(
            store.create_conversation(people(*pair))
            for _ in range(50)
            for pair in (("ann", "bob"), ("bob", "ann"))
        )
    )
    assert len({each.conversation.id for each in created}) == 1
    assert sum(not each.repeated for each in created) == 1


async def test_each_participant_sees_their_own_unread(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    await say(store, cid, "ann")
    assert (await store.conversation(cid, user_id="ann")).unread == 0
    assert (await store.conversation(cid, user_id="bob")).unread == 1


async def test_the_list_shows_the_newest_activity_first(store: Store) -> None:
    cids = [await opened(store, "ann", f"u{n}") for n in range(4)]
    await say(store, cids[1], "ann")
    await say(store, cids[0], "u0")
    await store.change_conversation(cids[2], user_id="ann", title="A new title is no activity")
    await store.mark_read(cids[0], user_id="ann", seq=1)
    listed = [conversation.id for conversation in await all_conversations(store, "ann")]
    assert listed == [cids[0], cids[1], cids[3], cids[2]]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_pages_lose_and_double_nothing_under_equal_and_falling_times(place: Place, limit: int) -> None:
    times = itertools.chain([1_700_000_000.0] * 20, itertools.count(1_600_000_000.0, -1.0))
    store = place.store(clock=lambda: next(times))
    await store.open()
    at_once = await asyncio.gather(*(store.create_conversation(people("ann", f"a{n}")) for n in range(8)))
    one_by_one = [await opened(store, "ann", f"b{n}") for n in range(8)]
    listed = [conversation.id for conversation in await all_conversations(store, "ann", limit=limit)]
    assert listed[:8] == one_by_one[::-1]
    assert sorted(listed[8:]) == sorted(each.conversation.id for each in at_once)
    await store.close()


async def test_a_conversation_that_moves_up_while_paging_displaces_no_other(store: Store) -> None:
    cids = [await opened(store, "ann", f"u{n}") for n in range(6)]
    first = await store.conversations(user_id="ann", cursor=None, limit=2, status=None, unread=None, q=None)
    await say(store, cids[0], "u0", "the oldest becomes the newest")
    rest: list[str] = []
    cursor = first.next_cursor
    while cursor:
        page = await store.conversations(
            user_id="ann", cursor=cursor, limit=2, status=None, unread=None, q=None
        )
        rest += [conversation.id for conversation in page.items]
        cursor = page.next_cursor
    assert [conversation.id for conversation in first.items] == [cids[5], cids[4]]
    assert rest == [cids[3], cids[2], cids[1]]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "AAAA",
        "ünïcode",
        base64.urlsafe_b64encode(b'["1","x"]').decode(),
        base64.urlsafe_b64encode(b"[1]").decode(),
        base64.urlsafe_b64encode(b'[99999999999999999999999,"x"]').decode(),
    ],
)
async def test_a_cursor_that_the_list_did_not_make_is_invalid(store: Store, cursor: str) -> None:
    for n in range(3):
        await opened(store, "ann", f"u{n}")
    made = await store.conversations(user_id="ann", cursor=None, limit=1, status=None, unread=None, q=None)
    assert made.next_cursor
    refusal = await refused(
        Code.INVALID,
        store.conversations(user_id="ann", cursor=cursor, limit=1, status=None, unread=None, q=None),
    )
    assert refusal.errors[0].field == "cursor"


async def test_the_list_is_narrowed_by_status_and_by_unread(store: Store) -> None:
    closed, quiet, loud = [await opened(store, "ann", f"u{n}") for n in range(3)]
    await store.change_conversation(closed, user_id="ann", status=ConversationStatus.CLOSED)
    await say(store, loud, "u2")

    async def narrowed(status: ConversationStatus | None = None, unread: bool | None = None) -> list[str]:
        page = await store.conversations(
            user_id="ann", cursor=None, limit=10, status=status, unread=unread, q=None
        )
        return [conversation.id for conversation in page.items]

    assert await narrowed() == [loud, quiet, closed]
    assert await narrowed(status=ConversationStatus.CLOSED) == [closed]
    assert await narrowed(status=ConversationStatus.ACTIVE) == [loud, quiet]
    assert await narrowed(unread=True) == [loud]
    assert await narrowed(unread=False) == [quiet, closed]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("zurich", ["by-name"]),
        ("ZÜRICH", ["by-name"]),
        ("o'hara", ["by-company"]),
        ("stahl ", ["by-subject"]),
        ("100%", ["by-title"]),
        ("STRASSE", ["by-title"]),
        ("ann", []),
        ("%", ["by-title"]),
        ("_", []),
        ("nowhere", []),
    ],
)
async def test_search_finds_titles_subjects_and_other_people_whatever_case_or_accent(
    store: Store, q: str, found: list[str]
) -> None:
    await store.save_profile(Profile(id="ann", name="Ann", company_name="Annville"))
    await store.save_profile(Profile(id="by-name", name="Zürich Metall"))
    await store.save_profile(Profile(id="by-company", name="Sean", company_name="O'HARA Ltd"))
    await opened(store, "ann", "by-name")
    await opened(store, "ann", "by-company")
    await opened(store, "ann", "by-subject", subject=Subject(type="product", id="1", title="Stahl Blech"))
    await opened(store, "ann", "by-title", title="100% Straße")
    await opened(store, "eve", "by-name", title=q)
    listed = await all_conversations(store, "ann", q=q)
    assert [_other(conversation) for conversation in listed] == found


async def test_search_knows_a_changed_title_and_a_changed_name(store: Store) -> None:
    cid = await opened(store, "ann", "bob", title="Before", subject=STEEL)
    await store.change_conversation(cid, user_id="ann", title="Afterwards")
    await store.save_profile(Profile(id="bob", name="Robert"))
    found = [len(await all_conversations(store, "ann", q=q)) for q in ("before", "afterw", "robert", "steel")]
    assert found == [0, 1, 1, 1]


async def test_changing_status_and_title_is_one_change_and_doing_it_again_is_none(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    changed = await store.change_conversation(
        cid, user_id="bob", status=ConversationStatus.CLOSED, title="Done"
    )
    assert (changed.seq, changed.repeated, changed.message) == (1, False, None)
    assert (changed.conversation.status, changed.conversation.title) == (ConversationStatus.CLOSED, "Done")
    assert await store.conversation(cid, user_id="ann") == changed.conversation
    again = await store.change_conversation(
        cid, user_id="ann", status=ConversationStatus.CLOSED, title="Done"
    )
    assert again == changed._replace(repeated=True)
    assert len(await whole_log(store, cid, "ann")) == 1


async def test_what_is_not_given_stays_and_a_title_of_none_is_taken_away(store: Store) -> None:
    cid = await opened(store, "ann", "bob", title="Title")
    closed = await store.change_conversation(cid, user_id="ann", status=ConversationStatus.CLOSED)
    assert closed.conversation.title == "Title"
    untitled = await store.change_conversation(cid, user_id="ann", title=None)
    assert (untitled.conversation.title, untitled.conversation.status) == (None, ConversationStatus.CLOSED)


async def test_updated_at_moves_with_each_change(place: Place) -> None:
    now = [1_700_000_000.0]
    store = place.store(clock=lambda: now[0])
    await store.open()
    cid = await opened(store, "ann", "bob")
    assert (await store.conversation(cid, user_id="ann")).updated_at == "2023-11-14T22:13:20.000Z"
    now[0] += 1.25
    sent = await say(store, cid, "ann")
    assert sent.conversation.updated_at == sent.message.created_at == "2023-11-14T22:13:21.250Z"
    now[0] += 1
    edited = await store.edit(cid, sent.message.id, user_id="ann", content="edited")
    assert edited.conversation.updated_at == "2023-11-14T22:13:22.250Z"
    assert edited.message
    assert edited.message.edited_at == "2023-11-14T22:13:22.250Z"
    await store.close()


async def test_a_deleted_conversation_is_gone_for_all_with_its_counts(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "bob", "cem")
    await say(store, cid, "ann", "secret canary")
    await say(store, other, "ann")
    deleted = await store.delete_conversation(cid, user_id="bob")
    assert (deleted.seq, deleted.repeated) == (2, False)
    assert counts_of(deleted) == {"ann": (0, 0), "bob": (0, 1)}
    assert (await store.unread("bob")).conversations == {other: 1}
    for user_id in ("ann", "bob"):
        await _nothing_is_found(store, cid, user_id)
        assert [conversation.id for conversation in await all_conversations(store, user_id)] == [other]


async def test_the_texts_of_a_deleted_conversation_are_not_in_the_stores_files(place: Place) -> None:
    store = place.store()
    await store.open()
    cid = (await begin(store, "ann", "bob", "canary-of-content" * 20)).sent.conversation.id
    await store.change_conversation(cid, user_id="ann", title="canary-of-title")
    await store.delete_conversation(cid, user_id="ann")
    kept = await begin(store, "ann", "bob", "canary-that-stays")
    await store.close()
    stored = b"".join(file.read_bytes() for file in place.file.parent.iterdir())
    assert b"canary-that-stays" in stored, kept
    assert b"canary-of-" not in stored


async def test_the_same_people_may_begin_anew_after_a_deletion(store: Store) -> None:
    cid = await opened(store, "ann", "bob", subject=STEEL)
    await store.delete_conversation(cid, user_id="ann")
    anew = await store.create_conversation(people("ann", "bob", subject=STEEL))
    assert not anew.repeated
    assert anew.conversation.id != cid
    assert anew.conversation.seq == 0


async def test_foreign_missing_and_deleted_conversations_look_the_same_to_every_method(store: Store) -> None:
    cid, deleted = await opened(store, "ann", "bob"), await opened(store, "ann", "bob", "eve")
    sent = await say(store, cid, "ann")
    await say(store, deleted, "eve")
    await store.delete_conversation(deleted, user_id="ann")
    assert (await store.conversation(cid, user_id="bob")).id == cid, "who takes part finds it"
    for guess in (cid, deleted, "no-such-conversation", ""):
        await _nothing_is_found(store, guess, "eve", sent.message.id)
    assert (await store.conversation(cid, user_id="ann")).seq == 1, "and nobody changed it"


async def test_participants_ids_are_for_participants(store: Store) -> None:
    cid = await opened(store, "bob", "ann")
    assert sorted(await store.check_access(cid, user_id="ann")) == ["ann", "bob"]


async def _nothing_is_found(store: Store, cid: str, user_id: str, message_id: str = "m") -> None:
    """Every method that names a conversation gives one and the same answer."""
    unseen = await refused(Code.NOT_FOUND, store.conversation(cid, user_id=user_id))
    for act in (
        store.change_conversation(cid, user_id=user_id, title="x"),
        store.delete_conversation(cid, user_id=user_id),
        store.check_access(cid, user_id=user_id),
        say(store, cid, user_id, client_id=new_client_id()),
        store.edit(cid, message_id, user_id=user_id, content="x"),
        store.delete_message(cid, message_id, user_id=user_id),
        store.messages(cid, user_id=user_id, before=None, after=None, around=None, limit=10),
        store.mark_read(cid, user_id=user_id, seq=1),
    ):
        refusal = await refused(Code.NOT_FOUND, act)
        assert refusal.message == unseen.message
    assert (await catch_up(store, cid, user_id=user_id, after_seq=0)).gone


def _other(conversation: Conversation) -> str:
    [other] = [person.user_id for person in conversation.participants if person.user_id != "ann"]
    return other
