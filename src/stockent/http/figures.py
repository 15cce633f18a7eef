"""Counts what HTTP answers, by route and status. It stands in front of the whole HTTP side."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

#: What is no route of the API: the page's files, and addresses that do not exist.
NO_ROUTE = "other"
#: Clients choose methods; a figure for each would be theirs to make without end.
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class Answered(NamedTuple):
    method: str
    route: str
    status: int


class CountsAnswers:
    """An ASGI app around another; `answers` only grows."""

    def __init__(self, app: ASGIApp, answers: Counter[Answered]) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in _METHODS else NO_ROUTE
                route = scope.get("path_template") or NO_ROUTE
                self._answers[Answered(method, route, message["status"])] += 1
            await send(message)

        await self._app(scope, receive, count)
