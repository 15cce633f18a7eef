"""The API's answers on their way out: their validator, and the content coding that the client takes.

Stands between the browser rules and the API. It needs whole bodies: what a route streams, codes or validates itself
goes through as it is.
"""

from __future__ import annotations

import hashlib
import re

from litestar.datastructures import CacheControlHeader
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from .. import codings

#: For routes whose answer is to be kept and asked for again each time: this is what gives it an ETag.
REVALIDATED = CacheControlHeader(private=True, no_cache=True)
#: For routes whose answer holds a secret: its length must say nothing of it (the attack is called BREACH).
SECRET = CacheControlHeader(no_store=True, no_transform=True)

DIGEST_BYTES = 16
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')
#: Statuses without a body, or with a part of one.
_NOT_WHOLE = (204, 206, 304)
_OF_THE_ROUTE = (b"content-encoding", b"content-range", b"accept-ranges", b"etag")

Headers = list[tuple[bytes, bytes]]


class Representations:
    """An ASGI app around the API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] == "HEAD":
            await self._app(scope, receive, send)
            return
        held: HTTPResponseStartEvent | None = None

        async def shape(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                held = message
                return
            start, held = held, None
            if start is None:
                await send(message)
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                await _send_whole(scope, send, start, message.get("body", b""))
            else:
                await send(start)
                await send(message)

        await self._app(scope, receive, shape)


async def _send_whole(scope: HTTPScope, send: Send, start: HTTPResponseStartEvent, body: bytes) -> None:
    headers = list(start["headers"])
    present = {name.lower(): value for name, value in headers}
    if start["status"] not in _NOT_WHOLE and not any(name in present for name in _OF_THE_ROUTE):
        coding = None
        if _may_be_coded(present, body):
            headers.append((b"vary", b"Accept-Encoding"))
            coding = codings.choose(header(scope, b"accept-encoding"))
        if start["status"] == 200 and scope["method"] == "GET" and _is_revalidated(present):
            etag = _etag(body, coding)
            headers.append((b"etag", etag.encode()))
            if matches(etag, header(scope, b"if-none-match")):
                await _send(send, start, 304, _without(headers, b"content-type", b"content-length"), b"")
                return
        if coding is not None:
            body = await codings.encode(coding, body)
            headers = _without(headers, b"content-length")
            headers += [
                (b"content-encoding", coding.encode()),
                (b"content-length", str(len(body)).encode()),
            ]
    await _send(send, start, start["status"], headers, body)


def _may_be_coded(headers: dict[bytes, bytes], body: bytes) -> bool:
    return (
        len(body) >= codings.MIN_CODED_BYTES
        and codings.is_text(headers.get(b"content-type", b"").decode("latin-1"))
        and b"no-transform" not in headers.get(b"cache-control", b"")
    )


def _is_revalidated(headers: dict[bytes, bytes]) -> bool:
    return b"no-cache" in headers.get(b"cache-control", b"")


def _etag(body: bytes, coding: str | None) -> str:
    """Strong for the body's own bytes; weak when they are coded, since a coder may make others of them another day."""
    digest = hashlib.blake2b(body, digest_size=DIGEST_BYTES).hexdigest()
    return f'"{digest}"' if coding is None else f'W/"{digest}"'


def matches(etag: str, if_none_match: str) -> bool:
    """Whether `If-None-Match` names this ETag, by weak comparison (RFC 9110, sections 8.8.3.2 and 13.1.2)."""
    return if_none_match.strip() == "*" or etag.removeprefix("W/") in _ENTITY_TAG.findall(if_none_match)


def header(scope: HTTPScope, wanted: bytes) -> str:
    """A request's header; several of a name are one list. Empty when it is not there."""
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)


def _without(headers: Headers, *names: bytes) -> Headers:
    return [each for each in headers if each[0].lower() not in names]


async def _send(
    send: Send, start: HTTPResponseStartEvent, status: int, headers: Headers, body: bytes
) -> None:
    await send({**start, "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
