"""Files over a real connection: bodies without length, without end or without haste, and readers who leave or stop."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from stockent.http import streams
from stockent.messaging.attachments import MAX_CHUNK_BYTES
from tests.conftest import poll_until
from tests.http.conftest import Talk, Web, Wire
from tests.http.uploading import begun, part, shown


def patch(web: Web, upload_id: str, *headers: str, offset: int = 0, person: str = "ana") -> bytes:
    lines = [
        f"PATCH /api/attachments/{upload_id}?offset={offset} HTTP/1.1",
        "Host: x",
        "Content-Type: application/octet-stream",
        f"Authorization: Bearer {web.token(person)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def get(web: Web, url: str, *, person: str = "bo") -> bytes:
    lines = [f"GET {url} HTTP/1.1", "Host: x", f"Authorization: Bearer {web.token(person)}"]
    return "\r\n".join([*lines, "", ""]).encode()


async def answer(wire: Wire) -> tuple[str, Any]:
    """The status line and the JSON of an answer, after which the connection goes on."""
    head = await wire.head()
    [length] = [line[16:] for line in head.lower().split("\r\n") if line.startswith("content-length: ")]
    body = await asyncio.wait_for(wire.reader.readexactly(int(length)), 5)
    return head.split("\r\n")[0], json.loads(body)


async def offset_of(talk: Talk, upload_id: str) -> int:
    return int((await talk.ana.get(f"/api/attachments/{upload_id}")).json()["offset"])


async def test_a_part_in_chunks_and_without_a_length_is_taken(web: Web, talk: Talk, wire: Wire) -> None:
    upload = await begun(talk.ana, 6)
    wire.send(patch(web, upload["id"], "Transfer-Encoding: chunked") + b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
    status, state = await answer(wire)
    assert status == "HTTP/1.1 200 OK"
    assert state["ready"]
    wire.send(patch(web, upload["id"], offset=6))
    assert await answer(wire) == (status, state), "neither length nor chunks: no body"


async def test_a_part_in_chunks_without_end_is_cut_at_the_limit(web: Web, talk: Talk, wire: Wire) -> None:
    upload = await begun(talk.ana, 20_000_000)
    wire.send(patch(web, upload["id"], "Transfer-Encoding: chunked"))
    for _ in range(1 + MAX_CHUNK_BYTES // 65_536):
        wire.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")
    head = await wire.head()
    assert head.startswith("HTTP/1.1 413")
    assert "connection: close" in head
    await wire.rest()
    assert await offset_of(talk, upload["id"]) == 0, "nothing of it is kept"


@pytest.mark.parametrize("slow", ["PART_TIMEOUT_S", "IDLE_TIMEOUT_S"])
async def test_a_part_that_trickles_is_given_up_and_what_came_is_kept(
    web: Web, talk: Talk, wire: Wire, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    monkeypatch.setattr(streams, slow, 0.2)
    upload = await begun(talk.ana, 1_000)
    wire.send(patch(web, upload["id"], "Content-Length: 1000") + b"x" * 10)
    head = await wire.head()
    assert head.startswith("HTTP/1.1 408")
    assert b'"code":"request_timeout"' in await wire.rest()
    assert await offset_of(talk, upload["id"]) == 10
    assert (await part(talk.ana, upload["id"], 10, b"y" * 990)).json()["ready"]


async def test_a_sender_that_vanishes_leaves_what_came_and_frees_the_upload(
    web: Web, talk: Talk, wire: Wire
) -> None:
    upload = await begun(talk.ana, 1_000)
    wire.send(patch(web, upload["id"], "Content-Length: 1000") + b"x" * 400)
    await wire.writer.drain()
    wire.writer.close()
    state: dict[str, Any] = {}

    async def resumed() -> None:
        """As a client does: ask where it stands, go on from there, and again while the server does not know yet."""
        while not state.get("ready"):
            offset = await offset_of(talk, upload["id"])
            state.update((await part(talk.ana, upload["id"], offset, b"x" * (1_000 - offset))).json())

    await asyncio.wait_for(resumed(), 5)
    assert (await talk.ana.get(state["attachment"]["url"])).content == b"x" * 1_000


async def test_a_refused_part_is_read_to_its_end_and_the_connection_goes_on(
    web: Web, talk: Talk, wire: Wire
) -> None:
    """A browser that still sends when the connection closes does not see why."""
    upload = await begun(talk.ana, 3_000_000)
    for person, offset, status in (("ana", 5, "409"), ("bo", 0, "404")):
        head = patch(web, upload["id"], "Content-Length: 2000000", offset=offset, person=person)
        wire.send(head + b"x" * 1_000_000)
        await wire.writer.drain()
        wire.send(b"x" * 1_000_000)
        line, problem = await answer(wire)
        assert line.startswith(f"HTTP/1.1 {status}"), problem
    wire.send(patch(web, upload["id"], "Content-Length: 3") + b"abc")
    assert (await answer(wire))[1]["offset"] == 3


async def test_a_refused_part_without_end_is_not_read_for_ever(web: Web, talk: Talk, wire: Wire) -> None:
    upload = await begun(talk.ana, 3_000_000)
    wire.send(patch(web, upload["id"], "Transfer-Encoding: chunked", offset=5))
    for _ in range(2 + MAX_CHUNK_BYTES // 65_536):
        wire.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")
    assert (await wire.head()).startswith("HTTP/1.1 413")
    await wire.rest()


async def test_a_file_comes_whole_over_a_connection_that_goes_on(web: Web, talk: Talk, wire: Wire) -> None:
    content = bytes(range(256)) * 10_000
    [attachment] = (await shown(talk.ana, talk.id, content))["attachments"]
    for _ in range(2):
        wire.send(get(web, attachment["url"]))
        assert (await wire.head()).startswith("HTTP/1.1 200")
        assert await asyncio.wait_for(wire.reader.readexactly(len(content)), 5) == content


async def a_large_file(talk: Talk) -> str:
    """More than the buffers of a connection hold; its address, for Ana."""
    content = bytes(15_000_000)
    upload = await begun(talk.ana, len(content))
    for at in range(0, len(content), MAX_CHUNK_BYTES):
        last = await part(talk.ana, upload["id"], at, content[at : at + MAX_CHUNK_BYTES])
    return str(last.json()["attachment"]["url"])


@pytest.mark.parametrize("leaves", [True, False], ids=["leaves", "stops reading"])
async def test_nothing_goes_on_for_a_reader_who_leaves_or_stops_reading(
    web: Web, talk: Talk, port: int, monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    monkeypatch.setattr(streams, "STALL_TIMEOUT_S", 60.0 if leaves else 0.2)
    url = await a_large_file(talk)
    tasks = len(asyncio.all_tasks())
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
    writer.write(get(web, url, person="ana"))
    assert b"200" in await asyncio.wait_for(reader.readline(), 5)
    assert len(asyncio.all_tasks()) > tasks, "the answer is on its way"
    if leaves:
        writer.close()
    await poll_until(lambda: len(asyncio.all_tasks()) <= tasks)
    assert (await talk.ana.get(url, headers={"range": "bytes=0-9"})).status_code == 206
    writer.close()
