"""A whole node inside the test, as `serve` builds it, and the people who come to it."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from stockent.auth import mint
from stockent.check.clients import WEBSOCKET, Device, Person
from stockent.check.hearing import Hearing
from stockent.config import Settings
from stockent.messaging.models import Profile, Role
from stockent.server import Node, bind, node
from stockent.socketio import Namespace, Socket
from tests.waiting import poll_until

from .clock import Clock

SECRET = "gateway-tests-" + uuid.uuid5(uuid.NAMESPACE_DNS, "gateway-tests").hex
Json = dict[str, Any]


class _Everything:
    """As the conversations that a hearing is about: whatever comes, counts."""

    def __contains__(self, topic: object) -> bool:
        return True


class Place:
    """The node, its clock, and all devices that the test has connected."""

    def __init__(self, node: Node, clock: Clock, http: aiohttp.ClientSession) -> None:
        self.node = node
        self.clock = clock
        self.http = http
        self.url = f"http://127.0.0.1:{node.port}"
        self.devices: list[Device] = []

    @property
    def namespace(self) -> Namespace:
        return self.node.server.of("/")

    @property
    def epoch(self) -> str:
        return self.node.domain.store.epoch

    def token(
        self,
        user_id: str,
        *,
        life_s: float = 3_600,
        secret: str = SECRET,
        role: Role | None = None,
        token_id: str | None = None,
    ) -> str:
        profile = Profile(id=user_id, name=user_id.title(), role=role)
        return mint(secret, profile, life_s, token_id=token_id, now=self.clock.now)

    def person(self, user_id: str, *, token: str | None = None) -> Person:
        return Person(user_id, user_id, self.token(user_id) if token is None else token, self.url, self.http)

    async def device(
        self,
        user_id: str,
        transport: str = WEBSOCKET,
        *,
        place: str = "socket",
        joins: str | None = None,
        token: str | None = None,
    ) -> Device:
        """A connected socket of that user, which has heard `ready`, in the room of conversation `joins`."""
        device = Device(self.person(user_id, token=token), place, transport)
        self.devices.append(device)
        await device.connect()
        await device.first("ready")
        if joins is not None:
            await device.done("join_conversation", conversationId=joins)
        return device

    async def listen(self) -> Hearing:
        """Everything that any connected device hears from here on."""
        return await Hearing.begin(self.devices, _Everything())

    async def conversation(self, *user_ids: str) -> str:
        """A new conversation of these people, made by the first, on a subject of its own."""
        creator, *others = user_ids
        subject = {"type": "test", "id": uuid.uuid4().hex, "title": "Subject of a test"}
        body = {"participantIds": others, "subject": subject}
        made = await self.person(creator).done("POST", "/api/conversations", body, status=201)
        return str(made["id"])

    async def group(self, *user_ids: str, history_visible: bool = False) -> str:
        """A new group of these people, owned by the first."""
        owner, *others = user_ids
        subject = {"type": "test", "id": uuid.uuid4().hex, "title": "Subject of a group"}
        body = {
            "participantIds": others,
            "subject": subject,
            "kind": "GROUP",
            "historyVisible": history_visible,
        }
        made = await self.person(owner).done("POST", "/api/conversations", body, status=201)
        return str(made["id"])

    async def send(self, user_id: str, conversation_id: str, content: str = "Hello") -> Json:
        path = f"/api/conversations/{conversation_id}/messages"
        body = {"clientId": str(uuid.uuid4()), "content": content}
        sent: Json = await self.person(user_id).done("POST", path, body, status=201)
        return sent

    def socket_of(self, device: Device) -> Socket:
        """The server's side of a device."""
        return self.namespace.sockets[device.socket_id]


@asynccontextmanager
async def open_place(
    directory: Path, empty_store: Path | None = None, *, rates_stand_still: bool = False, **settings: str
) -> AsyncIterator[Place]:
    """Serve until the block ends. `empty_store` saves the migrations; `settings` are variables of the environment.

    `rates_stand_still`: rates go by the place's clock too, and nothing is earned again until a test moves it.
    """
    if empty_store is not None:
        shutil.copy(empty_store, directory / "stockent.db")
    environ = {"DATA_DIR": str(directory), "JWT_SECRET": SECRET, "PORT": "0"} | settings
    clock = Clock()
    with bind("127.0.0.1", 0) as sock:
        loaded = Settings.load(environ)
        monotonic = clock.now if rates_stand_still else time.monotonic
        async with (
            node(loaded, sock, now=clock.now, call_later=clock.call_later, monotonic=monotonic) as built,
            listening(built, sock),
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        ):
            place = Place(built, clock, http)
            try:
                yield place
            finally:
                await asyncio.gather(*(device.close() for device in place.devices))


@asynccontextmanager
async def listening(built: Node, sock: Any) -> AsyncIterator[None]:
    """The listener without its loop: no signal handlers, and no tick of 100 ms to wait for at the end."""
    port_listener = built.listener
    config = port_listener.config
    config.load()
    port_listener.lifespan = config.lifespan_class(config)
    await port_listener.startup(sockets=[sock])
    try:
        yield
    finally:
        for tcp_server in port_listener.servers:
            tcp_server.close()
        await built.server.stop()
        connections = port_listener.server_state.connections
        for connection in tuple(connections):
            connection.shutdown()
        await poll_until(lambda: not connections)
