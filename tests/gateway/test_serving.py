"""The server as a process: what it logs of sockets, and that it stops without losing what it accepted."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from stockent import server
from stockent.auth import mint
from stockent.check.clients import POLLING, WEBSOCKET, ConnectRefused, Device, Person
from stockent.check.scene import message
from stockent.config import Settings
from stockent.messaging.models import Profile
from stockent.messaging.ports import Changed
from stockent.server import bind, node
from stockent.store.sqlite import SqliteStore
from tests.waiting import poll_until

from .child import Child, serving
from .place import SECRET


async def test_the_debug_log_tells_each_step_of_a_socket_and_never_a_token(tmp_path: Path) -> None:
    async with serving(tmp_path, LOG_LEVEL="debug") as child, aiohttp.ClientSession() as http:
        await _a_visit(child, http)
        child.process.send_signal(signal.SIGTERM)
        assert await child.end() == 0
        told = [line for line in child.log if line["logger"] == "stockent.gateway"]
        assert {line["event"] for line in told} >= {
            "connect",
            "join",
            "receive",
            "send",
            "refused",
            "leave",
            "disconnect",
            "connect_refused",
        }
        by_event = {line["event"]: line for line in told}
        assert by_event["connect"]["user"] == by_event["disconnect"]["user"] == "ann"
        assert by_event["connect"]["transport"] == POLLING
        assert by_event["refused"]["code"] == "not_found"
        assert by_event["connect_refused"]["code"] == "auth_invalid"
        written = "\n".join(child.lines)
        assert "eyJ" not in written
        assert child.token("ann").rsplit(".", 1)[1] not in written
        assert SECRET not in written
        assert "the text of the message" not in written


async def test_at_the_usual_level_the_log_is_quiet_about_what_people_do(tmp_path: Path) -> None:
    async with serving(tmp_path) as child, aiohttp.ClientSession() as http:
        await _a_visit(child, http)
        told = [line["event"] for line in child.log if line["logger"].startswith("stockent.")]
        assert told == ["listening", "connect_refused"]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_that_is_told_to_stop_says_so_and_leaves_its_store_whole(
    tmp_path: Path, stop: signal.Signals
) -> None:
    async with serving(tmp_path) as child, aiohttp.ClientSession() as http:
        devices = [await child.device("ann", transport, http) for transport in (WEBSOCKET, POLLING)]
        child.process.send_signal(stop)
        for device in devices:
            told = await device.first("server_draining")
            assert 1_000 <= told["reconnectInMs"] < 2_000
        await poll_until(lambda: not any(device.connected for device in devices))
        assert await child.end() == 0
        await asyncio.gather(*(device.close() for device in devices))
    assert [line["event"] for line in child.log][-2:] == ["stopping", "stopped"]
    assert not list(tmp_path.glob("*-wal"))


async def test_what_was_acked_before_a_stop_is_there_after_it_and_retries_add_nothing(tmp_path: Path) -> None:
    """Sends go on until the connection ends; some are acked, some are not: then nobody knows, and they are repeated."""
    bodies: list[dict[str, str]] = []
    acked: dict[str, int] = {}
    async with serving(tmp_path, RATE_LIMITS="off") as child, aiohttp.ClientSession() as http:
        ann = await child.device("ann", WEBSOCKET, http)
        made = await ann.person.done("POST", "/api/conversations", {"participantIds": ["ben"]}, status=201)
        path = f"/api/conversations/{made['id']}/messages"

        async def talk() -> None:
            while True:
                bodies.append(body := message(f"Message {len(bodies)}"))
                ack = await ann.done("send_message", conversationId=made["id"], **body)
                acked[body["clientId"]] = ack["message"]["seq"]

        sending = [asyncio.create_task(talk()) for _ in range(4)]
        await poll_until(lambda: len(acked) > 20)
        child.process.send_signal(signal.SIGTERM)
        assert await child.end() == 0
        await poll_until(lambda: not ann.connected)
        for task in sending:
            task.cancel()
        await asyncio.wait(sending)
        await ann.close()
    assert 20 < len(acked) < len(bodies)
    async with serving(tmp_path, RATE_LIMITS="off") as child, aiohttp.ClientSession() as http:
        ann_again = Person("ann", "ann", child.token("ann"), child.url, http)
        for body in bodies:
            answer = await ann_again.request("POST", path, body)
            assert answer.status in ((200,) if body["clientId"] in acked else (200, 201))
            assert answer.body["seq"] == acked.get(body["clientId"], answer.body["seq"])
        conversation = await ann_again.done("GET", f"/api/conversations/{made['id']}")
        assert conversation["seq"] == len(bodies)


class SlowToDelete(SqliteStore):
    """Deletes when it is allowed to."""

    allowed: asyncio.Event
    asked: asyncio.Event

    async def delete_conversation(self, conversation_id: str, *, user_id: str) -> Changed:
        self.asked.set()
        await self.allowed.wait()
        return await super().delete_conversation(conversation_id, user_id=user_id)


async def test_a_request_that_ends_after_the_sockets_is_answered_as_what_it_did(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deletion empties the room through the broker, also when nobody is connected any more."""
    store = SlowToDelete(tmp_path / "stockent.db")
    store.allowed, store.asked = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(server, "open_store", lambda _url: store)
    settings = Settings.load({"DATA_DIR": str(tmp_path), "JWT_SECRET": SECRET})
    with bind("127.0.0.1", 0) as sock:
        async with node(settings, sock) as built, aiohttp.ClientSession() as http:
            serving_task = asyncio.create_task(built.listener.serve(sockets=[sock]))
            token = mint(SECRET, Profile(id="ann"), 600)
            ann = Person("ann", "ann", token, f"http://127.0.0.1:{built.port}", http)
            made = await ann.done("POST", "/api/conversations", {"participantIds": ["ben"]}, status=201)
            deleting = asyncio.create_task(ann.request("DELETE", f"/api/conversations/{made['id']}"))
            await store.asked.wait()
            built.listener.should_exit = True
            await poll_until(lambda: built.server.engine.stopping)
            store.allowed.set()
            assert (await deleting).status == 204
            await serving_task


async def _a_visit(child: Child, http: aiohttp.ClientSession) -> None:
    """Ann comes, looks, writes, asks for what is not hers, and goes; somebody forged is turned away."""
    ann = await child.device("ann", POLLING, http)
    made = await ann.person.done("POST", "/api/conversations", {"participantIds": ["ben"]}, status=201)
    one = {"conversationId": made["id"]}
    await ann.done("join_conversation", **one)
    await ann.done("send_message", **one, **message("the text of the message"))
    await ann.done("refresh_token", token=child.token("ann"))
    await ann.refused("join_conversation", code="not_found", conversationId="somebody-elses")
    await ann.done("leave_conversation", **one)
    await ann.close()
    forged = Person("forger", "ann", child.token("ann")[:-4] + "AAAA", child.url, http)
    with pytest.raises(ConnectRefused):
        await Device(forged, "socket", WEBSOCKET).connect()
    await poll_until(lambda: any(line["event"] == "connect_refused" for line in child.log))


_STOPPED_AT_ONCE = """
import os, signal
from stockent.config import Settings
from stockent.server import run
run(Settings.load(os.environ), on_started=lambda port: os.kill(os.getpid(), signal.SIGTERM))
"""


async def test_a_stop_in_the_moment_in_which_it_says_that_it_listens_is_a_drain(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path), "JWT_SECRET": SECRET, "PORT": "0", "LOG_FORMAT": "json"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _STOPPED_AT_ONCE,
        env={**os.environ, **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    written, _ = await process.communicate()
    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in written.splitlines()]
    assert events == ["listening", "stopping", "stopped"]
