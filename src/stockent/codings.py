"""Content codings of HTTP responses (RFC 9110, sections 8.4 and 12.5.3): which one a client takes, and coding a body.

The one reader of `Accept-Encoding`: for the API and the page (`http`), and for polling (`socketio`). It knows nothing
of either, and decides nothing about which responses may be coded beyond what their media type says.
"""

from __future__ import annotations

import asyncio
import re
import threading
import zlib
from collections.abc import Callable
from functools import lru_cache, partial

import brotli  # type: ignore[import-untyped] # it carries no types
import zstandard

#: For bodies made for one request: the fastest first, and they make about the same of them (`docs/performance.md`).
CODINGS = ("zstd", "br", "gzip")
#: Smaller bodies are not worth it: at most 150 bytes are saved at half of this, beside a head of about 900.
MIN_CODED_BYTES = 1_024
#: What takes the slowest coding more than about a millisecond is not done on the event loop.
IN_THREAD_BYTES = 262_144
#: Browsers send 26 characters. What is longer is not read.
MAX_ACCEPTED_CHARS = 256

_FAST_ZSTD_LEVEL = 3
_FAST_BROTLI_QUALITY = 1
_FAST_GZIP_LEVEL = 1
#: Beyond these, the last 2 – 5 % of a large script take 2 to 20 times as long.
_SMALL_ZSTD_LEVEL = 17
_SMALL_BROTLI_QUALITY = 9
_SMALL_GZIP_LEVEL = 9

_GZIP_FORMAT = zlib.MAX_WBITS | 16
_WEIGHT = re.compile(r"[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_TEXT = re.compile(
    r"text/(?!event-stream)|[a-z]+/(?:[a-z0-9.+-]*[.+])?(?:json|xml|javascript)\b", re.IGNORECASE
)


def is_text(media_type: str) -> bool:
    """Whether a body of this `Content-Type` gets smaller: text, JSON, scripts, XML. Pictures and archives do not."""
    return _TEXT.match(media_type) is not None


def choose(accepted: str, offered: tuple[str, ...] = CODINGS) -> str | None:
    """The coding of `offered` that `Accept-Encoding` weighs most, the first of equals; None for a body as it is.

    What is malformed is not accepted. A client that refuses even a body without a coding gets one without.
    """
    if not accepted or not offered or len(accepted) > MAX_ACCEPTED_CHARS:
        return None
    return _choose(accepted, offered)


@lru_cache(maxsize=256)
def _choose(accepted: str, offered: tuple[str, ...]) -> str | None:
    weights = dict(map(_weighed, accepted.split(",")))
    others = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


def _weighed(part: str) -> tuple[str, float]:
    name, semicolon, parameter = part.partition(";")
    found = _WEIGHT.fullmatch(parameter.rstrip(" \t")) if semicolon else None
    weight = float(found[1]) if found else 0.0 if semicolon else 1.0
    coding = name.strip(" \t").lower()
    return ("gzip" if coding == "x-gzip" else coding), weight


async def encode(coding: str, body: bytes) -> bytes:
    """Code a body made for one request, fast."""
    if len(body) < IN_THREAD_BYTES:
        return _FAST[coding](body)
    return await asyncio.to_thread(_FAST[coding], body)


def encode_small(coding: str, body: bytes) -> bytes:
    """Code a body that is kept and sent often: takes its time."""
    return _SMALL[coding](body)


class _PerThread(threading.local):
    """A compressor of zstandard's is of one thread at a time; making one takes longer than 1 KB of text."""

    def __init__(self) -> None:
        self.zstd = zstandard.ZstdCompressor(level=_FAST_ZSTD_LEVEL)


_per_thread = _PerThread()


def _zstd(body: bytes) -> bytes:
    return _per_thread.zstd.compress(body)


def _gzip(body: bytes, *, level: int) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, _GZIP_FORMAT)
    return compressor.compress(body) + compressor.flush()


_FAST: dict[str, Callable[[bytes], bytes]] = {
    "zstd": _zstd,
    "br": partial(brotli.compress, quality=_FAST_BROTLI_QUALITY),
    "gzip": partial(_gzip, level=_FAST_GZIP_LEVEL),
}
_SMALL: dict[str, Callable[[bytes], bytes]] = {
    "zstd": partial(zstandard.compress, level=_SMALL_ZSTD_LEVEL),
    "br": partial(brotli.compress, quality=_SMALL_BROTLI_QUALITY),
    "gzip": partial(_gzip, level=_SMALL_GZIP_LEVEL),
}
