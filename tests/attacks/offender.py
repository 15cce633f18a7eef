"""Who attacks: raw connections of every kind to the target, made for one run of an attack and closed with it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import aiohttp

from tests.socketio.frames import TEXT, Tcp, encode
from tests.socketio.serving import Endpoint
from tests.socketio.wire import Client, Clients, PollingClient, WebSocketClient

from .target import Target

POLLING_QUERY = "EIO=4&transport=polling"
WEBSOCKET_QUERY = "EIO=4&transport=websocket"
CLOSE_PACKET = "1"


def head(method: str, target: str, *headers: str, host: str = "Host: 127.0.0.1") -> bytes:
    """A request's head, as it is written here."""
    return "\r\n".join((f"{method} {target} HTTP/1.1", *filter(None, (host,)), *headers, "\r\n")).encode(
        "latin-1"
    )


class Reply(NamedTuple):
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Offender:
    """Mallory, who has a token like anybody, and what she opens."""

    def __init__(self, target: Target, stack: AsyncExitStack, http: aiohttp.ClientSession) -> None:
        self.target = target
        self.http = http
        self._stack = stack
        self._clients = Clients(stack, http)

    @classmethod
    async def arrive(cls, target: Target, stack: AsyncExitStack) -> Offender:
        jar = aiohttp.DummyCookieJar()
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar, connector=connector))
        return cls(target, stack, http)

    @property
    def endpoint(self) -> Endpoint:
        return self.target.endpoint

    def token(self, user_id: str = "mallory") -> str:
        return self.target.token(user_id)

    def auth(self, user_id: str = "mallory") -> dict[str, str]:
        return {"token": self.token(user_id)}

    # Engine.IO sessions

    async def open(self, transport: str, *, entered: bool = True, user_id: str = "mallory") -> Client:
        """A session; `entered` into the main namespace, past its greeting."""
        client: Client = await self._clients.open(transport, self.endpoint)
        if isinstance(client, PollingClient):
            # Else the session lives on until its heartbeat fails: rightly so, but no run is to wait for it.
            self._stack.push_async_callback(client.push, CLOSE_PACKET)
        if entered:
            await client.enter(auth=self.auth(user_id))
            # What a room tells between its joining and the greeting is an event, and not lost.
            while (await client.event())[0] != "ready":
                pass
        return client

    async def polling(self, *, entered: bool = True) -> PollingClient:
        client = await self.open("polling", entered=entered)
        assert isinstance(client, PollingClient)
        return client

    async def probe(self, polling: Client) -> WebSocketClient:
        return await self._clients.probe(self.endpoint, polling)

    async def upgrade(self, polling: Client) -> WebSocketClient:
        return await self._clients.upgrade(self.endpoint, polling)

    # bytes

    async def tcp(self) -> Tcp:
        connection = await Tcp.open(self.endpoint)
        self._stack.push_async_callback(connection.close)
        return connection

    async def raw_websocket(self, *, entered: bool = True, offers: tuple[str, ...] = ()) -> Tcp:
        """A WebSocket by hand."""
        raw = await self.tcp()
        await raw.upgrade(self.endpoint, offers=offers)
        await raw.frame()
        if entered:
            raw.send(encode(TEXT, b"40" + json.dumps(self.auth()).encode()))
            for head in (b"40", b'42["ready"'):
                assert (await raw.frame()).payload.startswith(head)
        return raw

    async def answer_to(self, *parts: bytes) -> tuple[int, bytes]:
        """Send bytes by a connection of their own; the status of the answer and what came with it, to the end."""
        raw = await self.tcp()
        for part in parts:
            raw.send(part)
            try:
                await raw.writer.drain()
            except ConnectionError:
                break
        try:
            answer = await raw.end()
        except ConnectionError:
            answer = b""
        status = int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0
        return status, answer

    async def push(self, polling: Client, *headers: str, body: bytes = b"") -> int:
        """The status of a POST with a head by hand; 0 where the connection was reset before it could be read."""
        path = f"{self.endpoint.path}?{POLLING_QUERY}&sid={polling.sid}"
        status, _ = await self.answer_to(head("POST", path, "Connection: close", *headers), body)
        return status

    # HTTP

    async def request(
        self, method: str, path: str, body: Any = None, *, user_id: str = "mallory", **headers: str
    ) -> Reply:
        """With a token. `body` is sent as it is when it is bytes, else as JSON; `a_b` as a header is `a-b`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Authorization", f"Bearer {self.token(user_id)}")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        url = self.target.url + path
        async with asyncio.timeout(30), self.http.request(method, url, data=data, headers=sent) as response:
            return Reply(response.status, await response.text())

    async def conversation(self, *user_ids: str, subject: str = "attack") -> str:
        """Mallory's, with these people."""
        body = {
            "participantIds": user_ids,
            "subject": {"type": "attack", "id": subject, "title": subject},
        }
        made = await self.request("POST", "/api/conversations", body)
        assert made.status in (200, 201), made
        return str(made.json["id"])
