"""The product's HTTP API for setting scenes: conversations made and read back, by one user at a time. Blocking."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from .node import Node

WORKERS = 4
PAGE = 200


class Api:
    """Raises RuntimeError for every answer but a good one."""

    def __init__(self, node: Node, *, port: int | None = None) -> None:
        self._node = node
        self._connection = http.client.HTTPConnection("127.0.0.1", port or node.port, timeout=30)

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, user: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self._node.token(user)}", "Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:300]!r}")
        return json.loads(answer) if answer else None

    def converse(self, user: str, others: Iterable[str]) -> str:
        body = {"participantIds": list(others)}
        return str(self.ask(user, "POST", "/api/conversations", body)["id"])

    def say(self, user: str, conversation_id: str, content: str) -> int:
        body = {"clientId": str(uuid.uuid4()), "content": content}
        return int(self.ask(user, "POST", f"/api/conversations/{conversation_id}/messages", body)["seq"])

    def start(self, user: str, other: str, content: str) -> str:
        """A conversation with its first message."""
        body = {"recipientId": other, "clientId": str(uuid.uuid4()), "content": content}
        return str(self.ask(user, "POST", "/api/messages", body)["conversation"]["id"])

    def history(self, user: str, conversation_id: str) -> Iterator[dict[str, Any]]:
        after = 0
        while True:
            path = f"/api/conversations/{conversation_id}/messages?after={after}&limit={PAGE}"
            page = self.ask(user, "GET", path)
            yield from page["items"]
            if not page["hasAfter"]:
                return
            after = page["items"][-1]["seq"]


def pairs(node: Node, count: int, messages: int, *, name: str = "pair") -> list[tuple[str, str, str]]:
    """That many conversations of two people nobody knew before, each with `messages`: (one, other, conversation)."""

    def make(numbers: range) -> list[tuple[str, str, str]]:
        made = []
        with Api(node) as api:
            for number in numbers:
                one, other = f"{name}-{number}-a", f"{name}-{number}-b"
                conversation_id = api.start(one, other, "0") if messages else api.converse(one, [other])
                for more in range(1, messages):
                    api.say(one, conversation_id, str(more))
                made.append((one, other, conversation_id))
        return made

    with ThreadPoolExecutor(WORKERS) as pool:
        shares = [range(first, count, WORKERS) for first in range(min(WORKERS, count))]
        return [pair for made in pool.map(make, shares) for pair in made]
