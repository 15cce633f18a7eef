"""`GET /api/session`: what a page asks first. Being nobody is an answer there, not an error."""

from __future__ import annotations

from tests.http.conftest import ORIGIN, Web, assert_problem


async def test_a_page_learns_who_it_speaks_for(web: Web) -> None:
    bearer = await web.user("ana")
    cookie = await web.anonymous(cookie=f"accessToken={web.token('bo')}")
    assert (await bearer.get("/api/session")).json()["user"]["id"] == "ana"
    assert (await cookie.get("/api/session")).json()["user"]["id"] == "bo"


async def test_no_bad_and_disabled_users_are_nobody(web: Web) -> None:
    nobody = {"user": None, "demo": False}
    ana = await web.user("ana")
    assert (await ana.get("/api/session")).json() != nobody
    await web.domain.store.set_disabled("ana", disabled=True)
    for person in (ana, await web.anonymous(), await web.anonymous(authorization="Bearer x.y.z")):
        answer = await person.get("/api/session")
        assert (answer.status_code, answer.json()) == (200, nobody)


async def test_a_page_of_another_origin_does_not_learn_whose_cookie_it_is(web: Web) -> None:
    browser = await web.anonymous(cookie=f"accessToken={web.token('ana')}")
    assert (await browser.get("/api/session", headers={"origin": ORIGIN})).json()["user"]["id"] == "ana"
    refused = await browser.get("/api/session", headers={"origin": "https://evil.example"})
    assert_problem(refused, 403, "origin_forbidden")
    assert "ana" not in refused.text
