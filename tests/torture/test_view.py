"""A view takes single steps, whatever comes in whatever order; an outbox forgets nothing but what is settled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stockent.torture.outbox import Draft, Outbox
from stockent.torture.view import Step, View
from stockent.torture.world import Talk


def test_a_known_position_changes_nothing() -> None:
    view = View(5)
    assert view.take(5) is Step.KNOWN
    assert (view.n, view.has_gap) == (5, False)


def test_what_lies_beyond_a_gap_waits_until_the_gap_is_filled() -> None:
    view = View(5)
    assert view.take(8) is Step.ASIDE
    assert view.take(7) is Step.ASIDE
    assert (view.n, view.has_gap) == (5, True)
    assert view.take(6) is Step.APPLIED
    assert [view.n for _ in range(2) if view.next_aside()] == [7, 8]
    assert not view.next_aside()
    assert not view.has_gap


def test_what_waited_and_came_otherwise_is_forgotten() -> None:
    view = View(5)
    view.take(7)
    view.n = 9
    assert not view.next_aside()
    assert not view.has_gap


@given(st.integers(0, 5), st.lists(st.integers(1, 30), max_size=80))
def test_a_view_stands_where_the_first_missing_position_is(n: int, positions: list[int]) -> None:
    view = View(n)
    seen = set(range(n + 1))
    for position in positions:
        before = view.n
        view.take(position)
        assert view.n - before <= 1
        while view.next_aside():
            pass
        seen.add(position)
    expected = n
    while expected + 1 in seen:
        expected += 1
    assert view.n == expected
    assert view.has_gap == any(position > expected for position in seen)


def test_an_outbox_sends_again_in_the_order_of_writing_what_is_not_settled() -> None:
    outbox = Outbox()
    drafts = [
        Draft(f"id-{number}", Talk("c1", "id", "word", ["u1"], False), "text", 1) for number in range(3)
    ]
    for draft in drafts:
        outbox.put(draft)
    assert outbox.next() is None, "all are under way"
    outbox.settle("id-1")
    outbox.all_again()
    assert [outbox.next(), outbox.next(), outbox.next()] == [drafts[0], drafts[2], None]
    assert len(outbox) == 2
    outbox.again(drafts[1])
    assert outbox.next() is None, "it was settled"
    outbox.again(drafts[2])
    assert outbox.next() == drafts[2]
