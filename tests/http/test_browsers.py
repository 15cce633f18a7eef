"""What browsers are allowed and told: origins, CORS, security headers."""

from __future__ import annotations

import pytest

from tests.http.conftest import ORIGIN, Talk, Web, assert_problem

OWN_ORIGIN = "http://127.0.0.1:5001"
FOREIGN = [
    "https://evil.example",
    "null",
    "http://shop.example.evil",
    "http://shop.example:80",
    "https://shop.example",
    "http://SHOP.example",
    "http://xn--shop-example",
    "http://shop.example, http://shop.example",
    "http://127.0.0.1:5002",
    "",
    "*",
]
PATHS = (
    "/",
    "/c/abc",
    "/assets/index-a1b2c3.js",
    "/missing",
    "/api/missing",
    "/healthz",
    "/api/me",
    "/api/docs",
)


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_of_another_origin_can_neither_write_nor_read_with_the_cookie(
    web: Web, talk: Talk, origin: str
) -> None:
    path = f"/api/conversations/{talk.id}"
    browser = await web.anonymous(cookie=f"lang=de; accessToken={web.token('ana')}")
    for allowed in (ORIGIN, OWN_ORIGIN):
        answer = await browser.patch(path, json={"title": "mine"}, headers={"origin": allowed})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == allowed
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in answer.headers["vary"]
    write = await browser.patch(path, json={"title": "theirs"}, headers={"origin": origin})
    read = await browser.get(path, headers={"origin": origin})
    for refused in (write, read):
        assert_problem(refused, 403, "origin_forbidden")
        assert "access-control-allow-origin" not in refused.headers
    assert (await browser.get(path)).json()["title"] == "mine"


async def test_a_write_from_another_site_without_an_origin_is_refused(web: Web, talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}"
    crossing = {"sec-fetch-site": "cross-site"}
    assert_problem(await talk.ana.patch(path, json={"title": "x"}, headers=crossing), 403, "origin_forbidden")
    assert (await talk.ana.patch(path, json={"title": "x"})).status_code == 200
    assert (await talk.ana.get(path, headers=crossing)).status_code == 200


async def test_the_refusal_says_which_setting_would_allow_the_origin(talk: Talk) -> None:
    refused = await talk.ana.post("/api/conversations", headers={"origin": "http://10.0.0.5:5001"})
    detail = assert_problem(refused, 403, "origin_forbidden")["detail"]
    assert "http://10.0.0.5:5001" in detail
    assert "SOCKET_CORS_ORIGIN" in detail


async def test_a_preflight_is_answered_for_allowed_origins_only(web: Web) -> None:
    browser = await web.anonymous()
    asking = {"access-control-request-method": "PATCH", "access-control-request-headers": "authorization"}
    good = await browser.options("/api/conversations/x", headers={"origin": ORIGIN, **asking})
    assert (good.status_code, good.content) == (204, b"")
    assert good.headers["access-control-allow-origin"] == ORIGIN
    assert "PATCH" in good.headers["access-control-allow-methods"]
    assert "authorization" in good.headers["access-control-allow-headers"]
    bad = await browser.options("/api/conversations/x", headers={"origin": "https://evil.example", **asking})
    assert_problem(bad, 403, "origin_forbidden")


async def test_a_foreign_page_may_read_what_is_open_to_everybody_but_is_not_told_so(web: Web) -> None:
    answer = await (await web.anonymous()).get("/healthz", headers={"origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_security_headers(web: Web, path: str) -> None:
    for headers in ({}, {"origin": "https://evil.example", "cookie": "accessToken=x"}):
        answer = await (await web.anonymous()).get(path, headers=headers)
        policy = dict(
            part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
        assert policy["connect-src"] == "'self' ws://127.0.0.1:5001 wss://127.0.0.1:5001"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "permissions-policy" in answer.headers
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["a b", "x; script-src *", "x'y", "@other", "a" * 300, "", "host:99999999"])
async def test_a_strange_host_does_not_get_into_the_policy(web: Web, host: str) -> None:
    answer = await (await web.anonymous()).get("/healthz", headers={"host": host})
    assert answer.status_code in (200, 400)
    assert "connect-src 'self'; object-src" in answer.headers["content-security-policy"]
