"""Polling requests as no client should send them: too large, too slow, too many, or with heads of their own making."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from io import BytesIO

import pytest

from stockent.socketio import Limits, Server, Socket
from tests.waiting import poll_until

from .conftest import OpenTcp, Serve
from .frames import Tcp
from .serving import Endpoint
from .wire import Clients, PollingClient

LIMITS = Limits(max_payload_bytes=10_000, max_packets_per_body=100, body_timeout_s=0.15)


@pytest.fixture
def handled() -> list[object]:
    return []


@pytest.fixture
def server(handled: list[object]) -> Server:
    server = Server(limits=LIMITS)

    @server.of("/").on("m")
    def handle(socket: Socket, *args: object) -> tuple[object, ...]:
        handled.extend(args)
        return args

    return server


@pytest.fixture
async def endpoint(server: Server, serve: Serve) -> Endpoint:
    return await serve(server)


@pytest.fixture
async def client(endpoint: Endpoint, clients: Clients) -> PollingClient:
    client = await clients.polling(endpoint)
    await client.enter()
    return client


async def is_well(client: PollingClient) -> bool:
    await client.send('421["m","well"]')
    return await client.receive() == '431["well"]'


def head(endpoint: Endpoint, client: PollingClient, *lines: str) -> bytes:
    return "\r\n".join(
        [
            f"POST {endpoint.path}?EIO=4&transport=polling&sid={client.sid} HTTP/1.1",
            f"Host: 127.0.0.1:{endpoint.port}",
            *lines,
            "\r\n",
        ]
    ).encode()


async def status(connection: Tcp) -> int:
    return int((await connection.head()).split(b" ", 2)[1])


# too large


async def test_a_body_of_exactly_the_limit_is_read(client: PollingClient, handled: list[object]) -> None:
    filling = LIMITS.max_payload_bytes - len('42["m",""]')

    await client.send(f'42["m","{"x" * filling}"]')

    await poll_until(lambda: handled)
    assert handled == ["x" * filling]


async def test_a_body_that_announces_too_much_is_refused_before_it_comes(
    client: PollingClient, endpoint: Endpoint, tcp: OpenTcp
) -> None:
    connection = await tcp(endpoint)

    connection.send(head(endpoint, client, "Content-Length: 10001"))

    assert await status(connection) == 413
    await connection.end()
    assert await is_well(client)


async def test_a_body_that_announces_nothing_is_refused_at_the_limit(
    client: PollingClient, endpoint: Endpoint, tcp: OpenTcp, handled: list[object]
) -> None:
    connection = await tcp(endpoint)
    chunk = b"3e8\r\n" + b"x" * 1_000 + b"\r\n"

    connection.send(head(endpoint, client, "Transfer-Encoding: chunked") + chunk * 10)
    connection.send(chunk)

    assert await status(connection) == 413
    await connection.end()
    assert handled == []
    assert await is_well(client)


async def test_a_body_in_chunks_within_the_limit_is_read(
    client: PollingClient, handled: list[object]
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'42["m"', b",1]\x1e4", b'2["m",2]'):
            yield piece

    assert (await client.push(pieces())).status == 200

    assert handled == [1, 2]


@pytest.mark.parametrize("length", ["-1", "abc", "1_0", "0x10", "²", "9" * 400, "1, 2"])
async def test_a_length_that_is_no_number_opens_no_door(
    client: PollingClient, endpoint: Endpoint, tcp: OpenTcp, length: str, handled: list[object]
) -> None:
    connection = await tcp(endpoint)

    connection.send(head(endpoint, client, f"Content-Length: {length}") + b'42["m",1]')

    assert await status(connection) in (400, 413)
    assert handled == []
    assert await is_well(client)


async def test_a_length_beside_chunks_is_refused(
    client: PollingClient, endpoint: Endpoint, tcp: OpenTcp, handled: list[object]
) -> None:
    """CVE-2025-43859: what two readers of one head understand differently."""
    connection = await tcp(endpoint)

    lines = ("Content-Length: 9", "Transfer-Encoding: chunked")
    connection.send(head(endpoint, client, *lines) + b'0\r\n\r\n42["m",1]')

    assert await status(connection) == 400
    assert handled == []


# too slow


async def test_a_body_that_comes_too_slowly_is_refused_at_its_deadline(
    client: PollingClient, endpoint: Endpoint, tcp: OpenTcp, handled: list[object]
) -> None:
    connection = await tcp(endpoint)
    connection.send(head(endpoint, client, "Content-Length: 9"))

    async def drip() -> None:
        for byte in b'42["m",1]':
            connection.send(bytes([byte]))
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert await status(connection) == 408
    await connection.end()
    dripping.cancel()

    assert handled == []
    assert await is_well(client)


async def test_a_body_that_breaks_off_is_forgotten(
    client: PollingClient, endpoint: Endpoint, tcp: OpenTcp, handled: list[object]
) -> None:
    connection = await tcp(endpoint)
    connection.send(head(endpoint, client, "Content-Length: 1000") + b'42["m",1]\x1e42["m",2]')
    await connection.writer.drain()

    connection.reset()

    await poll_until_pushable(client)
    assert handled == ["again"]


async def poll_until_pushable(client: PollingClient) -> None:
    """The server learns of the reset a little later than the test; until then the first body is being read."""
    other = await client.request("GET", "EIO=4&transport=polling")
    assert other.status == 200
    await client.send('42["m","again"]')


# too many


async def test_a_body_of_as_many_packets_as_allowed_is_read_in_order(
    client: PollingClient, handled: list[object]
) -> None:
    await client.send(*(f'42["m",{number}]' for number in range(100)))

    assert handled == list(range(100))


async def test_a_body_of_one_packet_too_many_is_refused_whole(
    client: PollingClient, handled: list[object]
) -> None:
    assert await client.is_refused(*(f'42["m",{number}]' for number in range(101)))

    assert handled == []


async def test_a_body_of_a_million_packets_is_refused_at_once(serve: Serve, clients: Clients) -> None:
    """CVE-2020-36049."""
    server = Server(limits=Limits(max_payload_bytes=2_000_000))
    server.of("/")
    client = await clients.polling(await serve(server))
    body = BytesIO(b"\x1e".join([b"4"] * 1_000_000))
    started = time.process_time()

    assert (await client.push(body)).status == 400

    # Both sides of the wire, and two megabytes through it.
    assert time.process_time() - started < 0.3


async def test_packets_before_the_broken_one_are_handled_and_none_behind_it(
    client: PollingClient, handled: list[object]
) -> None:
    assert await client.is_refused('42["m",1]', "4garbage", '42["m",2]')

    assert handled == [1]


# heads


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("%00", 400),
        ("EIO=4&transport=polling&sid=../../etc/passwd", 400),
        ("EIO=4&transport=polling&sid=%ff%fe", 400),
        ("EIO=4&transport=polling&" + "&".join(f"k{number}=v" for number in range(100)), 200),
        ("EIO=4&transport=polling&" + "x" * 2_100, 400),
        ("EIO=4;transport=polling", 400),
    ],
)
async def test_a_strange_query_is_answered(
    endpoint: Endpoint, tcp: OpenTcp, query: str, expected: int
) -> None:
    connection = await tcp(endpoint)

    connection.send(f"GET {endpoint.path}?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    assert await status(connection) == expected


@pytest.mark.parametrize(
    "path", ["/socket.io/../socket.io/", "/socket.io//", "/SOCKET.IO/", "/socket.io/x", "//socket.io/"]
)
async def test_only_the_path_itself_is_the_endpoint(endpoint: Endpoint, tcp: OpenTcp, path: str) -> None:
    connection = await tcp(endpoint)

    connection.send(f"GET {path}?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    assert await status(connection) == 404
