"""The load generator's mode http, against a server that answers wrongly on purpose. Run by `pytest benchmarks`."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .test_loadgen import loadgen

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


class Request(NamedTuple):
    connection: int
    line: str
    headers: dict[str, str]
    body: str


#: What is written for a request, and whether the connection ends then.
Answer = Callable[[Request], tuple[bytes, bool]]


def head(status: str, *fields: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *fields, "", "")).encode()


def ok(_request: Request) -> tuple[bytes, bool]:
    return head("200 OK", "Content-Length: 2") + b"ok", False


def each_tenth(wrong: tuple[bytes, bool]) -> Answer:
    count = itertools.count(1)
    return lambda request: ok(request) if next(count) % 10 else wrong


class Web:
    """HTTP/1.1 with keep-alive and what `answer` makes of a request; keeps all that came."""

    def __init__(self, answer: Answer, delay_s: float) -> None:
        self._answer = answer
        self._delay_s = delay_s
        self._connections = 0
        self.requests: list[Request] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        number = self._connections
        closing = False
        while not closing and (request := await self._read(reader, number)) is not None:
            self.requests.append(request)
            answer, closing = self._answer(request)
            await asyncio.sleep(self._delay_s)
            writer.write(answer)
            await writer.drain()
        writer.close()

    async def _read(self, reader: asyncio.StreamReader, number: int) -> Request | None:
        try:
            text = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None
        line, *fields = text.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Request(number, line, headers, body.decode())


@asynccontextmanager
async def web(answer: Answer, *, delay_s: float = 0) -> AsyncIterator[tuple[Web, int]]:
    site = Web(answer, delay_s)
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    try:
        yield site, server.sockets[0].getsockname()[1]
    finally:
        server.close()


def write_lines(folder: Path, lines: Sequence[Sequence[str]]) -> str:
    path = folder / "requests"
    path.write_text("".join("\t".join(line) + "\n" for line in lines))
    return str(path)


async def load(
    folder: Path, answer: Answer, lines: Sequence[Sequence[str]], *more: str
) -> tuple[Web, dict[str, Any], str]:
    async with web(answer) as (site, port):
        status, out, errors = await loadgen(
            *("http", "--port", str(port), "--file", write_lines(folder, lines)),
            *("--sockets", "4", "--duration", "0.3", "--warmup", "0.1", *more),
        )
    assert status == 0, errors
    result: dict[str, Any] = json.loads(out)
    return site, result, errors.decode()


GET = ("GET", "/a", "-", "-")


async def test_a_sound_server_is_found_sound_and_each_request_comes_as_it_was_written(tmp_path: Path) -> None:
    lines = [GET, ("POST", "/b?c=d", "secret", '{"id":"{uuid}"}')]
    site, result, _ = await load(tmp_path, ok, lines, "--header", "Accept-Encoding: zstd")
    assert result["sound"]
    assert result["requests_per_s"] > 0
    assert result["latency_ms"]["count"] > 0
    assert result["statuses"]["2xx"] == len(site.requests)
    gets = [request for request in site.requests if request.line == "GET /a HTTP/1.1"]
    posts = [request for request in site.requests if request.line == "POST /b?c=d HTTP/1.1"]
    assert abs(len(gets) - len(posts)) <= 1
    assert len(gets) + len(posts) == len(site.requests)
    assert all(request.headers["accept-encoding"] == "zstd" for request in site.requests)
    assert all(request.headers["authorization"] == "Bearer secret" for request in posts)
    assert not any("authorization" in request.headers or request.body for request in gets)
    ids = [json.loads(request.body)["id"] for request in posts]
    assert len(set(ids)) == len(ids)


async def test_connections_are_kept(tmp_path: Path) -> None:
    site, _, _ = await load(tmp_path, ok, [GET])
    assert {request.connection for request in site.requests} == {1, 2, 3, 4}


async def test_each_connection_may_have_its_own_share(tmp_path: Path) -> None:
    lines = [("GET", f"/{number}", "-", "-") for number in range(8)]
    site, result, _ = await load(tmp_path, ok, lines, "--spread")
    assert result["sound"]
    paths: dict[int, set[str]] = {}
    for request in site.requests:
        paths.setdefault(request.connection, set()).add(request.line)
    assert sorted(map(len, paths.values())) == [2, 2, 2, 2]
    assert len(set().union(*paths.values())) == 8


async def test_a_fixed_rate_is_kept(tmp_path: Path) -> None:
    _, result, _ = await load(tmp_path, ok, [GET], "--rate", "200")
    assert result["sound"]
    due = 200 * result["duration_s"]
    assert result["generator"]["late_ms"]["count"] == pytest.approx(due, abs=2)
    assert result["latency_ms"]["count"] == pytest.approx(due, abs=2)


async def test_latency_counts_from_the_due_time_when_the_server_is_too_slow(tmp_path: Path) -> None:
    async with web(ok, delay_s=0.02) as (_, port):
        status, out, errors = await loadgen(
            *("http", "--port", str(port), "--file", write_lines(tmp_path, [GET]), "--sockets", "1"),
            *("--duration", "0.5", "--warmup", "0", "--rate", "100"),
        )
    assert status == 0, errors
    result = json.loads(out)
    assert result["sound"]
    assert result["latency_ms"]["count"] == pytest.approx(100 * result["duration_s"], abs=2)
    # Each takes twice as long as the next is away: the last of them waits for all that are owed.
    assert result["latency_ms"]["max"] > 300


@pytest.mark.parametrize(
    "answer",
    [
        head("200 OK", "Transfer-Encoding: chunked") + b"2\r\nok\r\n3;a=b\r\nway\r\n0\r\n\r\n",
        head("204 No Content"),
        head("200 OK", "content-length:  70000") + b"x" * 70_000,
        head("201 Created", "Content-Length: 0", "X-Long: " + "x" * 9_000),
    ],
)
async def test_answers_of_every_framing_are_read(tmp_path: Path, answer: bytes) -> None:
    site, result, _ = await load(tmp_path, lambda _: (answer, False), [GET])
    assert result["sound"]
    assert result["statuses"]["2xx"] == len(site.requests) > 4


async def test_an_answer_to_head_has_no_body(tmp_path: Path) -> None:
    site, result, _ = await load(
        tmp_path, lambda _: (head("200 OK", "Content-Length: 5"), False), [("HEAD", "/", "-", "-")]
    )
    assert result["sound"]
    assert len(site.requests) > 4


async def test_a_connection_that_the_server_closes_is_opened_anew(tmp_path: Path) -> None:
    closing = head("200 OK", "Content-Length: 2", "Connection: close") + b"ok"
    site, result, _ = await load(tmp_path, lambda _: (closing, True), [GET])
    assert result["sound"]
    assert max(request.connection for request in site.requests) > 4


async def test_a_connection_closed_without_a_word_between_requests_is_opened_anew(tmp_path: Path) -> None:
    _, result, _ = await load(tmp_path, lambda request: (ok(request)[0], True), [GET])
    assert result["sound"]


@pytest.mark.parametrize("status", ["304 Not Modified", "404 Not Found", "500 Internal Server Error"])
async def test_an_unexpected_status_is_told_and_shown(tmp_path: Path, status: str) -> None:
    wrong = head(status, "Content-Length: 0"), False
    _, result, errors = await load(tmp_path, each_tenth(wrong), [("GET", "/wanted", "-", "-")])
    assert not result["sound"]
    assert result["faults"]["unexpected"] > 0
    assert result["statuses"][f"{status[0]}xx"] == result["faults"]["unexpected"]
    assert f"GET /wanted HTTP/1.1: {status[:3]}" in errors


async def test_an_answer_cut_short_is_told(tmp_path: Path) -> None:
    cut = head("200 OK", "Content-Length: 9") + b"half", True
    _, result, errors = await load(tmp_path, each_tenth(cut), [GET])
    assert not result["sound"]
    assert result["faults"]["lost"] > 0
    assert "first lost request" in errors


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", head("200 OK") + b"how long?", head("200 OK", "Content-Length: -1")],
)
async def test_what_is_no_http_answer_ends_it(tmp_path: Path, answer: bytes) -> None:
    async with web(lambda _: (answer, False)) as (_, port):
        status, out, errors = await loadgen(
            "http", "--port", str(port), "--file", write_lines(tmp_path, [GET])
        )
    assert status == 2
    assert not out
    assert errors.startswith(b"loadgen: ")


async def test_a_server_that_is_not_there_ends_it(tmp_path: Path) -> None:
    async with web(ok) as (_, port):
        pass
    status, _, errors = await loadgen("http", "--port", str(port), "--file", write_lines(tmp_path, [GET]))
    assert status == 2
    assert b"Connection refused" in errors


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "holds no request"),
        ([("GET", "/")], "line 1 is not a method"),
        ([GET, ("GET", "no-slash", "-", "-")], "line 2 is not a method"),
        ([(*GET, "more")], "line 1 is not a method"),
        ([GET] * 3, "--spread needs a line for each of the 4"),
    ],
)
async def test_a_wrong_file_is_refused(tmp_path: Path, lines: Sequence[Sequence[str]], told: str) -> None:
    status, out, errors = await loadgen(
        "http", "--port", "1", "--sockets", "4", "--spread", "--file", write_lines(tmp_path, lines)
    )
    assert status == 2
    assert not out
    assert told in errors.decode()
