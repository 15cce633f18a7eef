"""The HTTP workloads: what is stored before them, and the file of requests that the load generator takes.

The same for each peer that has the HTTP API: a peer fills its store and says who may ask for what; the rest is here.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["send", "history", "list", "unread"]

USERS = 100
CONVERSATIONS = 30
MESSAGES = 60
HISTORY_PAGE = 50
#: As long as a text of the other workloads.
TEXT = "x" * 64


@dataclass(frozen=True)
class Person:
    token: str
    conversation_ids: Sequence[str]


def user_id(number: int) -> str:
    """Not an id of the other workloads' users: those may be there too."""
    return f"person-{number}"


def pairs() -> Iterator[tuple[int, int]]:
    """Who has a conversation with whom: the users sit in a ring, each with its CONVERSATIONS nearest.

    In each, MESSAGES texts are stored, both in turns; the first of a pair created it and wrote the first.
    """
    for number in range(USERS):
        for step in range(1, CONVERSATIONS // 2 + 1):
            yield number, (number + step) % USERS


def file_of(kind: Kind, people: Sequence[Person]) -> str:
    """A line for each request: method, path, token, body, between tabs.

    `-` is no body; for `{uuid}` the load generator puts a fresh one. Shuffled, the same each time: neighbours in the
    file have nothing in common.
    """
    lines = [
        "\t".join((method, path, person.token, body))
        for person in people
        for method, path, body in _requests(kind, person)
    ]
    random.Random(0).shuffle(lines)
    return "".join(line + "\n" for line in lines)


def _requests(kind: Kind, person: Person) -> Iterator[tuple[str, str, str]]:
    if kind == "list":
        yield "GET", f"/api/conversations?limit={CONVERSATIONS}", "-"
        return
    if kind == "unread":
        yield "GET", "/api/unread", "-"
        return
    for conversation_id in person.conversation_ids:
        path = f"/api/conversations/{conversation_id}/messages"
        if kind == "send":
            yield "POST", path, json.dumps({"clientId": "{uuid}", "content": TEXT})
        else:
            yield "GET", f"{path}?limit={HISTORY_PAGE}", "-"
