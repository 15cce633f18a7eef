"""What a browser must be told, and what it must not be trusted with: origins, CORS and security headers.

`BrowserRules` stands in front of the whole HTTP side. A page of another origin may neither write nor read with the
visitor's cookie (cross-site request forgery), and every answer carries the headers that keep the page's own scripts
the only ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from ..messaging.errors import Code, MessagingError
from . import problems

READING = ("GET", "HEAD", "OPTIONS")
PREFLIGHT_MAX_AGE_S = 600
MAX_SHOWN_CHARS = 100
_HOST = re.compile(rb"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_TOKEN_COOKIE = re.compile(rb"(^|;)\s*accessToken=")

Headers = list[tuple[bytes, bytes]]

SECURITY_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(self), payment=(), usb=()"),
    (b"x-frame-options", b"DENY"),
]


class BrowserRules:
    """`origins`: the exact allow-list. `files_origin`: where links to files lead, None for here."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str], files_origin: str | None = None) -> None:
        self._app = app
        self._files_origin = b"" if files_origin is None else b" " + files_origin.encode()
        self._origins = frozenset(origin.encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        origin = _origin(scope)
        headers = _answer_headers(scope, self._files_origin, cors=self._cors(origin))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in headers if header[0] == b"vary" or header[0] not in present),
                ]
            await send(message)

        if refusal := self._refusal(scope, origin):
            await send_problem(send_with_headers, refusal)
        elif _is_preflight(scope):
            await _send(send_with_headers, 204, _preflight_headers(), b"")
        else:
            await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: HTTPScope, origin: bytes | None) -> MessagingError | None:
        writes = scope["method"] not in READING or _is_preflight(scope)
        if origin is None:
            crossing = writes and _header(scope, b"sec-fetch-site") == b"cross-site"
            return _forbidden("a request from another site") if crossing else None
        if origin in self._origins or not (writes or _has_token_cookie(scope)):
            return None
        shown = origin[:MAX_SHOWN_CHARS].decode("latin-1")
        return _forbidden(f"origin {shown!r}, which SOCKET_CORS_ORIGIN does not name")

    def _cors(self, origin: bytes | None) -> Headers:
        if origin is None or origin not in self._origins:
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (
                b"access-control-expose-headers",
                b"etag, retry-after, accept-ranges, content-range, content-disposition",
            ),
        ]


def _answer_headers(scope: HTTPScope, files_origin: bytes, *, cors: Headers) -> Headers:
    policy = _content_security_policy(_header(scope, b"host") or b"", files_origin)
    return [*SECURITY_HEADERS, (b"content-security-policy", policy), (b"vary", b"Origin"), *cors]


def _content_security_policy(host: bytes, files_origin: bytes) -> bytes:
    """Older browsers do not count WebSockets under 'self', so the host is named too, if it is a plain one."""
    sockets = b" ws://" + host + b" wss://" + host if _HOST.fullmatch(host) else b""
    return (
        b"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:"
        + files_origin
        + b"; "
        b"media-src 'self' blob:" + files_origin + b"; worker-src 'self'; font-src 'self'; "
        b"connect-src 'self'"
        + sockets
        + files_origin
        + b"; object-src 'none'; base-uri 'none'; form-action 'self'; "
        b"frame-ancestors 'none'"
    )


def _preflight_headers() -> Headers:
    return [
        (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
        (b"access-control-allow-headers", b"authorization, content-type, if-none-match, if-range, range"),
        (b"access-control-max-age", str(PREFLIGHT_MAX_AGE_S).encode()),
    ]


def _is_preflight(scope: HTTPScope) -> bool:
    return scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method") is not None


def _origin(scope: HTTPScope) -> bytes | None:
    """The request's origin; two of them are one that no list holds."""
    found = [value for name, value in scope["headers"] if name == b"origin"]
    return b", ".join(found) if found else None


def _header(scope: HTTPScope, wanted: bytes) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == wanted), None)


def _has_token_cookie(scope: HTTPScope) -> bool:
    return any(name == b"cookie" and _TOKEN_COOKIE.search(value) for name, value in scope["headers"])


def _forbidden(what: str) -> MessagingError:
    return MessagingError(Code.ORIGIN_FORBIDDEN, f"expected an allowed origin, got {what}")


async def send_problem(send: Send, error: MessagingError) -> None:
    """The answer to a request that no route has seen."""
    status, headers, body = problems.problem(error)
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await _send(send, status, [*raw, (b"content-type", problems.MEDIA_TYPE.encode())], body)


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    if body:
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
