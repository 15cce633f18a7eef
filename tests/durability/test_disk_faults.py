"""A real server on a disk that is full, locked, failing or read-only: it refuses, never acks falsely, and heals."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from stockent.check.clients import WEBSOCKET, Device, Person
from stockent.check.scene import message
from stockent.store.connect import sqlite3
from tests.gateway.child import Child, serving
from tests.gateway.files import begin

from .watching import Watch, needs_watch

DISK_BYTES = 8 * 1024 * 1024
Json = dict[str, Any]


class Talk:
    """Ann and Ben at a server. What was acked, by `clientId`, and what was refused."""

    def __init__(self, child: Child, http: aiohttp.ClientSession) -> None:
        self.child = child
        self.http = http
        self.acked: dict[str, int] = {}
        self.refused: list[Json] = []
        self.cid = ""

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.cid}/messages"

    def person(self, user_id: str) -> Person:
        return Person(user_id, user_id, self.child.token(user_id), self.child.url, self.http)

    async def begin(self) -> None:
        made = await self.person("ann").request("POST", "/api/conversations", {"participantIds": ["ben"]})
        assert made.status in (200, 201)
        self.cid = made.body["id"]

    async def send(self, content: str = "hello", client_id: str | None = None) -> int:
        """By HTTP. Returns the status; a refusal says when to come back."""
        body = message(content, client_id)
        ann = self.person("ann")
        async with self.http.post(
            ann.url + self.path, json=body, headers={"Authorization": f"Bearer {ann.token}"}
        ) as answer:
            told = await answer.json(content_type=None)
            if answer.status in (200, 201):
                self.acked[body["clientId"]] = told["seq"]
            else:
                assert (answer.status, told["code"], told["retryable"]) == (503, "store_unavailable", True)
                assert int(answer.headers["Retry-After"]) >= 1
                self.refused.append(body)
            return answer.status

    async def give(self, device: Device, content: str = "hello") -> bool:
        """By socket. Returns whether it was acked."""
        body = message(content)
        ack = await device.command("send_message", {"conversationId": self.cid, **body})
        if ack["ok"]:
            self.acked[body["clientId"]] = ack["message"]["seq"]
        else:
            assert (ack["error"]["code"], ack["error"]["retryable"]) == ("store_unavailable", True)
            assert ack["error"]["retryAfterMs"] > 0
            self.refused.append(body)
        return bool(ack["ok"])

    async def stored(self) -> dict[str, int]:
        found: dict[str, int] = {}
        more = True
        while more:
            page = await self.person("ben").done(
                "GET", self.path, params={"after": max(found.values(), default=0), "limit": 200}
            )
            found |= {each["clientId"]: each["seq"] for each in page["items"]}
            more = page["hasAfter"]
        return found

    async def check(self) -> None:
        """What is stored is what was acked, without a hole; nothing that was refused is among it."""
        stored = await self.stored()
        assert stored == self.acked
        assert sorted(stored.values()) == list(range(1, len(stored) + 1))


@asynccontextmanager
async def talking(data_dir: Path, **environ: Any) -> AsyncIterator[Talk]:
    async with serving(data_dir, **environ) as child, aiohttp.ClientSession() as http:
        talk = Talk(child, http)
        await talk.begin()
        yield talk


@contextmanager
def mounted(folder: Path) -> Iterator[Callable[[str], None]]:
    """A small file system of its own; yields what mounts it anew with other options. Skips where that may not be."""
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "none", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("this user may not mount")

    def remount(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)

    try:
        yield remount
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(params=["file system", "file size"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    data_dir = tmp_path / "data"
    if request.param == "file size":
        yield data_dir
        return
    with mounted(data_dir):
        yield data_dir


@contextmanager
def full(data_dir: Path, child: Child) -> Iterator[None]:
    """No file of the server's has room to grow: by the file system, or by a limit of the process."""
    if data_dir.is_mount():
        filler = data_dir / "filler"
        descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
        with suppress(OSError):
            while os.write(descriptor, b"x" * 4_096):
                pass
        os.close(descriptor)
        yield
        filler.unlink()
        return
    pid = child.process.pid
    size_bytes = (data_dir / "stockent.db-wal").stat().st_size
    room = resource.prlimit(pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, room)


async def test_on_a_full_disk_nothing_is_acked_reads_go_on_and_it_heals(disk: Path) -> None:
    async with talking(disk) as talk:
        ann = await talk.child.device("ann", WEBSOCKET, talk.http)
        assert await talk.send("before") == 201
        assert await talk.give(ann, "before")
        with full(disk, talk.child):
            for _ in range(20):
                await talk.send("x" * 5_000)
                await talk.give(ann, "x" * 5_000)
            assert len(talk.refused) > 10
            assert await talk.stored() == talk.acked, "reads go on"
            assert (await talk.person("ben").request("GET", "/healthz")).status == 200
            if disk.is_mount():
                announced = await begin_upload(talk)
                assert announced.status in (503, 507)
        assert await talk.send("after") == 201, "it heals by itself"
        assert await talk.give(ann, "after")
        for body in talk.refused[:3]:
            assert await talk.send(body["content"], body["clientId"]) == 201, "it was not stored"
        assert (await talk.person("ben").request("GET", "/readyz")).status == 200
        await talk.check()
        await ann.close()
    async with talking(disk) as again:
        again.acked = talk.acked
        await again.check()


async def begin_upload(talk: Talk) -> Any:
    body = {"clientId": message("")["clientId"], "name": "a.bin", "sizeBytes": 1_000, "voice": False}
    return await talk.person("ann").request("POST", "/api/attachments", body)


async def test_while_another_process_locks_the_store_reads_and_signals_go_on_and_writes_are_refused_soon(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as talk:
        ann, ben = [await talk.child.device(name, WEBSOCKET, talk.http) for name in ("ann", "ben")]
        for device in (ann, ben):
            await device.done("join_conversation", conversationId=talk.cid)
        assert await talk.send("before") == 201
        holder = sqlite3.connect(tmp_path / "stockent.db", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        ended: list[str] = []
        waiting = [asyncio.create_task(talk.send(f"{number}")) for number in range(10)]
        for task in waiting:
            task.add_done_callback(lambda _: ended.append("write"))
        for _ in range(5):
            assert len(await talk.stored()) == 1
            await ann.done("typing_start", conversationId=talk.cid)
            ended.append("read")
        assert ended[:5] == ["read"] * 5, "nobody waits behind the writes"
        await ben.first("user_typing")
        assert set(await asyncio.gather(*waiting)) == {503}
        assert not await talk.give(ann)
        assert (await talk.person("ben").request("GET", "/readyz")).status == 503
        holder.close()
        assert await talk.send("after") == 201
        assert await talk.give(ann)
        await talk.check()
        await asyncio.gather(ann.close(), ben.close())


@needs_watch
async def test_when_the_disk_fails_to_sync_nothing_is_acked_or_told_and_it_heals(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    async with talking(tmp_path / "data", **watch.environ) as talk:
        ann, ben = [await talk.child.device(name, WEBSOCKET, talk.http) for name in ("ann", "ben")]
        assert await talk.send("before") == 201
        watch.fail.touch()
        for _ in range(5):
            assert await talk.send("lost") == 503
            assert not await talk.give(ann, "lost")
        assert await talk.stored() == talk.acked
        watch.fail.unlink()
        assert await talk.send("after") == 201
        await talk.check()
        await ben.settle()
        told = [
            heard.payload["message"]["content"]
            for heard in ben.heard
            if heard.event == "new_message_notification"
        ]
        assert told == ["before", "after"]
        await asyncio.gather(ann.close(), ben.close())


@needs_watch
async def test_what_was_refused_because_its_sync_failed_is_not_there_after_a_kill(tmp_path: Path) -> None:
    """Its bytes are in the log, whole, when the answer is given: they must not outlive it."""
    watch = Watch(tmp_path)
    data_dir = tmp_path / "data"
    async with talking(data_dir, **watch.environ) as talk:
        assert await talk.send("before") == 201
        watch.fail.touch()
        assert await talk.send("mark-00000000") == 503
        assert watch.lines()[-1] == "W mark-00000000", "it was written and not synced"
        talk.child.process.kill()
        await talk.child.end()
    watch.fail.unlink()
    async with talking(data_dir, **watch.environ) as again:
        assert await again.stored() == talk.acked
        again.acked = talk.acked
        [refused] = talk.refused
        assert await again.send(refused["content"], refused["clientId"]) == 201
        await again.check()


async def started(data_dir: Path) -> str:
    """The last line of a server that must not start."""
    async with serving(data_dir, "--wait", "0", ready=False) as child:
        assert await child.end() == 1
        assert not any("Traceback" in line for line in child.lines)
        return child.lines[-1]


async def test_on_a_read_only_file_system_it_does_not_start_and_says_why(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with mounted(data_dir) as remount:
        async with talking(data_dir) as talk:
            await talk.send()
        remount("ro")
        before = contents(data_dir)
        assert "Read-only file system" in await started(data_dir)
        assert contents(data_dir) == before


async def test_in_a_folder_that_is_not_its_own_it_does_not_start_and_says_why(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is forbidden to this user; the read-only file system stands in for it")
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o500)
    assert "Permission denied" in await started(data_dir)


def contents(data_dir: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in data_dir.iterdir() if path.is_file()}


def garbage(content: bytearray) -> bytes:
    return b"this is a diary, not a database " * (len(content) // 32)


def half(content: bytearray) -> bytes:
    return bytes(content[: len(content) // 2])


def no_header(content: bytearray) -> bytes:
    return bytes(100) + bytes(content[100:])


def no_schema(content: bytearray) -> bytes:
    return bytes(content[:100]) + b"\xff" * 3_996 + bytes(content[4_096:])


@pytest.mark.parametrize("damage", [garbage, half, no_header, no_schema])
async def test_a_damaged_store_is_told_at_the_start_and_left_as_it_is(
    tmp_path: Path, damage: Callable[[bytearray], bytes]
) -> None:
    async with talking(tmp_path) as talk:
        await talk.send()
        talk.child.process.terminate()
        assert await talk.child.end() == 0
    file = tmp_path / "stockent.db"
    file.write_bytes(damaged := damage(bytearray(file.read_bytes())))
    assert "stockent.db" in await started(tmp_path)
    assert file.read_bytes() == damaged
    assert not (tmp_path / "stockent.db-wal").exists()


async def test_a_page_that_was_damaged_when_the_machine_died_is_told_at_the_start(tmp_path: Path) -> None:
    """Nothing on the way to a start reads it: the check does, since the store was not left in order."""
    async with talking(tmp_path) as talk:
        for _ in range(50):
            await talk.send("x" * 2_000)
        talk.child.process.terminate()
        await talk.child.end()
    file = tmp_path / "stockent.db"
    content = bytearray(file.read_bytes())
    page = content.index(b"x" * 2_000) // 4_096
    content[page * 4_096 : page * 4_096 + 16] = b"\xff" * 16
    file.write_bytes(content)
    async with talking(tmp_path) as talk:
        await talk.send("after an end in order nobody looked")
        talk.child.process.kill()
        await talk.child.end()
    left = contents(tmp_path)
    assert left["stockent.db-wal"]
    assert "is damaged (" in await started(tmp_path)
    assert {**contents(tmp_path), "stockent.db-shm": b""} == {**left, "stockent.db-shm": b""}


async def test_uploads_go_on_once_a_full_disk_has_room(disk: Path) -> None:
    """Files leave the last 64 MB to the store, so a small disk takes none; a message still has room."""
    if not disk.is_mount():
        pytest.skip("of a process' limit the reserve knows nothing")
    async with talking(disk) as talk:
        refused = await begin_upload(talk)
        assert (refused.status, refused.body["code"]) == (507, "storage_full")
        assert await talk.send("there is room for words") == 201
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        assert (await begin(talk.person("ann"), 1_000))["offset"] == 0
