"""The head of a request for a WebSocket, taken apart once (RFC 6455, section 4.2.1). No I/O.

`front` and `handshake` use it. picows, which would take it apart again, is given no more of it than it answers.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

FORWARDED = "x-forwarded-for"
EXTENSIONS = "sec-websocket-extensions"
#: Headers that may come in several lines; of any other the last stays.
_LISTS = frozenset({FORWARDED, EXTENSIONS})
#: Of a key, which has 24, and of a version.
_MAX_CHARS = 64
_KEY, _VERSION = "sec-websocket-key", "sec-websocket-version"

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEAD = re.compile(
    rb"GET ([\x21-\x7e]+) HTTP/1\.1\r\n((?:" + _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*+\r\n)++)\r\n"
)
_FIELD = re.compile(rb"([^:]+):[\t ]*+([^\r]*)\r\n")


class Upgrade(NamedTuple):
    """`headers` are those of a `Request`: without what only makes it a WebSocket."""

    target: str
    headers: dict[str, str]
    extensions: str
    key: str
    version: str

    def shortest(self) -> bytes:
        """What is left for picows to judge and to answer."""
        return (
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
            f"Sec-WebSocket-Version: {self.version}\r\nSec-WebSocket-Key: {self.key}\r\n\r\n"
        ).encode("latin-1")


def parse_upgrade(head: bytes) -> Upgrade | None:
    """Of exactly one whole head that asks for a WebSocket, and has no body; None for anything else."""
    found = _HEAD.fullmatch(head)
    if found is None:
        return None
    headers: dict[str, str] = {}
    for raw_name, raw_value in _FIELD.findall(found[2]):
        name, value = _lower(raw_name), raw_value.rstrip(b"\t ").decode("latin-1")
        if name in _LISTS and name in headers:
            value = f"{headers[name]}, {value}"
        headers[name] = value
    tokens = headers.pop("connection", "").lower()
    if headers.pop("upgrade", "").lower() != "websocket" or (
        tokens != "upgrade" and "upgrade" not in {token.strip() for token in tokens.split(",")}
    ):
        return None
    if "transfer-encoding" in headers or headers.get("content-length", "0").strip("0"):
        return None
    extensions = headers.pop(EXTENSIONS, "")
    key, version = headers.pop(_KEY, ""), headers.pop(_VERSION, "")
    if len(key) > _MAX_CHARS or len(version) > _MAX_CHARS:
        return None
    return Upgrade(found[1].decode("ascii"), headers, extensions, key, version)


@lru_cache(maxsize=256)
def _lower(name: bytes) -> str:
    """One text for all connections, whose clients send the same names."""
    return name.decode("ascii").lower()
