"""The order of work within a batch: like with like, and each conversation in its own order."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from stockent.store.plan import Kind, Operation, plan

KEYS = st.sampled_from(["a", "b", "c", None])


def _planned(handed_over: list[tuple[Kind, str | None]]) -> list[list[list[int]]]:
    """The positions of the operations, by stage and kind. What has no conversation is always `OTHER`."""
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    loop.close()
    stages = plan(Operation(kind, key, position, future) for position, (kind, key) in enumerate(handed_over))
    return [[[operation.argument for operation in group] for group in stage.by_kind] for stage in stages]


def test_sends_and_marks_of_different_conversations_stand_together() -> None:
    alternating = [(Kind.SEND, "a"), (Kind.MARK, "b"), (Kind.SEND, "c"), (Kind.MARK, "d"), (Kind.OTHER, "e")]
    assert _planned(list(alternating)) == [[[], [0, 2], [1, 3], [], [], [4]]]


def test_a_profile_is_stored_before_what_its_user_does_next() -> None:
    assert _planned([(Kind.SEND, "a"), (Kind.PROFILE, "profile ana")]) == [[[1], [0], [], [], [], []]]


def test_a_send_after_a_mark_of_its_conversation_waits_for_the_next_stage() -> None:
    assert _planned([(Kind.MARK, "a"), (Kind.SEND, "a"), (Kind.SEND, "b")]) == [
        [[], [2], [0], [], [], []],
        [[], [1], [], [], [], []],
    ]


def test_deliveries_stand_in_no_sends_way() -> None:
    acts = [(Kind.DELIVERED, "delivered ana"), (Kind.SEND, "a"), (Kind.DELIVERED, "delivered bo")]
    assert _planned([*acts, (Kind.SEND, "b")]) == [[[], [1, 3], [], [0, 2], [], []]]


def test_what_may_touch_any_conversation_stands_after_all_before_it_and_before_all_after() -> None:
    assert _planned([(Kind.SEND, "a"), (Kind.OTHER, None), (Kind.SEND, "b")]) == [
        [[], [0], [], [], [], [1]],
        [[], [2], [], [], [], []],
    ]


@given(st.lists(st.tuples(st.sampled_from(Kind), KEYS)))
def test_each_conversation_keeps_its_order_and_nothing_is_lost(
    handed_over: list[tuple[Kind, str | None]],
) -> None:
    handed_over = [(Kind.OTHER if key is None else kind, key) for kind, key in handed_over]
    order = [position for stage in _planned(handed_over) for group in stage for position in group]
    assert sorted(order) == list(range(len(handed_over)))
    for earlier, (_, one) in enumerate(handed_over):
        for later in range(earlier + 1, len(handed_over)):
            if one is None or handed_over[later][1] in (one, None):
                assert order.index(earlier) < order.index(later)
