"""Do the peers do the work that they are compared by? Each is started as the benchmark does it and spoken to.

Not part of `make test`, as it needs Node.js and PostgreSQL; run it by `pytest benchmarks`.
"""

from __future__ import annotations

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio  # type: ignore[import-untyped] # it carries no types
from socketio.exceptions import ConnectionError as Refused  # type: ignore[import-untyped]

from . import postgres, requests
from .processes import running
from .servers import PEERS, SERVER_CORE, Peer, Target, prepare_http
from .toolchain import MissingError, compile_all
from .workloads import Workload

PEERS_BY_NAME = {peer.name: peer for peer in PEERS}


def workload(name: str, mode: str, sockets: int, *, joins: bool = True, deflate: bool = False) -> Workload:
    return Workload(name, mode, sockets, (), joins=joins, deflate=deflate)


PAIR = workload("pair", "pairs", 2)
TWO_PAIRS = workload("two-pairs", "pairs", 4)
NO_ROOMS = workload("no-rooms", "http", 2, joins=False)
PATIENCE_S = 10


def usable(name: str) -> Peer:
    peer = PEERS_BY_NAME[name]
    try:
        compile_all()
        peer.check()
    except MissingError as missing:
        pytest.skip(f"{name}: {missing}")
    return peer


def identities(target: Target) -> list[tuple[str, str]]:
    """Token and conversation of each socket, as the load generator gets them."""
    path = Path(target.arguments[target.arguments.index("--file") + 1])
    return [(token, room) for token, room in (line.split() for line in path.read_text().splitlines())]


class Device:
    """One socket: what it hears is kept in `heard`, in order."""

    def __init__(self) -> None:
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("*", self._hear)
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def _hear(self, event: str, *data: Any) -> None:
        self.heard.put_nowait((event, data[0] if len(data) == 1 else data))

    async def connect(self, port: int, token: str | None, transport: str = "websocket") -> None:
        auth = {"token": token} if token is not None else None
        await self._client.connect(f"http://127.0.0.1:{port}", auth=auth, transports=[transport], retry=False)

    async def call(self, command: str, *data: Any) -> Any:
        return await self._client.call(command, data if len(data) != 1 else data[0], timeout=PATIENCE_S)

    async def next(self) -> tuple[str, Any]:
        return await asyncio.wait_for(self.heard.get(), PATIENCE_S)

    async def close(self) -> None:
        await self._client.disconnect()


@asynccontextmanager
async def connected(port: int, token: str | None, transport: str = "websocket") -> AsyncIterator[Device]:
    device = Device()
    await device.connect(port, token, transport)
    try:
        yield device
    finally:
        await device.close()


@asynccontextmanager
async def api(port: int, token: str | None) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        yield session


async def answer(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as response:
        assert response.status == 200, await response.text()
        return await response.json()


def message_to(conversation_id: str, content: str = "Good morning") -> dict[str, str]:
    return {"conversationId": conversation_id, "clientId": str(uuid.uuid4()), "content": content}


@pytest.fixture
def replaced() -> Iterator[Target]:
    with usable("replaced").start(TWO_PAIRS, 4) as target:
        yield target


async def test_a_message_is_acknowledged_stored_and_heard_by_both(replaced: Target) -> None:
    (buyer, conversation), (seller, _) = identities(replaced)[:2]
    command = message_to(conversation)
    async with connected(replaced.port, buyer) as sender, connected(replaced.port, seller) as other:
        for device in (sender, other):
            assert (await device.call("join_conversation", conversation))["ok"]
        ack = await sender.call("send_message", command)
        heard_by_sender = await sender.next()
        heard_by_other = dict([await other.next(), await other.next()])
    async with api(replaced.port, seller) as session:
        stored = (await answer(session, f"/api/conversations/{conversation}/messages"))["items"]

    message = ack["message"]
    assert ack["ok"]
    assert command.items() <= message.items()
    assert message["senderId"] == "user-0"
    assert isinstance(message["seq"], int)
    assert {"id", "createdAt"} <= message.keys()
    assert stored == [message]
    assert heard_by_sender == ("message_received", message)
    notification = {"conversationId": conversation, "message": message}
    assert heard_by_other == {"message_received": message, "new_message_notification": notification}


async def test_a_conversation_is_closed_to_others_and_a_refusal_stores_nothing(replaced: Target) -> None:
    (buyer, conversation), _, (stranger, _), _ = identities(replaced)
    async with connected(replaced.port, stranger) as device:
        joined = await device.call("join_conversation", conversation)
        sent = await device.call("send_message", message_to(conversation))
        nowhere = await device.call("send_message", message_to("no-conversation"))
    async with api(replaced.port, stranger) as session:
        async with session.get(f"/api/conversations/{conversation}/messages") as read:
            pass
        async with session.post(
            f"/api/conversations/{conversation}/messages", json=message_to(conversation)
        ) as posted:
            pass
    async with api(replaced.port, buyer) as session:
        stored = await answer(session, f"/api/conversations/{conversation}/messages")

    assert [ack["error"]["code"] for ack in (joined, sent, nowhere)] == ["not_found"] * 3
    assert [response.status for response in (read, posted)] == [404, 404]
    assert stored == {"items": [], "hasBefore": False}


@pytest.mark.parametrize("token", [None, "no-token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTAifQ."])
async def test_without_a_valid_token_nobody_gets_in(replaced: Target, token: str | None) -> None:
    with pytest.raises(Refused, match="failed to connect"):
        await Device().connect(replaced.port, token)
    async with api(replaced.port, token) as session, session.get("/api/unread") as response:
        assert response.status == 401


@pytest.mark.parametrize("content", ["", "   ", "x" * 5001, 7, None])
async def test_a_text_that_is_none_is_refused(replaced: Target, content: Any) -> None:
    (buyer, conversation), *_ = identities(replaced)
    async with connected(replaced.port, buyer) as device:
        refused = await device.call("send_message", message_to(conversation, content))
        unnamed = await device.call("send_message", {**message_to(conversation), "clientId": "7"})
        right = await device.call("send_message", message_to(conversation, "x" * 5000))
    assert refused["error"]["code"] == unnamed["error"]["code"] == "validation_failed"
    assert right["ok"]


async def test_messages_of_one_socket_keep_their_order(replaced: Target) -> None:
    (buyer, conversation), (seller, _), *_ = identities(replaced)
    texts = [f"Text {number}" for number in range(40)]
    async with connected(replaced.port, buyer) as sender, connected(replaced.port, seller) as other:
        await other.call("join_conversation", conversation)
        await asyncio.gather(*(sender.call("send_message", message_to(conversation, text)) for text in texts))
        heard = [await other.next() for _ in range(2 * len(texts))]
    assert [data["content"] for event, data in heard if event == "message_received"] == texts


async def test_the_other_one_has_what_is_sent_over_http_unread_and_the_sender_has_not(
    replaced: Target,
) -> None:
    (buyer, _), (seller, conversation), *_ = identities(replaced)
    path = f"/api/conversations/{conversation}/messages"
    async with connected(replaced.port, seller) as device, api(replaced.port, buyer) as session:
        async with session.post("/api/conversations", json={"participantIds": ["user-9"]}) as response:
            created = await response.json()
        for number in range(3):
            async with session.post(path, json=message_to(conversation, f"Text {number}")) as response:
                assert response.status == 201
        heard = [await device.next() for _ in range(3)]
        mine = await answer(session, "/api/conversations?limit=30")
        unread_by_sender = await answer(session, "/api/unread")
        page = await answer(session, f"{path}?limit=2")
        rest = await answer(session, f"{path}?limit=2&before={page['items'][-1]['seq']}")
    async with api(replaced.port, seller) as session:
        theirs = await answer(session, "/api/conversations?limit=30")
        unread = await answer(session, "/api/unread")

    assert [event for event, _ in heard] == ["new_message_notification"] * 3
    assert unread == {"total": 3, "conversations": {conversation: 3}}
    assert unread_by_sender == {"total": 0, "conversations": {}}
    assert [item["content"] for item in page["items"]] == ["Text 2", "Text 1"]
    assert page["hasBefore"]
    assert [item["content"] for item in rest["items"]] == ["Text 0"]
    assert not rest["hasBefore"]
    assert [item["id"] for item in mine["items"]] == [conversation, created["id"]]
    assert mine["items"][0]["lastMessage"] == page["items"][0]
    assert mine["items"][0]["participant"] == {"userId": "user-1", "name": "Person user-1"}
    assert mine["items"][1]["lastMessage"] is None
    assert [(item["id"], item["unread"]) for item in theirs["items"]] == [(conversation, 3)]


@pytest.mark.parametrize("kind", ["send", "history", "list", "unread"])
async def test_the_data_set_answers_each_request_of_its_file(kind: requests.Kind) -> None:
    with usable("replaced").start(NO_ROOMS, 2) as target:
        lines = [line.split("\t") for line in prepare_http(target, kind).read_text().splitlines()]
        bodies = [await asked(target, *line) for line in lines[:20]]
    people, conversations = requests.USERS, requests.CONVERSATIONS
    assert len(lines) == (people * conversations if kind in ("send", "history") else people)
    for body in bodies:
        if kind == "send":
            assert body["content"] == requests.TEXT
        elif kind == "history":
            assert (len(body["items"]), body["hasBefore"]) == (requests.HISTORY_PAGE, True)
        elif kind == "list":
            assert len(body["items"]) == conversations
            assert all(item["lastMessage"]["content"] == requests.TEXT for item in body["items"])
        else:
            assert body["total"] == conversations * requests.MESSAGES // 2


async def asked(target: Target, method: str, path: str, token: str, body: str) -> Any:
    async with api(target.port, token) as session:
        data = None if body == "-" else body.replace("{uuid}", str(uuid.uuid4()))
        headers = {"Content-Type": "application/json"} if data else {}
        async with session.request(method, path, data=data, headers=headers) as response:
            assert response.status == (201 if method == "POST" else 200), await response.text()
            return await response.json()


def test_the_last_socket_of_a_room_is_the_other_person_and_the_rest_are_the_first() -> None:
    with usable("replaced").start(workload("room", "fanout", 5), 5) as target:
        found = identities(target)
    assert len({room for _, room in found}) == 1
    assert len({token for token, _ in found[:4]}) == 1
    assert found[4][0] != found[0][0]


def test_postgres_keeps_what_it_acknowledges_and_is_gone_afterwards(tmp_path: Path) -> None:
    try:
        postgres.check()
    except MissingError as missing:
        pytest.skip(str(missing))
    with postgres.running(reachable(tmp_path), tmp_path / "log", core=SERVER_CORE) as database:
        shown = postgres.execute(
            database, "SHOW fsync; SHOW synchronous_commit; SHOW full_page_writes; SHOW listen_addresses"
        )
        with pytest.raises(RuntimeError, match="no_such_table"):
            postgres.execute(database, "SELECT * FROM no_such_table")
    assert shown == [["on"], ["on"], ["on"], [""]]
    assert not Path(f"/proc/{database.pid}").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "log"]
    assert not Path(database.environment["PGHOST"]).exists()


def reachable(folder: Path) -> Path:
    """pytest keeps its folders to their owner, and as root PostgreSQL runs as somebody else."""
    below = Path(tempfile.gettempdir())
    for each in (folder, *folder.parents):
        if each.is_relative_to(below) and each != below:
            each.chmod(each.stat().st_mode | 0o011)
    return folder


def test_a_machine_without_postgres_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_folders", lambda: iter([Path("/nowhere")]))
    with pytest.raises(MissingError, match="apt-get install postgresql"):
        postgres.check()


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize("name", ["node", "engine", "python-socketio"])
async def test_a_bare_peer_says_a_text_to_a_room_over_each_transport(name: str, transport: str) -> None:
    with usable(name).start(PAIR, 2) as target:
        async with connected(target.port, None, transport) as speaker:
            assert await speaker.call("join", "room") is None
            await speaker.call("say", "room", "Good morning")
            assert await speaker.next() == ("message", "Good morning")


@pytest.mark.parametrize("deflate", [True, False])
@pytest.mark.parametrize("name", ["replaced", "node", "python-socketio"])
async def test_a_peer_compresses_when_the_workload_does(name: str, deflate: bool) -> None:
    with usable(name).start(workload("pair", "pairs", 2, deflate=deflate), 2) as target:
        url = f"http://127.0.0.1:{target.port}/socket.io/?EIO=4&transport=websocket"
        async with aiohttp.ClientSession() as session, session.ws_connect(url, compress=15) as connection:
            assert bool(connection.compress) == deflate


async def test_the_engine_compresses_for_whoever_asks() -> None:
    with usable("engine").start(PAIR, 2) as target:
        url = f"http://127.0.0.1:{target.port}/socket.io/?EIO=4&transport=websocket"
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(url, compress=15) as asking:
                assert asking.compress
            async with session.ws_connect(url) as silent:
                assert not silent.compress


def test_a_command_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.processes.STOP_TIMEOUT_S", 0.1)
    stubborn = ["sh", "-c", "trap '' TERM; echo deaf; exec sleep 60"]
    with running(stubborn, {}, tmp_path / "log", core=SERVER_CORE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "deaf\n"
    assert process.returncode == -9
