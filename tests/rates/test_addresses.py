"""Under which name an address is counted."""

from __future__ import annotations

import pytest

from stockent.rates import address_key


def test_an_ipv6_network_of_64_bits_is_one() -> None:
    assert address_key("2001:db8:1:2::1") == address_key("2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert address_key("2001:db8:1:2::1") != address_key("2001:db8:1:3::1")


def test_each_ipv4_address_is_one_however_it_is_written() -> None:
    assert address_key("192.0.2.1") == "192.0.2.1"
    assert address_key("192.0.2.1") != address_key("192.0.2.2")
    assert address_key("::ffff:192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "", "unix:"])
def test_this_machine_is_not_counted(address: str) -> None:
    assert address_key(address) is None


def test_an_address_of_one_link_is_counted_without_the_link() -> None:
    assert address_key("fe80::1%eth0") == address_key("fe80::2%eth1")
