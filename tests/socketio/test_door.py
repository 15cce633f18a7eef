"""Who may come in, over the wire: what those hear who may not, and that everybody who came is counted out again."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientConnectionError
from websockets.exceptions import InvalidStatus

from stockent.socketio import Limits, Proxies, Server, Socket, TurnedAway
from tests.waiting import poll_until

from .conftest import OpenTcp
from .frames import upgrade_head
from .serving import Endpoint, running
from .wire import Clients

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])
QUERY = "EIO=4&transport="
FORWARDED = "X-Forwarded-For"


class Turnstile:
    """A door that lets in so many at a time, and knows who is inside."""

    def __init__(self, *, connections: int = 1_000, sessions: int = 1_000, abruptly: bool = False) -> None:
        self.most_connections = connections
        self.most_sessions = sessions
        self.abruptly = abruptly
        self.connections: Counter[str] = Counter()
        self.sessions: Counter[str] = Counter()

    def connected(self, peer: str) -> TurnedAway | None:
        self.connections[peer] += 1
        if self.connections.total() > self.most_connections:
            return TurnedAway(503, "Full", 7, self.abruptly)
        return None

    def disconnected(self, peer: str) -> None:
        self.connections[peer] -= 1

    def admit(self, address: str) -> TurnedAway | None:
        full = self.sessions.total() >= self.most_sessions
        return TurnedAway(429, "Too many sessions", 7) if full else None

    def opened(self, address: str) -> None:
        self.sessions[address] += 1

    def closed(self, address: str) -> None:
        self.sessions[address] -= 1


@asynccontextmanager
async def serving(
    door: Turnstile, *, limits: Limits | None = None, proxies: Proxies | None = None
) -> AsyncIterator[Endpoint]:
    server = Server(door=door, limits=limits)

    @server.of("/").on_connect
    def connect(socket: Socket) -> None:
        socket.emit("address", socket.request.address)

    async with running(server, door=door, proxies=proxies) as endpoint:
        yield endpoint


@TRANSPORTS
async def test_everybody_who_came_is_counted_out_again(clients: Clients, transport: str) -> None:
    door = Turnstile()
    async with serving(door) as endpoint:
        client = await clients.open(transport, endpoint)
        assert (door.sessions["127.0.0.1"], door.connections["127.0.0.1"]) == (1, 1)
        await client.send("1")
        await poll_until(lambda: not door.sessions.total())
    await poll_until(lambda: not door.connections.total())


async def test_an_upgraded_session_is_one_session_and_each_of_its_connections_counts(
    clients: Clients,
) -> None:
    door = Turnstile()
    async with serving(door) as endpoint:
        polling = await clients.polling(endpoint)
        upgraded = await clients.upgrade(endpoint, polling)
        assert door.sessions.total() == 1
        assert door.connections.total() == 2
        await upgraded.close()
        await poll_until(lambda: not door.sessions.total())
        await poll_until(lambda: door.connections.total() == 1)


async def test_a_connection_that_is_one_too_many_hears_503_with_the_time_and_heals(
    clients: Clients, tcp: OpenTcp
) -> None:
    door = Turnstile(connections=1)
    async with serving(door) as endpoint:
        first = await tcp(endpoint)
        await poll_until(lambda: door.connections.total() == 1)
        with pytest.raises(InvalidStatus) as refused:
            await clients.websocket(endpoint)
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"] == "7"
        async with clients.http.get(endpoint.http(QUERY + "polling")) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "7")
            assert await response.text() == "Full"
        await first.close()
        await poll_until(lambda: not door.connections.total())
        await (await clients.websocket(endpoint)).enter()


async def test_who_comes_in_goes_on_while_others_are_turned_away(clients: Clients, tcp: OpenTcp) -> None:
    door = Turnstile(connections=1)
    async with serving(door) as endpoint:
        inside = await clients.websocket(endpoint)
        for _ in range(20):
            outside = await tcp(endpoint)
            outside.send(upgrade_head(endpoint))
            assert (await outside.end()).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        await inside.enter()
        assert await inside.event() == ["address", "127.0.0.1"]


async def test_who_is_turned_away_abruptly_is_cut(clients: Clients, tcp: OpenTcp) -> None:
    door = Turnstile(connections=0, abruptly=True)
    async with serving(door) as endpoint:
        connection = await tcp(endpoint)
        assert await connection.end() == b""
        with pytest.raises(ClientConnectionError):
            await clients.http.get(endpoint.http(QUERY + "polling"))
        await poll_until(lambda: not door.connections.total())


async def test_who_is_turned_away_and_says_nothing_is_cut_at_the_time_for_a_head(tcp: OpenTcp) -> None:
    door = Turnstile(connections=0)
    async with serving(door, limits=Limits(head_timeout_s=0.05)) as endpoint:
        connection = await tcp(endpoint)
        assert await connection.end() == b""
        await poll_until(lambda: not door.connections.total())


async def test_a_session_too_many_is_refused_with_429_and_heals(clients: Clients) -> None:
    door = Turnstile(sessions=1)
    async with serving(door) as endpoint:
        first = await clients.websocket(endpoint)
        with pytest.raises(InvalidStatus) as refused:
            await clients.websocket(endpoint)
        response = refused.value.response
        assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
        async with clients.http.get(endpoint.http(QUERY + "polling")) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
            assert await answer.json() == {"code": 3, "message": "Too many sessions"}
        await first.send("1")
        await poll_until(lambda: not door.sessions.total())
        await (await clients.polling(endpoint)).enter()


async def test_a_session_that_is_there_already_may_upgrade_where_no_other_may_come(clients: Clients) -> None:
    door = Turnstile(sessions=1)
    async with serving(door) as endpoint:
        polling = await clients.polling(endpoint)
        upgraded = await clients.upgrade(endpoint, polling)
        await upgraded.enter()


@TRANSPORTS
async def test_a_session_belongs_to_whom_a_trusted_proxy_names(clients: Clients, transport: str) -> None:
    door = Turnstile()
    async with serving(door) as endpoint:
        client = await clients.open(transport, endpoint, {FORWARDED: "198.51.100.9, 192.0.2.1"})
        await client.enter()
        assert await client.event() == ["address", "192.0.2.1"]
        assert door.sessions == Counter({"192.0.2.1": 1})
        assert door.connections.keys() == {"127.0.0.1"}


@TRANSPORTS
async def test_what_an_untrusted_peer_writes_changes_nothing(clients: Clients, transport: str) -> None:
    door = Turnstile()
    async with serving(door, proxies=Proxies(())) as endpoint:
        client = await clients.open(transport, endpoint, {FORWARDED: "192.0.2.1"})
        await client.enter()
        assert await client.event() == ["address", "127.0.0.1"]
        assert door.sessions == Counter({"127.0.0.1": 1})


async def test_several_forwarded_headers_are_one_chain(tcp: OpenTcp) -> None:
    """A client's own header stands before the one that the proxy adds."""
    door = Turnstile()
    async with serving(door) as endpoint:
        forged = [f"{FORWARDED}: 198.51.100.9", f"{FORWARDED}: 192.0.2.1"]
        websocket = await tcp(endpoint)
        websocket.send(upgrade_head(endpoint, headers=forged))
        assert b" 101 " in await websocket.head()
        polling = await tcp(endpoint)
        head = f"GET {endpoint.path}?{QUERY}polling HTTP/1.1\r\nHost: x\r\n" + "\r\n".join(forged)
        polling.send(head.encode() + b"\r\n\r\n")
        assert b" 200 " in await polling.head()
        assert door.sessions == Counter({"192.0.2.1": 2})


async def test_an_application_beside_it_sees_whom_a_trusted_proxy_names(clients: Clients) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    for proxies in (Proxies(), Proxies(())):
        async with running(Server(), app=app, proxies=proxies) as endpoint:
            for headers in ({}, {FORWARDED: "198.51.100.9, 192.0.2.1"}):
                async with clients.http.get(endpoint.origin, headers=headers):
                    pass
    assert seen == ["127.0.0.1", "192.0.2.1", "127.0.0.1", "127.0.0.1"]
