"""The API's answers on their way out: content codings, validators, and what is left as it is."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from stockent.codings import MIN_CODED_BYTES
from stockent.http.representations import Representations, matches
from tests.http.conftest import ORIGIN, Talk, Web, assert_problem, client_id

PLAIN = {"accept-encoding": "identity"}


async def say(talk: Talk, *texts: str) -> None:
    for text in texts:
        body = {"clientId": client_id(), "content": text}
        sent = await talk.ana.post(f"/api/conversations/{talk.id}/messages", json=body)
        assert sent.status_code == 201


@pytest.fixture
async def long_talk(talk: Talk) -> Talk:
    """Long enough that its page of messages is coded."""
    await say(talk, *["said again and again " * 50] * 3)
    return talk


# codings


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
async def test_a_long_answer_is_coded_as_the_client_takes_it(long_talk: Talk, coding: str) -> None:
    path = f"/api/conversations/{long_talk.id}/messages"
    plain = await long_talk.ana.get(path, headers=PLAIN)
    coded = await long_talk.ana.get(path, headers={"accept-encoding": f"{coding}, identity;q=0.5"})

    assert coded.headers["content-encoding"] == coding
    assert "content-encoding" not in plain.headers
    assert coded.content == plain.content
    assert int(coded.headers["content-length"]) < len(plain.content) / 2
    assert int(plain.headers["content-length"]) == len(plain.content)
    for answer in (coded, plain):
        assert "Accept-Encoding" in answer.headers["vary"]
        assert answer.headers["content-type"] == "application/json"


async def test_a_short_answer_is_left_as_it_is(talk: Talk) -> None:
    answer = await talk.ana.get("/api/me")

    assert len(answer.content) < MIN_CODED_BYTES
    assert "content-encoding" not in answer.headers
    assert "Accept-Encoding" not in answer.headers["vary"]


async def test_a_long_answer_to_a_write_is_coded_too(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/messages"
    sent = await talk.ana.post(path, json={"clientId": client_id(), "content": "long " * 900})

    assert sent.headers["content-encoding"] == "zstd"
    assert sent.json()["content"] == ("long " * 900).strip()
    assert "etag" not in sent.headers


async def test_the_apis_description_is_coded(web: Web) -> None:
    browser = await web.anonymous()
    for path in ("/api/openapi.json", "/api/docs", "/api/docs/style.css"):
        answer = await browser.get(path, headers={"accept-encoding": "br"})
        assert answer.headers["content-encoding"] == "br"
        assert answer.headers["cache-control"] == "public, max-age=300"


async def test_an_answer_coded_in_a_thread_comes_whole(talk: Talk) -> None:
    await say(talk, *["🎉" * 5_000] * 15)

    path = f"/api/conversations/{talk.id}/messages"
    coded = await talk.ana.get(path, headers={"accept-encoding": "gzip"})
    plain = await talk.ana.get(path, headers=PLAIN)

    assert len(plain.content) > 262_144
    assert coded.headers["content-encoding"] == "gzip"
    assert coded.content == plain.content


# validators


PATHS = [
    "/api/conversations",
    "/api/conversations?limit=5",
    "/api/conversations/{}",
    "/api/conversations/{}/messages",
    "/api/conversations/{}/messages?limit=5",
    "/api/unread",
    "/api/me",
    "/api/users/bo",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accepted", ["identity", "zstd", "gzip"])
async def test_what_did_not_change_is_not_sent_again(long_talk: Talk, path: str, accepted: str) -> None:
    path = path.format(long_talk.id)
    headers = {"accept-encoding": accepted}
    first = await long_talk.ana.get(path, headers=headers)
    etag = first.headers["etag"]

    again = await long_talk.ana.get(path, headers={**headers, "if-none-match": etag})
    other = await long_talk.ana.get(path, headers={**headers, "if-none-match": '"other"'})

    assert first.headers["cache-control"] == "no-cache, private"
    assert (again.status_code, again.content) == (304, b"")
    assert not {"content-type", "content-length", "content-encoding"} & again.headers.keys()
    for kept in ("etag", "cache-control", "vary"):
        assert again.headers[kept] == first.headers[kept]
    assert (other.status_code, other.content) == (200, first.content)
    assert etag.startswith('W/"') == ("content-encoding" in first.headers)


async def test_one_etag_serves_every_coding(long_talk: Talk) -> None:
    path = f"/api/conversations/{long_talk.id}/messages"
    coded = (await long_talk.ana.get(path, headers={"accept-encoding": "br"})).headers["etag"]
    plain = (await long_talk.ana.get(path, headers=PLAIN)).headers["etag"]

    assert coded == f"W/{plain}"
    for etag in (coded, plain):
        for accepted in ("br", "gzip", "identity"):
            headers = {"accept-encoding": accepted, "if-none-match": etag}
            assert (await long_talk.ana.get(path, headers=headers)).status_code == 304


async def test_a_change_is_sent(talk: Talk) -> None:
    paths = [f"/api/conversations/{talk.id}/messages", f"/api/conversations/{talk.id}", "/api/conversations"]
    etags = [(await talk.bo.get(path)).headers["etag"] for path in (*paths, "/api/unread")]

    await say(talk, "news")

    for path, etag in zip((*paths, "/api/unread"), etags, strict=True):
        answer = await talk.bo.get(path, headers={"if-none-match": etag})
        assert answer.status_code == 200
        assert answer.headers["etag"] != etag


async def test_an_etag_opens_nothing_to_others(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/messages"
    etag = (await talk.ana.get(path)).headers["etag"]

    for asked in (etag, "*"):
        assert_problem(await talk.mallory.get(path, headers={"if-none-match": asked}), 404, "not_found")


async def test_writes_and_answers_that_are_not_kept_have_no_etag(web: Web, talk: Talk) -> None:
    patched = await talk.ana.patch(f"/api/conversations/{talk.id}", json={"title": "new"})
    session = await talk.ana.get("/api/session", headers={"if-none-match": "*"})
    missing = await talk.ana.get("/api/conversations/none", headers={"if-none-match": "*"})

    assert (patched.status_code, session.status_code, missing.status_code) == (200, 200, 404)
    for answer in (patched, session, missing):
        assert "etag" not in answer.headers
    assert patched.headers["cache-control"] == session.headers["cache-control"] == "no-store"


async def test_a_page_of_an_allowed_origin_may_read_the_etag_and_send_it_back(web: Web) -> None:
    ana = await web.user("ana")
    preflight = await ana.options(
        "/api/me", headers={"origin": ORIGIN, "access-control-request-method": "GET"}
    )
    answer = await ana.get("/api/me", headers={"origin": ORIGIN})

    assert "if-none-match" in preflight.headers["access-control-allow-headers"]
    assert "etag" in answer.headers["access-control-expose-headers"]
    again = await ana.get("/api/me", headers={"origin": ORIGIN, "if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(
    ("header", "matching"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"x", W/"a"', True),
        ('"x,y","a"', True),
        ("*", True),
        (" * ", True),
        ("", False),
        ('"b"', False),
        ('"ab"', False),
        ("a", False),
        ('"', False),
        ('"x, "a', False),
        ('w/"b"', False),
    ],
)
def test_etags_are_compared_weakly(header: str, matching: bool) -> None:
    assert matches('"a"', header) is matching
    assert matches('W/"a"', header) is matching


# what is left as it is


Answer = Callable[[Any, Any, Any], Awaitable[None]]
LONG = b"long " * 1_000


def answering(
    *bodies: bytes, status: int = 200, media_type: str = "application/json", **headers: str
) -> Answer:
    """An app that answers by these chunks; `_` in a header's name is a dash."""
    sent = {"content-type": media_type, **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raw = [(name.encode(), value.encode()) for name, value in sent.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        for number, body in enumerate(bodies, start=1):
            await send({"type": "http.response.body", "body": body, "more_body": number < len(bodies)})

    return app


async def ask(app: Answer, method: str = "GET", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=Representations(app))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.request(
            method, "/", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


async def test_a_long_answer_of_any_app_is_coded_in_one_piece() -> None:
    answer = await ask(answering(LONG, cache_control="private, no-cache"))

    assert answer.headers["content-encoding"] == "zstd"
    assert answer.headers["etag"].startswith("W/")
    refusal = await ask(answering(LONG, status=422, media_type="application/problem+json"))
    assert refusal.headers["content-encoding"] == "zstd"


AS_IT_IS = {
    "a picture": answering(LONG, media_type="image/png"),
    "a file": answering(LONG, media_type="application/octet-stream"),
    "what is coded already": answering(gzip.compress(LONG), content_encoding="gzip"),
    "a part": answering(LONG, status=206, content_range="bytes 0-4999/9000"),
    "what can be had in parts": answering(LONG, accept_ranges="bytes", media_type="text/plain"),
    "what has its own etag": answering(LONG, etag='"own"', cache_control="no-cache"),
    "what must not be transformed": answering(LONG, cache_control="no-store, no-transform"),
    "a stream": answering(LONG, LONG),
    "a stream that ends empty": answering(LONG, b""),
    "what is too short": answering(LONG[: MIN_CODED_BYTES - 1]),
    "nothing": answering(b"", status=204),
}


@pytest.mark.parametrize("app", AS_IT_IS.values(), ids=AS_IT_IS.keys())
async def test_some_answers_are_left_as_they_are(app: Answer) -> None:
    answer = await ask(app, if_none_match="*")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        bare = await client.get("/")

    assert answer.status_code == bare.status_code
    assert answer.content == bare.content
    assert answer.headers == bare.headers


async def test_an_answer_to_head_is_left_as_it_is() -> None:
    answer = await ask(answering(b"", content_length="5000", cache_control="no-cache"), "HEAD")

    assert answer.headers["content-length"] == "5000"
    assert not {"etag", "content-encoding"} & answer.headers.keys()
