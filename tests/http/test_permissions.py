"""Who may call what: every route of the app's own table, as every kind of person.

A route that is added without a line in `ROUTES` fails the first test. The canary stands in every conversation; no
answer to anybody outside may hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute

from stockent.auth import Authenticator
from stockent.http.app import create_api
from tests.http.conftest import CANARY, SUBJECT, Talk, Web, assert_problem, client_id
from tests.http.uploading import shown
from tests.media.making import encoded, picture


@dataclass(frozen=True)
class Rule:
    """Statuses by who asks. `outsider`: a signed-in stranger, and who was removed. `author`: who owns the group too.

    `body`: what is sent; `cid`, `mid` and `uid` are filled in.
    """

    anonymous: int
    outsider: int
    participant: int
    author: int
    body: Mapping[str, Any] | None = None


def open_to_all(status: int = 200, body: Mapping[str, Any] | None = None) -> Rule:
    return Rule(status, status, status, status, body)


def speakers(status: int, body: Mapping[str, Any] | None = None) -> Rule:
    return Rule(401, status, status, status, body)


def participants(status: int, body: Mapping[str, Any] | None = None, *, author_only: bool = False) -> Rule:
    return Rule(401, 404, 403 if author_only else status, status, body)


C = "/api/conversations/{cid}"
#: Of Ana's, shown by her message.
A = "/api/attachments/{attachment_id}"
ROUTES: dict[tuple[str, str], Rule] = {
    ("GET", "/healthz"): open_to_all(),
    ("HEAD", "/healthz"): open_to_all(),
    ("GET", "/readyz"): open_to_all(),
    ("HEAD", "/readyz"): open_to_all(),
    # An admin's answer: tests/http/test_metrics.py.
    ("GET", "/metrics"): open_to_all(404),
    ("GET", "/api/openapi.json"): open_to_all(),
    ("GET", "/api/docs"): open_to_all(),
    ("GET", "/api/docs/style.css"): open_to_all(),
    ("GET", "/api/demo"): open_to_all(404),
    ("POST", "/api/demo/login"): open_to_all(404, {"userId": "jonas"}),
    ("POST", "/api/demo/refresh"): open_to_all(404),
    ("GET", "/api/session"): open_to_all(),
    ("GET", "/api/me"): speakers(200),
    ("GET", "/api/me/settings"): speakers(200),
    ("PATCH", "/api/me/settings"): speakers(200, {"sendReadReceipts": False}),
    ("GET", "/api/presence"): speakers(200),
    ("PUT", "/api/delivered"): speakers(204, {"conversations": {"of-anybody": 1}}),
    ("GET", "/api/unread"): speakers(200),
    ("GET", "/api/search"): speakers(422),
    ("GET", "/api/users/{user_id}"): Rule(401, 404, 200, 200),
    ("GET", "/api/conversations"): speakers(200),
    ("POST", "/api/conversations"): speakers(201, {"participantIds": ["somebody"]}),
    ("POST", "/api/messages"): speakers(201, {"recipientId": "somebody", "content": "hello"}),
    ("GET", C): participants(200),
    ("PATCH", C): participants(200, {"title": "New title"}),
    ("DELETE", C): participants(204),
    ("GET", C + "/messages"): participants(200),
    ("POST", C + "/messages"): participants(201, {"content": "hello"}),
    ("PATCH", C + "/messages/{mid}"): participants(200, {"content": "edited"}, author_only=True),
    ("DELETE", C + "/messages/{mid}"): participants(200, author_only=True),
    ("GET", C + "/messages/{mid}/history"): participants(200),
    ("PUT", C + "/messages/{mid}/reactions"): participants(200, {"emoji": "👍"}),
    ("DELETE", C + "/messages/{mid}/reactions/{emoji}"): participants(200),
    ("PATCH", C + "/personal"): participants(200, {"pinned": True}),
    ("PUT", C + "/read"): participants(200, {"seq": 1}),
    ("GET", C + "/attachments"): participants(200),
    ("POST", "/api/attachments"): speakers(201, {"name": "a.txt", "sizeBytes": 3}),
    ("GET", A): Rule(401, 404, 404, 200),
    ("PATCH", A): Rule(401, 404, 404, 200),
    ("DELETE", A): Rule(401, 404, 404, 409),
    ("GET", A + "/content"): participants(200),
    ("HEAD", A + "/content"): participants(200),
    ("GET", A + "/thumbnail"): participants(200),
    ("HEAD", A + "/thumbnail"): participants(200),
    ("POST", C + "/participants"): participants(200, {"userIds": ["somebody"]}, author_only=True),
    ("DELETE", C + "/participants/{uid}"): participants(204, author_only=True),
    ("PATCH", C + "/participants/{uid}"): participants(200, {"role": "OWNER"}, author_only=True),
}
PICTURE = encoded(picture(), "PNG")
IN_CONVERSATION = [route for route in ROUTES if "{cid}" in route[1]]
OF_A_FILE = [route for route in ROUTES if route[1].startswith(A)]
FOR_SPEAKERS = [route for route, rule in ROUTES.items() if rule.anonymous == 401]


@pytest.fixture
async def talk(web: Web) -> Talk:
    """A group of Ana, who owns it, Bo and Cy, with one message of Ana's. Dee read it and was removed."""
    ana, bo, mallory, dee = [await web.user(name) for name in ("ana", "bo", "mallory", "dee")]
    group = {"participantIds": ["bo", "cy", "dee"], "kind": "GROUP", "title": CANARY}
    cid = (await ana.post("/api/conversations", json=group)).json()["id"]
    path = f"/api/conversations/{cid}"
    sent = await ana.post(f"{path}/messages", json={"clientId": client_id(), "content": CANARY})
    assert CANARY in (await dee.get(f"{path}/messages")).text
    assert (await ana.delete(f"{path}/participants/dee")).status_code == 204
    return Talk(ana, bo, mallory, cid, sent.json()["id"])


def test_every_route_of_the_app_has_a_rule(web: Web) -> None:
    api = create_api(web.domain, Authenticator(web.settings), web.attachments)
    table = {
        (method, route.path_format)
        for route in api.routes
        if isinstance(route, HTTPRoute)
        for method in route.route_handler_map
        if method != "OPTIONS"
    }
    assert table == set(ROUTES)


async def call(
    person: httpx.AsyncClient,
    route: tuple[str, str],
    *,
    cid: str,
    mid: str,
    user_id: str = "ana",
    attachment_id: str = "0" * 32,
) -> httpx.Response:
    method, path = route
    body = ROUTES[route].body
    if body is not None and body.keys() & {"content", "sizeBytes"} and method == "POST":
        body = {**body, "clientId": client_id()}
    return await person.request(
        method,
        path.format(cid=cid, mid=mid, uid="cy", user_id=user_id, emoji="👍", attachment_id=attachment_id),
        params={"offset": len(PICTURE)} if route == ("PATCH", A) else None,
        json=None if body is None else dict(body),
    )


async def a_picture(talk: Talk) -> str:
    """Of Ana's, which a message of hers shows to Bo."""
    [attachment] = (await shown(talk.ana, talk.id, PICTURE, CANARY + ".png"))["attachments"]
    return str(attachment["id"])


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_each_kind_of_person_gets_what_the_rule_says(
    web: Web, talk: Talk, route: tuple[str, str]
) -> None:
    rule = ROUTES[route]
    anonymous, dee = await web.anonymous(), await web.user("dee")
    attachment_id = await a_picture(talk) if route in OF_A_FILE else ""
    expected = [
        (anonymous, rule.anonymous),
        (talk.mallory, rule.outsider),
        (dee, rule.outsider),
        (talk.bo, rule.participant),
        (talk.ana, rule.author if route != ("DELETE", C) else 404),
    ]
    for person, status in expected:
        answer = await call(person, route, cid=talk.id, mid=talk.message_id, attachment_id=attachment_id)
        assert answer.status_code == status, answer.text
        if person in (anonymous, talk.mallory, dee):
            assert CANARY not in answer.text
            assert CANARY not in str(answer.headers)


@pytest.mark.parametrize("route", IN_CONVERSATION, ids=" ".join)
async def test_a_strangers_conversation_and_a_former_one_answer_as_one_that_does_not_exist(
    web: Web, talk: Talk, route: tuple[str, str]
) -> None:
    for person in (talk.mallory, await web.user("dee")):
        foreign = await call(person, route, cid=talk.id, mid=talk.message_id)
        missing = await call(person, route, cid="0" * 32, mid="0" * 32)
        assert foreign.json() == missing.json()
        assert_problem(foreign, 404, "not_found")
    assert (await call(talk.ana, route, cid=talk.id, mid=talk.message_id)).status_code < 300


@pytest.mark.parametrize("route", OF_A_FILE, ids=" ".join)
async def test_a_strangers_file_answers_as_one_that_does_not_exist(
    talk: Talk, route: tuple[str, str]
) -> None:
    of_ana = await a_picture(talk)
    foreign = await call(talk.mallory, route, cid="", mid="", attachment_id=of_ana)
    missing = await call(talk.mallory, route, cid="", mid="", attachment_id="0" * 32)
    assert foreign.status_code == missing.status_code == 404
    assert (foreign.headers, foreign.content) == (missing.headers, missing.content)
    assert CANARY not in str(foreign.headers) + foreign.text
    assert (await call(talk.ana, route, cid="", mid="", attachment_id=of_ana)).status_code in (200, 409)


@pytest.mark.parametrize("route", FOR_SPEAKERS, ids=" ".join)
async def test_a_disabled_user_is_refused_everywhere(web: Web, talk: Talk, route: tuple[str, str]) -> None:
    before = await talk.bo.get("/api/me")
    assert before.status_code == 200
    await web.domain.store.set_disabled("bo", disabled=True)
    refused = await call(talk.bo, route, cid=talk.id, mid=talk.message_id)
    assert refused.status_code == 401
    if route[0] != "HEAD":
        assert_problem(refused, 401, "auth_invalid")


@pytest.mark.parametrize("cid", ["%2e%2e", "%2E%2E%2Fme", "%00", "a%00b", "x" * 5_000, "%F0%9F", "'--", "*"])
async def test_a_strange_id_is_simply_not_found(talk: Talk, cid: str) -> None:
    assert (await talk.ana.get(f"/api/conversations/{talk.id}")).status_code == 200
    for path in (f"/api/conversations/{cid}", f"/api/conversations/{cid}/messages"):
        assert_problem(await talk.ana.get(path), 404, "not_found")


async def test_the_messages_of_another_conversation_are_not_reached_through_mine(
    web: Web, talk: Talk
) -> None:
    mine = await talk.mallory.post(
        "/api/messages",
        json={"recipientId": "bo", "clientId": client_id(), "content": "mine", "subject": SUBJECT},
    )
    path = f"/api/conversations/{mine.json()['conversation']['id']}/messages/{talk.message_id}"
    assert_problem(await talk.mallory.patch(path, json={"content": "taken over"}), 404, "not_found")
    assert_problem(await talk.mallory.delete(path), 404, "not_found")
