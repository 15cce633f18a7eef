"""permessage-deflate (RFC 7692): which offers are taken, what is compressed, and what comes compressed.

No I/O, and no context that lives from one message to the next: nothing is kept for a connection, and one compressed
payload serves every WebSocket that negotiated the extension. Called by websocket.py and rooms.py.
"""

from __future__ import annotations

import re
import sys
import zlib
from functools import lru_cache
from typing import NamedTuple

from .limits import Limits

NAME = "permessage-deflate"
#: Browsers offer 42 characters. What is longer is not read.
MAX_OFFERS_CHARS = 1_024
#: The level of least effort, and zlib's usual memory: more of either saves 2 – 9 % more, for up to 3 times the CPU.
LEVEL = 1
MEM_LEVEL = 8

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 # RFC 9110, section 5.6.2
_PARAMETER = re.compile(rf'({_TOKEN})(?:[ \t]*=[ \t]*(?:({_TOKEN})|"({_TOKEN})"))?')
_NO_CONTEXT = ("server_no_context_takeover", "client_no_context_takeover")
_WINDOW_BITS = frozenset(str(bits) for bits in range(8, zlib.MAX_WBITS + 1))

#: What a sender cuts off each message (section 7.2.1).
_FLUSHED = b"\x00\x00\xff\xff"
#: Behind it a last, empty block: inflating reaches it only if what came before was whole.
_LAST = b"\x01\x00\x00\xff\xff"
_REST = _FLUSHED + _LAST
#: A last block of the sender's own, and the byte that section 7.2.3.4 wants behind it.
_REST_BEHIND_LAST = b"\x00" + _REST


class Agreement(NamedTuple):
    """`answer`: the header of the 101. `max_bytes`: the largest payload that the peer's window can inflate for sure."""

    answer: str
    max_bytes: int


@lru_cache(maxsize=64)
def negotiate(offers: str) -> Agreement | None:
    """Take the first offer of `Sec-WebSocket-Extensions` that can be served (sections 5.1 and 7.1), or none.

    An unknown, doubled or malformed parameter declines its offer. Remembered, because every browser sends the same.
    """
    if len(offers) > MAX_OFFERS_CHARS:
        return None
    for offer in offers.split(","):
        parameters = _parameters(offer)
        agreement = None if parameters is None else _agree(parameters)
        if agreement is not None:
            return agreement
    return None


def _parameters(offer: str) -> dict[str, str | None] | None:
    """What stands in an offer of this extension; None for another's, and for what is none."""
    name, *parts = (part.strip(" \t") for part in offer.split(";"))
    if name != NAME:
        return None
    parameters: dict[str, str | None] = {}
    for part in parts:
        found = _PARAMETER.fullmatch(part)
        if found is None or found[1] in parameters:
            return None
        parameters[found[1]] = found[2] or found[3]
    return parameters


def _agree(parameters: dict[str, str | None]) -> Agreement | None:
    answer = "; ".join((NAME, *_NO_CONTEXT))
    max_bytes = sys.maxsize
    for name, value in parameters.items():
        if name in _NO_CONTEXT:
            if value is not None:
                return None
        elif name == "client_max_window_bits":
            # Nothing to answer: whatever window the client takes is inflated by the largest.
            if value is not None and value not in _WINDOW_BITS:
                return None
        elif name == "server_max_window_bits" and value in _WINDOW_BITS:
            answer += f"; {name}={value}"
            if int(value) < zlib.MAX_WBITS:
                # A payload as large as the window refers to nothing outside of it, by whichever window it was made.
                max_bytes = 1 << int(value)
        else:
            return None
    return Agreement(answer, max_bytes)


class Deflater:
    """Compresses payloads, each by itself, and counts them. `min_bytes`: smaller ones are not worth it."""

    __slots__ = ("_compressor", "deflated_bytes", "min_bytes", "payloads", "plain_bytes")

    def __init__(self, limits: Limits) -> None:
        self.min_bytes = sys.maxsize if limits.min_deflated_bytes is None else limits.min_deflated_bytes
        #: How often `deflate` was called, what it was given, and what it made of that.
        self.payloads = 0
        self.plain_bytes = 0
        self.deflated_bytes = 0
        self._compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, MEM_LEVEL)

    def deflate(self, payload: bytes) -> bytes | None:
        """The payload of a compressed message (section 7.2.1); None when it would not be smaller.

        One compressor for all, since a full flush makes it forget: a new one for each costs more than 1 KB of text.
        """
        compressor = self._compressor
        deflated = (compressor.compress(payload) + compressor.flush(zlib.Z_FULL_FLUSH))[: -len(_FLUSHED)]
        self.payloads += 1
        self.plain_bytes += len(payload)
        self.deflated_bytes += min(len(deflated), len(payload))
        return deflated if len(deflated) < len(payload) else None


class DeflateError(ValueError):
    """The peer's compressed message is not one."""


class InflatedTooLargeError(ValueError):
    """The peer's compressed message is larger than the limit, once inflated."""


def inflate(data: bytes | bytearray, *, max_bytes: int) -> bytes:
    """Inflate one message (section 7.2.2), never to more than one byte beyond `max_bytes`.

    Raises `DeflateError` for what is corrupt, cut short or has something behind its end, and `InflatedTooLargeError`.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        payload = inflater.decompress(data + _REST, max_bytes + 1)
    except zlib.error as error:
        raise DeflateError("compressed data is corrupt") from error
    if len(payload) > max_bytes:
        raise InflatedTooLargeError(f"a message has at most {max_bytes} bytes, inflated")
    if not inflater.eof or inflater.unused_data not in (b"", _REST_BEHIND_LAST):
        raise DeflateError("compressed data does not end as it should")
    return payload
