"""What to answer to a request for a file: status, headers and which bytes. Pure, for any framework.

RFC 9110 sections 13 (preconditions) and 14 (ranges), RFC 6266 and 8187 (names). The caller has checked who asks, at
this request: answers say `no-cache`, so the next one is checked too and costs a 304.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from stockent.messaging.file_names import safe_name

#: Types that a browser shows in a document of its own under the policy below.
SHOWN_ALONE = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "text/plain"})
#: Types that run nothing. All others are called plain bytes, so that no file can be this origin's script, style sheet
#: or page even where other headers are not looked at.
HARMLESS_TYPES = SHOWN_ALONE | {
    "application/pdf",
    "audio/ogg",
    "audio/webm",
    "audio/mp4",
    "video/mp4",
    "video/webm",
}
PLAIN_BYTES = "application/octet-stream"
#: With every answer, also of a link that is opened by itself. `sandbox` makes its origin opaque: there a browser's PDF
#: viewer does not start, and Chromium refuses a player its own file (CORS). So those are saved when opened by
#: themselves; `<audio>`, `<video>` and `fetch` do not look at the disposition, and the page draws PDFs from the bytes.
SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
CACHE_CONTROL = "private, no-cache"
#: More digits than any size has; `int` of thousands would raise.
_MAX_DIGITS = 18
_SINGLE_RANGE = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)
_ETAGS = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
#: attr-char of RFC 8187.
_ATTR_CHARS = "!#$&+-.^_`|~"


class File(NamedTuple):
    """`blob_id` names the content for ever, so it is the strong validator. `media_type` is by content."""

    blob_id: str
    size_bytes: int
    media_type: str
    name: str | None


class Answer(NamedTuple):
    """Send `headers` and the file's bytes from `start` up to, not including, `end`; none when they are equal.

    For HEAD the headers are those of GET, Content-Length too, and no bytes are to be sent.
    """

    status: int
    headers: dict[str, str]
    start: int
    end: int


class _Span(NamedTuple):
    start: int
    end: int


def plan(
    file: File, request_headers: Mapping[str, str], *, method: str = "GET", download: bool = False
) -> Answer:
    """Decide the answer: 200, 206, 304, 412 or 416. Never raises for anything that a client sends.

    `request_headers` by lower-case names. Of several ranges none is used: the whole file is the answer, as RFC 9110
    14.2 allows, and no request can ask for a multipart body of overlapping pieces. `download` saves what else would
    be shown in place.
    """
    etag = etag_of(file.blob_id)
    common = {**SECURITY_HEADERS, "Cache-Control": CACHE_CONTROL, "ETag": etag, "Accept-Ranges": "bytes"}
    if (status := _precondition(etag, request_headers)) is not None:
        return Answer(status, common if status == 304 else {**common, "Content-Length": "0"}, 0, 0)
    span = _asked_span(file, etag, request_headers) if method == "GET" else None
    if span is not None and span.start == span.end:
        return Answer(
            416, {**common, "Content-Range": f"bytes */{file.size_bytes}", "Content-Length": "0"}, 0, 0
        )
    start, end = span or (0, file.size_bytes)
    headers = {
        **common,
        "Content-Type": content_type(file.media_type),
        "Content-Disposition": content_disposition(
            file.name, inline=not download and is_inline(file.media_type)
        ),
        "Content-Length": str(end - start),
    }
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    if method == "HEAD":
        start = end = 0
    return Answer(200 if span is None else 206, headers, start, end)


def etag_of(blob_id: str) -> str:
    return f'"{blob_id}"'


def is_inline(media_type: str) -> bool:
    """Whether it is shown when a link to it is opened, instead of saved."""
    return _essence(media_type) in SHOWN_ALONE


def content_type(media_type: str) -> str:
    """The type to send: one of `HARMLESS_TYPES`, else plain bytes."""
    essence = _essence(media_type)
    if essence not in HARMLESS_TYPES:
        return PLAIN_BYTES
    return "text/plain; charset=utf-8" if essence == "text/plain" else essence


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def content_disposition(name: str | None, *, inline: bool) -> str:
    """One line of ASCII: the name in full as RFC 8187 has it, and a plain one for who cannot read that."""
    kind = "inline" if inline else "attachment"
    if name is None:
        return kind
    safe = safe_name(name)
    return f"{kind}; filename=\"{_ascii(safe)}\"; filename*=UTF-8''{quote(safe, safe=_ATTR_CHARS)}"


def _ascii(name: str) -> str:
    """Accents are taken off; what is no ASCII then, and what some browsers decode in here (%), becomes _."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return re.sub(r'[^\x20-\x7e]|[%"\\/]', "_", plain)


def _precondition(etag: str, headers: Mapping[str, str]) -> int | None:
    """RFC 9110 13.2.2. There is no Last-Modified, so conditions on dates are not looked at."""
    wanted = headers.get("if-match")
    if wanted is not None and not _names(wanted, etag, weak_too=False):
        return 412
    known = headers.get("if-none-match")
    return 304 if known is not None and _names(known, etag, weak_too=True) else None


def _names(condition: str, etag: str, *, weak_too: bool) -> bool:
    if condition.strip() == "*":
        return True
    return any(tag == etag and (weak_too or not weak) for weak, tag in _ETAGS.findall(condition))


def _asked_span(file: File, etag: str, headers: Mapping[str, str]) -> _Span | None:
    """None: the whole file. An empty span: nothing can satisfy the range."""
    asked = _SINGLE_RANGE.fullmatch(headers.get("range", "").strip())
    if asked is None or headers.get("if-range", etag).strip() != etag:
        return None
    first, last = asked.groups()
    size = file.size_bytes
    # Of an empty file no range can be told (RFC 9110 14.4 has no words for it).
    if not size or not (first or last):
        return None
    if not first:
        return _Span(size - min(_number(last), size), size)
    if last and _number(last) < _number(first):
        return None
    start = min(_number(first), size)
    return _Span(start, max(start, min(_number(last) + 1, size) if last else size))


def _number(digits: str) -> int:
    digits = digits.lstrip("0")[: _MAX_DIGITS + 1]
    return int(digits or "0")
