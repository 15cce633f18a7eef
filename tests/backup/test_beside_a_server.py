"""The commands as an operator gives them, beside a real server that people use; and what clients see of a restore."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from pathlib import Path

import aiohttp

from stockent.backup import verify
from stockent.check.clients import WEBSOCKET, Person
from stockent.check.scene import message
from tests.backup.conftest import files_in, settings_of
from tests.gateway.child import Child, serving
from tests.gateway.files import fetch, upload
from tests.store.acts import all_messages
from tests.store.conftest import SqlitePlace
from tests.waiting import poll_until


async def stockent(*arguments: str | Path) -> tuple[int, str]:
    """A command in a process of its own, without the server's secrets; returns its code and what it printed."""
    environ = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "stockent", *map(str, arguments)),
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    printed = (await process.stdout.read()).decode()
    return await process.wait(), printed


def person(child: Child, http: aiohttp.ClientSession, user_id: str) -> Person:
    return Person(user_id, user_id, child.token(user_id), child.url, http)


async def conversation(ann: Person) -> str:
    made = await ann.done("POST", "/api/conversations", {"participantIds": ["ben"]}, status=201)
    return str(made["id"])


async def test_each_backup_under_load_holds_all_that_was_acked_before_it_and_every_file(
    tmp_path: Path,
) -> None:
    """People send, and upload, show and delete files the whole time; each backup is restored and looked through."""
    data_dir = tmp_path / "data"
    acked: dict[str, int] = {}
    rounds = 0
    async with serving(data_dir) as child, aiohttp.ClientSession() as http:
        ann = person(child, http, "ann")
        cid = await conversation(ann)
        path = f"/api/conversations/{cid}/messages"

        async def talk() -> None:
            while True:
                body = message("x" * 500)
                acked[body["clientId"]] = (await ann.done("POST", path, body, status=201))["seq"]

        async def share() -> None:
            nonlocal rounds
            while True:
                shown, unsent = [await upload(http, ann, os.urandom(20_000)) for _ in range(2)]
                body = {"clientId": str(uuid.uuid4()), "attachments": [shown["id"]]}
                acked[str(body["clientId"])] = (await ann.done("POST", path, body, status=201))["seq"]
                await ann.done("DELETE", f"/api/attachments/{unsent['id']}", status=204)
                rounds += 1

        working = [asyncio.create_task(talk()), *(asyncio.create_task(share()) for _ in range(3))]
        backups: list[tuple[Path, dict[str, int]]] = []
        for number in range(3):
            rounds_before = rounds
            await poll_until(lambda since=rounds_before: rounds > since + 3, 15.0)  # type: ignore[misc]
            before = dict(acked)
            target = tmp_path / f"backup {number}"
            code, printed = await stockent("backup", "--to", target, "--data-dir", data_dir)
            assert code == 0, printed
            assert f"{target} was made: 2 users, 1 conversations, " in printed
            backups.append((target, before))
        assert all(not task.done() for task in working), "the server did its work all the while"
        for task in working:
            task.cancel()
        await asyncio.wait(working)
    for target, before in backups:
        new = tmp_path / f"new {target.name}"
        code, printed = await stockent("restore", target, "--data-dir", new)
        assert code == 0, printed
        manifest = verify(target)
        assert manifest.files.missing == []
        store = SqlitePlace(new).store()
        await store.open()
        stored = {each.client_id: each for each in await all_messages(store, cid, "ben")}
        await store.close()
        assert before.items() <= {client_id: each.seq for client_id, each in stored.items()}.items()
        shown = {each.attachments[0].id for each in stored.values() if each.attachments}
        assert len(shown) > 0
        assert shown <= set(files_in(new / "files"))


async def test_clients_load_anew_after_a_restore_and_send_again_what_it_lost(tmp_path: Path) -> None:
    data_dir, target = tmp_path / "data", tmp_path / "backup"
    before, after = message("before the backup"), message("after the backup")
    async with serving(data_dir) as child, aiohttp.ClientSession() as http:
        ann = await child.device("ann", WEBSOCKET, http)
        cid = await conversation(ann.person)
        await ann.done("send_message", conversationId=cid, **before)
        attachment = await upload(http, ann.person, b"a text file")
        body = {"clientId": str(uuid.uuid4()), "attachments": [attachment["id"]]}
        await ann.done("send_message", conversationId=cid, **body)
        assert (await stockent("backup", "--to", target, "--data-dir", data_dir))[0] == 0
        lost = (await ann.done("send_message", conversationId=cid, **after))["message"]
        assert lost["seq"] == 3
        old_epoch = (await ann.first("ready"))["epoch"]
        refused = await stockent("restore", target, "--data-dir", data_dir, "--force")
        assert refused[0] == 1
        assert "another process uses this store" in refused[1]
        await ann.close()
    code, printed = await stockent("restore", target, "--data-dir", data_dir, "--force")
    assert code == 0, printed
    assert "What was there before is kept: " in printed
    async with serving(data_dir) as child, aiohttp.ClientSession() as http:
        ann = await child.device("ann", WEBSOCKET, http)
        epoch = (await ann.first("ready"))["epoch"]
        assert epoch != old_epoch
        answer = await ann.done("resume", epoch=old_epoch, conversations={cid: lost["seq"]})
        assert (answer["reset"], answer["epoch"], answer["conversations"]) == (True, epoch, {})
        page = await ann.person.done("GET", f"/api/conversations/{cid}/messages")
        assert [each["content"] for each in page["items"]] == ["before the backup", ""]
        assert (await fetch(http, ann.person, attachment["url"])).content == b"a text file"
        kept = await ann.done("send_message", conversationId=cid, **before)
        assert kept["message"]["id"] == page["items"][0]["id"], "of what the backup holds, a repeat is known"
        again = await ann.done("send_message", conversationId=cid, **after)
        assert (again["message"]["seq"], again["message"]["clientId"]) == (3, after["clientId"])
        assert again["message"]["id"] != lost["id"]
        answer = await ann.done("resume", epoch=epoch, conversations={cid: 2})
        assert [entry["seq"] for entry in answer["conversations"][cid]["events"]] == [3]
        await ann.close()


async def test_a_backup_that_is_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    data_dir, out = tmp_path / "data", tmp_path / "out"
    async with serving(data_dir) as child, aiohttp.ClientSession() as http:
        ann = person(child, http, "ann")
        for _ in range(5):
            await upload(http, ann, os.urandom(1_000_000))
        environ = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        arguments = ["--to", out / "backup", "--data-dir", data_dir, "--max-rate", "1"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *("-m", "stockent", "backup", *map(str, arguments)), env=environ
        )
        await poll_until(lambda: [*out.glob("*.partial-*/files/*/*")], 15.0)
        process.terminate()
        assert await process.wait() == 143
        assert list(out.iterdir()) == []
        assert not (data_dir / "pinned").exists()
        assert (await ann.done("GET", "/readyz"))["status"] == "ready"


async def test_the_demo_has_backups_of_its_own(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with serving(data_dir, "--demo", JWT_SECRET=""):
        code, printed = await stockent("backup", "--demo", "--data-dir", data_dir)
    assert code == 0, printed
    [target] = (data_dir / "backups").iterdir()
    assert target.name.startswith("demo-")
    code, printed = await stockent("backup", "--verify", target)
    assert code == 0, printed
    assert "is whole: 8 users" in printed
    code, printed = await stockent("restore", target, "--data-dir", tmp_path / "new")
    assert code == 1
    assert "--demo" in printed
    assert (await stockent("restore", target, "--demo", "--data-dir", tmp_path / "new"))[0] == 0
    files = settings_of(data_dir).data_dir / "demo-files" / "files"
    assert files_in(tmp_path / "new" / "demo-files" / "files") == files_in(files)
