"""Liveness, readiness, and what is told when the server itself fails: a code, when to come back, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from structlog.testing import capture_logs

from stockent.auth import Authenticator
from stockent.http import create_app, health
from stockent.messaging.errors import Code, MessagingError
from tests.http.conftest import Web, assert_problem


async def readyz(web: Web, readiness: Callable[[], Awaitable[object]] | None = None) -> httpx.Response:
    app = create_app(
        web.domain, Authenticator(web.settings), web.attachments, allowed_origins=[], readiness=readiness
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        return await client.get("/readyz")


async def test_a_node_is_ready_while_its_store_answers(web: Web) -> None:
    assert (await readyz(web)).json() == {"status": "ready"}
    await web.domain.store.close()
    refused = await readyz(web)
    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"


async def test_a_refusal_that_passes_says_when_to_come_back_in_whole_seconds(web: Web) -> None:
    async def overloaded() -> None:
        raise MessagingError(Code.OVERLOADED, "too many writes wait", retry_after_ms=1_200)

    async def unavailable() -> None:
        raise MessagingError(Code.STORE_UNAVAILABLE, "the disk is full")

    for readiness, code, retry_after in (
        (overloaded, "overloaded", "2"),
        (unavailable, "store_unavailable", "1"),
    ):
        refused = await readyz(web, readiness)
        assert assert_problem(refused, 503, code)["retryable"] is True
        assert refused.headers["retry-after"] == retry_after


async def test_a_part_that_does_not_answer_is_not_waited_for(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "READY_TIMEOUT_S", 0.05)

    async def silent() -> None:
        await asyncio.Event().wait()

    assert "in time" in assert_problem(await readyz(web, silent), 503, "store_unavailable")["detail"]


async def test_what_the_system_said_of_a_failure_stays_in_the_log(web: Web) -> None:
    async def broken() -> None:
        raise OSError(5, "Input/output error", "/srv/canary-path/stockent.db")

    with capture_logs() as logs:
        refused = await readyz(web, broken)
    assert_problem(refused, 503, "store_unavailable")
    assert "canary-path" not in refused.text
    assert "canary-path" in str(logs)


async def test_a_fault_of_ours_is_logged_and_not_told(web: Web) -> None:
    async def faulty() -> None:
        raise RuntimeError("canary-of-the-inside")

    with capture_logs() as logs:
        answer = await readyz(web, faulty)
    assert_problem(answer, 500, "internal")
    assert "canary" not in answer.text
    assert "Traceback" not in answer.text
    [logged] = [line for line in logs if line["event"] == "request_failed"]
    assert "canary-of-the-inside" in str(logged["exc_info"])


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(web: Web) -> None:
    ana = await web.user("ana")
    for path in ("/api", "/api/", "/api/nothing", "/api/docs/nothing", "/api/conversations/x/y/z"):
        assert_problem(await ana.get(path), 404, "not_found")
    refused = await ana.put("/api/conversations")
    assert_problem(refused, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(refused.headers["allow"].split(", "))


async def test_the_docs_page_needs_no_other_host_and_no_script(web: Web) -> None:
    browser = await web.anonymous()
    page = (await browser.get("/api/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert "style=" not in page
    assert (await browser.get("/api/docs/style.css")).headers["content-type"].startswith("text/css")
    document = (await browser.get("/api/openapi.json")).json()
    assert all(path in page for path in document["paths"])
