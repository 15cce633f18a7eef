"""Whose request it is: the peer of the TCP connection, or whom a trusted proxy names. No I/O.

The listener asks once for each request and each WebSocket; whatever counts or logs an address gets the answer.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Collection
from functools import lru_cache

log = logging.getLogger("stockent.socketio")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
#: Of the header, from its right end: a chain of proxies is short, a forged header need not be read.
MAX_FORWARDED_CHARS = 1_024
REMEMBERED = 4_096


class Proxies:
    """`trusted`: the networks of proxies whose `X-Forwarded-For` is believed."""

    def __init__(self, trusted: Collection[Network] = LOOPBACK) -> None:
        self._trusted = tuple(trusted)
        self._told = False
        #: Bounded, and about ten times as fast as taking addresses apart.
        self._resolve = lru_cache(REMEMBERED)(self._walk)
        self._trusts = lru_cache(REMEMBERED)(self._look_up)

    def client(self, peer: str, forwarded: str) -> str:
        """Return the address that a request comes from.

        `peer` is the other end of the connection, `forwarded` the values of all `X-Forwarded-For` headers, in order,
        joined by commas. Each proxy adds at the right whom it was asked by, so from there the first one that is no
        trusted proxy is the client; what stands left of it, the client may have invented. Something unreadable ends
        the walk at whoever passed it on.
        """
        if not forwarded:
            return peer
        if not self.trusts(peer):
            self._tell(peer)
            return peer
        return self._resolve(peer, forwarded[-MAX_FORWARDED_CHARS:])

    def trusts(self, peer: str) -> bool:
        return self._trusts(peer)

    def _look_up(self, peer: str) -> bool:
        address = _parse(peer)
        return address is not None and any(address in network for network in self._trusted)

    def _walk(self, peer: str, forwarded: str) -> str:
        nearest = peer
        for text in reversed(forwarded.split(",")):
            address = _parse(_without_port(text.strip()))
            if address is None:
                break
            nearest = str(address)
            if not any(address in network for network in self._trusted):
                break
        return nearest

    def _tell(self, peer: str) -> None:
        """Once: the usual cause is a proxy that nobody has named, and then all clients are one address."""
        if not self._told:
            self._told = True
            log.warning("X-Forwarded-For of an address that is no trusted proxy", extra={"peer": peer})


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _without_port(text: str) -> str:
    """`192.0.2.1:4711` and `[2001:db8::1]:4711`, as some proxies write them."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.partition(":")
    return host if colon and ":" not in port else text
