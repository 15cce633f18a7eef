"""What the whole product needs before it can be measured: settings, tokens, conversations over its own HTTP API."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import socket
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import jwt

from . import filling, requests
from .workloads import Workload

_TOKEN_TTL_S = 6 * 3600
#: A conversation has at most 100 participants; a larger room is filled with several devices of each.
_MOST_PARTICIPANTS = 100
#: Every limit is in force and counts; what one user or socket of the load does in a second is below it.
RATE_LIMITS = ", ".join(
    f"{name}=100000000/s"
    for name in (
        *("commands", "requests", "messages", "conversations", "signals"),
        *(
            "connection_commands",
            "connection_bytes",
            "address_connects",
            "address_sessions",
            "address_requests",
        ),
    )
)
STORE = "stockent.db"
PACKET = '["send_message",{"conversationId":"{room}","clientId":"{uuid}","content":"{text}"}]'


@dataclass(frozen=True)
class Settings:
    port: int
    secret: str

    @classmethod
    def fresh(cls) -> Settings:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = int(probe.getsockname()[1])
        return cls(port, secrets.token_hex(32))

    def environment(self, data_dir: Path) -> dict[str, str]:
        return {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATA_DIR": str(data_dir),
            "JWT_SECRET": self.secret,
            "RATE_LIMITS": RATE_LIMITS,
        }

    def token(self, user_id: str) -> str:
        claims = {"sub": user_id, "name": f"Person {user_id}", "exp": int(time.time()) + _TOKEN_TTL_S}
        return jwt.encode(claims, self.secret, algorithm="HS256")


def fill(data_dir: Path, settings: Settings) -> list[requests.Person]:
    """Make a store with the data set of the HTTP workloads, before the server starts."""
    pairs = list(requests.pairs())
    talks = [filling.Talk((a + 1, b + 1), requests.MESSAGES, unread=requests.MESSAGES) for a, b in pairs]
    names = {number + 1: requests.user_id(number) for number in range(requests.USERS)}
    filling.fill(data_dir / STORE, talks, repeat(requests.TEXT), random.Random(0), names=names)
    filling.index_all(data_dir / STORE)
    mine: dict[int, list[str]] = defaultdict(list)
    for key, pair in enumerate(pairs, start=1):
        for number in pair:
            mine[number].append(filling.conversation_id(key))
    return [requests.Person(settings.token(requests.user_id(number)), ids) for number, ids in mine.items()]


def is_ready(settings: Settings) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def arguments(workload: Workload, identities: Path) -> list[str]:
    join = ["--join", "join_conversation"] if workload.joins else []
    return ["--packet", PACKET, "--event", "message_received", "--file", str(identities), *join]


def identities(settings: Settings, workload: Workload, sockets: int) -> str:
    """The load generator's input: a line for each socket, its token and its conversation."""
    lines = (
        _in_conversations(settings, workload, sockets) if workload.joins else _strangers(settings, sockets)
    )
    return "".join(f"{token} {room}\n" for token, room in lines)


def _strangers(settings: Settings, sockets: int) -> Iterator[tuple[str, str]]:
    for number in range(sockets):
        yield settings.token(f"user-{number}"), "-"


def _in_conversations(settings: Settings, workload: Workload, sockets: int) -> Iterator[tuple[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=30)
    size = min(workload.group_of, sockets)
    for first in range(0, sockets, size):
        people = [f"user-{first + offset}" for offset in range(min(size, _MOST_PARTICIPANTS))]
        tokens = [settings.token(person) for person in people]
        room = _create(connection, tokens[0], people[1:])
        for offset in range(size):
            yield tokens[offset % len(people)], room
    connection.close()


def _create(connection: http.client.HTTPConnection, token: str, others: list[str]) -> str:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/conversations", json.dumps({"participantIds": others}), headers)
    response = connection.getresponse()
    body: dict[str, Any] = json.loads(response.read())
    if response.status not in (200, 201):
        raise RuntimeError(f"could not create a conversation: {response.status} {body}")
    return str(body["id"])
