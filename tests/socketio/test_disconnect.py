"""How a socket ends: the reason that its handler is told, what the client sees, and that nothing of it stays behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from stockent.socketio import Limits, Namespace, Reason, Server, Socket
from stockent.socketio.connection import Connection
from tests.waiting import poll_until

from .conftest import OpenTcp, Serve
from .frames import CLOSE, TEXT, encode, upgrade_head
from .serving import Endpoint, is_polled
from .wire import Client, Clients, PollingClient, WebSocketClient

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])


class Watched:
    """A server that keeps the reason of every socket's end."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.server = Server(limits=limits)
        self.namespace: Namespace = self.server.of("/")
        self.reasons: list[str] = []

        @self.namespace.on_disconnect
        def ended(socket: Socket, reason: str) -> None:
            assert not socket.connected
            assert socket.rooms is None
            self.reasons.append(reason)

    def socket(self) -> Socket:
        (socket,) = self.namespace.sockets.values()
        return socket

    async def ended(self) -> str:
        """The reason of the only end so far."""
        await poll_until(lambda: self.reasons)
        (reason,) = self.reasons
        return reason


async def leave_namespace(client: Client) -> None:
    await client.send("41")


async def close_session(client: Client) -> None:
    await client.send("1")


async def send_garbage(client: Client) -> None:
    assert await client.is_refused("4garbage")


async def close_websocket(client: Client) -> None:
    assert isinstance(client, WebSocketClient)
    await client.ws.close()


async def abort_websocket(client: Client) -> None:
    assert isinstance(client, WebSocketClient)
    client.ws.transport.abort()


async def poll_twice(client: Client) -> None:
    assert isinstance(client, PollingClient)
    await asyncio.gather(client.poll(), client.poll())


async def break_a_fragment(client: Client) -> None:
    assert isinstance(client, WebSocketClient)
    client.ws.transport.write(encode(0, b"continues nothing"))


ENDS: list[tuple[str, Callable[[Client], Awaitable[None]], str]] = [
    ("websocket", leave_namespace, Reason.CLIENT_DISCONNECT),
    ("polling", leave_namespace, Reason.CLIENT_DISCONNECT),
    ("websocket", close_session, Reason.TRANSPORT_CLOSE),
    ("polling", close_session, Reason.TRANSPORT_CLOSE),
    ("websocket", close_websocket, Reason.TRANSPORT_CLOSE),
    ("websocket", abort_websocket, Reason.TRANSPORT_CLOSE),
    ("websocket", send_garbage, Reason.PARSE_ERROR),
    ("polling", send_garbage, Reason.PARSE_ERROR),
    ("websocket", break_a_fragment, Reason.TRANSPORT_ERROR),
    ("polling", poll_twice, Reason.TRANSPORT_ERROR),
]


@pytest.mark.parametrize(("transport", "end", "reason"), ENDS)
async def test_the_client_ends_it(
    serve: Serve,
    clients: Clients,
    transport: str,
    end: Callable[[Client], Awaitable[None]],
    reason: str,
) -> None:
    watched = Watched()
    client = await clients.open(transport, await serve(watched.server))
    await client.enter()
    watched.socket().join("room")

    await end(client)

    assert await watched.ended() == reason
    assert not watched.namespace.sockets
    assert len(watched.namespace.rooms) == 0


async def test_a_poll_that_its_client_cuts_off_ends_the_session(serve: Serve, clients: Clients) -> None:
    watched = Watched()
    client = await clients.polling(await serve(watched.server))
    await client.enter()
    poll = asyncio.create_task(client.poll())
    await poll_until(lambda: is_polled(watched.socket()))

    poll.cancel()

    assert await watched.ended() == Reason.TRANSPORT_ERROR
    assert (await client.poll()).status == 400


@TRANSPORTS
async def test_a_client_that_falls_silent_ends_by_ping_timeout(
    serve: Serve, clients: Clients, transport: str
) -> None:
    watched = Watched(Limits(ping_interval_s=0.05, ping_timeout_s=0.05))
    client = await clients.open(transport, await serve(watched.server))
    await client.enter()

    assert await watched.ended() == Reason.PING_TIMEOUT


@TRANSPORTS
async def test_the_server_ends_one_socket_and_the_other_namespace_stays(
    serve: Serve, clients: Clients, transport: str
) -> None:
    watched = Watched()
    watched.server.of("/other").on("m")(lambda socket: "alive")
    client = await clients.open(transport, await serve(watched.server))
    await client.enter()
    await client.enter("/other")

    watched.socket().disconnect()

    assert await watched.ended() == Reason.SERVER_DISCONNECT
    assert await client.receive() == "41"
    await client.send('42/other,1["m"]')
    assert await client.receive() == '43/other,1["alive"]'


@TRANSPORTS
@pytest.mark.parametrize("waiting", [True, False])
async def test_the_server_ends_the_connection_and_the_client_learns_it_after_what_was_sent_before(
    serve: Serve, clients: Clients, transport: str, *, waiting: bool
) -> None:
    watched = Watched()
    client = await clients.open(transport, await serve(watched.server))
    await client.enter()
    socket = watched.socket()
    first = asyncio.create_task(client.receive()) if waiting else None
    if waiting and transport == "polling":
        await poll_until(lambda: is_polled(socket))

    socket.emit("last", "words")
    socket.disconnect(close=True)
    socket.disconnect(close=True)

    assert await watched.ended() == Reason.SERVER_DISCONNECT
    assert await (first or client.receive()) == '42["last","words"]'
    assert await client.receive() == "41"
    if transport == "polling":
        assert await client.receive() == "1"
    assert await client.closed() in (1000, 400)


@pytest.mark.parametrize("waiting", [True, False])
async def test_a_polling_client_is_told_of_the_end_by_a_poll_of_its_own(
    serve: Serve, clients: Clients, *, waiting: bool
) -> None:
    """The JavaScript client handles a close before the packets beside it, and would come back."""
    watched = Watched()
    client = await clients.polling(await serve(watched.server))
    await client.enter()
    socket = watched.socket()
    poll = asyncio.create_task(client.poll()) if waiting else None
    if waiting:
        await poll_until(lambda: is_polled(socket))

    socket.emit("last", "words")
    socket.disconnect(close=True)

    assert (await (poll or client.poll())).text == '42["last","words"]\x1e41'
    assert (await client.poll()).text == "1"
    assert (await client.poll()).status == 400


async def test_a_polling_client_that_does_not_come_for_its_last_packets_is_forgotten(
    serve: Serve, clients: Clients
) -> None:
    watched = Watched(Limits(linger_s=0.02))
    client = await clients.polling(await serve(watched.server))
    await client.enter()

    watched.socket().disconnect(close=True)

    assert watched.server.engine.lingering
    await poll_until(lambda: not watched.server.engine.lingering)
    assert (await client.poll()).status == 400


async def test_all_sockets_of_a_connection_end_with_it(serve: Serve, clients: Clients) -> None:
    server, ended = Server(), list[tuple[str, str]]()
    for name in ("/a", "/b"):
        server.of(name).on_disconnect(lambda socket, reason: ended.append((socket.namespace.name, reason)))
    client = await clients.websocket(await serve(server))
    await client.enter("/a")
    await client.enter("/b")

    server.of("/a").sockets.copy().popitem()[1].disconnect(close=True)

    await poll_until(lambda: len(ended) == 2)
    assert ended == [("/a", Reason.SERVER_DISCONNECT), ("/b", Reason.FORCED_CLOSE)]


async def test_a_disconnect_handler_that_fails_is_logged_and_the_others_run(
    serve: Serve, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    server, ended = Server(), list[str]()

    @server.of("/a").on_disconnect
    def fail(socket: Socket, reason: str) -> None:
        raise ZeroDivisionError

    @server.of("/b").on_disconnect
    async def fail_later(socket: Socket, reason: str) -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    server.of("/c").on_disconnect(lambda socket, reason: ended.append(reason))
    client = await clients.websocket(await serve(server))
    for name in ("/a", "/b", "/c"):
        await client.enter(name)

    await client.send("1")

    await poll_until(lambda: ended and len(caplog.records) >= 2)
    assert [record.message for record in caplog.records if record.exc_info] == ["handler failed"] * 2


# stopping


@TRANSPORTS
async def test_stopping_ends_everybody_with_its_reason_and_waits_for_running_handlers(
    serve: Serve, clients: Clients, transport: str
) -> None:
    watched = Watched()
    begun, gate, finished = asyncio.Event(), asyncio.Event(), list[str]()

    @watched.namespace.on("work")
    async def work(socket: Socket) -> None:
        begun.set()
        await gate.wait()
        finished.append("work")

    client = await clients.open(transport, await serve(watched.server))
    await client.enter()
    await client.send('42["work"]')
    await begun.wait()

    stopping = asyncio.create_task(watched.server.stop(timeout_s=5))
    assert await client.closed() in (1001, 400)
    assert await watched.ended() == Reason.SHUTTING_DOWN
    assert not stopping.done()
    gate.set()
    await stopping

    assert finished == ["work"]
    assert not watched.server.engine.connections


async def test_a_handler_that_does_not_end_in_time_is_cancelled(serve: Serve, clients: Clients) -> None:
    watched = Watched()
    begun, cancelled = asyncio.Event(), asyncio.Event()

    @watched.namespace.on("work")
    async def work(socket: Socket) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    client = await clients.websocket(await serve(watched.server))
    await client.enter()
    await client.send('42["work"]')
    await begun.wait()

    await watched.server.stop(timeout_s=0.01)

    await asyncio.wait_for(cancelled.wait(), 1)


async def test_a_server_that_stops_takes_no_new_sessions(serve: Serve, clients: Clients) -> None:
    watched = Watched()
    endpoint = await serve(watched.server)

    await watched.server.stop()
    await watched.server.stop()

    async with clients.http.get(endpoint.http("EIO=4&transport=polling")) as response:
        assert response.status == 503
    with pytest.raises(Exception, match="HTTP 503"):
        await clients.connect(endpoint, "EIO=4&transport=websocket")


# nothing stays behind


def live_connections() -> int:
    gc.collect()
    return sum(isinstance(thing, Connection) for thing in gc.get_objects())


@pytest.fixture
def no_trace() -> Callable[[], bool]:
    """Whether every connection of this test is free. What another test's traceback still holds does not count."""
    before = live_connections()
    return lambda: live_connections() <= before


async def visit_by_websocket(endpoint: Endpoint, clients: Clients) -> None:
    client = await clients.websocket(endpoint)
    await client.enter()
    await client.ws.close()


async def visit_by_polling(endpoint: Endpoint, clients: Clients) -> None:
    client = await clients.polling(endpoint)
    await client.enter()
    await asyncio.gather(client.poll(), client.push("1"))


async def visit_by_upgrade(endpoint: Endpoint, clients: Clients) -> None:
    polling = await clients.polling(endpoint)
    await polling.enter()
    websocket = await clients.upgrade(endpoint, polling)
    await websocket.send('421["m"]')
    assert await websocket.receive() == "431[]"
    await websocket.ws.close()


async def visit_with_half_a_packet(endpoint: Endpoint, clients: Clients) -> None:
    client = await clients.websocket(endpoint)
    await client.enter()
    await client.send('452-["m",{"_placeholder":true,"num":0}]', b"x" * 100_000)
    client.ws.transport.abort()


async def visit_without_entering(endpoint: Endpoint, clients: Clients) -> None:
    client = await clients.websocket(endpoint)
    client.ws.transport.abort()


VISITS = [
    visit_by_websocket,
    visit_by_polling,
    visit_by_upgrade,
    visit_with_half_a_packet,
    visit_without_entering,
]


@pytest.mark.parametrize("visit", VISITS)
async def test_who_has_gone_leaves_no_trace(
    serve: Serve,
    clients: Clients,
    visit: Callable[[Endpoint, Clients], Awaitable[None]],
    no_trace: Callable[[], bool],
) -> None:
    server = Server(limits=Limits(linger_s=0.01, upgrade_timeout_s=0.2))
    namespace = server.of("/")
    namespace.on_connect(lambda socket: socket.join("a", "b"))
    namespace.on("m")(lambda socket: None)
    endpoint = await serve(server)

    for _ in range(5):
        await visit(endpoint, clients)

    await poll_until(lambda: not server.engine.connections)
    assert not namespace.sockets
    assert len(namespace.rooms) == 0
    await poll_until(no_trace)


async def test_hundreds_that_never_enter_are_closed_and_leave_no_trace(
    serve: Serve, clients: Clients, tcp: OpenTcp, no_trace: Callable[[], bool]
) -> None:
    server = Server(limits=Limits(connect_timeout_s=0.3, linger_s=0.01))
    server.of("/")
    endpoint = await serve(server)
    for _ in range(200):
        connection = await tcp(endpoint)
        connection.send(upgrade_head(endpoint))
        await clients.polling(endpoint)
    await poll_until(lambda: len(server.engine.connections) < 300)

    await poll_until(lambda: not server.engine.connections)
    await poll_until(no_trace)


async def test_a_reset_at_any_byte_of_the_way_in_leaves_no_trace(
    serve: Serve, clients: Clients, tcp: OpenTcp, no_trace: Callable[[], bool]
) -> None:
    """CVE-2022-41940."""
    server = Server(limits=Limits(upgrade_timeout_s=0.1))
    server.of("/")
    endpoint = await serve(server)
    way_in = upgrade_head(endpoint) + encode(TEXT, b"40") + encode(TEXT, b'42["m"]') + encode(CLOSE)

    for cut in range(0, len(way_in), 3):
        connection = await tcp(endpoint)
        connection.send(way_in[:cut])
        await connection.writer.drain()
        connection.reset()

    await poll_until(lambda: not server.engine.connections)
    await poll_until(no_trace)
    client = await clients.websocket(endpoint)
    await client.enter()
