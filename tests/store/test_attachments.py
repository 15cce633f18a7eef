"""Uploads and files: whose they are, who may read them, what a conversation has shared, and what may be removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from stockent.messaging.errors import Code
from stockent.messaging.models import Attachment, AttachmentKind, MessageType, SharedFile
from stockent.messaging.ports import Begun, Extras, NewUpload, Store
from tests.store.acts import all_messages, new_client_id, opened, refused, say
from tests.store.conftest import Place

HOUR_S = 3_600.0
LIMITS = {"max_unsent": 5, "max_unsent_bytes": 1_000}


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(place: Place, clock: Clock) -> AsyncIterator[Store]:
    store = place.store(clock)
    await store.open()
    yield store
    await store.close()


async def begin(
    store: Store, owner_id: str = "ann", client_id: str | None = None, size_bytes: int = 100
) -> Begun:
    new = NewUpload(owner_id, client_id or new_client_id(), "a.png", size_bytes, voice=False)
    return await store.begin_upload(new, **LIMITS)


async def ready(
    store: Store, owner_id: str = "ann", kind: AttachmentKind = AttachmentKind.IMAGE, name: str = "a.png"
) -> str:
    """A finished file."""
    upload = (await begin(store, owner_id)).upload
    judged = Attachment(
        id=upload.id, kind=kind, name=name, media_type="image/png", size_bytes=90, url=f"/{upload.id}"
    )
    await store.judge_upload(upload.id, judged, thumbnail_type="image/webp")
    assert (await store.finish_upload(upload.id)).ready
    return upload.id


async def show(store: Store, cid: str, sender_id: str, *attachment_ids: str) -> tuple[str, int]:
    """A message that shows files: its id and `seq`."""
    message = (await say(store, cid, sender_id, "", extras=Extras(attachment_ids=attachment_ids))).message
    assert [attachment.id for attachment in message.attachments] == list(attachment_ids)
    return message.id, message.seq


async def may_read(store: Store, attachment_id: str, *user_ids: str) -> None:
    """These people, and nobody else of those in these tests."""
    for user_id in ("ann", "bob", "cem", "eve", "nobody"):
        act = store.readable_file(attachment_id, user_id=user_id)
        if user_id in user_ids:
            assert (await act).attachment.id == attachment_id
        else:
            await refused(Code.NOT_FOUND, act)


async def left(store: Store, *attachment_ids: str, idle_s: float = 24 * HOUR_S) -> list[str]:
    """Which of these remain when what nothing shows is removed."""
    await store.remove_unshown(idle_s=idle_s, limit=100)
    known = await store.known_attachments(attachment_ids)
    return [each for each in attachment_ids if each in known]


# uploads


async def test_an_upload_is_found_again_by_its_client_id_in_any_spelling(store: Store) -> None:
    client_id = new_client_id()
    first = await begin(store, client_id=client_id)
    assert not first.repeated
    assert (first.upload.size_bytes, first.upload.attachment, first.upload.ready) == (100, None, False)
    again = await begin(store, client_id=client_id.upper())
    assert again == Begun(first.upload, repeated=True)
    await refused(Code.CLIENT_ID_REUSED, begin(store, client_id=client_id, size_bytes=101))
    assert (await begin(store, "bob", client_id)).upload.id != first.upload.id, "everybody has their own"


async def test_one_client_id_many_times_at_once_is_one_upload(store: Store) -> None:
    client_id = new_client_id()
    begun = await asyncio.gather(*(begin(store, client_id=client_id) for _ in range(20)))
    assert len({each.upload.id for each in begun}) == 1
    assert [each.repeated for each in begun].count(False) == 1


async def test_ids_sort_by_time_and_after_the_stores_own_beginning(store: Store, clock: Clock) -> None:
    ids = []
    for _ in range(3):
        clock.now_s += 1
        ids.append((await begin(store)).upload.id)
    assert [store.epoch, *ids] == sorted([store.epoch, *ids])
    assert {len(each) for each in ids} == {32}


async def test_an_upload_is_its_owners_alone(store: Store) -> None:
    upload = (await begin(store)).upload
    assert await store.upload(upload.id, owner_id="ann") == upload
    assert await store.move_upload(upload.id, owner_id="ann") == upload
    for act in (store.upload, store.move_upload, store.remove_upload):
        for attachment_id, owner_id in ((upload.id, "bob"), ("0" * 32, "ann"), (upload.id, "nobody")):
            await refused(Code.NOT_FOUND, act(attachment_id, owner_id=owner_id))
    assert await store.upload(upload.id, owner_id="ann") == upload


async def test_what_one_has_not_sent_is_bounded_in_number_and_size(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    client_ids = [new_client_id() for _ in range(5)]
    for client_id in client_ids:
        await begin(store, client_id=client_id)
    refusal = await refused(Code.RATE_LIMITED, begin(store))
    assert refusal.retry_after_ms
    assert (await begin(store, client_id=client_ids[0])).repeated, "what is there already goes on"
    await begin(store, "bob")
    await store.remove_upload((await begin(store, client_id=client_ids[0])).upload.id, owner_id="ann")
    await show(store, cid, "ann", await ready(store))
    await begin(store)
    await refused(Code.RATE_LIMITED, begin(store))
    await begin(store, "bob", size_bytes=900)
    await refused(Code.RATE_LIMITED, begin(store, "bob", size_bytes=1))


async def test_a_judgement_of_what_was_removed_meanwhile_finds_nothing(store: Store) -> None:
    upload = (await begin(store)).upload
    await refused(Code.NOT_FOUND, store.finish_upload(upload.id))
    await store.remove_upload(upload.id, owner_id="ann")
    judged = Attachment(
        id=upload.id, kind=AttachmentKind.FILE, name="a", media_type="a/b", size_bytes=1, url="/"
    )
    await refused(Code.NOT_FOUND, store.judge_upload(upload.id, judged, thumbnail_type=None))
    await refused(Code.NOT_FOUND, store.finish_upload(upload.id))


# sending


async def test_only_ones_own_finished_uploads_are_sent(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    unfinished, of_bob, mine = (await begin(store)).upload.id, await ready(store, "bob"), await ready(store)
    for attachment_id in (unfinished, of_bob, "0" * 32, "nothing"):
        for ids in ((attachment_id,), (mine, attachment_id)):
            extras = Extras(attachment_ids=ids)
            await refused(Code.NOT_FOUND, say(store, cid, "ann", "", extras=extras))
    assert await all_messages(store, cid, "bob") == []
    await show(store, cid, "ann", mine)
    assert (await all_messages(store, cid, "bob"))[0].type is MessageType.IMAGE


async def test_a_judged_file_whose_bytes_are_not_kept_yet_is_not_sent_or_read(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    upload = (await begin(store)).upload
    judged = Attachment(
        id=upload.id, kind=AttachmentKind.FILE, name="a", media_type="a/b", size_bytes=1, url="/"
    )
    await store.judge_upload(upload.id, judged, thumbnail_type=None)
    extras = Extras(attachment_ids=(upload.id,))
    await refused(Code.NOT_FOUND, say(store, cid, "ann", "", extras=extras))
    await may_read(store, upload.id)
    await store.finish_upload(upload.id)
    await say(store, cid, "ann", "", extras=extras)
    await may_read(store, upload.id, "ann", "bob")


async def test_a_voice_message_holds_one_recording_and_nothing_else(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    voice, picture = await ready(store, kind=AttachmentKind.VOICE), await ready(store)
    extras = Extras(attachment_ids=(voice, picture))
    await refused(Code.INVALID, say(store, cid, "ann", "", extras=extras))
    sent = await say(store, cid, "ann", "", extras=Extras(attachment_ids=(voice,)))
    assert sent.message.type is MessageType.VOICE


# reading


async def test_who_may_read_a_message_may_have_its_files(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    attachment_id = await ready(store)
    await may_read(store, attachment_id, "ann")
    await show(store, cid, "ann", attachment_id)
    await may_read(store, attachment_id, "ann", "bob")
    await show(store, other, "ann", attachment_id)
    await may_read(store, attachment_id, "ann", "bob", "cem")
    await store.delete_conversation(cid, user_id="bob")
    await may_read(store, attachment_id, "ann", "cem")


async def test_a_forwarded_file_is_there_for_those_who_got_it_whatever_becomes_of_the_first(
    store: Store,
) -> None:
    first, second = await opened(store, "ann", "bob"), await opened(store, "bob", "cem")
    attachment_id = await ready(store)
    message_id, _ = await show(store, first, "ann", attachment_id)
    forwarded = await say(store, second, "bob", "", extras=Extras(forward_of=(first, message_id)))
    assert [each.id for each in forwarded.message.attachments] == [attachment_id]
    await may_read(store, attachment_id, "ann", "bob", "cem")
    await store.delete_message(first, message_id, user_id="ann")
    await may_read(store, attachment_id, "ann", "bob", "cem")
    assert await left(store, attachment_id, idle_s=0) == [attachment_id]
    await store.delete_message(second, forwarded.message.id, user_id="bob")
    assert await left(store, attachment_id) == []


async def test_a_deleted_message_takes_its_file_out_of_reach_at_once(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    attachment_id = await ready(store)
    message_id, _ = await show(store, cid, "ann", attachment_id)
    await may_read(store, attachment_id, "ann", "bob")
    await store.delete_message(cid, message_id, user_id="ann")
    await may_read(store, attachment_id, "ann")
    [erased] = await all_messages(store, cid, "bob")
    assert erased.attachments == []


async def test_a_caption_may_be_edited_away_and_the_file_stays(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    attachment_id = await ready(store)
    extras = Extras(attachment_ids=(attachment_id,))
    sent = (await say(store, cid, "ann", "Look", extras=extras)).message
    edited = await store.edit(cid, sent.id, user_id="ann", content="")
    assert edited.message is not None
    assert (edited.message.content, edited.message.attachments) == ("", sent.attachments)
    assert (await all_messages(store, cid, "bob"))[0] == edited.message
    await may_read(store, attachment_id, "ann", "bob")
    text = (await say(store, cid, "ann", "only text")).message
    await refused(Code.INVALID, store.edit(cid, text.id, user_id="ann", content=""))


# what a conversation has shared


async def collected(
    store: Store, cid: str, user_id: str, limit: int, kind: AttachmentKind | None = None
) -> list[SharedFile]:
    found: list[SharedFile] = []
    cursor = None
    while True:
        page = await store.shared_files(cid, user_id=user_id, cursor=cursor, kind=kind, limit=limit)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(page.items) == limit


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_shared_files_come_newest_first_in_pages_without_loss_or_doubles(
    store: Store, limit: int
) -> None:
    cid = await opened(store, "ann", "bob")
    kinds = [AttachmentKind.IMAGE, AttachmentKind.FILE]
    expected: list[tuple[int, str]] = []
    for count in (1, 3, 2):
        await say(store, cid, "bob", "between")
        ids = [await ready(store, kind=kinds[n % 2]) for n in range(count)]
        _, seq = await show(store, cid, "ann", *ids)
        expected = [(seq, each) for each in ids] + expected
    found = await collected(store, cid, "bob", limit)
    assert [(each.seq, each.attachment.id) for each in found] == expected
    assert {each.sender.id for each in found} == {"ann"}
    pictures = await collected(store, cid, "bob", limit, AttachmentKind.IMAGE)
    assert [each.attachment.id for each in pictures] == [
        each.attachment.id for each in found if each.attachment.kind is AttachmentKind.IMAGE
    ]
    assert len(pictures) == 4


async def test_shared_files_are_those_of_messages_that_stand_and_for_participants(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    attachment_id = await ready(store)
    message_id, _ = await show(store, cid, "ann", attachment_id)
    await show(store, other, "ann", attachment_id)
    assert len(await collected(store, cid, "bob", 10)) == 1
    await store.delete_message(cid, message_id, user_id="ann")
    assert await collected(store, cid, "bob", 10) == []
    for who in ("cem", "nobody"):
        act = store.shared_files(cid, user_id=who, cursor=None, kind=None, limit=10)
        await refused(Code.NOT_FOUND, act)
    for cursor in ("", "x", "1", "-1-1", "1-1-1", "1-99999", "9" * 17 + "-0", "１-1"):
        act = store.shared_files(cid, user_id="bob", cursor=cursor, kind=None, limit=10)
        assert (await refused(Code.INVALID, act)).errors[0].field == "cursor"


# removal


async def test_what_was_not_sent_in_time_is_removed_and_what_moves_stays(store: Store, clock: Clock) -> None:
    cid = await opened(store, "ann", "bob")
    idle, moving, finished, sent = (
        (await begin(store)).upload.id,
        (await begin(store)).upload.id,
        await ready(store),
        await ready(store),
    )
    await show(store, cid, "ann", sent)
    clock.now_s += 23 * HOUR_S
    await store.move_upload(moving, owner_id="ann")
    assert await left(store, idle, moving, finished, sent) == [idle, moving, finished, sent]
    clock.now_s += 2 * HOUR_S
    assert await left(store, idle, moving, finished, sent) == [moving, sent]
    clock.now_s += 10_000 * HOUR_S
    assert await left(store, moving, sent) == [sent]
    await may_read(store, sent, "ann", "bob")


@pytest.mark.parametrize("end", ["message", "conversation"])
async def test_files_of_what_was_deleted_are_removed_without_waiting(store: Store, end: str) -> None:
    cid = await opened(store, "ann", "bob")
    attachment_id = await ready(store)
    message_id, _ = await show(store, cid, "ann", attachment_id)
    unsent = await ready(store)
    assert await left(store, attachment_id, unsent) == [attachment_id, unsent]
    if end == "message":
        await store.delete_message(cid, message_id, user_id="ann")
    else:
        await store.delete_conversation(cid, user_id="ann")
    assert await left(store, attachment_id, unsent) == [unsent]


async def test_removal_goes_in_batches_and_tells_what_it_removed(store: Store, clock: Clock) -> None:
    ids = [(await begin(store)).upload.id for _ in range(5)]
    clock.now_s += HOUR_S
    removed = [await store.remove_unshown(idle_s=60, limit=2) for _ in range(4)]
    assert [len(batch) for batch in removed] == [2, 2, 1, 0]
    assert sorted(each for batch in removed for each in batch) == sorted(ids)


async def test_what_a_message_shows_is_not_abandoned(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    attachment_id = await ready(store)
    message_id, _ = await show(store, cid, "ann", attachment_id)
    await refused(Code.TOO_LATE, store.remove_upload(attachment_id, owner_id="ann"))
    await may_read(store, attachment_id, "ann", "bob")
    await store.delete_message(cid, message_id, user_id="ann")
    await store.remove_upload(attachment_id, owner_id="ann")
    await may_read(store, attachment_id)


# groups


async def a_group(store: Store) -> str:
    """Of Ann, who owns it, Bob and Cem."""
    return await opened(store, "ann", "bob", "cem")


async def test_who_was_removed_from_a_group_has_none_of_its_files_any_more(store: Store) -> None:
    cid = await a_group(store)
    of_ann, of_bob = await ready(store), await ready(store, "bob")
    await show(store, cid, "ann", of_ann)
    await show(store, cid, "bob", of_bob)
    for attachment_id in (of_ann, of_bob):
        await may_read(store, attachment_id, "ann", "bob", "cem")
    await store.remove_participant(cid, user_id="ann", removed_id="bob")
    await may_read(store, of_ann, "ann", "cem")
    await may_read(store, of_bob, "ann", "bob", "cem")
    await refused(Code.NOT_FOUND, store.shared_files(cid, user_id="bob", cursor=None, kind=None, limit=10))


@pytest.mark.parametrize("visible", [True, False])
async def test_who_is_added_has_the_files_of_what_they_may_see(store: Store, visible: bool) -> None:
    cid = await a_group(store)
    await store.change_conversation(cid, user_id="ann", history_visible=visible)
    before, after = await ready(store), await ready(store)
    await show(store, cid, "ann", before)
    await store.add_participants(cid, user_id="ann", user_ids=("eve",))
    await show(store, cid, "ann", after)
    await may_read(store, before, "ann", "bob", "cem", *(["eve"] if visible else []))
    await may_read(store, after, "ann", "bob", "cem", "eve")
    shared = [each.attachment.id for each in await collected(store, cid, "eve", 1)]
    assert shared == ([after, before] if visible else [after])
