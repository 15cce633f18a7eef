"""`RATE_LIMITS` as an operator writes it, and what is wrong with it."""

from __future__ import annotations

import pytest

from stockent.rates import Limit, RateSettings, default_rates, no_rates
from stockent.rates.settings import RateProblem, parse_rates
from stockent.rates.table import CAPS, RATES, Pace


def parsed(text: str) -> RateSettings:
    settings = parse_rates(text)
    assert isinstance(settings, RateSettings), settings
    return settings


def problems(text: str) -> list[RateProblem]:
    found = parse_rates(text)
    assert isinstance(found, list)
    return found


def test_on_is_the_table_and_off_leaves_what_protects_the_node() -> None:
    assert parsed("on") == parsed("ON") == default_rates()
    assert parsed("off") == no_rates()
    assert parsed("off").paces == {}
    assert set(parsed("off").caps) == {Limit.NODE_CONNECTIONS, Limit.NODE_REQUESTS}


def test_what_is_named_differs_and_the_rest_stays() -> None:
    settings = parsed("messages=500/100s:1000, conversations=60/H, searches=off, address_open_sessions=50")
    assert settings.paces[Limit.MESSAGES] == Pace(500, 100, 1_000)
    assert settings.paces[Limit.CONVERSATIONS] == Pace(60, 3_600, 60), "a burst as large as the count"
    assert Limit.SEARCHES not in settings.paces
    assert settings.caps[Limit.ADDRESS_OPEN_SESSIONS] == 50
    changed = {Limit.MESSAGES, Limit.CONVERSATIONS, Limit.SEARCHES}
    rest = default_rates().paces
    assert {name: pace for name, pace in settings.paces.items() if name not in changed} == {
        name: pace for name, pace in rest.items() if name not in changed
    }


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: rate.name.value)
def test_a_pace_is_read_as_it_is_written(rate: object) -> None:
    assert isinstance(rate, tuple)
    assert parsed(f"{rate[0]}={rate[2]}") == default_rates()


@pytest.mark.parametrize(
    ("text", "expected", "came"),
    [
        ("yes", "on, off, or name=value pairs separated by commas", "yes"),
        ("mesages=1/s", "one of ", "mesages"),
        ("messages=", "messages=count/time:burst such as 20/s:100 or 60/h:30, or off", ""),
        ("messages=20", "messages=count/time:burst", "20"),
        ("messages=20/s:", "messages=count/time:burst", "20/s:"),
        ("messages=0/s", "messages=count/time:burst", "0/s"),
        ("messages=1/0s", "messages=count/time:burst", "1/0s"),
        ("messages=1/s:0", "messages=count/time:burst", "1/s:0"),
        ("messages=-1/s", "messages=count/time:burst", "-1/s"),
        ("messages=9999999999/s", "messages=count/time:burst", "9999999999/s"),
        ("messages=١/s", "messages=count/time:burst", "١/s"),
        ("messages=1/s, messages=2/s", "messages once", "messages twice"),
        ("address_open_sessions=0", "address_open_sessions=a whole number from 1 to 1000000000", "0"),
        ("address_open_sessions=5/s", "address_open_sessions=a whole number", "5/s"),
        ("node_requests=off", "node_requests=a whole number", "off"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(text: str, expected: str, came: str) -> None:
    (problem,) = problems(text)
    assert problem.expected.startswith(expected)
    assert problem.came == came


def test_every_mistake_is_told_at_once() -> None:
    assert len(problems("messages=x, serches=1/s, node_requests=0")) == 3


def test_every_name_of_the_table_is_used_once() -> None:
    names = [*(rate.name for rate in RATES), *(cap.name for cap in CAPS)]
    assert sorted(names) == sorted(Limit)
