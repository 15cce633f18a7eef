"""Raw clients: Engine.IO packets over polling and over WebSocket, as a test wants them, right or wrong.

Both transports have one surface (`Client`), so that a test can run over either. No Socket.IO library is involved.
"""

from __future__ import annotations

import asyncio
import base64
import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from aiohttp import ClientSession
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from .serving import Endpoint

WITHIN_S = 10.0
SEPARATOR = "\x1e"

Packet = str | bytes


class Answer(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]


class Closed(Exception):
    """The server ended the session: the WebSocket's close code, or the status of the last poll."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Client(ABC):
    """One Engine.IO session. Pings are answered by `receive` and not returned."""

    handshake: dict[str, Any]

    @abstractmethod
    async def send(self, *packets: Packet) -> None: ...

    @abstractmethod
    async def receive_any(self) -> Packet:
        """The next packet, pings too. Raises `Closed`."""

    @abstractmethod
    async def is_refused(self, *packets: Packet) -> bool:
        """Send, and read to the end of the session: did the server close it as malformed?"""

    @property
    def sid(self) -> str:
        return str(self.handshake["sid"])

    async def receive(self) -> Packet:
        while True:
            packet = await self.receive_any()
            if packet != "2":
                return packet
            await self.send("3")

    async def receive_many(self, count: int) -> list[Packet]:
        return [await self.receive() for _ in range(count)]

    async def event(self, namespace: str = "/") -> list[Any]:
        """The next packet, which must be an event of that namespace without attachments: its name and arguments."""
        head = "42" if namespace == "/" else f"42{namespace},"
        packet = await self.receive()
        assert isinstance(packet, str)
        assert packet.startswith(head), packet
        body: list[Any] = json.loads(packet[len(head) :])
        return body

    async def enter(self, namespace: str = "/", auth: Any = None) -> str:
        """Connect to a namespace; returns the socket's id."""
        head = "40" if namespace == "/" else f"40{namespace},"
        await self.send(head + ("" if auth is None else json.dumps(auth)))
        packet = await self.receive()
        assert isinstance(packet, str)
        assert packet.startswith(head), packet
        return str(json.loads(packet[len(head) :])["sid"])

    async def closed(self) -> int:
        """Read to the end of the session; returns the close code or status."""
        async with asyncio.timeout(WITHIN_S):
            try:
                while True:
                    await self.receive()
            except Closed as end:
                return end.code


class WebSocketClient(Client):
    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws

    async def send(self, *packets: Packet) -> None:
        for packet in packets:
            await self.ws.send(packet)

    async def receive_any(self) -> Packet:
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self.ws.recv()
        except ConnectionClosed as end:
            raise Closed(1006 if end.rcvd is None else end.rcvd.code) from None

    async def is_refused(self, *packets: Packet) -> bool:
        await self.send(*packets)
        return await self.closed() == 1003

    async def close(self) -> None:
        await self.ws.close()


class PollingClient(Client):
    def __init__(self, http: ClientSession, endpoint: Endpoint, headers: dict[str, str]) -> None:
        self._http = http
        self._endpoint = endpoint
        self._headers = headers
        self._received: deque[Packet] = deque()

    async def open(self) -> None:
        answer = await self.request("GET", "EIO=4&transport=polling")
        assert answer.status == 200, answer
        assert answer.text[0] == "0", answer
        self.handshake = json.loads(answer.text[1:])

    async def request(self, method: str, query: str, body: Any = None) -> Answer:
        url = self._endpoint.http(query)
        async with (
            asyncio.timeout(WITHIN_S),
            self._http.request(method, url, data=body, headers=self._headers) as response,
        ):
            return Answer(response.status, await response.text(), dict(response.headers))

    async def poll(self) -> Answer:
        return await self.request("GET", f"EIO=4&transport=polling&sid={self.sid}")

    async def push(self, body: Any) -> Answer:
        return await self.request("POST", f"EIO=4&transport=polling&sid={self.sid}", body)

    async def send(self, *packets: Packet) -> None:
        answer = await self._send(packets)
        assert (answer.status, answer.text) == (200, "ok"), answer

    async def is_refused(self, *packets: Packet) -> bool:
        # 200 where the packet had to wait for its turn, and was found malformed then.
        return (await self._send(packets)).status in (200, 400) and await self.closed() == 400

    async def _send(self, packets: Sequence[Packet]) -> Answer:
        return await self.push(SEPARATOR.join(map(_to_text, packets)))

    async def receive_any(self) -> Packet:
        while not self._received:
            answer = await self.poll()
            if answer.status != 200:
                raise Closed(answer.status)
            self._received.extend(from_payload(answer.text))
        return self._received.popleft()


def _to_text(packet: Packet) -> str:
    return packet if isinstance(packet, str) else "b" + base64.b64encode(packet).decode()


def from_payload(text: str) -> list[Packet]:
    return [_from_text(packet) for packet in text.split(SEPARATOR)]


def _from_text(packet: str) -> Packet:
    return base64.b64decode(packet[1:]) if packet[0] == "b" else packet


class Clients:
    """Opens clients and closes them when the test is over."""

    def __init__(self, stack: AsyncExitStack, http: ClientSession) -> None:
        self._stack = stack
        self.http = http

    async def open(self, transport: str, endpoint: Endpoint, headers: dict[str, str] | None = None) -> Client:
        if transport == "websocket":
            return await self.websocket(endpoint, headers=headers)
        return await self.polling(endpoint, headers)

    async def polling(self, endpoint: Endpoint, headers: dict[str, str] | None = None) -> PollingClient:
        client = PollingClient(self.http, endpoint, headers or {})
        await client.open()
        return client

    async def websocket(self, endpoint: Endpoint, headers: dict[str, str] | None = None) -> WebSocketClient:
        client = await self.connect(endpoint, "EIO=4&transport=websocket", headers)
        packet = await client.receive_any()
        assert isinstance(packet, str)
        assert packet[0] == "0", packet
        client.handshake = json.loads(packet[1:])
        return client

    async def probe(self, endpoint: Endpoint, polling: Client) -> WebSocketClient:
        """A WebSocket for a polling session, before its first packet."""
        client = await self.connect(endpoint, f"EIO=4&transport=websocket&sid={polling.sid}")
        client.handshake = polling.handshake
        return client

    async def upgrade(self, endpoint: Endpoint, polling: Client) -> WebSocketClient:
        """The whole upgrade, for a session whose poll is not waiting."""
        client = await self.probe(endpoint, polling)
        await client.send("2probe")
        assert await client.receive_any() == "3probe"
        await client.send("5")
        return client

    async def upgrade_while_polling(
        self, endpoint: Endpoint, polling: PollingClient, poll: asyncio.Task[Answer]
    ) -> tuple[WebSocketClient, list[Packet]]:
        """The upgrade as clients do it: the waiting poll ends before the upgrade packet. Also what the poll brought."""
        client = await self.probe(endpoint, polling)
        await client.send("2probe")
        assert await client.receive_any() == "3probe"
        last = from_payload((await poll).text)
        await client.send("5")
        return client, last

    async def connect(
        self, endpoint: Endpoint, query: str, headers: dict[str, str] | None = None
    ) -> WebSocketClient:
        ws = await connect(
            endpoint.ws(query),
            additional_headers=headers,
            compression=None,
            ping_interval=None,
            max_size=None,
            # What a test does not read must not stand before the answer to its close frame.
            max_queue=None,
            proxy=None,
        )
        client = WebSocketClient(ws)
        self._stack.push_async_callback(client.close)
        return client
