"""Under which name an address is counted."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

#: Who has one address of IPv6 has as a rule 2^64 of them: the network is counted.
IPV6_COUNTED_BITS = 64
REMEMBERED_ADDRESSES = 8_192


@lru_cache(maxsize=REMEMBERED_ADDRESSES)
def address_key(address: str) -> str | None:
    """Return what stands for the address in every count; None for this machine, which is not counted.

    This machine's addresses are its own tools', and a proxy's that names nobody. IPv4 written as IPv6 is IPv4. What is
    no address (a Unix socket's peer) comes from this machine.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            network = ipaddress.ip_network((int(ip), IPV6_COUNTED_BITS), strict=False)
            return None if ip.is_loopback else str(network)
        ip = ip.ipv4_mapped
    return None if ip.is_loopback else str(ip)
