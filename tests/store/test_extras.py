"""What a message carries besides its text, but files: an answered message, mentions, a forwarded one."""

from __future__ import annotations

import pytest

from stockent.messaging.errors import Code
from stockent.messaging.models import QUOTED_CHARS
from stockent.messaging.ports import Extras, Store
from tests.store.acts import all_messages, new_client_id, opened, refused, say


async def test_an_answer_shows_what_it_answers_as_that_is_now(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    asked = (await say(store, cid, "ann", "How many? " + "x" * 300)).message
    answer = (await say(store, cid, "bob", "Ten.", extras=Extras(reply_to=asked.id))).message
    quote = answer.reply_to
    assert quote is not None
    assert (quote.message_id, quote.seq, quote.sender.id) == (asked.id, asked.seq, "ann")
    assert quote.content == asked.content[:QUOTED_CHARS]
    assert (await all_messages(store, cid, "ann"))[-1] == answer
    await store.edit(cid, asked.id, user_id="ann", content="How many pallets?")
    [_, shown] = await all_messages(store, cid, "ann")
    assert shown.reply_to is not None
    assert shown.reply_to.content == "How many pallets?"
    await store.delete_message(cid, asked.id, user_id="ann")
    [_, shown] = await all_messages(store, cid, "ann")
    assert shown.reply_to is not None
    assert (shown.reply_to.content, shown.reply_to.deleted) == ("", True)


async def test_one_answers_only_what_stands_in_the_same_conversation(store: Store) -> None:
    cid, other = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    elsewhere = (await say(store, other, "ann")).message
    here = (await say(store, cid, "ann")).message
    for message_id in (elsewhere.id, "0" * 36, "nothing"):
        await refused(Code.NOT_FOUND, say(store, cid, "bob", extras=Extras(reply_to=message_id)))
    assert (await say(store, cid, "bob", extras=Extras(reply_to=here.id))).message.reply_to
    assert (await store.conversation(cid, user_id="ann")).seq == 2, "what was refused took no seq"


async def test_who_is_mentioned_takes_part(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    refusal = await refused(Code.INVALID, say(store, cid, "ann", "@eve", extras=Extras(mentions=("eve",))))
    assert refusal.errors[0].field == "mentions"
    sent = (await say(store, cid, "ann", "@bob @bob", extras=Extras(mentions=("bob", "bob")))).message
    assert sent.mentions == ["bob"]
    edited = await store.edit(cid, sent.id, user_id="ann", content="@ann", mentions=("ann",))
    assert edited.message is not None
    assert edited.message.mentions == ["ann"]
    assert [each.mentions for each in await all_messages(store, cid, "bob")] == [["ann"]]
    await store.edit(cid, sent.id, user_id="ann", content="nobody", mentions=())
    assert [each.mentions for each in await all_messages(store, cid, "bob")] == [[]]


async def test_a_forwarded_message_brings_its_text_and_not_where_it_was(store: Store) -> None:
    source, target = await opened(store, "ann", "bob"), await opened(store, "ann", "cem")
    original = (await say(store, source, "bob", "The price is 4.20.")).message
    extras = Extras(forward_of=(source, original.id))
    forwarded = (await say(store, target, "ann", "", extras=extras)).message
    assert (forwarded.content, forwarded.forwarded, forwarded.sender.id) == (
        "The price is 4.20.",
        True,
        "ann",
    )
    [shown] = await all_messages(store, target, "cem")
    assert shown == forwarded
    assert source not in str(shown)
    assert original.id not in str(shown)


async def test_one_forwards_only_what_one_may_read_and_what_is_still_there(store: Store) -> None:
    source, target = await opened(store, "ann", "bob"), await opened(store, "cem", "bob")
    secret = (await say(store, source, "ann", "canary")).message
    gone = (await say(store, source, "ann", "gone")).message
    await store.delete_message(source, gone.id, user_id="ann")
    for who, message_id in (("cem", secret.id), ("bob", gone.id), ("bob", "0" * 36)):
        act = say(store, target, who, "", extras=Extras(forward_of=(source, message_id)))
        await refused(Code.NOT_FOUND, act)
    assert await all_messages(store, target, "cem") == []
    await say(store, target, "bob", "", extras=Extras(forward_of=(source, secret.id)))
    assert [each.content for each in await all_messages(store, target, "cem")] == ["canary"]


@pytest.mark.parametrize("changed", ["answered", "mentioned", "content", "plain"])
async def test_the_same_client_id_with_other_extras_is_another_message(store: Store, changed: str) -> None:
    cid = await opened(store, "ann", "bob")
    first, second = (await say(store, cid, "ann")).message, (await say(store, cid, "ann")).message
    client_id = new_client_id()
    extras = Extras(reply_to=first.id, mentions=("bob",))
    sent = await say(store, cid, "ann", "text", client_id, extras)
    await store.edit(cid, sent.message.id, user_id="ann", content="edited since")
    again = await say(store, cid, "ann", "text", client_id, extras)
    assert again.repeated
    assert again.message.content == "edited since"
    others = {
        "answered": ("text", extras._replace(reply_to=second.id)),
        "mentioned": ("text", extras._replace(mentions=())),
        "content": ("other", extras),
        "plain": ("text", None),
    }
    content, other = others[changed]
    await refused(Code.CLIENT_ID_REUSED, say(store, cid, "ann", content, client_id, other))


async def test_a_conversations_end_takes_what_hangs_on_its_messages(store: Store) -> None:
    cid = await opened(store, "ann", "bob")
    message = (await say(store, cid, "ann", "x")).message
    client_id = new_client_id()
    extras = Extras(reply_to=message.id, mentions=("bob",))
    await say(store, cid, "ann", "y", client_id, extras)
    await store.react(cid, message.id, user_id="bob", emoji="👍", present=True)
    await store.delete_conversation(cid, user_id="ann")
    await refused(Code.NOT_FOUND, store.message_history(cid, message.id, user_id="bob"))
    again = await opened(store, "ann", "bob")
    assert again != cid
    await refused(Code.CLIENT_ID_REUSED, say(store, again, "ann", "y", client_id))
