"""The listener: both transports and an application on one port, the end by a signal, and the package as a program."""

from __future__ import annotations

import asyncio
import io
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import ClientSession

from stockent.socketio import Limits, Reason, Server, Socket, listener, serve
from tests.waiting import poll_until

from .frames import upgrade_head
from .serving import Endpoint, is_polled, running
from .wire import Clients


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application beside the sockets."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def waited(duration_s: float) -> None:
    """Where time itself is what is tested."""
    loop = asyncio.get_running_loop()
    end = loop.time() + duration_s
    await poll_until(lambda: loop.time() > end)


async def test_an_application_shares_the_port(clients: Clients) -> None:
    server = Server()
    server.of("/")
    async with running(server, app=hello) as endpoint:
        async with clients.http.get(f"{endpoint.origin}/anything") as response:
            assert await response.text() == "hello"
        assert await (await clients.websocket(endpoint)).enter()
        assert await (await clients.polling(endpoint)).enter()


@pytest.mark.parametrize("begun", [b"", b"GET /anything HTTP/1.1\r\nHost: a\r\n"])
async def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(begun: bytes) -> None:
    async with running(Server(limits=Limits(head_timeout_s=0.1)), app=hello) as endpoint:
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        writer.write(begun)
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_half_a_head_behind_an_answered_request_is_not_waited_for_either() -> None:
    async with running(Server(limits=Limits(head_timeout_s=0.1)), app=hello) as endpoint:
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        writer.write(b"GET /anything HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /any")
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_an_answered_connection_outlives_the_time_for_heads(clients: Clients) -> None:
    server = Server(limits=Limits(head_timeout_s=0.1))
    server.of("/").on("who")(lambda socket: "me")
    async with running(server, app=hello) as endpoint:
        client = await clients.websocket(endpoint)
        await client.enter()
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        for _ in range(2):
            writer.write(b"GET /anything HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readuntil(b"hello")
            await waited(0.2)
        await client.send('421["who"]')
        assert await client.receive() == '431["me"]'
        writer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Header: some-value\r\n" * 3_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a:b\r\n" * 100 + b"\r\n",
        upgrade_head(Endpoint(80), headers=["a: b"] * 100),
        upgrade_head(Endpoint(80), headers=["a: " + "b" * 40_000]),
    ],
    ids=[
        "address",
        "one header",
        "many headers",
        "small headers",
        "headers of an upgrade",
        "a header of an upgrade",
    ],
)
async def test_a_head_over_its_limit_is_refused(head: bytes) -> None:
    async with running(Server(), app=hello) as endpoint:
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        writer.write(head)
        answer = b""
        with suppress(ConnectionResetError):
            answer = await asyncio.wait_for(reader.read(), 5)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
        assert b"hello" not in answer
        writer.close()


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: ",
    ],
    ids=["address", "header", "trailer"],
)
async def test_a_line_that_does_not_end_is_refused_while_it_comes(begun: bytes) -> None:
    """50 MB within the time that a head has: it would all be kept."""

    async def read_on(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async with running(Server(), app=read_on) as endpoint:
        _, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        writer.write(begun)
        sent = 0
        with suppress(ConnectionError):
            while sent < 50_000_000:
                writer.write(b"a" * 10_000)
                await writer.drain()
                sent += 10_000
        assert sent < 50_000_000
        writer.close()


async def test_a_long_body_is_no_line(clients: Clients) -> None:
    async def count(scope: Any, receive: Any, send: Any) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(size).encode()})

    async with (
        running(Server(), app=count) as endpoint,
        clients.http.post(f"{endpoint.origin}/", data=io.BytesIO(b"x" * 5_000_000)) as answer,
    ):
        assert await answer.text() == "5000000"


async def test_a_head_of_as_many_headers_as_allowed_is_answered() -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a:b\r\n" * 98 + b"Connection: close\r\n\r\n"
    async with running(Server(), app=hello) as endpoint:
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        writer.write(head)
        assert (await asyncio.wait_for(reader.read(), 5)).endswith(b"hello")
        writer.close()


@pytest.mark.parametrize(("count", "answered"), [(17, 17), (18, 0), (3_000, 0)])
async def test_requests_behind_each_other_wait_up_to_their_limit(count: int, answered: int) -> None:
    """One is being answered and 16 wait; with one more the connection ends, and nothing is kept of it."""
    last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    async with running(Server(), app=hello) as endpoint:
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * (count - 1) + last)
        answer = b""
        with suppress(ConnectionResetError):
            answer = await asyncio.wait_for(reader.read(), 5)
        assert answer.count(b"hello") == answered
        assert answered or not answer or answer.startswith(b"HTTP/1.1 400")
        writer.close()


async def test_two_servers_share_the_port(clients: Clients) -> None:
    first, second = Server(path="/first/"), Server(path="/second/")
    first.of("/").on("who")(lambda socket: "first")
    second.of("/").on("who")(lambda socket: "second")
    async with running(first, second.engine) as endpoint:
        await second.start()
        for name in ("first", "second"):
            client = await clients.websocket(endpoint.at(f"/{name}/"))
            await client.enter()
            await client.send('421["who"]')
            assert await client.receive() == f'431["{name}"]'
        await second.stop()


async def test_a_listener_stops_when_asked_and_tells_everybody_first(clients: Clients) -> None:
    server, ended = Server(), list[str]()
    server.of("/").on_disconnect(lambda socket, reason: ended.append(reason))
    await server.start()
    port_listener = listener([server.engine], host="127.0.0.1", port=0, before_stop=server.stop)
    serving = asyncio.create_task(port_listener.serve())
    await poll_until(lambda: port_listener.started)
    endpoint = Endpoint(port_listener.port)
    websocket, polling = await clients.websocket(endpoint), await clients.polling(endpoint)
    await websocket.enter()
    socket = server.of("/").sockets[await polling.enter()]
    poll = asyncio.create_task(polling.poll())
    await poll_until(lambda: is_polled(socket))

    port_listener.should_exit = True

    assert await websocket.closed() == 1001
    assert (await poll).text == "6"
    await asyncio.wait_for(serving, 5)
    assert ended == [Reason.SHUTTING_DOWN] * 2
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", endpoint.port)


async def test_serve_takes_a_port_in_use_as_an_error(clients: Clients) -> None:
    async with running(Server()) as endpoint:
        with pytest.raises(SystemExit):
            await serve(Server(), port=endpoint.port)


# the package as a program


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "stockent.socketio", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def answers(http: ClientSession, endpoint: Endpoint) -> bool:
    try:
        async with http.get(endpoint.http("EIO=4&transport=polling")) as response:
            return response.status == 200
    except OSError:
        return False


async def until_it_answers(http: ClientSession, endpoint: Endpoint) -> None:
    async with asyncio.timeout(10):
        while not await answers(http, endpoint):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_the_program_serves_both_protocols_until_a_signal(
    clients: Clients, free_port: int, name: signal.Signals
) -> None:
    endpoint = Endpoint(free_port)
    async with program("--port", str(free_port)) as process:
        await until_it_answers(clients.http, endpoint)
        frames = await clients.websocket(endpoint.at("/engine.io/"))
        await frames.send("4hello")
        assert await frames.receive() == "4hello"
        sockets = await clients.websocket(endpoint)
        await sockets.enter("/custom", {"a": 1})
        assert await sockets.event("/custom") == ["auth", {"a": 1}]

        process.send_signal(name)

        assert await sockets.closed() == 1001
        assert await frames.closed() == 1001
        await poll_until(lambda: process.poll() is not None)
        assert process.returncode == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


# the docstring's promise


async def test_ten_lines_are_an_echo_server(clients: Clients) -> None:
    server = Server()
    chat = server.of("/")

    @chat.on("message")
    def message(socket: Socket, *args: Any) -> tuple[Any, ...]:
        socket.emit("message-back", *args)
        return args

    async with running(server) as endpoint:
        client = await clients.websocket(endpoint)
        await client.enter()
        await client.send('421["message","hi",{"n":1}]')
        assert await client.receive_many(2) == ['42["message-back","hi",{"n":1}]', '431["hi",{"n":1}]']
