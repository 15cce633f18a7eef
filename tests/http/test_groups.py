"""Groups over HTTP: what is answered, and to whom the participants' routes are open."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest

from tests.http.conftest import Talk, Web, assert_problem, client_id


@dataclass(frozen=True)
class Group:
    """Ana's, with Bo in it; Mallory is not."""

    ana: httpx.AsyncClient
    bo: httpx.AsyncClient
    mallory: httpx.AsyncClient
    path: str


@pytest.fixture
async def group(web: Web) -> Group:
    ana, bo, mallory = [await web.user(name) for name in ("ana", "bo", "mallory")]
    assert (await mallory.get("/api/me")).json()["name"] == "Mallory"
    made = await ana.post("/api/conversations", json={"participantIds": ["bo"], "kind": "GROUP"})
    assert (made.status_code, made.json()["kind"]) == (201, "GROUP")
    return Group(ana, bo, mallory, f"/api/conversations/{made.json()['id']}")


async def test_people_are_added_and_the_conversation_comes_back_with_them(group: Group) -> None:
    answer = await group.ana.post(f"{group.path}/participants", json={"userIds": ["cy", "bo", "mallory"]})
    assert answer.status_code == 200, answer.text
    conversation = answer.json()
    assert {person["userId"]: person["groupRole"] for person in conversation["participants"]} == {
        "ana": "OWNER",
        "bo": "MEMBER",
        "cy": "MEMBER",
        "mallory": "MEMBER",
    }
    assert conversation["seq"] == 2
    assert conversation["lastMessage"]["content"] == "Ana added cy and Mallory"
    assert conversation == (await group.ana.get(group.path)).json()
    again = await group.ana.post(f"{group.path}/participants", json={"userIds": ["cy"]})
    assert (again.status_code, again.json()["seq"]) == (200, 2)


async def test_somebody_is_removed_and_finds_nothing_any_more(group: Group) -> None:
    await group.ana.post(f"{group.path}/participants", json={"userIds": ["mallory"]})
    assert (await group.mallory.get(group.path)).status_code == 200
    answer = await group.ana.delete(f"{group.path}/participants/mallory")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await group.mallory.get(group.path), 404, "not_found")
    assert_problem(await group.mallory.get("/api/users/ana"), 404, "not_found")
    assert (await group.mallory.get("/api/conversations")).json()["items"] == []
    detail = assert_problem(await group.ana.delete(f"{group.path}/participants/mallory"), 404, "not_found")
    assert detail["detail"] == "no such participant"


async def test_one_leaves_by_removing_oneself(group: Group) -> None:
    assert (await group.bo.delete(f"{group.path}/participants/bo")).status_code == 204
    assert_problem(await group.bo.get(group.path), 404, "not_found")
    assert (await group.ana.get(group.path)).json()["lastMessage"]["content"] == "Bo left"
    assert (await group.ana.delete(f"{group.path}/participants/ana")).status_code == 204
    assert_problem(await group.ana.get(group.path), 404, "not_found")


async def test_roles_are_given_and_the_last_owner_stays_one(group: Group) -> None:
    problem = assert_problem(
        await group.ana.patch(f"{group.path}/participants/ana", json={"role": "MEMBER"}), 422, "invalid"
    )
    assert problem["errors"][0]["field"] == "role"
    answer = await group.ana.patch(f"{group.path}/participants/bo", json={"role": "OWNER"})
    assert answer.status_code == 200
    assert [person["groupRole"] for person in answer.json()["participants"]] == ["OWNER", "OWNER"]
    assert (
        await group.bo.patch(f"{group.path}/participants/ana", json={"role": "MEMBER"})
    ).status_code == 200


async def test_a_conversation_of_two_takes_nobody_in_and_lets_nobody_go(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/participants"
    for answer in (
        await talk.ana.post(path, json={"userIds": ["cy"]}),
        await talk.ana.delete(f"{path}/bo"),
        await talk.ana.delete(f"{path}/ana"),
        await talk.ana.patch(f"{path}/bo", json={"role": "OWNER"}),
    ):
        assert "expected a group" in assert_problem(answer, 422, "invalid")["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "userIds"),
        ({"userIds": []}, "userIds"),
        ({"userIds": ["a b"]}, "userIds[0]"),
        ({"userIds": [f"u{n}" for n in range(101)]}, "userIds"),
        ({"userIds": [f"u{n}" for n in range(99)]}, "userIds"),
    ],
)
async def test_whom_to_add_is_said_rightly_or_nobody_is(group: Group, body: object, field: str) -> None:
    problem = assert_problem(await group.ana.post(f"{group.path}/participants", json=body), 422, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert (await group.ana.get(group.path)).json()["seq"] == 0


@pytest.mark.parametrize("uid", ["%2e%2e", "%00", "x" * 5_000, "nobody", "%F0%9F", "*"])
async def test_a_strange_id_is_no_participant(group: Group, uid: str) -> None:
    for answer in (
        await group.ana.delete(f"{group.path}/participants/{uid}"),
        await group.ana.patch(f"{group.path}/participants/{uid}", json={"role": "OWNER"}),
    ):
        assert_problem(answer, 404, "not_found")
    assert (await group.ana.get(group.path)).json()["seq"] == 0


async def test_only_owners_open_the_history_and_anybody_names_the_group(group: Group) -> None:
    assert_problem(await group.bo.patch(group.path, json={"historyVisible": True}), 403, "forbidden")
    named = await group.bo.patch(group.path, json={"title": "Steel 2027"})
    assert (named.json()["title"], named.json()["seq"]) == ("Steel 2027", 2)
    assert named.json()["lastMessage"]["system"] == {"event": "renamed", "users": [], "title": "Steel 2027"}
    opened = await group.ana.patch(group.path, json={"historyVisible": True})
    assert (opened.json()["historyVisible"], opened.json()["seq"]) == (True, 4)
    sent = await group.bo.post(f"{group.path}/messages", json={"clientId": client_id(), "content": "old"})
    assert sent.status_code == 201
    await group.ana.post(f"{group.path}/participants", json={"userIds": ["mallory"]})
    page = (await group.mallory.get(f"{group.path}/messages")).json()
    assert page["items"][2]["content"] == "old"
