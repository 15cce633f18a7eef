"""The caches' own rules: what a tail can tell, what is kept of a read, and what leaves when there is no more room."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stockent.messaging.models import (
    Conversation,
    ConversationKind,
    ConversationStatus,
    Message,
    MessageType,
    Participant,
    Profile,
    Quote,
    QuotedSender,
    Reaction,
    Sender,
)
from stockent.store.caches import Cache, Caches
from stockent.store.tails import MAX_TAIL_MESSAGES, Tail
from stockent.store.traces import Traces
from stockent.store.transaction import Memory


def message(seq: int, content: str = "hello", sender: str = "ann") -> Message:
    return Message(
        id=f"m{seq}",
        conversation_id="c",
        seq=seq,
        updated_seq=seq,
        client_id=str(seq),
        type=MessageType.TEXT,
        content=content,
        sender=Sender(id=sender),
        created_at="2026-01-01T00:00:00.000Z",
    )


def traced(*messages: Message | None, people: set[str] | None = None) -> Traces:
    traces = Traces()
    traces.messages = [("c", each) for each in messages]
    traces.people = people or set()
    return traces


def seqs(tail: Tail, visible_after: int, limit: int) -> tuple[list[int], bool] | None:
    page = tail.page(visible_after, limit)
    return None if page is None else ([each.seq for each in page.items], page.has_before)


def known(tail: Tail | None = None) -> Caches:
    """Caches that know the conversation of Ann, who sees all, and Bob, who sees what came after 3."""
    caches = Caches()
    caches.keep(
        "c", caches.now, {"ann": 0, "bob": 3}, tail or Tail([message(seq) for seq in (1, 2, 4, 5)], 0)
    )
    return caches


def test_a_whole_tail_answers_every_limit() -> None:
    tail = Tail([message(seq) for seq in (1, 2, 4, 5)], 0)
    assert seqs(tail, 0, 4) == ([1, 2, 4, 5], False)
    assert seqs(tail, 0, 3) == ([2, 4, 5], True)
    assert seqs(tail, 0, 200) == ([1, 2, 4, 5], False)
    assert seqs(tail, 3, 50) == ([4, 5], False)
    assert seqs(tail, 3, 1) == ([5], True)
    assert seqs(tail, 5, 1) == ([], False)
    assert seqs(Tail([], 0), 0, 50) == ([], False)
    page = tail.page(0, 3)
    assert page is not None
    assert (page.next_cursor, page.has_after) == ("2", False)


def test_a_part_does_not_answer_what_it_cannot_know() -> None:
    tail = Tail([message(seq) for seq in (4, 5)], 3)
    assert seqs(tail, 0, 1) == ([5], True)
    assert seqs(tail, 0, 2) is None, "whether there is more before is not known"
    assert seqs(tail, 2, 2) is None
    assert seqs(tail, 3, 2) == ([4, 5], False)
    assert seqs(Tail([], 3), 0, 1) is None


def test_new_messages_push_out_the_oldest_and_the_count_of_bytes_stays_true() -> None:
    tail = Tail([], 0)
    for seq in range(1, 2 * MAX_TAIL_MESSAGES):
        assert tail.take(message(seq, "x" * seq))
    last = range(MAX_TAIL_MESSAGES, 2 * MAX_TAIL_MESSAGES)
    assert [each.seq for each in tail.messages] == list(last)
    assert tail.floor == last[0] - 1
    assert tail.take(replace(message(last[3]), content="y" * 1_000, updated_seq=999))
    assert tail.size_bytes == Tail(tail.messages, 0).size_bytes


def test_a_change_takes_the_message_s_place_and_an_earlier_one_does_not() -> None:
    tail = Tail([message(seq) for seq in (1, 2)], 0)
    later, earlier = (replace(message(1), content=str(seq), updated_seq=seq) for seq in (9, 8))
    for change in (later, earlier):
        assert tail.take(change)
    assert [each.content for each in tail.messages] == ["9", "hello"]


def test_a_change_of_what_a_message_answers_ends_the_tail() -> None:
    quote = Quote(
        message_id="m1", seq=1, sender=QuotedSender(id="ann"), type=MessageType.TEXT, content="hello"
    )
    for floor, first in ((0, [message(1)]), (1, [])):
        tail = Tail([*first, replace(message(2), reply_to=quote)], floor)
        assert not tail.take(replace(message(1), content="new", updated_seq=3))
    other = Tail([message(2)], 1)
    assert other.take(replace(message(1), content="new", updated_seq=3))
    assert [each.seq for each in other.messages] == [2], "what is below it does not come in"


def test_the_caches_answer_only_who_takes_part_and_only_what_they_may_see() -> None:
    caches = known()
    mine, bobs = caches.page("c", "ann", 50), caches.page("c", "bob", 50)
    assert mine is not None
    assert bobs is not None
    assert [len(page.items) for page in (mine, bobs)] == [4, 2]
    assert caches.page("c", "eve", 50) is None
    assert caches.page("d", "ann", 50) is None


def test_who_was_removed_is_not_shown_what_is_newer_by_an_older_reading_of_who_takes_part() -> None:
    """Two reads on either side of Bob's removal come back before the caches hear of it, the older one last."""
    caches = Caches()
    caches.keep("c", caches.now, {"ann": 0}, Tail([message(1), message(9)], 0))
    caches.keep("c", caches.now, {"ann": 0, "bob": 0})
    assert caches.page("c", "bob", 50) is None
    assert caches.page("c", "ann", 50) is not None


def test_what_a_batch_changed_is_known_at_once() -> None:
    caches = known()
    caches.apply(traced(message(6), replace(message(1), content="new", updated_seq=7)))
    page = caches.page("c", "ann", 50)
    assert page is not None
    assert [each.content for each in page.items] == ["new", "hello", "hello", "hello", "hello"]
    caches.apply(traced(None))
    assert caches.page("c", "ann", 50) is None
    assert caches.members.peek("c") is None


def test_a_batch_that_was_refused_as_a_whole_leaves_nothing_that_it_may_have_touched() -> None:
    caches = known()
    for name in ("ann", "bob"):
        caches.profiles.put(name, Profile(id=name))
    failed = traced(message(6))
    failed.profiles["ann"] = Profile(id="ann", name="Ann")
    failed.failed = True
    caches.apply(failed)
    assert caches.page("c", "ann", 50) is None
    assert [caches.profiles.peek(name) for name in ("ann", "bob")] == [None, Profile(id="bob")]


def test_a_read_that_was_overtaken_by_a_change_is_not_kept() -> None:
    """Else it would bring back what was before the change, after its ack."""
    overtaking = {
        "a message": traced(message(9)),
        "people": traced(None),
        "a name that it shows": traced(people={"ann"}),
    }
    for what, traces in overtaking.items():
        caches = Caches()
        since = caches.now
        caches.apply(traces)
        caches.keep("c", since, {"ann": 0}, Tail([message(1)], 0))
        assert caches.page("c", "ann", 50) is None, what
        caches.keep("c", caches.now, {"ann": 0}, Tail([message(1)], 0))
        assert caches.page("c", "ann", 50) is not None
    untouched = Caches()
    since = untouched.now
    untouched.apply(traced(people={"zoe"}))
    untouched.keep("c", since, {"ann": 0}, Tail([message(1)], 0))
    assert untouched.page("c", "ann", 50) is not None


def test_a_new_name_ends_every_tail_in_which_it_stands() -> None:
    reaction = Reaction(emoji="👍", count=1, users=[QuotedSender(id="bob")])
    quote = Quote(
        message_id="m0", seq=0, sender=QuotedSender(id="cem"), type=MessageType.TEXT, content="hello"
    )
    shown = replace(message(1), reactions=[reaction], reply_to=quote)
    for person, stays in (("ann", False), ("bob", False), ("cem", False), ("dan", True)):
        caches = known(Tail([shown], 0))
        caches.apply(traced(people={person}))
        assert (caches.page("c", "ann", 50) is not None) is stays, person


def test_a_cache_is_bounded_by_entries_and_by_bytes_and_keeps_what_was_got_last() -> None:
    cache: Cache[str, str] = Cache("words", 3, 100, lambda key, value: len(value))
    for key in "abc":
        cache.put(key, "x" * 10)
    assert cache.get("a") == "x" * 10
    assert cache.peek("b") is not None, "a peek is no use"
    cache.put("d", "x" * 10)
    assert [key for key, _ in cache.items()] == ["c", "a", "d"]
    cache.put("c", "x" * 85)
    assert ([key for key, _ in cache.items()], cache.size_bytes) == (["d", "c"], 95)
    cache.put("e", "x" * 101)
    assert (len(cache), cache.size_bytes) == (0, 0), "what is larger than all room is not kept"
    assert cache.get("a") is None
    assert (cache.hits, cache.misses) == (1, 1)


def test_a_tail_that_grows_drives_out_others() -> None:
    cache: Cache[str, list[str]] = Cache("lists", 10, 100, lambda key, value: sum(map(len, value)))
    growing = ["x" * 50]
    cache.put("old", ["y" * 40])
    cache.put("growing", growing)
    growing.append("x" * 20)
    cache.weigh_again("growing")
    assert ([key for key, _ in cache.items()], cache.size_bytes) == (["growing"], 70)
    cache.forget("growing")
    cache.forget("growing")
    assert cache.size_bytes == 0


def test_the_writer_remembers_a_bounded_number_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockent.store.transaction.MAX_REMEMBERED_PEOPLE", 6)

    def conversation(conversation_id: str, people: int) -> Conversation:
        return Conversation(
            id=conversation_id,
            kind=ConversationKind.GROUP,
            subject=None,
            title=None,
            status=ConversationStatus.ACTIVE,
            seq=0,
            epoch="e",
            participants=[Participant(user_id=f"u{n}") for n in range(people)],
            last_message=None,
            unread=0,
            created_at="",
            updated_at="",
        )

    memory = Memory()
    for _ in range(3):
        for name in "abc":
            memory.put(conversation(name, 2))
    assert all(memory.get(name) for name in "abc")
    memory.put(conversation("d", 1))
    assert [name for name in "abcd" if memory.get(name)] == ["b", "c", "d"]
    memory.forget("b")
    memory.put(conversation("e", 3))
    assert [name for name in "cde" if memory.get(name)] == ["c", "d", "e"]
    memory.clear()
    memory.put(conversation("f", 6))
    assert memory.get("f")
