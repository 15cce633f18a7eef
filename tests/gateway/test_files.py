"""Files and sockets: who learns of a file, a chat beside large uploads, and uploads that outlive their server."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from stockent.check.clients import POLLING, Person
from stockent.check.scene import message
from stockent.messaging.attachments import thumbnail_id
from tests.media.making import encoded, picture

from .child import Child, serving
from .files import append, begin, fetch, upload
from .place import Place

PNG = encoded(picture(), "PNG")


async def test_a_file_goes_with_its_message_to_every_socket_once(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ann_else = await place.device("ann", joins=cid), await place.device("ann")
    ben, ben_else = await place.device("ben", joins=cid), await place.device("ben", POLLING)
    eve = await place.device("eve")
    attachment = await upload(place.http, place.person("ann"), PNG, "yarn.png")
    heard = await place.listen()
    body = {"conversationId": cid, "clientId": str(uuid.uuid4()), "attachments": [attachment["id"]]}
    ack = await ann.done("send_message", **body)
    sent = ack["message"]
    assert (sent["type"], sent["content"], sent["attachments"]) == ("IMAGE", "", [attachment])
    payloads = await heard.exactly(
        {
            ann: ["message_received"],
            ann_else: ["conversation_updated"],
            ben: ["message_received"],
            ben_else: ["new_message_notification"],
        }
    )
    assert payloads[ben] == [sent]
    [notified] = payloads[ben_else]
    assert notified["message"] == notified["conversation"]["lastMessage"] == sent
    assert payloads[eve] == []
    again = await ann.done("send_message", **body)
    assert again["message"] == sent
    caught = await ben.done("resume", epoch=place.epoch, conversations={cid: 0})
    [entry] = caught["conversations"][cid]["events"]
    assert entry["payload"] == sent


async def test_a_file_that_is_not_ones_own_is_refused_over_a_socket_too(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann", joins=cid), await place.device("ben", joins=cid)
    of_ben = await upload(place.http, place.person("ben"), b"of ben")
    unfinished = await begin(place.person("ann"), 10)
    heard = await place.listen()
    for attachment_id in (of_ben["id"], unfinished["id"], "0" * 32):
        body = {"conversationId": cid, "clientId": str(uuid.uuid4()), "attachments": [attachment_id]}
        await ann.refused("send_message", code="not_found", **body)
    await heard.exactly({})
    body = {"conversationId": cid, "clientId": str(uuid.uuid4()), "attachments": [of_ben["id"]]}
    await ben.done("send_message", **body)


async def test_a_deleted_message_is_told_and_its_file_is_out_of_reach_and_swept_away(
    place: Place, tmp_path: Path
) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann", joins=cid), await place.device("ben", joins=cid)
    attachment = await upload(place.http, place.person("ann"), PNG)
    body = {"conversationId": cid, "clientId": str(uuid.uuid4()), "attachments": [attachment["id"]]}
    sent = (await ann.done("send_message", **body))["message"]
    assert (await fetch(place.http, ben.person, attachment["url"])).content == PNG
    heard = await place.listen()
    await ann.done("delete_message", conversationId=cid, messageId=sent["id"])
    await heard.exactly({ann: ["message_deleted"], ben: ["message_deleted"]})
    assert (await fetch(place.http, ben.person, attachment["url"])).status == 404
    names = {path.name for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert names == {attachment["id"], thumbnail_id(attachment["id"])}
    assert await place.node.sweeper.remove_unshown() == 1
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


async def test_a_chat_beside_large_uploads_misses_nothing(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann", joins=cid), await place.device("ben", joins=cid)
    heard = await place.listen()
    content = os.urandom(25_000_000)
    uploads = asyncio.gather(
        *(upload(place.http, place.person(who), content, "large.bin") for who in ("cem", "dan"))
    )
    said = 0
    while said < 50 or not uploads.done():
        ack = await ann.done("send_message", conversationId=cid, **message(f"{said}"))
        said += 1
        assert ack["message"]["seq"] == said
    payloads = await heard.exactly({ann: ["message_received"] * said, ben: ["message_received"] * said})
    assert [payload["content"] for payload in payloads[ben]] == [f"{number}" for number in range(said)]
    for attachment in await uploads:
        assert attachment["sizeBytes"] == len(content)


async def test_an_upload_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with serving(tmp_path) as server:
            ann = person(server, http, "ann")
            state = await begin(ann, len(content), "long.bin")
            assert (await append(http, ann, state["id"], 0, content[:1_000_000]))["offset"] == 1_000_000
            async with halfway(server, ann, state["id"], content):
                server.process.kill()
                await server.end()
        async with serving(tmp_path) as server:
            ann, ben = person(server, http, "ann"), person(server, http, "ben")
            offset = (await ann.done("GET", f"/api/attachments/{state['id']}"))["offset"]
            assert 1_000_000 <= offset <= 2_000_000
            done = await append(http, ann, state["id"], offset, content[offset:])
            body = message("Here it is") | {"recipientId": "ben", "attachments": [state["id"]]}
            await ann.done("POST", "/api/messages", body, status=201)
            got = await fetch(http, ben, done["attachment"]["url"])
            assert got.content == content
    assert {path.name for path in tmp_path.rglob(state["id"])} == {state["id"]}


def person(server: Child, http: aiohttp.ClientSession, user_id: str) -> Person:
    return Person(user_id, user_id, server.token(user_id), server.url, http)


@asynccontextmanager
async def halfway(server: Child, ann: Person, upload_id: str, content: bytes) -> AsyncIterator[None]:
    """Within the block a part has been sent up to its middle."""
    host, port = server.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"PATCH /api/attachments/{upload_id}?offset=1000000 HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {ann.token}\r\nContent-Type: application/octet-stream\r\n"
        "Content-Length: 2000000\r\n\r\n"
    )
    writer.write(head.encode() + content[1_000_000:2_000_000])
    await writer.drain()
    try:
        yield
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_stop_in_the_middle_of_an_upload_keeps_what_came(tmp_path: Path) -> None:
    content = os.urandom(2_000_000)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with serving(tmp_path) as server:
            ann = person(server, http, "ann")
            state = await begin(ann, len(content))
            await append(http, ann, state["id"], 0, content[:1_000_000])
            async with halfway(server, ann, state["id"], content):
                server.process.terminate()
                assert await server.end() == 0
            assert not [line for line in server.log if line["level"] == "error"], server.log
        async with serving(tmp_path) as server:
            ann = person(server, http, "ann")
            offset = (await ann.done("GET", f"/api/attachments/{state['id']}"))["offset"]
            assert offset >= 1_000_000
            assert (await append(http, ann, state["id"], offset, content[offset:]))["ready"]


async def test_the_demos_files_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        serving(tmp_path, "--demo") as server,
    ):
        nobody = Person("", "", "", server.url, http)
        login = await nobody.done("POST", "/api/demo/login", {"userId": "jonas"})
        await upload(http, Person("jonas", "jonas", login["token"], server.url, http), PNG)
    assert not (tmp_path / "files").exists()
    assert [path for path in (tmp_path / "demo-files" / "files").rglob("*") if path.is_file()]
