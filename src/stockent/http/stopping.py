"""HTTP while the server stops: what is under way ends, what comes is told to come back, connections are not kept.

Liveness goes on being answered, so that a stop in order is not taken for a hang.
"""

from __future__ import annotations

from collections.abc import Callable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from ..messaging.errors import Code, MessagingError, jittered
from .health import LIVENESS
from .problems import send_problem

#: Refused requests are told to come back after this long and up to as much again: the next process needs a moment.
RETRY_AFTER_MS = 1_000
_CLOSE = (b"connection", b"close")


class Stopping:
    """An ASGI app around the API and the page."""

    def __init__(self, app: ASGIApp, is_stopping: Callable[[], bool]) -> None:
        self._app = app
        self._is_stopping = is_stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
        elif self._is_stopping() and scope["path"] != LIVENESS:
            await send_problem(send, _refusal())
        else:
            await self._app(scope, receive, self._closing(send))

    def _closing(self, send: Send) -> Send:
        async def send_closing(message: Message) -> None:
            if message["type"] == "http.response.start" and self._is_stopping():
                message["headers"] = [
                    *(header for header in message["headers"] if header[0] != b"connection"),
                    _CLOSE,
                ]
            await send(message)

        return send_closing


def _refusal() -> MessagingError:
    return MessagingError(
        Code.SHUTTING_DOWN,
        "the server is stopping; come back soon",
        retry_after_ms=jittered(RETRY_AFTER_MS),
    )
