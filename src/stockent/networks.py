"""Networks as settings write them: addresses and CIDR blocks, separated by commas."""

from __future__ import annotations

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_PROXIES = 100
NONE = "none"


def parse_networks(text: str) -> tuple[tuple[Network, ...], list[str]]:
    """Return the networks, and the items that are none. `none` stands for no network at all."""
    networks: list[Network] = []
    wrong: list[str] = []
    if text.strip().lower() == NONE:
        return (), wrong
    for item in filter(None, (each.strip() for each in text.split(","))):
        try:
            networks.append(ipaddress.ip_network(item))
        except ValueError:
            wrong.append(item)
    return tuple(networks), wrong
