"""A server of its own process, and everybody who may want something of one group in it: the cast of the matrix.

What is in the group carries a canary, a word that nobody else may ever receive. The server logs at debug, to a file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from stockent.auth import mint
from stockent.check.clients import WEBSOCKET, ConnectRefused, Device, Person
from stockent.config import VARIABLES
from stockent.messaging.models import Profile, Role
from tests.gateway.files import upload

from .matrix import PICTURE, Json

SECRET = "attacks-" + uuid.uuid5(uuid.NAMESPACE_DNS, "attacks").hex
#: A reaction that only participants give and see.
EMOJI = "🦩"
MEMBERS = ("ann", "ben", "cy", "dee", "dis", "rev")
PEOPLE = (*MEMBERS, "eve", "root")


@dataclass(frozen=True)
class Server:
    url: str
    log: Path

    def logged(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def serving(directory: Path, **environ: str) -> Iterator[Server]:
    names = {variable.name for variable in VARIABLES}
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    own = {"DATA_DIR": str(directory), "JWT_SECRET": SECRET, "LOG_LEVEL": "debug", "LOG_FORMAT": "json"}
    log = directory / "server.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "stockent", "serve", "--port", "0"],
            env={**inherited, **own, "RATE_LIMITS": "off", **environ},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert address, log.read_text()
        yield Server(address[0], log)
    finally:
        process.terminate()
        process.communicate(timeout=20)


@dataclass(frozen=True)
class Answer:
    """Every byte of it: what a person could look at."""

    status: int
    head: str
    content: bytes

    @property
    def text(self) -> str:
        return self.head + self.content.decode(errors="replace")


@dataclass
class Crowd:
    """Ann owns the group, Ben and Cy take part. Dee did, and was removed. Dis was disabled and Rev's token revoked
    while they did. Eve is a stranger, and Root an administrator who does not take part.

    `devices` are their sockets; `since` is how much each had heard when the last of these things was done.
    """

    server: Server
    http: aiohttp.ClientSession
    word: str
    ids: dict[str, str]
    tokens: dict[str, str]
    devices: dict[str, Device] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    cid: str = ""
    mid: str = ""
    attachment_id: str = ""
    epoch: str = ""

    def person(self, name: str) -> Person:
        return Person(name, self.ids[name], self.tokens[name], self.server.url, self.http)

    def here(self, name: str) -> Here:
        return Here(self.epoch, self.tokens[name])

    def filled(self, value: Any) -> Any:
        """An argument of the matrix with the ids of these people, and with this canary searched for."""
        if isinstance(value, dict):
            return {key: self.filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        # Ben is who asks: what is done to somebody is done to Cy.
        places = {**self.ids, "ben": self.ids["cy"], "hello": self.word}
        return places.get(value, value) if isinstance(value, str) else value

    async def ask(
        self,
        name: str,
        method: str,
        path: str,
        body: object = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Answer:
        """By nobody for the name `anonymous`."""
        token = self.tokens.get(name)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.http.request(
            method, self.server.url + path, json=body, params=params, headers=headers
        ) as response:
            head = "\n".join(f"{key}: {value}" for key, value in response.headers.items())
            return Answer(response.status, head, await response.read())

    def heard(self, name: str) -> str:
        """All that came to somebody's socket since the group was as it is."""
        events = self.devices[name].heard[self.since[name] :]
        return json.dumps(events, ensure_ascii=False)

    def shows(self, text: str) -> bool:
        """Whether a text holds anything of the group."""
        return self.word in text or EMOJI in text or r"\ud83e\udda9" in text


@dataclass(frozen=True)
class Here:
    epoch: str
    own_token: str

    def token(self, user_id: str) -> str:
        """Whoever asks renews their own."""
        return self.own_token


@asynccontextmanager
async def gathered(server: Server, *, sockets: bool) -> AsyncIterator[Crowd]:
    """`sockets`: everybody has one, and who takes part or did has the group in view."""
    suffix = uuid.uuid4().hex[:10]
    ids = {name: f"{name}-{suffix}" for name in PEOPLE}
    word = f"canary{suffix}"
    tokens = {name: _token(name, ids[name], word) for name in PEOPLE}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        crowd = Crowd(server, http, word, ids, tokens)
        try:
            await _make_group(crowd)
            if sockets:
                await _connect(crowd)
            await _part(crowd)
            yield crowd
        finally:
            for device in crowd.devices.values():
                await device.close()


def _token(name: str, user_id: str, word: str) -> str:
    member = name in MEMBERS and name != "dee"
    profile = Profile(
        id=user_id,
        name=f"{name} {word}" if member else name,
        company_name=f"{word} Ltd" if member else None,
        role=Role.ADMIN if name == "root" else Role.BUYER,
    )
    return mint(SECRET, profile, 3_600, token_id=f"token-of-{user_id}")


async def _make_group(crowd: Crowd) -> None:
    ann, ben, word = crowd.person("ann"), crowd.person("ben"), crowd.word
    for name in MEMBERS:
        await crowd.person(name).done("GET", "/api/me")
    group = {
        "kind": "GROUP",
        "participantIds": [crowd.ids[name] for name in MEMBERS if name != "ann"],
        "title": f"{word} title",
        "subject": {"type": word, "id": word, "title": f"{word} subject", "data": {"note": word}},
    }
    made = await ann.done("POST", "/api/conversations", group, status=201)
    crowd.cid, crowd.epoch = made["id"], made["epoch"]
    path = f"/api/conversations/{crowd.cid}/messages"
    crowd.mid = (await ann.done("POST", path, _message(f"{word} first"), status=201))["id"]
    await ann.done("PATCH", f"{path}/{crowd.mid}", {"content": f"{word} edited"})
    await ben.done("PUT", f"{path}/{crowd.mid}/reactions", {"emoji": EMOJI})
    file = await upload(crowd.http, ann, PICTURE, f"{word}.png")
    crowd.attachment_id = file["id"]
    await ann.done("POST", path, {**_message(""), "attachments": [file["id"]]}, status=201)


def _message(content: str) -> Json:
    return {"clientId": str(uuid.uuid4()), "content": content}


async def _connect(crowd: Crowd) -> None:
    for name in PEOPLE:
        device = crowd.devices[name] = Device(crowd.person(name), "socket", WEBSOCKET)
        await device.connect()
        await device.first("ready")
        if name in MEMBERS:
            ack = await device.done("join_conversation", conversationId=crowd.cid, afterSeq=0)
            assert crowd.shows(json.dumps(ack, ensure_ascii=False)), "a participant sees the canary"


async def _part(crowd: Crowd) -> None:
    """From here on only Ann, Ben and Cy may see anything."""
    page = f"/api/conversations/{crowd.cid}/messages"
    for name in ("dee", "dis", "rev"):
        answer = await crowd.ask(name, "GET", page)
        assert answer.status == 200
        assert crowd.shows(answer.text), "they saw the canary while they took part"
    await crowd.person("ann").done(
        "DELETE", f"/api/conversations/{crowd.cid}/participants/{crowd.ids['dee']}", status=204
    )
    for device in crowd.devices.values():
        await device.settle()
    crowd.since = {name: len(device.heard) for name, device in crowd.devices.items()}
    root = crowd.person("root")
    await root.done("PUT", f"/api/admin/users/{crowd.ids['dis']}/access", {"disabled": True}, status=204)
    await root.done("DELETE", f"/api/admin/tokens/token-of-{crowd.ids['rev']}", status=204)


async def refusal_of(person: Person, token: str | None = None) -> str:
    """The code with which a socket is refused."""
    device = Device(person, "another socket", WEBSOCKET)
    try:
        await device.connect(token=token)
    except ConnectRefused as refused:
        return str(refused.code)
    await device.close()
    return "connected"
