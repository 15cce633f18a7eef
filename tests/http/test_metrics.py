"""`/metrics`: whom it is shown to, and that to everybody else it is no address at all."""

from __future__ import annotations

import httpx
import pytest

from stockent.messaging.models import Role
from tests.http.conftest import Web

FIGURES = b"stockent_sockets 1.0\n"


@pytest.fixture
async def admin(web: Web) -> httpx.AsyncClient:
    return await web.anonymous(authorization=f"Bearer {web.token('root', role=Role.ADMIN)}")


async def test_an_admin_gets_the_figures_as_prometheus_reads_them(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/metrics")
    assert (answer.status_code, answer.content) == (200, FIGURES)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("role", [None, Role.BUYER, Role.SELLER])
async def test_to_anybody_else_it_is_an_address_that_does_not_exist(web: Web, role: Role | None) -> None:
    person = await web.anonymous(authorization=f"Bearer {web.token('ann', role=role)}")
    for asker in (person, await web.anonymous(), await web.anonymous(authorization="Bearer forged")):
        shown, missing = await asker.get("/metrics"), await asker.get("/nothing")
        assert shown.status_code == 404
        assert shown.content == missing.content
        assert shown.headers == missing.headers


async def test_a_cookie_opens_nothing_to_a_page(web: Web) -> None:
    page = await web.anonymous(cookie=f"accessToken={web.token('root', role=Role.ADMIN)}")
    assert (await page.get("/api/me")).status_code == 200
    assert (await page.get("/metrics")).status_code == 404


async def test_an_admin_who_is_disabled_is_nobody(web: Web, admin: httpx.AsyncClient) -> None:
    assert (await admin.get("/metrics")).status_code == 200
    await web.domain.store.set_disabled("root", disabled=True)
    assert (await admin.get("/metrics")).status_code == 404


async def test_answers_are_counted_by_route_and_method_and_not_by_what_a_client_invents(
    web: Web, admin: httpx.AsyncClient
) -> None:
    for path in ("/api/conversations/a", "/api/conversations/b", "/api/invented", "/c/x"):
        await admin.get(path)
    await admin.request("INVENTED", "/api/me")
    counted = {(each.method, each.route, each.status): count for each, count in web.answers.items()}
    assert counted == {
        ("GET", "/api/conversations/{cid}", 404): 2,
        ("GET", "other", 404): 1,
        ("GET", "other", 200): 1,
        ("other", "other", 405): 1,
    }
