"""Where a token may stand in an HTTP request, and what a refused one answers."""

from __future__ import annotations

from tests.http.conftest import Web, assert_problem


async def test_the_cookie_comes_before_the_authorization_header(web: Web) -> None:
    both = await web.anonymous(
        cookie=f"accessToken={web.token('ana')}", authorization=f"Bearer {web.token('bo')}"
    )
    assert (await both.get("/api/me")).json()["id"] == "ana"
    bearer = await web.anonymous(authorization=f"bearer {web.token('bo')}")
    assert (await bearer.get("/api/me")).json()["id"] == "bo"


async def test_a_token_in_the_query_string_is_not_accepted(web: Web) -> None:
    anonymous = await web.anonymous()
    token = web.token("ana")
    for name in ("token", "accessToken", "access_token", "jwt"):
        assert_problem(await anonymous.get("/api/me", params={name: token}), 401, "auth_required")


async def test_no_bad_and_expired_tokens_have_their_codes_and_ask_for_bearer(web: Web) -> None:
    for authorization, code in [
        ("", "auth_required"),
        ("Basic YTpi", "auth_required"),
        ("Bearer", "auth_required"),
        ("Bearer x.y.z", "auth_invalid"),
        (f"Bearer {web.token('ana')[:-4]}AAAA", "auth_invalid"),
        ("Bearer " + "x" * 50_000, "auth_invalid"),
    ]:
        anonymous = await web.anonymous(authorization=authorization)
        answer = await anonymous.get("/api/me")
        assert_problem(answer, 401, code)
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_token_is_checked_before_the_body_is_looked_at(web: Web) -> None:
    anonymous = await web.anonymous()
    assert_problem(await anonymous.post("/api/conversations", content=b"{"), 401, "auth_required")


async def test_api_answers_are_kept_by_no_shared_cache_and_set_no_cookie(web: Web) -> None:
    ana = await web.user("ana")
    for path, kept in {"/api/me": "no-cache, private", "/api/session": "no-store"}.items():
        answer = await ana.get(path)
        assert answer.headers["cache-control"] == kept
        assert "set-cookie" not in answer.headers
