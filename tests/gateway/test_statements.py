"""What each command and each route has the store run, held against the table in `docs/performance.md`.

A query that is not needed makes a row false; so does a command or a route that has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stockent.check.clients import Device, Person
from stockent.messaging.commands import COMMANDS
from stockent.messaging.models import Role
from tests.attacks.matrix import GOOD, PICTURE, ROUTES, A, C, body_of

from .counting import NOTHING, Cost, counting, documented
from .files import begin, upload
from .place import Place

Json = dict[str, Any]
Params = Mapping[str, str | int]

#: Commands without which another one has nothing to do.
BEFORE = {
    "remove_reaction": "add_reaction",
    "reopen_conversation": "close_conversation",
    "typing_stop": "typing_start",
}
LIST, PAGE = "/api/conversations", C + "/messages"
#: What a request asks besides its path: in one way, or in several that cost differently.
PARAMS: Mapping[tuple[str, str], Mapping[str, Params]] = {
    ("GET", "/api/search"): {"": {"q": "hello"}},
    ("GET", "/api/presence"): {"": {"userIds": "ben"}},
    ("GET", LIST): {"": {}, "?q": {"q": "ben"}},
    ("GET", PAGE): {"": {}, "?before": {"before": 9}, "?after": {"after": 0}, "?around": {"around": 1}},
    ("GET", "/api/users/{user_id}"): {"": {}, " (mine)": {}},
    ("PATCH", A): {"": {"offset": 0}},
}
REQUESTS = [
    (f"{method} {path}{variant}", method, path, params)
    for (method, path) in sorted(ROUTES)
    for variant, params in PARAMS.get((method, path), {"": {}}).items()
]
OPENING = "opening the page"
OPENING_FIRST = "opening the page for the first time"


async def set_up(place: Place) -> tuple[str, str]:
    """A group of three in which everybody was a moment ago, and a message that Ann has sent since."""
    cid = await place.group("ann", "ben", "cy")
    for user_id in ("ann", "ben", "cy"):
        await open_page(place, user_id)
    return cid, (await place.send("ann", cid))["id"]


async def open_page(place: Place, user_id: str) -> Device:
    """What the page asks for until a person sees their newest conversation and misses nothing from there on."""
    person = place.person(user_id)
    for path in ("/api/session", "/api/me"):
        await person.done("GET", path)
    listed = (await person.done("GET", LIST))["items"]
    device = await place.device(user_id)
    newest = listed[0]["id"]
    await person.done("GET", f"{LIST}/{newest}/messages")
    await device.done("join_conversation", conversationId=newest, afterSeq=listed[0]["seq"])
    held = {each["id"]: each["seq"] for each in listed}
    await device.done("resume", epoch=place.epoch, conversations=held)
    return device


async def a_file(place: Place, person: Person, *, whole: bool) -> str:
    """A picture that no message shows yet; or only announced."""
    made = await (upload(place.http, person, PICTURE) if whole else begin(person, len(PICTURE)))
    return str(made["id"])


async def status_of(
    place: Place, person: Person, method: str, path: str, body: object, params: Params
) -> int:
    """Also of a route whose answer is no JSON; a part of a file is the whole picture."""
    headers = {"Authorization": f"Bearer {person.token}"}
    part = PICTURE if "offset" in params else None
    async with place.http.request(
        method, place.url + path, json=body, data=part, params=params, headers=headers
    ) as response:
        await response.read()
        return response.status


def assert_documented(name: str, cost: Cost, *, otherwise: Cost | None = None) -> None:
    assert documented().get(name, otherwise) == cost, f"docs/performance.md should say {cost.row(name)}"


@pytest.mark.parametrize("command", sorted(COMMANDS))
async def test_a_command_has_the_store_run_what_the_table_says(place: Place, command: str) -> None:
    cid, mid = await set_up(place)
    ann = await place.device("ann")
    if command in BEFORE:
        await ann.done(BEFORE[command], **GOOD[BEFORE[command]](place, cid, mid))
    argument = GOOD[command](place, cid, mid)
    async with counting(place) as counted:
        await ann.done(command, **argument)
    assert_documented(command, counted.cost)


@pytest.mark.parametrize(("name", "method", "path", "params"), REQUESTS, ids=[each[0] for each in REQUESTS])
async def test_a_request_has_the_store_run_what_the_table_says(
    place: Place, name: str, method: str, path: str, params: Params
) -> None:
    """A route that has no row must ask the store for nothing."""
    cid, mid = await set_up(place)
    ann = place.person("ann")
    if "/admin/" in path:
        ann = place.person("ann", token=place.token("ann", role=Role.ADMIN))
        await ann.done("GET", "/api/me")
    user_id = "ann" if name.endswith("(mine)") else "ben"
    file = await a_file(place, ann, whole=(method, path) != ("PATCH", A)) if path.startswith(A) else ""
    address = path.format(
        cid=cid, mid=mid, uid="cy", user_id=user_id, emoji="👍", attachment_id=file, jti="any"
    )
    body = body_of((method, path))
    if method == "DELETE" and path.endswith("{emoji}"):
        await ann.done("PUT", address.rpartition("/")[0], {"emoji": "👍"})
    async with counting(place) as counted:
        status = await status_of(place, ann, method, address, body, params)
    assert status < 300 or "/demo" in path or path == "/metrics"
    assert_documented(name, counted.cost, otherwise=NOTHING)


async def test_opening_the_page_has_the_store_run_what_the_table_says(place: Place) -> None:
    """By somebody who was here before, and missed nothing since."""
    await set_up(place)
    await open_page(place, "ben")
    async with counting(place) as counted:
        await open_page(place, "ben")
    assert_documented(OPENING, counted.cost)


async def test_opening_it_for_the_first_time_does_too(place: Place) -> None:
    cid = await place.conversation("ann", "dan")
    await place.send("ann", cid)
    async with counting(place) as counted:
        await open_page(place, "dan")
    assert_documented(OPENING_FIRST, counted.cost)


def test_the_table_names_nothing_that_is_not_there() -> None:
    names = {*COMMANDS, *(name for name, *_ in REQUESTS), OPENING, OPENING_FIRST}
    assert documented().keys() <= names
