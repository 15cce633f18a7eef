"""A planned stop: what runs ends, what waits is told so, each client gets a time of its own, the next takes over."""

from __future__ import annotations

import asyncio
import signal
import socket as sockets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from stockent import server
from stockent.auth import mint
from stockent.check.clients import POLLING, WEBSOCKET, ConnectRefused, Device, Person
from stockent.check.scene import message
from stockent.config import Settings
from stockent.gateway import gateway
from stockent.messaging.models import Profile
from stockent.messaging.ports import NewMessage, Sent
from stockent.server import Node, bind, node
from stockent.store.connect import sqlite3
from stockent.store.sqlite import SqliteStore
from tests.waiting import poll_until

from .child import START_TIMEOUT_S, Child, serving
from .place import SECRET

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])


class SlowToSend(SqliteStore):
    """Sends when it is allowed to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.allowed = asyncio.Event()
        self.asked = 0

    async def send(self, new: NewMessage) -> Sent:
        self.asked += 1
        await self.allowed.wait()
        return await super().send(new)


class Stand:
    """A node whose sends wait, with its listener running as `serve` runs it."""

    def __init__(self, built: Node, store: SlowToSend, http: aiohttp.ClientSession) -> None:
        self.built = built
        self.store = store
        self.http = http
        self.devices: list[Device] = []
        self.cid = ""

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.cid}/messages"

    def person(self, user_id: str) -> Person:
        token = mint(SECRET, Profile(id=user_id), 600)
        return Person(user_id, user_id, token, f"http://127.0.0.1:{self.built.port}", self.http)

    async def device(self, user_id: str, transport: str = WEBSOCKET) -> Device:
        device = Device(self.person(user_id), "socket", transport)
        self.devices.append(device)
        await device.connect()
        await device.first("ready")
        return device

    async def stop(self) -> None:
        """Begin; returns when nothing new is taken any more."""
        self.built.listener.should_exit = True
        await poll_until(lambda: self.built.server.engine.stopping)


@pytest.fixture
async def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    """At the end it must stop by itself, once sends are allowed."""
    store = SlowToSend(tmp_path / "stockent.db")
    monkeypatch.setattr(server, "open_store", lambda _url: store)
    settings = Settings.load({"DATA_DIR": str(tmp_path), "JWT_SECRET": SECRET})
    with bind("127.0.0.1", 0) as sock:
        async with node(settings, sock) as built, aiohttp.ClientSession() as http:
            running = asyncio.create_task(built.listener.serve(sockets=[sock]))
            stand = Stand(built, store, http)
            await poll_until(lambda: built.listener.started)
            made = await stand.person("ann").done(
                "POST", "/api/conversations", {"participantIds": ["ben"]}, status=201
            )
            stand.cid = made["id"]
            yield stand
            store.allowed.set()
            await stand.stop()
            await asyncio.wait_for(running, 15)
            await asyncio.gather(*(device.close() for device in stand.devices))


@TRANSPORTS
async def test_a_command_that_runs_is_finished_and_those_behind_it_are_refused_each_by_its_ack(
    stand: Stand, transport: str
) -> None:
    ann = await stand.device("ann", transport)
    one = {"conversationId": stand.cid}
    running = asyncio.create_task(ann.done("send_message", **one, **message("begun")))
    await poll_until(lambda: stand.store.asked)
    behind = [asyncio.create_task(ann.command("mark_read", one | {"seq": 1})) for _ in range(5)]
    session = stand.built.server.of("/").sockets[ann.socket_id].connection.session
    await poll_until(lambda: session.inbox is not None and len(session.inbox) == 5)
    await stand.stop()
    await ann.first("server_draining")
    assert not running.done()
    stand.store.allowed.set()
    assert (await running)["message"]["seq"] == 1
    for ack in await asyncio.gather(*behind):
        error = ack["error"]
        assert (ack["ok"], error["code"], error["retryable"]) == (False, "shutting_down", True)
        assert error["retryAfterMs"] >= gateway.RECONNECT_IN_MS
    await poll_until(lambda: not ann.connected)
    assert stand.store.asked == 1


async def test_while_it_stops_nothing_new_is_begun_and_what_is_under_way_ends(stand: Stand) -> None:
    ann, idle = await stand.device("ann"), await stand.device("ben")
    posting = asyncio.create_task(_post(stand, message("by HTTP")))
    running = asyncio.create_task(ann.done("send_message", conversationId=stand.cid, **message("by socket")))
    await poll_until(lambda: stand.store.asked == 2)
    kept = await asyncio.open_connection("127.0.0.1", stand.built.port)
    assert b"200 OK" in await _get(*kept, "/healthz")
    await stand.stop()
    error = await idle.refused(
        "send_message", code="shutting_down", conversationId=stand.cid, **message("too late")
    )
    assert error["retryable"] is True
    assert b"200 OK" in await _get(*kept, "/healthz"), "it lives"
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", stand.built.port)
    bind("127.0.0.1", stand.built.port).close()
    stand.store.allowed.set()
    status, headers = await posting
    assert (status, headers["connection"]) == (201, "close")
    assert (await running)["ok"] is True
    assert stand.store.asked == 2
    kept[1].close()


@pytest.mark.parametrize("path", ["/readyz", "/api/conversations", "/"])
async def test_a_request_on_a_kept_connection_is_told_to_come_back_and_the_connection_ends(
    stand: Stand, path: str
) -> None:
    ann = await stand.device("ann")
    running = asyncio.create_task(ann.done("send_message", conversationId=stand.cid, **message("begun")))
    await poll_until(lambda: stand.store.asked)
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.built.port)
    assert b"200 OK" in await _get(reader, writer, "/healthz")
    await stand.stop()
    answer = (await _get(reader, writer, path)).lower()
    assert answer.startswith(b"http/1.1 503")
    assert b'"code":"shutting_down"' in answer
    assert b"\r\nconnection: close\r\n" in answer
    assert b"\r\nretry-after: " in answer
    assert b"\r\ncontent-security-policy: " in answer
    assert await reader.read() == b""
    writer.close()
    stand.store.allowed.set()
    await running


@TRANSPORTS
async def test_a_socket_that_connects_at_the_last_moment_is_told_to_come_back(
    stand: Stand, transport: str
) -> None:
    """Its connection was opened before; its namespace is asked for after."""
    holder = await stand.device("ann")
    running = asyncio.create_task(holder.done("send_message", conversationId=stand.cid, **message("begun")))
    await poll_until(lambda: stand.store.asked)
    stand.built.gateway.drain()
    with pytest.raises(ConnectRefused, match="shutting_down"):
        await stand.device("ben", transport)
    stand.store.allowed.set()
    await running


async def test_waiting_polls_are_answered_at_the_stop(stand: Stand) -> None:
    ben = await stand.device("ben", POLLING)
    await stand.stop()
    await ben.first("server_draining")
    await poll_until(lambda: not ben.connected)


async def test_commands_that_do_not_end_are_not_waited_for_for_ever(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SETTLE_S", 0.01)
    ann = await stand.device("ann")
    running = asyncio.create_task(ann.done("send_message", conversationId=stand.cid, **message("begun")))
    await poll_until(lambda: stand.store.asked)
    await stand.stop()
    await poll_until(lambda: not ann.connected)
    assert not running.done()
    running.cancel()


async def test_each_client_gets_a_time_of_its_own_within_a_span_that_grows_with_their_number(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "RECONNECTS_PER_S", 4)
    devices = [await stand.device("ann") for _ in range(20)]
    await stand.stop()
    told = [(await device.first("server_draining"))["reconnectInMs"] for device in devices]
    assert len(set(told)) > 10
    assert all(1_000 <= each < 1_000 + 5_000 for each in told)
    assert max(told) > 1_000 + 1_000, "more than the span of few"


async def test_not_even_the_last_of_many_is_told_to_wait_long(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "RECONNECTS_PER_S", 1)
    monkeypatch.setattr(gateway, "MAX_SPREAD_MS", 1_500)
    devices = [await stand.device("ann") for _ in range(5)]
    await stand.stop()
    for device in devices:
        assert (await device.first("server_draining"))["reconnectInMs"] < 1_000 + 1_500


async def _post(stand: Stand, body: dict[str, Any]) -> tuple[int, dict[str, str]]:
    ann = stand.person("ann")
    headers = {"Authorization": f"Bearer {ann.token}"}
    async with stand.http.post(ann.url + stand.path, json=body, headers=headers) as answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bytes:
    """Head and body, on a connection that is kept."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    [length] = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")]
    return head + await reader.readexactly(int(length.split()[1]))


# as processes


@asynccontextmanager
async def store_locked(data_dir: Path) -> AsyncIterator[Callable[[], None]]:
    """Nobody can write; yields what ends it early."""
    connection = sqlite3.connect(data_dir / "stockent.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection.close
    finally:
        connection.close()


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_the_process_at_once(tmp_path: Path, second: signal.Signals) -> None:
    async with serving(tmp_path) as child, aiohttp.ClientSession() as http:
        ann = await child.device("ann", WEBSOCKET, http)
        made = await ann.person.done("POST", "/api/conversations", {"participantIds": ["ben"]}, status=201)
        async with store_locked(tmp_path):
            await ann.emit("send_message", {"conversationId": made["id"], **message("held back")})
            await ann.emit("typing_start", {"conversationId": made["id"]})
            child.process.send_signal(signal.SIGTERM)
            await poll_until(lambda: _logged(child, "stopping"))
            child.process.send_signal(second)
            assert await child.end() == -second
        assert not _logged(child, "stopped")
        await poll_until(lambda: not ann.connected)
        await ann.close()


async def test_the_next_process_takes_over_the_port_and_the_store_of_one_that_stops(tmp_path: Path) -> None:
    """It is started first, as some supervisors do, and waits; nobody who comes in between is turned away."""
    port = _free_port()
    async with (
        serving(tmp_path, "--port", str(port)) as old,
        aiohttp.ClientSession() as http,
        _starting(tmp_path, "--port", str(port)) as new,
    ):
        ann = await old.device("ann", WEBSOCKET, http)
        made = await ann.person.done("POST", "/api/conversations", {"participantIds": ["ben"]}, status=201)
        await ann.done("send_message", conversationId=made["id"], **message("before"))
        await poll_until(lambda: "is in use" in _reasons(new), START_TIMEOUT_S)
        old.process.send_signal(signal.SIGTERM)
        assert await old.end() == 0
        await poll_until(lambda: new.url, START_TIMEOUT_S)
        assert new.url == old.url
        await poll_until(lambda: not ann.connected)
        back = await new.device("ann", WEBSOCKET, http)
        sent = await back.done("send_message", conversationId=made["id"], **message("after"))
        assert sent["message"]["seq"] == 2
        await asyncio.gather(ann.close(), back.close())


async def test_who_waits_for_the_store_alone_says_so_and_opens_it_when_it_is_free(tmp_path: Path) -> None:
    async with serving(tmp_path) as old, _starting(tmp_path) as new:
        await poll_until(lambda: "another process uses this store" in _reasons(new), START_TIMEOUT_S)
        assert not new.url
        old.process.send_signal(signal.SIGTERM)
        assert await old.end() == 0
        await poll_until(lambda: new.url, START_TIMEOUT_S)


async def test_who_is_not_to_wait_fails_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path), _starting(tmp_path, "--wait", "0") as new:
        assert await new.end() == 1
        assert "another process uses this store" in new.lines[-1]
        assert _reasons(new) == ""


@asynccontextmanager
async def _starting(data_dir: Path, *options: str) -> AsyncIterator[Child]:
    """A child that need not listen."""
    async with serving(data_dir, *options, ready=False) as child:
        yield child


def _logged(child: Child, event: str) -> bool:
    return any(line["event"] == event for line in child.log)


def _reasons(child: Child) -> str:
    return " ".join(line["reason"] for line in child.log if line["event"] == "waiting")


def _free_port() -> int:
    with sockets.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
