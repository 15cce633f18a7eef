"""Messages, read marks, first messages, unread counts and profiles over HTTP."""

from __future__ import annotations

from typing import Any

from tests.http.conftest import CANARY, SUBJECT, Talk, Web, assert_problem, client_id


async def send(talk: Talk, content: str, **more: Any) -> Any:
    body = {"clientId": client_id(), "content": content, **more}
    return await talk.ana.post(f"/api/conversations/{talk.id}/messages", json=body)


async def test_a_send_answers_201_and_its_repeat_200_with_the_stored_message(web: Web, talk: Talk) -> None:
    body = {"clientId": client_id(), "content": "  three cones please  "}
    path = f"/api/conversations/{talk.id}/messages"
    first = await talk.ana.post(path, json=body)
    heard = list(web.heard.events)
    again = await talk.ana.post(path, json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["content"] == "three cones please"
    assert heard
    assert web.heard.events == heard


async def test_a_client_id_of_another_text_is_refused_without_showing_the_stored_one(talk: Talk) -> None:
    repeated = client_id()
    await send(talk, CANARY, clientId=repeated)
    body = assert_problem(await send(talk, "another text", clientId=repeated), 409, "client_id_reused")
    assert CANARY not in str(body)


async def test_text_is_1_to_5000_characters_and_the_refusal_names_the_limit(talk: Talk) -> None:
    assert (await send(talk, "x" * 5_000)).status_code == 201
    assert "5000" in assert_problem(await send(talk, "x" * 5_001), 422, "invalid")["errors"][0]["message"]
    assert assert_problem(await send(talk, "   "), 422, "invalid")["errors"][0]["field"] == "content"


async def test_a_type_is_refused_that_is_the_servers_or_needs_attachments(talk: Talk) -> None:
    for kind in ("SYSTEM", "IMAGE", "NEWS"):
        errors = assert_problem(await send(talk, "hello", type=kind), 422, "invalid")["errors"]
        assert errors[0]["field"] == "type"


async def test_a_conversation_in_the_body_does_not_move_the_message(talk: Talk) -> None:
    other = (await talk.ana.post("/api/conversations", json={"participantIds": ["bo"]})).json()["id"]
    sent = await send(talk, "stays where the path says", conversationId=other)
    assert sent.json()["conversationId"] == talk.id


async def test_history_is_read_by_seq_in_both_directions(talk: Talk) -> None:
    for number in range(2, 8):
        assert (await send(talk, f"message {number}")).json()["seq"] == number
    path = f"/api/conversations/{talk.id}/messages"

    async def seqs(**params: int) -> tuple[list[int], bool, bool]:
        page = (await talk.bo.get(path, params=params)).json()
        return [item["seq"] for item in page["items"]], page["hasBefore"], page["hasAfter"]

    assert await seqs() == ([1, 2, 3, 4, 5, 6, 7], False, False)
    assert await seqs(limit=3) == ([5, 6, 7], True, False)
    assert await seqs(before=5, limit=3) == ([2, 3, 4], True, True)
    assert await seqs(after=5) == ([6, 7], True, False)
    assert 4 in (await seqs(around=4, limit=3))[0]
    for params in ({"before": "-1"}, {"after": "1.5"}, {"around": "x"}, {"before": str(2**53)}):
        errors = assert_problem(await talk.bo.get(path, params=params), 422, "invalid")["errors"]
        assert errors[0]["field"] == next(iter(params))
    assert_problem(await talk.bo.get(path, params={"before": 2, "after": 1}), 422, "invalid")


async def test_my_message_can_be_edited_and_deleted_and_not_by_the_other(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/messages/{talk.message_id}"
    edited = await talk.ana.patch(path, json={"content": "better words"})
    assert (edited.status_code, edited.json()["content"]) == (200, "better words")
    assert edited.json()["editedAt"] is not None
    assert_problem(await talk.bo.patch(path, json={"content": "mine now"}), 403, "forbidden")
    assert_problem(await talk.bo.delete(path), 403, "forbidden")
    deleted = await talk.ana.delete(path)
    assert (deleted.status_code, deleted.json()["content"]) == (200, "")
    assert_problem(await talk.ana.patch(path, json={"content": "again"}), 409, "message_deleted")


async def test_reading_moves_forward_only_and_never_past_the_last(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/read"
    assert (await talk.bo.get("/api/unread")).json() == {"total": 1, "conversations": {talk.id: 1}}
    read = await talk.bo.put(path, json={"seq": 9_999})
    assert read.json() == {"readSeq": 1, "unread": 0, "totalUnread": 0}
    assert (await talk.bo.put(path, json={"seq": 0})).json()["readSeq"] == 1
    assert (await talk.bo.get("/api/unread")).json() == {"total": 0, "conversations": {}}
    for seq in (-1, "1", 1.5, True, None, 2**53):
        assert assert_problem(await talk.bo.put(path, json={"seq": seq}), 422, "invalid")


async def test_a_first_message_makes_the_conversation_and_its_repeat_makes_none(web: Web) -> None:
    ana, bo = await web.user("ana"), await web.user("bo")
    body = {"recipientId": "bo", "clientId": client_id(), "content": "hello", "subject": SUBJECT}
    first = await ana.post("/api/messages", json=body)
    again = await ana.post("/api/messages", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["message"] == again.json()["message"]
    back = await bo.post("/api/messages", json={**body, "recipientId": "ana", "clientId": client_id()})
    assert back.status_code == 201
    assert back.json()["conversation"]["id"] == first.json()["conversation"]["id"]
    assert back.json()["conversation"]["unread"] == 1
    assert_problem(await ana.post("/api/messages", json={**body, "recipientId": "ana"}), 422, "invalid")


async def test_profiles_are_mine_and_of_those_i_talk_with(web: Web, talk: Talk) -> None:
    me = (await talk.ana.get("/api/me")).json()
    assert (me["id"], me["name"], me["companyName"]) == ("ana", "Ana", "Ana Ltd")
    await talk.bo.get("/api/me")
    assert (await talk.ana.get("/api/users/bo")).json()["name"] == "Bo"
    foreign = assert_problem(await talk.mallory.get("/api/users/ana"), 404, "not_found")
    nobody = assert_problem(await talk.mallory.get("/api/users/nobody"), 404, "not_found")
    assert foreign == nobody


async def test_a_new_profile_in_the_token_is_kept(web: Web) -> None:
    before = await web.anonymous(authorization=f"Bearer {web.token('ana', country='EG')}")
    assert (await before.get("/api/me")).json()["country"] == "EG"
    after = await web.anonymous(authorization=f"Bearer {web.token('ana', country='DE')}")
    assert (await after.get("/api/me")).json()["country"] == "DE"
