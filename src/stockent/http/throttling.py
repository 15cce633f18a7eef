"""How much may be asked over HTTP: what each route counts as, and the apps and middleware that count.

What is refused was not looked at: nothing is stored, and the body is not read.
"""

from __future__ import annotations

from collections.abc import Mapping

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from ..messaging.errors import MessagingError, overloaded
from ..rates import Limit, Rates, address_key
from .health import LIVENESS
from .problems import send_problem

_C = "/api/conversations/{cid}"
#: What a request counts as, besides one of `requests`. A test demands a line for each route that is no GET.
ROUTE_LIMITS: Mapping[tuple[str, str], Limit | None] = {
    ("POST", "/api/messages"): Limit.CONVERSATIONS,
    ("POST", "/api/conversations"): Limit.CONVERSATIONS,
    ("POST", _C + "/messages"): Limit.MESSAGES,
    ("GET", "/api/search"): Limit.SEARCHES,
    ("POST", "/api/attachments"): Limit.UPLOADS,
    # The parts of an upload are bounded by its size, and by how many may be under way.
    ("PATCH", "/api/attachments/{attachment_id}"): None,
    ("DELETE", "/api/attachments/{attachment_id}"): Limit.CHANGES,
    ("PATCH", _C): Limit.CHANGES,
    ("DELETE", _C): Limit.CHANGES,
    ("PATCH", _C + "/messages/{mid}"): Limit.CHANGES,
    ("DELETE", _C + "/messages/{mid}"): Limit.CHANGES,
    ("PUT", _C + "/messages/{mid}/reactions"): Limit.CHANGES,
    ("DELETE", _C + "/messages/{mid}/reactions/{emoji}"): Limit.CHANGES,
    ("PATCH", _C + "/personal"): Limit.CHANGES,
    ("POST", _C + "/participants"): Limit.CHANGES,
    ("DELETE", _C + "/participants/{uid}"): Limit.CHANGES,
    ("PATCH", _C + "/participants/{uid}"): Limit.CHANGES,
    ("PUT", _C + "/read"): Limit.SIGNALS,
    ("PUT", "/api/delivered"): Limit.SIGNALS,
    ("PATCH", "/api/me/settings"): Limit.SIGNALS,
    ("DELETE", "/api/me/sessions"): Limit.CHANGES,
    ("PUT", "/api/admin/users/{user_id}/access"): Limit.CHANGES,
    ("DELETE", "/api/admin/users/{user_id}/sessions"): Limit.CHANGES,
    ("DELETE", "/api/admin/tokens/{jti}"): Limit.CHANGES,
}


class InFlight:
    """An ASGI app around all of HTTP: answers at most `Limit.NODE_REQUESTS` at a time, and 503 to the others."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._most = rates.caps[Limit.NODE_REQUESTS]
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._running >= self._most and scope["path"] != LIVENESS:
            await send_problem(
                send, overloaded("as many requests as the server takes at a time are being answered")
            )
            return
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1


class Anonymous:
    """An ASGI app, or middleware, around what needs no token: counts it for the address."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["path"] != LIVENESS:
                self._rates.take(Limit.ADDRESS_REQUESTS, address_key(client_address(scope)))
        except MessagingError as refusal:
            await send_problem(send, refusal)
            return
        await self._app(scope, receive, send)


def client_address(scope: Scope) -> str:
    """As the listener found it, a trusted proxy's word included."""
    client = scope.get("client")
    return client[0] if client else ""


def enter(rates: Rates, scope: HTTPScope, user_id: str) -> None:
    """Count a request of a user. Raises `RATE_LIMITED`."""
    kind = ROUTE_LIMITS.get((scope["method"], scope["path_template"]))
    rates.enter(Limit.REQUESTS, kind, user_id=user_id, place=address_key(client_address(scope)))


def noting_misses(rates: Rates, scope: Scope, user_id: str, send: Send) -> Send:
    """Return a `send` that counts an answer of 404."""

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 404:
            rates.missed(user_id=user_id, place=address_key(client_address(scope)))
        await send(message)

    return noting
