"""The clients that the check looks at the server with: aiohttp for HTTP, python-socketio for sockets.

Neither was made by us, and nothing of the server's own code is used here: what they see is what anybody's client sees.
"""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import aiohttp
import socketio  # type: ignore[import-untyped]

from .failures import StepFailed, same, shown

#: How long one answer may take before the step fails.
ANSWER_TIMEOUT_S = 5.0

WEBSOCKET = "websocket"
POLLING = "polling"

#: Both libraries print to standard error unless they are given a logger.
_silent = logging.getLogger("stockent.check.clients")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class Answer(NamedTuple):
    status: int
    body: Any


class Fetched(NamedTuple):
    """`headers` by lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Person:
    """Somebody with a token, over HTTP. `label` names them in reports."""

    def __init__(self, label: str, user_id: str, token: str, url: str, http: aiohttp.ClientSession) -> None:
        self.label = label
        self.user_id = user_id
        self.token = token
        self.url = url
        self._http = http

    async def request(
        self, method: str, path: str, body: object = None, *, params: Mapping[str, str | int] | None = None
    ) -> Answer:
        """The status and the decoded JSON, None for a body that is none."""
        url = self.url + path
        return await request(self._http, method, url, body, params=params, headers=self._authorized())

    async def done(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int = 200,
        params: Mapping[str, str | int] | None = None,
    ) -> Any:
        """The body of a request that must be answered with `status`."""
        answer = await self.request(method, path, body, params=params)
        if answer.status != status:
            raise StepFailed(
                f"{method} {path} by {self.label}: {status}", f"{answer.status} {shown(answer.body)}"
            )
        return answer.body

    async def refused(
        self, method: str, path: str, body: object = None, *, status: int, code: str
    ) -> dict[str, Any]:
        """The problem of a request that must be refused."""
        answer = await self.request(method, path, body)
        came = answer.body.get("code") if isinstance(answer.body, dict) else None
        if (answer.status, came) != (status, code):
            raise StepFailed(
                f"{method} {path} by {self.label}: refused with {status} {code}",
                f"{answer.status} {shown(answer.body)}",
            )
        problem: dict[str, Any] = answer.body
        return problem

    async def send_bytes(self, path: str, content: bytes) -> Answer:
        """PATCH with the bytes as they are."""
        headers = self._authorized() | {"Content-Type": "application/octet-stream"}
        async with self._http.patch(
            self.url + path, data=content, headers=headers, timeout=_timeout(), allow_redirects=False
        ) as response:
            return Answer(response.status, await response.json(content_type=None))

    async def fetch(self, path: str, **headers: str) -> Fetched:
        """A file, wherever the server sends one for it."""
        headers |= self._authorized()
        async with self._http.get(self.url + path, headers=headers, timeout=_timeout()) as response:
            named = {name.lower(): value for name, value in response.headers.items()}
            return Fetched(response.status, named, await response.read())

    def _authorized(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def _timeout() -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)


async def request(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    body: object = None,
    *,
    params: Mapping[str, str | int] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    async with http.request(
        method, url, json=body, params=params, headers=headers, timeout=_timeout(), allow_redirects=False
    ) as response:
        raw = await response.read()
        return Answer(response.status, await response.json(content_type=None) if raw else None)


class Heard(NamedTuple):
    event: str
    payload: Any


class ConnectRefused(Exception):
    """The server answered the connection with `connect_error`; `code` is that of its data."""

    def __init__(self, code: object) -> None:
        super().__init__(str(code))
        self.code = code


class Device:
    """One socket of one person, and everything that it has heard. It never reconnects by itself."""

    def __init__(self, person: Person, place: str, transport: str) -> None:
        self.person = person
        self.transport = transport
        self.label = f"{person.label}'s {place} ({transport})"
        self.heard: list[Heard] = []
        self._tcp: list[sockets.socket] = []
        self._http: aiohttp.ClientSession | None = None
        self._refusal: Any = None
        self._client: Any = None
        self._gone = asyncio.Event()

    async def connect(self, *, token: str | None = None) -> None:
        """Connect with the person's token, or another. Raises `ConnectRefused`."""
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(socket_factory=self._open_tcp, force_close=False),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._client = client = socketio.AsyncClient(
            reconnection=False,
            logger=_silent,
            engineio_logger=_silent,
            handle_sigint=False,
            http_session=self._http,
            request_timeout=ANSWER_TIMEOUT_S,
        )
        client.on("*", self._hear)
        client.on("connect_error", self._hear_refusal)
        client.on("disconnect", lambda _reason: self._gone.set())
        token = self.person.token if token is None else token
        try:
            await client.connect(
                self.person.url,
                auth={"token": token} if token else {},
                transports=[self.transport],
                wait_timeout=ANSWER_TIMEOUT_S,
            )
        except socketio.exceptions.ConnectionError as error:
            await self.close()
            if self._refusal is None:
                raise StepFailed(f"{self.label} connects", str(error)) from None
            data = self._refusal.get("data") if isinstance(self._refusal, dict) else None
            raise ConnectRefused(data.get("code") if isinstance(data, dict) else self._refusal) from None

    @property
    def socket_id(self) -> str:
        """Its id at the server, while it is connected."""
        return str(self._client.get_sid())

    @property
    def connected(self) -> bool:
        return self._client is not None and bool(self._client.connected)

    async def command(self, name: str, argument: object) -> dict[str, Any]:
        """The ack of a command, whatever it says."""
        try:
            ack = await self._client.call(name, argument, timeout=ANSWER_TIMEOUT_S)
        except socketio.exceptions.SocketIOError as error:
            raise StepFailed(f"{name} by {self.label}: an ack", f"none ({type(error).__name__})") from None
        if not isinstance(ack, dict):
            raise StepFailed(f"{name} by {self.label}: an ack that is an object", shown(ack))
        return ack

    async def emit(self, name: str, argument: object) -> None:
        """Give a command without asking for its ack."""
        await self._client.emit(name, argument)

    async def done(self, name: str, **argument: object) -> dict[str, Any]:
        """The ack of a command that must succeed. Names are the wire's, in camelCase."""
        ack = await self.command(name, argument)
        if ack.get("ok") is not True:
            raise StepFailed(f"{name} by {self.label}: ok", shown(ack))
        return ack

    async def refused(self, name: str, *, code: str, **argument: object) -> dict[str, Any]:
        """The error of a command that must be refused with `code`."""
        ack = await self.command(name, argument)
        error = ack.get("error")
        if ack.get("ok") is not False or not isinstance(error, dict) or error.get("code") != code:
            raise StepFailed(f"{name} by {self.label}: refused with {code}", shown(ack))
        return error

    async def settle(self) -> None:
        """Return when everything that the server sent so far has arrived.

        A socket's packets come in order, so an ack that is asked for now is behind them. Leaving a room that the
        socket is not in is the cheapest of commands.
        """
        await self.done("leave_conversation", conversationId="settle")

    async def first(self, event: str, *, since: int = 0, timeout_s: float = ANSWER_TIMEOUT_S) -> Any:
        """The payload of the first such event, waiting for it if need be; `since` so many that were heard before."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while True:
                    for heard in self.heard[since:]:
                        if heard.event == event:
                            return heard.payload
                    await asyncio.sleep(0.01)
        raise StepFailed(f"{self.label}: {event}", shown([heard.event for heard in self.heard[since:]]))

    async def cut(self) -> None:
        """End the TCP connections under the socket: no close frame, no goodbye, as when a network goes away."""
        for tcp in self._tcp:
            with suppress(OSError):
                tcp.shutdown(sockets.SHUT_RDWR)
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await self._gone.wait()
        await self.close()

    async def close(self) -> None:
        """Idempotent, and never the reason why a check fails."""
        with suppress(socketio.exceptions.SocketIOError, aiohttp.ClientError, TimeoutError, OSError):
            if self._client is not None:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    await self._client.disconnect()
        if self._http is not None:
            await self._http.close()
        self._tcp.clear()

    def _open_tcp(self, address: Any) -> sockets.socket:
        family, kind, protocol, _, _ = address
        tcp = sockets.socket(family, kind, protocol)
        self._tcp.append(tcp)
        return tcp

    def _hear(self, event: str, *args: Any) -> None:
        self.heard.append(Heard(event, args[0] if len(args) == 1 else list(args)))

    def _hear_refusal(self, refusal: Any = None) -> None:
        self._refusal = refusal


@contextmanager
def expect_refusal(what: str, code: str) -> Iterator[None]:
    """Raise `StepFailed` unless what stands inside is refused with this code of `connect_error`."""
    try:
        yield
    except ConnectRefused as refusal:
        same(f"{what}: connect_error with code", refusal.code, code)
    else:
        raise StepFailed(f"{what}: connect_error with code {code}", "a connection")
