"""`/api/conversations`: create, list, read, change, delete."""

from __future__ import annotations

from tests.http.conftest import SUBJECT, Talk, Web, assert_problem, client_id


async def test_creating_answers_201_and_the_same_people_and_subject_answer_200_with_the_same(
    web: Web,
) -> None:
    ana = await web.user("ana")
    body = {"participantIds": ["bo"], "subject": SUBJECT}
    first = await ana.post("/api/conversations", json=body)
    again = await ana.post("/api/conversations", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["subject"]["title"] == "Cotton yarn"
    assert [event for event, _ in web.heard.events].count("conversation_created") == 2


async def test_the_existing_conversation_comes_with_my_own_unread_count(talk: Talk) -> None:
    body = {"participantIds": ["ana"], "subject": SUBJECT}
    answer = await talk.bo.post("/api/conversations", json=body)
    assert answer.status_code == 200
    assert answer.json()["unread"] == 1


async def test_the_list_shows_mine_with_last_message_unread_people_subject_and_status(talk: Talk) -> None:
    page = (await talk.bo.get("/api/conversations")).json()
    assert page["nextCursor"] is None
    [item] = page["items"]
    assert item["id"] == talk.id
    assert item["unread"] == 1
    assert item["status"] == "ACTIVE"
    assert item["lastMessage"]["sender"]["name"] == "Ana"
    assert {person["userId"] for person in item["participants"]} == {"ana", "bo"}
    assert (await talk.mallory.get("/api/conversations")).json()["items"] == []


async def test_the_list_is_cut_into_pages_that_neither_lose_nor_double(web: Web) -> None:
    ana = await web.user("ana")
    for number in range(5):
        await ana.post("/api/conversations", json={"participantIds": [f"bo{number}"]})
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await ana.get("/api/conversations", params={"limit": 2, "cursor": cursor})).json()
        seen += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = page["nextCursor"]
    assert len(seen) == len(set(seen)) == 5


async def test_the_list_filters_by_status_unread_archived_and_text(talk: Talk) -> None:
    async def count(**params: str) -> int:
        answer = await talk.bo.get("/api/conversations", params=params)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await count(status="ACTIVE") == 1
    assert await count(status="CLOSED") == 0
    assert await count(unread="true") == 1
    assert await count(unread="false") == 0
    assert await count(archived="false") == 1
    assert await count(archived="true") == 0
    assert await count(q="yarn") == 1
    assert await count(q="steel") == 0


async def test_bad_query_parameters_are_named(talk: Talk) -> None:
    for params, field in [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "9" * 5_000}, "limit"),
        ({"status": "OPEN"}, "status"),
        ({"unread": "perhaps"}, "unread"),
        ({"cursor": "not-a-cursor"}, "cursor"),
        ({"cursor": "x" * 513}, "cursor"),
        ({"q": "x" * 201}, "q"),
    ]:
        body = assert_problem(await talk.ana.get("/api/conversations", params=params), 422, "invalid")
        assert [error["field"] for error in body["errors"]] == [field], params


async def test_closing_reopening_and_renaming_show_the_new_state(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}"
    closed = await talk.bo.patch(path, json={"status": "CLOSED"})
    assert closed.json()["status"] == "CLOSED"
    refused = await talk.ana.post(f"{path}/messages", json={"clientId": client_id(), "content": "too late"})
    assert_problem(refused, 409, "conversation_closed")
    renamed = await talk.ana.patch(path, json={"status": "ACTIVE", "title": "  Yarn for May "})
    assert (renamed.json()["status"], renamed.json()["title"]) == ("ACTIVE", "Yarn for May")
    assert (await talk.bo.get(path)).json() | {"unread": 0} == renamed.json() | {"unread": 0}
    assert_problem(await talk.ana.patch(path, json={}), 422, "invalid")


async def test_deleting_answers_204_and_then_nobody_finds_it(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}"
    gone = await talk.ana.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    for person in (talk.ana, talk.bo):
        assert_problem(await person.get(path), 404, "not_found")
    assert_problem(await talk.ana.delete(path), 404, "not_found")


async def test_a_wrong_create_names_every_wrong_field(web: Web) -> None:
    ana = await web.user("ana")
    body = {"participantIds": ["white space", 7], "subject": {"type": "product", "title": 5}, "title": ["x"]}
    errors = assert_problem(await ana.post("/api/conversations", json=body), 422, "invalid")["errors"]
    assert {error["field"].split("[")[0].split(".")[0] for error in errors} == {
        "participantIds",
        "subject",
        "title",
    }
    assert_problem(await ana.post("/api/conversations", json={"participantIds": ["ana"]}), 422, "invalid")
    assert_problem(await ana.post("/api/conversations", json=["bo"]), 422, "invalid")
