"""The demo over HTTP: who one can be, tokens for them, and that it is not there unless asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from stockent.auth import Authenticator
from stockent.demo import Demo
from stockent.http import create_app
from tests.http.conftest import Web, assert_problem


@pytest.fixture
async def demo(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        web.domain,
        Authenticator(web.settings),
        web.attachments,
        allowed_origins=web.settings.allowed_origins(),
        demo=Demo(web.settings),
    )
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:5001") as client:
        yield client


async def test_without_the_demo_its_addresses_do_not_exist(web: Web) -> None:
    anonymous, ana = await web.anonymous(), await web.user("ana")
    assert_problem(await anonymous.get("/api/demo"), 404, "not_found")
    assert_problem(await anonymous.post("/api/demo/login", json={"userId": "jonas"}), 404, "not_found")
    assert_problem(await ana.post("/api/demo/refresh"), 404, "not_found")


async def test_one_chooses_a_person_and_is_that_person(demo: httpx.AsyncClient) -> None:
    people = (await demo.get("/api/demo")).json()["people"]
    assert 6 <= len(people) <= 8
    assert len({person["companyName"] for person in people}) >= 5
    login = await demo.post("/api/demo/login", json={"userId": people[1]["id"]})
    assert login.status_code == 200
    assert login.json()["user"] == people[1]
    assert "set-cookie" not in login.headers
    # Nor must its length tell of the token, so it is never coded (BREACH).
    assert login.headers["cache-control"] == "no-store, no-transform"
    bearer = {"authorization": f"Bearer {login.json()['token']}"}
    assert (await demo.get("/api/me", headers=bearer)).json() == people[1]


async def test_only_the_demos_people_can_be_chosen(demo: httpx.AsyncClient) -> None:
    assert_problem(await demo.post("/api/demo/login", json={"userId": "admin"}), 404, "not_found")
    assert_problem(await demo.post("/api/demo/login", json={"userId": "a b"}), 422, "invalid")
    assert_problem(await demo.post("/api/demo/login", json={}), 422, "invalid")


async def test_a_token_is_renewed_for_its_own_person_alone(web: Web, demo: httpx.AsyncClient) -> None:
    login = (await demo.post("/api/demo/login", json={"userId": "lin"})).json()
    bearer = {"authorization": f"Bearer {login['token']}"}
    renewed = await demo.post("/api/demo/refresh", headers=bearer)
    assert renewed.json()["user"]["id"] == "lin"
    assert renewed.json()["expiresAt"] >= login["expiresAt"]
    assert_problem(await demo.post("/api/demo/refresh"), 401, "auth_required")
    stranger = {"authorization": f"Bearer {web.token('ana')}"}
    assert_problem(await demo.post("/api/demo/refresh", headers=stranger), 404, "not_found")


async def test_a_page_of_another_origin_cannot_log_in(demo: httpx.AsyncClient) -> None:
    body = {"userId": "lin"}
    own = await demo.post("/api/demo/login", json=body, headers={"origin": "http://127.0.0.1:5001"})
    assert own.status_code == 200
    foreign = await demo.post("/api/demo/login", json=body, headers={"origin": "https://evil.example"})
    assert_problem(foreign, 403, "origin_forbidden")
