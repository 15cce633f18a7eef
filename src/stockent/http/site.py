"""The page's files, read once into memory and served from a table: what is not in the table does not exist.

Vite builds them into `page/` beside this module; the wheel carries them. A path of a request is only ever looked up,
never joined to a directory, so there is nothing to climb out of.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from litestar.enums import ScopeType
from litestar.types import HTTPScope, Receive, Scope, Send

from .. import codings
from ..messaging.errors import Code, MessagingError, not_found
from .problems import send_problem
from .representations import header, matches

INDEX = "/index.html"
ASSETS = "/assets/"
#: Addresses that the page's own router knows; each is answered with the page.
PAGE_PREFIX = "/c/"
MIN_COMPRESSED_BYTES = 512
MAX_AGE_S = 3_600
#: What the build may have laid beside a file.
_SUFFIXES = {"zstd": ".zst", "br": ".br", "gzip": ".gz"}
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".map": "application/json",
    ".html": "text/html",
}
_NOT_BUILT = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>StockENT Messaging</title>
<h1>The page is not built</h1>
<p>The server runs, and its API is described at <a href="/api/docs">/api/docs</a>.</p>
<p>To build the page, run <code>make page</code> in the project's directory (needs Node.js), then start again.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class File:
    """`encoded`: content coding → bytes, the smallest first, without those that save nothing."""

    media_type: str
    content: bytes
    encoded: dict[str, bytes]
    etag: str
    cache_control: str


class Site:
    """An ASGI app for everything that is not the API. `page_dir`: the built page, by default the package's own."""

    def __init__(self, page_dir: Traversable | None = None) -> None:
        root = files(__package__) / "page" if page_dir is None else page_dir
        self._files = dict(_read(root)) if root.is_dir() else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == ScopeType.HTTP
        if scope["method"] not in ("GET", "HEAD"):
            refusal = MessagingError(Code.METHOD_NOT_ALLOWED, "expected GET or HEAD")
            await send_problem(send, refusal, allow="GET, HEAD")
        elif file := self._find(scope["path"]):
            await _send_file(scope, send, file)
        elif _is_page(scope["path"]):
            await _send_start(send, 503, {"content-type": "text/html; charset=utf-8"}, _NOT_BUILT)
        else:
            await send_problem(send, not_found("address"))

    def _find(self, path: str) -> File | None:
        return self._files.get(INDEX if _is_page(path) else path)


def _is_page(path: str) -> bool:
    return path in ("/", "/c") or path.startswith(PAGE_PREFIX)


def _read(root: Traversable, path: str = "") -> Iterator[tuple[str, File]]:
    """Every file below `root` with its address; `.zst`, `.br` and `.gz` beside a file are its codings."""
    entries = {entry.name: entry for entry in root.iterdir()}
    for name, entry in entries.items():
        if entry.is_dir():
            yield from _read(entry, f"{path}/{name}")
        elif not name.endswith(tuple(_SUFFIXES.values())):
            made = {coding: entries.get(name + suffix) for coding, suffix in _SUFFIXES.items()}
            built = {coding: each.read_bytes() for coding, each in made.items() if each is not None}
            yield f"{path}/{name}", _file(f"{path}/{name}", entry.read_bytes(), built)


def _file(path: str, content: bytes, encoded: dict[str, bytes]) -> File:
    """What the build has not coded is coded now; what it has, it has better, and a start need not wait for it."""
    media_type = _media_type(path)
    if not encoded and codings.is_text(media_type) and len(content) >= MIN_COMPRESSED_BYTES:
        encoded = {coding: codings.encode_small(coding, content) for coding in codings.CODINGS}
    smaller = {coding: each for coding, each in encoded.items() if len(each) < len(content)}
    return File(
        media_type=media_type + ("; charset=utf-8" if media_type.startswith("text/") else ""),
        content=content,
        encoded=dict(sorted(smaller.items(), key=lambda each: len(each[1]))),
        etag=hashlib.sha256(content).hexdigest()[:32],
        cache_control=_cache_control(path),
    )


def _media_type(path: str) -> str:
    suffix = path[path.rfind(".") :] if "." in path else ""
    return _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"


def _cache_control(path: str) -> str:
    if path.startswith(ASSETS):
        return "public, max-age=31536000, immutable"
    return "no-cache" if path == INDEX else f"public, max-age={MAX_AGE_S}"


async def _send_file(scope: HTTPScope, send: Send, file: File) -> None:
    coding = codings.choose(header(scope, b"accept-encoding"), tuple(file.encoded))
    etag = f'"{file.etag}{"-" + coding if coding else ""}"'
    headers = {"cache-control": file.cache_control, "etag": etag, "vary": "Accept-Encoding"}
    if matches(etag, header(scope, b"if-none-match")):
        await _send_start(send, 304, headers, b"")
        return
    headers["content-type"] = file.media_type
    if coding:
        headers["content-encoding"] = coding
    body = file.encoded[coding] if coding else file.content
    await _send_start(send, 200, headers, body, head=scope["method"] == "HEAD")


async def _send_start(
    send: Send, status: int, headers: dict[str, str], body: bytes, *, head: bool = False
) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    if status != 304:
        raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if head else body, "more_body": False})
