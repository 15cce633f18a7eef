"""The door of a node by itself: who is let in, who is told why not, who is cut, and that nothing is kept of anybody."""

from __future__ import annotations

import ipaddress

import pytest

from stockent.door import TOLD_WHY, NodeDoor
from stockent.rates import Rates
from stockent.rates.settings import RateSettings, parse_rates
from stockent.socketio import Proxies

HERE, ANN, BEN, PROXY = "127.0.0.1", "192.0.2.1", "192.0.2.2", "10.0.0.7"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def door(clock: Clock, text: str, *, most_connections: int = 1_000) -> NodeDoor:
    settings = parse_rates(text)
    assert isinstance(settings, RateSettings)
    proxies = Proxies([ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network(PROXY)])
    return NodeDoor(Rates(settings, now=clock), proxies, most_connections=most_connections)


def test_a_full_node_tells_why_then_cuts_and_lets_in_again_when_one_goes() -> None:
    full = door(Clock(), "on", most_connections=3)
    assert [full.connected(HERE) for _ in range(3)] == [None, None, None]
    waits = set()
    for _ in range(TOLD_WHY):
        away = full.connected(ANN)
        assert away is not None
        assert (away.status, away.abruptly) == (503, False)
        waits.add(away.retry_after_s)
    assert min(waits) >= 1
    assert len(waits) > 1, "not all come back at once"
    cut = full.connected(ANN)
    assert cut is not None
    assert cut.abruptly
    for _ in range(TOLD_WHY + 1):
        full.disconnected(ANN)
    full.disconnected(HERE)
    assert full.connected(BEN) is None
    assert full.connections == 3


def test_one_address_has_its_share_of_connections_and_others_theirs() -> None:
    shared = door(Clock(), "address_open_connections=2")
    assert [shared.connected(ANN) for _ in range(2)] == [None, None]
    away = shared.connected(ANN)
    assert away is not None
    assert (away.status, away.abruptly) == (429, False)
    assert shared.connected(BEN) is None
    shared.disconnected(ANN)
    shared.disconnected(ANN)
    assert shared.connected(ANN) is None


@pytest.mark.parametrize("peer", [HERE, "::1", PROXY])
def test_a_proxy_and_this_machine_bring_as_many_as_there_are(peer: str) -> None:
    shared = door(Clock(), "address_open_connections=2, address_connects=1/h")
    assert {shared.connected(peer) for _ in range(100)} == {None}


def test_who_connects_too_often_is_cut_until_a_connection_is_earned_again() -> None:
    clock = Clock()
    hasty = door(clock, "address_connects=1/10s:3")
    for _ in range(3):
        assert hasty.connected(ANN) is None
    cut = hasty.connected(ANN)
    assert cut is not None
    assert cut.abruptly
    assert hasty.connected(BEN) is None
    clock.now += 10
    assert hasty.connected(ANN) is None


def test_sessions_of_an_address_are_counted_at_a_time_and_in_time() -> None:
    clock = Clock()
    counted = door(clock, "address_open_sessions=2, address_sessions=1/10s:3")
    for _ in range(2):
        assert counted.admit(ANN) is None
        counted.opened(ANN)
    full = counted.admit(ANN)
    assert full is not None
    assert (full.status, full.message) == (429, "Too many sessions from this address at a time")
    assert counted.admit(BEN) is None
    counted.closed(ANN)
    assert counted.admit(ANN) is None
    hasty = counted.admit(ANN)
    assert hasty is not None
    assert (hasty.status, hasty.message) == (429, "Too many new sessions from this address")
    clock.now += 10
    assert counted.admit(ANN) is None


def test_this_machine_opens_as_many_sessions_as_it_likes() -> None:
    counted = door(Clock(), "address_open_sessions=1, address_sessions=1/h")
    for _ in range(100):
        assert counted.admit(HERE) is None
        counted.opened(HERE)
    for _ in range(100):
        counted.closed(HERE)


def test_an_ipv6_network_is_one_address() -> None:
    counted = door(Clock(), "address_open_sessions=1")
    counted.opened("2001:db8::1")
    assert counted.admit("2001:db8::2") is not None
    assert counted.admit("2001:db8:0:1::2") is None


def test_where_limits_are_off_only_the_node_is_protected() -> None:
    free = door(Clock(), "off", most_connections=5)
    assert {free.connected(ANN) for _ in range(5)} == {None}
    assert {free.admit(ANN) for _ in range(1_000)} == {None}
    away = free.connected(ANN)
    assert away is not None
    assert away.status == 503
