"""How much may be asked over HTTP: 429 with its time as a problem, 503 when there is no room, and who is counted."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute

from stockent.auth import Authenticator, mint
from stockent.http import create_app
from stockent.http.app import create_api
from stockent.http.throttling import ROUTE_LIMITS
from stockent.messaging.attachments import Attachments
from stockent.messaging.domain import Domain
from stockent.messaging.models import Profile
from stockent.rates import Rates
from stockent.rates.settings import RateSettings, parse_rates
from tests.http.conftest import ORIGIN, Web, assert_problem
from tests.waiting import poll_until

#: The transport's own address is this machine's, which is not counted.
ANN, BEN, HERE = "192.0.2.1", "192.0.2.2", "127.0.0.1"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Limited:
    """The app with these `RATE_LIMITS`, asked from any address."""

    def __init__(self, web: Web, text: str, **more: Any) -> None:
        settings = parse_rates(text)
        assert isinstance(settings, RateSettings)
        self.clock = Clock()
        self.app: Any = create_app(
            web.domain,
            Authenticator(web.settings),
            web.attachments,
            allowed_origins=web.settings.allowed_origins(),
            rates=Rates(settings, now=self.clock),
            **more,
        )

    async def get(self, path: str, *, address: str = HERE, token: str | None = None) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=(address, 4711))
        headers = {"origin": ORIGIN} | ({} if token is None else {"authorization": f"Bearer {token}"})
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:5001") as client:
            return await client.get(path, headers=headers)

    async def statuses(
        self, count: int, path: str, *, address: str = HERE, token: str | None = None
    ) -> list[int]:
        return [(await self.get(path, address=address, token=token)).status_code for _ in range(count)]


def test_every_route_that_changes_something_has_its_line(
    domain: Domain, attachments: Attachments, web: Web
) -> None:
    api = create_api(domain, Authenticator(web.settings), attachments)
    routes = {
        (method, route.path_format)
        for route in api.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }
    changing = {
        (method, path)
        for method, path in routes
        if method not in ("GET", "HEAD") and not path.startswith("/api/demo")
    }
    assert changing <= ROUTE_LIMITS.keys()
    assert ROUTE_LIMITS.keys() <= routes


async def test_a_refusal_is_a_problem_with_the_whole_seconds_to_wait_that_a_page_may_read(web: Web) -> None:
    limited = Limited(web, "requests=1/10s:2")
    token = web.token("ana")
    assert await limited.statuses(2, "/api/me", token=token) == [200, 200]
    refused = await limited.get("/api/me", token=token)
    problem = assert_problem(refused, 429, "rate_limited")
    assert problem["retryable"] is True
    assert 10 <= int(refused.headers["retry-after"]) <= 15
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    assert "retry-after" in refused.headers["access-control-expose-headers"]
    limited.clock.now += int(refused.headers["retry-after"])
    assert await limited.statuses(1, "/api/me", token=token) == [200]


async def test_the_least_time_to_wait_is_one_second(web: Web) -> None:
    limited = Limited(web, "requests=1000/s:1")
    token = web.token("ana")
    assert await limited.statuses(1, "/api/me", token=token) == [200]
    assert (await limited.get("/api/me", token=token)).headers["retry-after"] == "1"


async def test_a_user_is_counted_wherever_they_are_and_apart_from_others(web: Web) -> None:
    limited = Limited(web, "requests=1/h:2")
    ana, bo = web.token("ana"), web.token("bo")
    assert await limited.statuses(1, "/api/me", address=ANN, token=ana) == [200]
    assert await limited.statuses(2, "/api/me", address=BEN, token=ana) == [200, 429]
    assert await limited.statuses(2, "/api/me", address=ANN, token=bo) == [200, 200]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/nothing-here", 404), ("/api/session", 200), ("/api/docs", 200), ("/api/me", 401)],
)
async def test_what_needs_no_token_or_lacks_it_is_counted_for_the_address(
    web: Web, path: str, status: int
) -> None:
    limited = Limited(web, "address_requests=1/60s:3", page_dir=web.settings.data_dir / "page")
    assert await limited.statuses(4, path, address=ANN) == [status] * 3 + [429]
    assert_problem(await limited.get(path, address=ANN), 429, "rate_limited")
    assert await limited.statuses(4, path, address=BEN) == [status] * 3 + [429]
    assert await limited.statuses(20, path) == [status] * 20, "this machine is not counted"
    assert await limited.statuses(5, "/api/me", address=ANN, token=web.token("ana")) == [200] * 5
    limited.clock.now += 60
    assert await limited.statuses(2, path, address=ANN) == [status, 429]


async def test_whether_the_process_lives_may_always_be_asked(web: Web) -> None:
    limited = Limited(web, "address_requests=1/h:1, node_requests=1")
    assert await limited.statuses(20, "/healthz", address=ANN) == [200] * 20
    assert await limited.statuses(2, "/readyz", address=ANN) == [200, 429]


async def test_wrong_tokens_of_an_address_are_refused_before_they_are_looked_at(web: Web) -> None:
    limited = Limited(web, "address_failures=1/60s:4")
    forged = web.token("ana")[:-4] + "AAAA"
    good = web.token("ana")
    assert await limited.statuses(1, "/api/me", address=ANN, token=good) == [200]
    assert await limited.statuses(6, "/api/me", address=ANN, token=forged) == [401] * 4 + [429] * 2
    assert await limited.statuses(1, "/api/me", address=ANN, token=web.token("bo")) == [429], "not looked at"
    assert await limited.statuses(5, "/api/me", address=ANN, token=good) == [200] * 5, "known since a moment"
    assert await limited.statuses(1, "/api/me", address=BEN, token=web.token("bo")) == [200]
    limited.clock.now += 240
    assert await limited.statuses(1, "/api/me", address=ANN, token=web.token("bo")) == [200]


async def test_an_expired_token_is_nobodys_guess_and_counts_as_none(web: Web) -> None:
    limited = Limited(web, "address_failures=1/h:2, address_requests=1/h:5")
    assert web.settings.jwt_secret is not None
    expired = mint(web.settings.jwt_secret, Profile(id="ana"), 60, now=lambda: time.time() - 3_600)
    assert await limited.statuses(7, "/api/me", address=ANN, token=expired) == [401] * 5 + [429] * 2
    assert await limited.statuses(3, "/api/me", address=ANN, token=web.token("ana")) == [200] * 3


async def test_a_disabled_user_who_goes_on_asking_is_refused_too(web: Web) -> None:
    limited = Limited(web, "address_failures=1/h:3")
    token = web.token("ana")
    assert await limited.statuses(1, "/api/me", address=ANN, token=token) == [200]
    await web.domain.store.set_disabled("ana", disabled=True)
    assert await limited.statuses(6, "/api/me", address=ANN, token=token) == [401] * 3 + [429] * 3


async def test_more_requests_at_a_time_than_the_node_takes_are_503_and_it_heals(web: Web) -> None:
    gate = asyncio.Event()
    waiting = 0

    async def readiness() -> None:
        nonlocal waiting
        waiting += 1
        await gate.wait()

    limited = Limited(web, "node_requests=2", readiness=readiness)
    slow = [asyncio.create_task(limited.get("/readyz")) for _ in range(2)]
    await poll_until(lambda: waiting == 2)
    token = web.token("ana")
    refused = await limited.get("/api/me", token=token)
    assert_problem(refused, 503, "overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert_problem(await limited.get("/"), 503, "overloaded")
    assert (await limited.get("/healthz")).status_code == 200
    gate.set()
    assert [(await each).status_code for each in slow] == [200, 200]
    assert await limited.statuses(5, "/api/me", token=token) == [200] * 5


async def test_a_refused_request_stores_nothing_and_does_not_read_its_body(web: Web) -> None:
    limited = Limited(web, "conversations=1/h:1")
    transport = httpx.ASGITransport(app=limited.app)
    headers = {"authorization": f"Bearer {web.token('ana')}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as ana:
        made = await ana.post("/api/conversations", json={"participantIds": ["bo"]})
        assert made.status_code == 201
        refused = await ana.post("/api/conversations", content=b"{ no JSON at all")
        assert_problem(refused, 429, "rate_limited")
        assert_problem(
            await ana.post("/api/conversations", json={"participantIds": ["cy"]}), 429, "rate_limited"
        )
        listed = (await ana.get("/api/conversations")).json()["items"]
    assert [each["id"] for each in listed] == [made.json()["id"]]
