"""What one may not have looks like what is not there: the same answer, byte for byte, for the same work.

Wall time is not compared, but what the store is asked: a refusal that costs another query can be told by its time.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

import pytest
from yarl import URL

from stockent.check.clients import Person
from stockent.messaging.models import Role
from tests.gateway.conftest import empty_store, place  # noqa: F401
from tests.gateway.counting import Cost, counting
from tests.gateway.files import upload
from tests.gateway.place import Place

from .matrix import COMMANDS, GOOD, PICTURE, ROUTES, A, C, body_of

#: Made as the server makes them, and nobody's.
NO_ID = "01" + "0" * 30
#: Of each answer, by the clock.
_CHANGING = ("date",)


class Scene(NamedTuple):
    """Ann's group with Ben, in which a file is; and somebody for whom none of it exists."""

    cid: str
    mid: str
    attachment_id: str
    stranger: Person


async def set_up(place: Place, *, cached: bool, removed: bool) -> Scene:  # noqa: F811
    """`cached`: somebody has just looked at it. `removed`: the stranger took part before."""
    cid = await place.group("ann", "ben", "eve")
    ann = place.person("ann")
    file = await upload(place.http, ann, PICTURE)
    body = {"clientId": str(uuid.uuid4()), "content": "", "attachments": [file["id"]]}
    sent = await ann.done("POST", f"/api/conversations/{cid}/messages", body, status=201)
    eve = place.person("eve" if removed else "mallory", token=None if removed else _admin(place))
    await ann.done("DELETE", f"/api/conversations/{cid}/participants/eve", status=204)
    await eve.done("GET", "/api/me")
    if cached:
        await (await place.device("ben")).done("join_conversation", conversationId=cid)
        await place.person("ben").done("GET", f"/api/conversations/{cid}/messages")
    return Scene(cid, sent["id"], file["id"], eve)


def _admin(place: Place) -> str:  # noqa: F811
    """Strangers are administrators here: if that opened anything, the answers would differ."""
    return place.token("mallory", role=Role.ADMIN)


KINDS = pytest.mark.parametrize(
    ("cached", "removed"), [(False, False), (True, False), (True, True)], ids=["cold", "warm", "removed"]
)


class Seen(NamedTuple):
    status: int
    headers: dict[str, str]
    content: bytes
    cost: Cost


async def see(place: Place, person: Person, route: tuple[str, str], **ids: str) -> Seen:  # noqa: F811
    method, path = route
    headers = {"Authorization": f"Bearer {person.token}"}
    params = {"offset": 0} if route == ("PATCH", A) else None
    async with (
        counting(place) as counted,
        place.http.request(
            method, place.url + path.format(**ids), json=body_of(route), params=params, headers=headers
        ) as answer,
    ):
        named = {key.lower(): value for key, value in answer.headers.items() if key.lower() not in _CHANGING}
        content = await answer.read()
    return Seen(answer.status, named, content, counted.cost)


NAMING = [route for route in ROUTES if "{cid}" in route[1] or route[1].startswith(A)]


@pytest.mark.parametrize("route", NAMING, ids=" ".join)
@KINDS
async def test_a_route_tells_what_is_foreign_from_what_is_not_there_by_nothing(
    place: Place,  # noqa: F811
    route: tuple[str, str],
    cached: bool,
    removed: bool,
) -> None:
    scene = await set_up(place, cached=cached, removed=removed)
    own = {"uid": "ben", "emoji": "👍"}
    foreign = await see(
        place, scene.stranger, route, cid=scene.cid, mid=scene.mid, attachment_id=scene.attachment_id, **own
    )
    missing = await see(place, scene.stranger, route, cid=NO_ID, mid=NO_ID, attachment_id=NO_ID, **own)
    assert foreign == missing
    assert foreign.status == 404
    real = await see(
        place,
        place.person("ann"),
        route,
        cid=scene.cid,
        mid=scene.mid,
        attachment_id=scene.attachment_id,
        **own,
    )
    assert real.status != 404, "it was there"


GUARDED = sorted(name for name, row in COMMANDS.items() if row.outsider == "not_found")
#: What names conversations and passes over those that are not one's own.
PASSING = ["mark_delivered", "resume", "leave_conversation"]


@pytest.mark.parametrize("command", [*GUARDED, *PASSING])
@KINDS
async def test_a_command_tells_what_is_foreign_from_what_is_not_there_by_nothing(
    place: Place,  # noqa: F811
    command: str,
    cached: bool,
    removed: bool,
) -> None:
    scene = await set_up(place, cached=cached, removed=removed)
    device = await place.device(scene.stranger.user_id, token=scene.stranger.token)
    seen: list[tuple[Any, Cost]] = []
    for cid, mid in ((scene.cid, scene.mid), (NO_ID, NO_ID)):
        async with counting(place) as counted:
            ack = await device.command(command, GOOD[command](place, cid, mid))
        seen.append((_anonymous(ack, cid), counted.cost))
    assert seen[0] == seen[1]
    assert place.socket_of(device).rooms == {f"user:{scene.stranger.user_id}"}
    assert (await (await place.device("ann")).command(command, GOOD[command](place, scene.cid, scene.mid)))[
        "ok"
    ]


def _anonymous(ack: dict[str, Any], cid: str) -> Any:
    """Where an ack repeats the id that was asked for, it may."""
    conversations = ack.get("conversations")
    if isinstance(conversations, dict) and cid in conversations:
        return {**ack, "conversations": {"asked": conversations[cid]}}
    return ack


@pytest.mark.parametrize("asked", ["known", "unknown", "not an id", "x" * 129])
async def test_somebody_one_does_not_talk_with_is_nobody(place: Place, asked: str) -> None:  # noqa: F811
    await place.conversation("ann", "known")
    await place.person("known").done("GET", "/api/me")
    eve = place.person("eve", token=place.token("eve", role=Role.ADMIN))
    await eve.done("GET", "/api/me")
    route = ("GET", "/api/users/{user_id}")
    seen = await see(place, eve, route, user_id=asked)
    assert seen == await see(place, eve, route, user_id="nobody-at-all")
    assert seen.status == 404
    assert (await see(place, place.person("ann"), route, user_id="known")).status == 200


@pytest.mark.parametrize("command", ["edit_message", "delete_message", "message_history", "add_reaction"])
async def test_a_message_of_another_conversation_is_not_there_in_mine(
    place: Place,  # noqa: F811
    command: str,
) -> None:
    scene = await set_up(place, cached=True, removed=False)
    mine = await place.conversation("eve", "ben")
    eve = await place.device("eve")
    seen = []
    for mid in (scene.mid, NO_ID):
        async with counting(place) as counted:
            ack = await eve.command(command, GOOD[command](place, mine, mid))
        seen.append((ack, counted.cost))
    assert seen[0] == seen[1]
    assert seen[0][0]["error"]["code"] == "not_found"


@pytest.mark.parametrize("field", ["replyTo", "attachments"])
async def test_what_a_message_points_to_is_foreign_and_missing_alike(place: Place, field: str) -> None:  # noqa: F811
    scene = await set_up(place, cached=True, removed=False)
    mine = await place.conversation("eve", "ben")
    eve = await place.device("eve")
    foreign = {"replyTo": scene.mid, "attachments": [scene.attachment_id]}[field]
    missing = {"replyTo": NO_ID, "attachments": [NO_ID]}[field]
    seen = []
    for value in (foreign, missing):
        argument = GOOD["send_message"](place, mine, "") | {field: value}
        async with counting(place) as counted:
            ack = await eve.command("send_message", argument)
        seen.append((ack, counted.cost))
    assert seen[0] == seen[1]
    assert seen[0][0]["ok"] is False


async def test_the_admin_routes_are_not_there_for_others(place: Place) -> None:  # noqa: F811
    """Also with a body that would not do, and for a user or token that exists."""
    eve = place.person("eve")
    await eve.done("GET", "/api/me")
    nowhere = await eve.request("DELETE", "/api/nowhere")
    assert nowhere.status == 404
    for method, path, body in [
        ("PUT", "/api/admin/users/eve/access", {"disabled": True}),
        ("PUT", "/api/admin/users/eve/access", {"disabled": "perhaps"}),
        ("PUT", "/api/admin/users/two%20words/access", {"disabled": True}),
        ("PUT", "/api/admin/users/eve/access", None),
        ("DELETE", "/api/admin/users/eve/sessions", None),
        ("DELETE", "/api/admin/tokens/any", None),
        ("DELETE", "/api/admin/tokens/any?exp=x", None),
    ]:
        assert await eve.request(method, path, body) == nowhere, path
    root = place.person("root", token=place.token("root", role=Role.ADMIN))
    await root.refused("PUT", "/api/admin/users/eve/access", {"disabled": "x"}, status=422, code="invalid")
    await root.refused("DELETE", "/api/admin/tokens/any?exp=x", status=422, code="invalid")
    await root.refused("PUT", "/api/admin/users/a%20b/access", {"disabled": True}, status=422, code="invalid")


@pytest.mark.parametrize("cid", ["%2e%2e", "%2E%2E%2Fme", "%00", "a%00b", "x" * 5_000, "%F0%9F", "'--", "*"])
async def test_a_strange_id_is_simply_not_found(place: Place, cid: str) -> None:  # noqa: F811
    real = await place.conversation("ann", "ben")
    headers = {"Authorization": f"Bearer {place.token('ann')}"}
    for tail in ("", "/messages"):
        await place.person("ann").done("GET", f"/api/conversations/{real}{tail}")
        address = URL(f"{place.url}/api/conversations/{cid}{tail}", encoded=True)
        async with place.http.get(address, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (404, "not_found")


async def test_a_conversation_in_a_body_is_not_looked_at(place: Place) -> None:  # noqa: F811
    """The path alone says where."""
    scene = await set_up(place, cached=False, removed=False)
    mine = await place.conversation("eve", "ben")
    eve = place.person("eve")
    body = {"clientId": str(uuid.uuid4()), "content": "x", "conversationId": scene.cid, "cid": scene.cid}
    sent = await eve.done("POST", C.format(cid=mine) + "/messages", body, status=201)
    assert sent["conversationId"] == mine
    await eve.refused("POST", C.format(cid=scene.cid) + "/messages", body, status=404, code="not_found")
