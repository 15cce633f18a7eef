"""Deliveries, settings and presence over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.conftest import Talk, Web, assert_problem


async def delivered_of(talk: Talk, user_id: str) -> int:
    people = (await talk.ana.get(f"/api/conversations/{talk.id}")).json()["participants"]
    return next(int(person["deliveredSeq"]) for person in people if person["userId"] == user_id)


async def test_a_delivery_is_marked_once_and_told_to_the_room(web: Web, talk: Talk) -> None:
    for _ in range(2):
        answer = await talk.bo.put("/api/delivered", json={"conversations": {talk.id: 7}})
        assert (answer.status_code, answer.content) == (204, b"")
    assert await delivered_of(talk, "bo") == 1
    assert web.heard.events == [("message_delivered", (f"conversation:{talk.id}",))]


async def test_a_strangers_delivery_is_answered_like_ones_own_and_moves_nothing(web: Web, talk: Talk) -> None:
    for conversation_id in (talk.id, "0" * 32):
        answer = await talk.mallory.put("/api/delivered", json={"conversations": {conversation_id: 1}})
        assert (answer.status_code, answer.content) == (204, b"")
    assert web.heard.events == []
    assert [await delivered_of(talk, user) for user in ("ana", "bo")] == [0, 0]


@pytest.mark.parametrize(
    "conversations", [{}, {"x": -1}, {"x": "1"}, {"a b": 1}, {f"c{n}": 0 for n in range(501)}, [], None]
)
async def test_what_is_no_position_is_refused_by_its_field(talk: Talk, conversations: Any) -> None:
    answer = await talk.bo.put("/api/delivered", json={"conversations": conversations})
    problem = assert_problem(answer, 422, "invalid")
    assert problem["errors"][0]["field"].startswith("conversations")


async def test_settings_are_read_and_changed_by_what_is_given(web: Web, talk: Talk) -> None:
    assert (await talk.bo.get("/api/me/settings")).json() == {
        "sharePresence": True,
        "sendReadReceipts": True,
    }
    for _ in range(2):
        changed = await talk.bo.patch("/api/me/settings", json={"sendReadReceipts": False})
        assert changed.json() == {"sharePresence": True, "sendReadReceipts": False}
    assert (await talk.bo.get("/api/me/settings")).json() == changed.json()
    assert web.heard.events == [("settings_changed", ("user:bo",))]
    assert (await talk.ana.get("/api/me/settings")).json()["sendReadReceipts"] is True
    for body, field in (({}, "sharePresence"), ({"sendReadReceipts": "no"}, "sendReadReceipts")):
        problem = assert_problem(await talk.bo.patch("/api/me/settings", json=body), 422, "invalid")
        assert problem["errors"][0]["field"] == field


async def test_presence_is_of_those_with_whom_one_shares_a_conversation(web: Web, talk: Talk) -> None:
    web.domain.presence.enter("bo", "socket")
    web.domain.presence.learn("bo", shares=True)
    for person, seen in ((talk.ana, [("bo", "online")]), (talk.mallory, [])):
        answer = await person.get("/api/presence", params={"userIds": "bo,ana,nobody,bo"})
        assert [(each["userId"], each["status"]) for each in answer.json()["presences"]] == seen
    hide = {"sharePresence": False}
    assert (await talk.bo.patch("/api/me/settings", json=hide)).status_code == 200
    answer = await talk.ana.get("/api/presence", params={"userIds": "bo"})
    assert answer.json() == {"presences": [{"userId": "bo", "status": "offline", "lastSeenAt": None}]}


@pytest.mark.parametrize(
    "user_ids", ["a b", "bo,,ana", ",", ",".join(f"u{n}" for n in range(201)), "x" * 129]
)
async def test_whom_one_asks_about_is_a_list_of_ids_with_its_limit(talk: Talk, user_ids: str) -> None:
    for allowed in ("", ",".join(f"u{n}" for n in range(200))):
        answer = await talk.ana.get("/api/presence", params={"userIds": allowed})
        assert answer.json() == {"presences": []}
    problem = assert_problem(
        await talk.ana.get("/api/presence", params={"userIds": user_ids}), 422, "invalid"
    )
    assert problem["errors"][0]["field"].startswith("userIds")
