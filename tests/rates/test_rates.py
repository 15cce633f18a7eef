"""The refusal of an empty bucket, and what one act of a user counts as."""

from __future__ import annotations

import pytest

from stockent.messaging.errors import Code, MessagingError
from stockent.rates import Limit, Rates, no_rates
from stockent.rates.settings import RateSettings
from stockent.rates.table import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def made(clock: Clock, **paces: Pace) -> Rates:
    return Rates(RateSettings({Limit(name): pace for name, pace in paces.items()}, {}), now=clock)


def test_a_refusal_says_how_long_to_wait_with_a_jitter_and_then_it_goes() -> None:
    clock = Clock()
    rates = made(clock, messages=Pace(1, 10, 1))
    rates.take(Limit.MESSAGES, "ann")
    waits = set()
    for _ in range(50):
        with pytest.raises(MessagingError) as refused:
            rates.take(Limit.MESSAGES, "ann")
        assert (refused.value.code, refused.value.retryable) == (Code.RATE_LIMITED, True)
        assert "at most 1 in 10 s (messages: messages sent" in refused.value.message
        assert refused.value.retry_after_ms is not None
        assert 10_000 <= refused.value.retry_after_ms < 15_000
        waits.add(refused.value.retry_after_ms)
    assert len(waits) > 10
    clock.now += min(waits) / 1000
    rates.take(Limit.MESSAGES, "ann")


def test_what_is_off_and_who_is_not_counted_are_never_refused() -> None:
    rates = Rates(no_rates())
    for _ in range(10_000):
        rates.take(Limit.MESSAGES, "ann")
        rates.look(Limit.MISSES, "ann")
        rates.charge(Limit.MISSES, "ann")
    assert not rates.runs_out(Limit.CONNECTION_REFUSALS, "socket")
    rates.forget(Limit.CONNECTION_REFUSALS, "socket")
    limited = made(Clock(), address_requests=Pace(1, 10, 1))
    for _ in range(100):
        limited.take(Limit.ADDRESS_REQUESTS, None)
    assert limited.remembered == 0


def test_an_act_counts_in_all_and_by_its_kind() -> None:
    rates = made(Clock(), commands=Pace(1, 10, 3), messages=Pace(1, 10, 2))
    for _ in range(2):
        rates.enter(Limit.COMMANDS, Limit.MESSAGES, user_id="ann", place=None)
    with pytest.raises(MessagingError, match="messages sent"):
        rates.enter(Limit.COMMANDS, Limit.MESSAGES, user_id="ann", place=None)
    with pytest.raises(MessagingError, match="commands of any kind"):
        rates.enter(Limit.COMMANDS, None, user_id="ann", place=None)
    rates.enter(Limit.COMMANDS, Limit.MESSAGES, user_id="ben", place=None)


def test_who_has_missed_too_often_is_refused_before_anything_is_looked_up() -> None:
    clock = Clock()
    rates = made(clock, misses=Pace(1, 10, 3), address_misses=Pace(1, 10, 5))
    for _ in range(3):
        rates.enter(Limit.COMMANDS, None, user_id="mallory", place="192.0.2.1")
        rates.missed(user_id="mallory", place="192.0.2.1")
    with pytest.raises(MessagingError):
        rates.enter(Limit.COMMANDS, None, user_id="mallory", place="192.0.2.1")
    rates.enter(Limit.COMMANDS, None, user_id="ann", place="192.0.2.1")
    for _ in range(2):
        rates.missed(user_id="another", place="192.0.2.1")
    with pytest.raises(MessagingError):
        rates.enter(Limit.COMMANDS, None, user_id="ann", place="192.0.2.1")
    rates.enter(Limit.COMMANDS, None, user_id="ann", place="192.0.2.2")
    clock.now += 10
    rates.enter(Limit.COMMANDS, None, user_id="mallory", place="192.0.2.1")


def test_sweeping_gives_back_what_nobody_asks_for_any_more() -> None:
    clock = Clock()
    rates = made(clock, messages=Pace(10, 1, 10), searches=Pace(10, 1, 10))
    for number in range(100):
        rates.take(Limit.MESSAGES, f"user {number}")
        rates.take(Limit.SEARCHES, f"user {number}")
    assert rates.remembered == 200
    for _ in range(2):
        clock.now += 10
        rates.sweep()
    assert rates.remembered == 0
