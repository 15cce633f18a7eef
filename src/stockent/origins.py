"""Origins as browsers write them: parsing the allow-list, and the origins of the server's own page.

`config` builds the allow-list from these; the HTTP app and the Socket.IO server compare a request's `Origin`
with it by equality, never by pattern, so a look-alike host or `null` cannot match.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


def parse_origin(text: str) -> str | None:
    """Return the origin in its one spelling (lower case, no default port), or None when `text` is not one.

    A single slash at the end is forgiven; a path, a query, a user name, `*` and `null` are not.
    """
    url = split_url(text.removesuffix("/"))
    if url is None or url.scheme not in _DEFAULT_PORTS or not url.hostname or not is_host(url.hostname):
        return None
    if url.path or not re.fullmatch(r"[^/?#@]+//[^/?#@]+", text.removesuffix("/")):
        return None
    return _origin(url.scheme, url.hostname, url.port)


def own_origins(host: str, port: int) -> frozenset[str]:
    """The origins of the server's own page: at `host`, and the names of this machine where they lead to it.

    A server behind a proxy, or with TLS in front, has another origin that the allow-list must then name.
    """
    hosts = set() if host in ANY_ADDRESS else {host.lower()}
    if not hosts or is_loopback(host):
        hosts |= {"127.0.0.1", "localhost", "::1"}
    return frozenset(_origin("http", name, port) for name in hosts)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_host(text: str) -> bool:
    """Whether `text` is a host name or an address, IPv6 without brackets."""
    return _HOST.fullmatch(text) is not None


def split_url(text: str) -> SplitResult | None:
    """Split an address, or return None when it is not plain printable ASCII with a sane port."""
    if not text.isascii() or not text.isprintable() or " " in text:
        return None
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return None
    return url


def url_host(host: str) -> str:
    """`host` as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def _origin(scheme: str, host: str, port: int | None) -> str:
    return f"{scheme}://{url_host(host)}" + ("" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}")
