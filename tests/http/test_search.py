"""`GET /api/search`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.conftest import CANARY, Talk, assert_problem, client_id


async def say(talk: Talk, content: str) -> None:
    body = {"clientId": client_id(), "content": content}
    answer = await talk.ana.post(f"/api/conversations/{talk.id}/messages", json=body)
    assert answer.status_code == 201


async def test_a_hit_comes_with_its_message_its_conversation_and_what_to_mark(talk: Talk) -> None:
    await say(talk, "👍 çelik fiyatı")
    answer = await talk.bo.get("/api/search", params={"q": "CELIK fiy"})
    assert answer.status_code == 200
    page = answer.json()
    [hit] = page["items"]
    assert hit["message"]["content"] == "👍 çelik fiyatı"
    assert hit["highlights"] == [{"start": 3, "end": 8}, {"start": 9, "end": 15}]
    conversation = hit["conversation"]
    assert conversation["id"] == hit["message"]["conversationId"] == talk.id
    assert conversation["subject"]["title"] == "Cotton yarn"
    assert {person["id"] for person in conversation["participants"]} == {"ana", "bo"}
    assert (conversation["kind"], conversation["participantCount"]) == ("DIRECT", 2)
    assert page["nextCursor"] is None


async def test_every_filter_is_taken_from_the_query_string(talk: Talk) -> None:
    await say(talk, "steel one")
    await say(talk, "steel two")
    every = {
        "q": "steel",
        "from": "ana",
        "conversationId": talk.id,
        "after": "2020-01-01",
        "before": "2999-01-01T00:00:00+03:00",
        "hasAttachments": "false",
        "sort": "newest",
        "limit": "1",
    }
    first = (await talk.bo.get("/api/search", params=every)).json()
    assert [hit["message"]["content"] for hit in first["items"]] == ["steel two"]
    second = (await talk.bo.get("/api/search", params={**every, "cursor": first["nextCursor"]})).json()
    assert [hit["message"]["content"] for hit in second["items"]] == ["steel one"]
    assert second["nextCursor"] is None
    for changed in (
        {"from": "bo"},
        {"after": "2999-01-01"},
        {"before": "2020-01-01"},
        {"hasAttachments": "true"},
        {"q": "copper"},
    ):
        assert (await talk.bo.get("/api/search", params={**every, **changed})).json()["items"] == []


async def test_a_stranger_finds_nothing_and_cannot_ask_for_a_foreign_conversation(talk: Talk) -> None:
    assert len((await talk.ana.get("/api/search", params={"q": CANARY})).json()["items"]) == 1
    answer = await talk.mallory.get("/api/search", params={"q": CANARY})
    assert answer.json() == {"items": [], "nextCursor": None}
    for cid in (talk.id, "0" * 32, "x" * 128, "'--"):
        asked = {"q": CANARY, "conversationId": cid}
        assert_problem(await talk.mallory.get("/api/search", params=asked), 404, "not_found")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "q"),
        ({"q": '"'}, "q"),
        ({"q": "👍"}, "q"),
        ({"q": "x" * 201}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"q": "x", "after": "yesterday"}, "after"),
        ({"q": "x", "before": "2025-13-01"}, "before"),
        ({"q": "x", "cursor": "x"}, "cursor"),
        ({"q": "x", "cursor": "x" * 513}, "cursor"),
        ({"q": "x", "sort": "best"}, "sort"),
        ({"q": "x", "limit": 0}, "limit"),
        ({"q": "x", "limit": 51}, "limit"),
        ({"q": "x", "hasAttachments": "perhaps"}, "hasAttachments"),
        ({"q": "x", "conversationId": "x" * 129}, "conversationId"),
    ],
)
async def test_wrong_input_is_refused_by_its_field(talk: Talk, params: dict[str, Any], field: str) -> None:
    problem = assert_problem(await talk.ana.get("/api/search", params=params), 422, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(
    "q", ["%00", "%FF%FE", "%ED%A0%80", "a%0Ab", "%22%22%22", "a" * 60_000, "-" * 200, "%"]
)
async def test_garbage_is_refused_or_finds_nothing(talk: Talk, q: str) -> None:
    answer = await talk.ana.get(f"/api/search?q={q}")
    assert answer.status_code in (200, 422), answer.text
    assert CANARY not in answer.text
