"""Buckets by their own clock: what may be taken, when it is there again, and how little of it stays in memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockent.rates.buckets import SAMPLE, Buckets


def drain(buckets: Buckets, key: str, now: float) -> int:
    """Take all there is; how much it was."""
    taken = 0
    while buckets.take(key, now) == 0.0:
        taken += 1
    return taken


def test_a_burst_goes_at_once_and_then_a_token_comes_at_its_pace() -> None:
    buckets = Buckets(per_s=2.0, burst=5)
    assert drain(buckets, "ann", 100.0) == 5
    assert buckets.take("ann", 100.0) == pytest.approx(0.5)
    assert buckets.take("ann", 100.4) == pytest.approx(0.1)
    assert buckets.take("ann", 100.5) == 0.0
    assert buckets.take("ann", 100.5) == pytest.approx(0.5)


def test_what_is_refused_costs_nothing() -> None:
    buckets = Buckets(per_s=1.0, burst=1)
    assert buckets.take("ann", 0.0) == 0.0
    for _ in range(1_000):
        assert buckets.take("ann", 0.5) > 0
    assert buckets.take("ann", 1.0) == 0.0


def test_a_bucket_is_full_again_after_its_span_and_never_fuller() -> None:
    buckets = Buckets(per_s=2.0, burst=6)
    assert drain(buckets, "ann", 0.0) == 6
    assert drain(buckets, "ann", 3.0) == 6
    assert drain(buckets, "ann", 1_000_000.0) == 6


def test_each_key_has_its_own() -> None:
    buckets = Buckets(per_s=1.0, burst=3)
    assert drain(buckets, "ann", 0.0) == 3
    assert drain(buckets, "ben", 0.0) == 3


def test_a_cost_takes_as_many_tokens() -> None:
    buckets = Buckets(per_s=1.0, burst=10)
    assert buckets.take("ann", 0.0, cost=8.0) == 0.0
    assert buckets.take("ann", 0.0, cost=4.0) == pytest.approx(2.0)
    assert buckets.take("ann", 0.0, cost=2.0) == 0.0


def test_looking_takes_nothing_and_says_how_long_it_takes() -> None:
    buckets = Buckets(per_s=2.0, burst=1)
    for _ in range(10):
        assert buckets.wait_s("ann", 0.0) == 0.0
    assert len(buckets) == 0
    buckets.take("ann", 0.0)
    assert buckets.wait_s("ann", 0.0) == pytest.approx(0.5)
    assert buckets.wait_s("ann", 0.5) == 0.0


def test_what_is_counted_afterwards_makes_a_debt_of_one_burst_at_most() -> None:
    buckets = Buckets(per_s=1.0, burst=5)
    for _ in range(7):
        buckets.charge("ann", 0.0)
    assert buckets.wait_s("ann", 0.0) == pytest.approx(3.0)
    for _ in range(1_000):
        buckets.charge("ann", 0.0)
    assert buckets.wait_s("ann", 0.0) == pytest.approx(6.0)
    assert buckets.wait_s("ann", 6.0) == 0.0


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.0, 40.0)), max_size=60),
    st.integers(1, 8),
    st.sampled_from([0.5, 1.0, 3.0]),
)
def test_forgetting_never_changes_an_answer(steps: list[tuple[str, float]], burst: int, per_s: float) -> None:
    """Against a bucket that keeps everything for ever, counted the plain way."""
    buckets = Buckets(per_s=per_s, burst=burst)
    tokens: dict[str, tuple[float, float]] = {}
    now = 0.0
    for key, pause_s in steps:
        now += pause_s
        buckets.sweep(now)
        held, at = tokens.get(key, (float(burst), now))
        held = min(burst, held + (now - at) * per_s)
        if abs(held - 1.0) < 1e-3:
            continue
        assert (buckets.take(key, now) == 0.0) == (held > 1.0)
        tokens[key] = (held - 1.0 if held > 1.0 else held, now)


def test_who_is_quiet_long_enough_is_forgotten() -> None:
    buckets = Buckets(per_s=10.0, burst=10)
    for number in range(1_000):
        buckets.take(f"user {number}", 0.0)
    assert len(buckets) == 1_000
    buckets.sweep(2.0)
    buckets.sweep(4.0)
    assert len(buckets) == 0


def test_traffic_of_others_forgets_them_too() -> None:
    buckets = Buckets(per_s=10.0, burst=10)
    for number in range(1_000):
        buckets.take(f"user {number}", 0.0)
    for second in range(1, 6):
        buckets.take("ann", float(second))
    assert len(buckets) == 1


def test_memory_ends_at_the_most_keys_however_many_come() -> None:
    buckets = Buckets(per_s=0.001, burst=10, max_keys=100)
    for number in range(10_000):
        assert buckets.take(f"address {number}", 0.0) == 0.0
    assert len(buckets) == 100


def test_many_new_names_do_not_refill_a_drained_bucket() -> None:
    """Neither the flooder's own, nor by others that are drained and stand in the way of those that are not."""
    buckets = Buckets(per_s=0.001, burst=10, max_keys=100)
    drained = [f"flooder {number}" for number in range(3 * SAMPLE)]
    for key in drained:
        assert drain(buckets, key, 0.0) == 10
    for number in range(10_000):
        buckets.take(f"address {number}", 0.0)
    assert len(buckets) == 100
    assert all(buckets.wait_s(key, 0.0) > 0 for key in drained)


def test_who_is_forgotten_for_want_of_room_loses_nothing_by_it() -> None:
    buckets = Buckets(per_s=0.001, burst=10, max_keys=100)
    buckets.take("ann", 0.0)
    for number in range(10_000):
        buckets.take(f"address {number}", 0.0)
    assert drain(buckets, "ann", 0.0) >= 9


def test_who_is_gone_for_good_is_forgotten_at_once() -> None:
    buckets = Buckets(per_s=1.0, burst=1)
    buckets.take("socket", 0.0)
    buckets.forget("socket")
    buckets.forget("never seen")
    assert len(buckets) == 0
