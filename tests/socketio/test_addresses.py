"""Whose request it is: who is believed about it, and who is not."""

from __future__ import annotations

import ipaddress
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockent.socketio import Proxies

HERE = "127.0.0.1"
PROXIES = Proxies(
    [ipaddress.ip_network(each) for each in ("127.0.0.0/8", "10.0.0.0/8", "2001:db8:ffff::/48")]
)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (HERE, "", HERE),
        (HERE, "192.0.2.1", "192.0.2.1"),
        ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
        (HERE, "192.0.2.1, 10.0.0.7", "192.0.2.1"),
        (HERE, "198.51.100.9, 192.0.2.1, 10.0.0.7", "192.0.2.1"),
        (HERE, "127.0.0.1, 192.0.2.1", "192.0.2.1"),
        (HERE, "192.0.2.1:4711", "192.0.2.1"),
        (HERE, "2001:db8::1", "2001:db8::1"),
        (HERE, "[2001:db8::1]:4711, 2001:db8:ffff::7", "2001:db8::1"),
        (HERE, "10.0.0.8, 10.0.0.7", "10.0.0.8"),
        (HERE, "192.0.2.1, unknown", HERE),
        (HERE, "unknown, 10.0.0.7", "10.0.0.7"),
        (HERE, ",", HERE),
        ("10.0.0.7", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_the_rightmost_address_that_is_no_trusted_proxy_is_the_client(
    peer: str, forwarded: str, client: str
) -> None:
    assert PROXIES.client(peer, forwarded) == client


@pytest.mark.parametrize("peer", ["192.0.2.1", "2001:db8::1", "11.0.0.1", "", "unix:"])
def test_nobody_else_is_believed(peer: str, caplog: pytest.LogCaptureFixture) -> None:
    proxies = Proxies()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert proxies.client(peer, "198.51.100.9, 127.0.0.1") == peer
    assert len(caplog.records) == 1, "told once, for whoever forgot to name a proxy"


def test_where_no_proxy_is_trusted_this_machine_is_not_either() -> None:
    assert Proxies(()).client(HERE, "192.0.2.1") == HERE


def test_of_an_endless_chain_the_right_end_counts() -> None:
    assert PROXIES.client(HERE, "198.51.100.9, " * 100_000 + "192.0.2.1") == "192.0.2.1"


@given(st.text(max_size=60))
def test_whatever_a_client_writes_the_proxy_has_the_last_word(forged: str) -> None:
    assert PROXIES.client(HERE, f"{forged}, 192.0.2.1") == "192.0.2.1"


@given(st.text(max_size=60))
def test_anything_may_stand_there(forwarded: str) -> None:
    PROXIES.client(HERE, forwarded)
