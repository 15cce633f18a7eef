"""What only a real connection shows: bodies that trickle or do not end, HEAD, and that a refusal does not desync."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from stockent.http import bodies
from tests.http.conftest import Web, Wire
from tests.waiting import poll_until


def post(web: Web, *headers: str) -> bytes:
    lines = [
        "POST /api/conversations HTTP/1.1",
        "Host: x",
        "Content-Type: application/json",
        f"Authorization: Bearer {web.token('ana')}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


GOOD = b'{"participantIds": ["bo"]}'


async def test_a_body_that_does_not_come_is_given_up_after_its_time(
    web: Web, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_TIMEOUT_S", 0.2)
    wire.send(post(web, "Content-Length: 26") + GOOD[:10])
    head = await wire.head()
    assert head.startswith("HTTP/1.1 408")
    assert b'"code":"request_timeout"' in await wire.rest()


async def test_a_chunked_body_without_end_is_cut_at_the_limit(web: Web, wire: Wire) -> None:
    wire.send(post(web, "Transfer-Encoding: chunked"))
    for _ in range(1 + bodies.MAX_BODY_BYTES // 65_536):
        wire.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")
    head = await wire.head()
    assert head.startswith("HTTP/1.1 413")
    assert b'"code":"too_large"' in await wire.rest()


@pytest.mark.parametrize(
    ("header", "begun"),
    [("Content-Length: 26", GOOD[:10]), ("Transfer-Encoding: chunked", b"xyz\r\n")],
    ids=["cut off", "no chunk"],
)
async def test_a_body_that_breaks_off_is_no_fault_of_the_server(
    web: Web, wire: Wire, header: str, begun: bytes
) -> None:
    with capture_logs() as logged:
        wire.send(post(web, header) + begun)
        wire.writer.write_eof()
        await wire.rest()
        await poll_until(lambda: web.answers)
    assert {answered.status for answered in web.answers} == {408}
    assert logged == []


async def test_after_an_ordinary_refusal_the_connection_goes_on(web: Web, wire: Wire) -> None:
    wire.send(post(web, "Content-Length: 2") + b"[]")
    assert (await wire.head()).startswith("HTTP/1.1 422")
    wire.send(post(web, f"Content-Length: {len(GOOD)}", "Connection: close") + GOOD)
    assert b"HTTP/1.1 201" in await wire.rest()


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/assets/index-a1b2c3.js"])
async def test_head_answers_without_a_body(wire: Wire, path: str) -> None:
    wire.send(f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head = await wire.head()
    assert head.startswith("HTTP/1.1 200")
    assert "content-length: 0" not in head
    assert await wire.rest() == b""


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../index.html",
        "/assets/..%2f..%2fapp.py",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%5c..%5cetc",
        "//evil.example/..",
        "/assets/%00",
        "/assets/",
        "/assets",
        "/api/../index.html",
        "/index.html/",
        "/.env",
    ],
)
async def test_no_path_leads_out_of_the_page(wire: Wire, path: str) -> None:
    wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await wire.rest()
    assert answer.startswith(b"HTTP/1.1 404"), answer
    assert b'"code":"not_found"' in answer
