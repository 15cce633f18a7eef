"""Who may do what: every route of the app and every command of the table, as every kind of person.

The rows are in `matrix`; a route or a command without one fails the first tests. A canary stands in all that a group
holds, and no byte that goes to anybody outside may hold it: answers with their headers, acks, events, and the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.routes import HTTPRoute

from stockent.auth import Authenticator
from stockent.config import Settings
from stockent.files.folder import FolderBlobs
from stockent.http.app import create_api
from stockent.inspecting import MediaInspector
from stockent.media.worker import MediaWorkers
from stockent.messaging.attachments import Attachments
from stockent.messaging.commands import COMMANDS as TABLE
from stockent.messaging.domain import Domain
from stockent.store import open_store
from tests.http.conftest import Heard
from tests.waiting import poll_until

from .crowd import SECRET, Answer, Crowd, Server, gathered, refusal_of, serving
from .matrix import COMMANDS, ROUTES, Json, body_of

#: Who does not take part, or does no longer; and who is nobody, or is so again.
OUTSIDERS = ("eve", "dee", "root")
NOBODIES = ("anonymous", "dis", "rev")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("matrix")) as server:
        yield server
    logged = server.logged()
    assert '"event": "stopped"' in logged
    assert "canary" not in logged
    assert "Traceback" not in logged


def assert_log_tells_nothing(crowd: Crowd) -> None:
    logged = crowd.server.logged()
    assert f'"user": "{crowd.ids["eve"]}"' in logged or not crowd.devices, "it is the log of this server"
    assert not crowd.shows(logged)
    assert not any(token in logged or token.split(".")[1] in logged for token in crowd.tokens.values())


def test_every_route_of_the_app_has_a_row_in_the_matrix(tmp_path: Path) -> None:
    settings = Settings.load({"JWT_SECRET": SECRET, "DATA_DIR": str(tmp_path)})
    domain = Domain(open_store(settings.database_url), Heard())
    blobs = FolderBlobs(settings.files_dir, reserve_bytes=0)
    api = create_api(
        domain, Authenticator(settings), Attachments(domain, blobs, MediaInspector(MediaWorkers()))
    )
    table = {
        (method, route.path_format)
        for route in api.routes
        if isinstance(route, HTTPRoute)
        for method in route.route_handler_map
        if method != "OPTIONS"
    }
    new, gone = sorted(table - ROUTES.keys()), sorted(ROUTES.keys() - table)
    assert not new, f"tests/attacks/matrix.py: add to ROUTES who may call {new}"
    assert not gone, f"tests/attacks/matrix.py: take out of ROUTES {gone}"


def test_every_command_of_the_table_has_a_row_in_the_matrix() -> None:
    new, gone = sorted(TABLE.keys() - COMMANDS.keys()), sorted(COMMANDS.keys() - TABLE.keys())
    assert not new, f"tests/attacks/matrix.py: add to COMMANDS who may give {new}"
    assert not gone, f"tests/attacks/matrix.py: take out of COMMANDS {gone}"


async def call(crowd: Crowd, name: str, route: tuple[str, str]) -> Answer:
    method, path = route
    params = {
        key: value.format(word=crowd.word, user_id=crowd.ids["ann"]) if isinstance(value, str) else value
        for key, value in (ROUTES[route].params or {}).items()
    }
    address = path.format(
        cid=crowd.cid,
        mid=crowd.mid,
        uid=crowd.ids["cy"],
        user_id="of-nobody" if "/admin/" in path else crowd.ids["ann"],
        attachment_id=crowd.attachment_id,
        emoji="👍",
        jti="of-nobody",
    )
    return await crowd.ask(name, method, address, body_of(route), params)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_a_route_answers_each_kind_of_person_as_its_row_says(
    server: Server, route: tuple[str, str]
) -> None:
    row = ROUTES[route]
    async with gathered(server, sockets=False) as crowd:
        statuses = {
            **dict.fromkeys(NOBODIES, row.anonymous),
            "eve": row.outsider,
            "dee": row.outsider,
            "root": row.outsider if row.admin is None else row.admin,
        }
        for name, status in statuses.items():
            answer = await call(crowd, name, route)
            assert (name, answer.status) == (name, status), answer.text
            assert not crowd.shows(answer.text), name
            if status == 401 and route[0] != "HEAD":
                code = "auth_required" if name == "anonymous" else "auth_invalid"
                assert json.loads(answer.content)["code"] == code
        for name, status in (("ben", row.participant), ("ann", row.owner)):
            answer = await call(crowd, name, route)
            assert (name, answer.status) == (name, status), answer.text
            if name == "ben":
                assert crowd.shows(answer.text) is row.shows
        assert_log_tells_nothing(crowd)


@pytest.mark.parametrize("command", sorted(COMMANDS))
async def test_a_command_answers_each_kind_of_person_as_its_row_says(server: Server, command: str) -> None:
    row = COMMANDS[command]
    async with gathered(server, sockets=True) as crowd:

        async def give(name: str) -> tuple[str, str]:
            argument = crowd.filled(row.argument(crowd.here(name), crowd.cid, crowd.mid))
            ack = await crowd.devices[name].command(command, argument)
            return "ok" if ack["ok"] else ack["error"]["code"], json.dumps(ack, ensure_ascii=False)

        for name in OUTSIDERS:
            outcome, ack = await give(name)
            assert (name, outcome) == (name, row.outsider), ack
            assert not crowd.shows(ack), name
        outcome, ack = await give("ben")
        assert outcome == row.participant, ack
        assert crowd.shows(ack) is row.shows
        if row.participant == "forbidden":
            assert (await give("ann"))[0] == "ok"
        await _settle(crowd, OUTSIDERS)
        for name in OUTSIDERS:
            assert not crowd.shows(crowd.heard(name)), name
        await _ended(crowd)
        assert_log_tells_nothing(crowd)


async def test_who_is_nobody_has_no_socket_to_give_a_command_by(server: Server) -> None:
    async with gathered(server, sockets=True) as crowd:
        assert await refusal_of(crowd.person("ben")) == "connected"
        assert await refusal_of(crowd.person("dis")) == "auth_invalid"
        assert await refusal_of(crowd.person("rev")) == "auth_invalid"
        assert await refusal_of(crowd.person("eve"), token="") == "auth_required"
        await _ended(crowd)


async def test_what_happens_in_a_group_is_heard_by_its_people_alone(server: Server) -> None:
    """Everything that makes an event, one after another, with everybody connected."""
    async with gathered(server, sockets=True) as crowd:
        ann, group = crowd.devices["ann"], {"conversationId": crowd.cid}
        word, message = crowd.word, {"conversationId": crowd.cid, "messageId": crowd.mid}
        acts: list[tuple[str, Json]] = [
            ("typing_start", group),
            ("send_message", group | {"clientId": "01234567-0123-4123-8123-0123456789ab", "content": word}),
            ("edit_message", message | {"content": f"{word} once more"}),
            ("add_reaction", message | {"emoji": "👍"}),
            ("mark_read", group | {"seq": 2}),
            ("set_presence", {"status": "away"}),
            ("change_conversation", group | {"title": f"{word} renamed"}),
            ("set_group_role", group | {"userId": crowd.ids["ben"], "role": "OWNER"}),
            ("close_conversation", group),
            ("reopen_conversation", group),
            ("delete_message", message),
            ("delete_conversation", group),
        ]
        for command, argument in acts:
            await ann.done(command, **argument)
        await crowd.devices["cy"].first("conversation_deleted")
        assert crowd.shows(crowd.heard("cy"))
        await _settle(crowd, OUTSIDERS)
        for name in OUTSIDERS:
            assert crowd.cid not in crowd.heard(name)
            assert not crowd.shows(crowd.heard(name))
        await _ended(crowd)
        assert_log_tells_nothing(crowd)


async def test_what_is_searched_or_listed_finds_only_ones_own(server: Server) -> None:
    """By the canary itself, in every way that takes a text or ids to look for."""
    async with gathered(server, sockets=False) as crowd:
        ids = ",".join(crowd.ids.values())
        for path, finds in [
            (f"/api/search?q={crowd.word}", True),
            (f"/api/search?q={crowd.word}&sort=relevance", True),
            (f"/api/conversations?q={crowd.word}", True),
            ("/api/conversations?archived=true", False),
            (f"/api/presence?userIds={ids}", False),
            ("/api/unread", False),
            (f"/api/users/{crowd.ids['cy']}", True),
        ]:
            assert crowd.shows((await crowd.ask("ben", "GET", path)).text) is finds
            for name in OUTSIDERS:
                answer = await crowd.ask(name, "GET", path)
                assert not crowd.shows(answer.text), (name, path)
                assert crowd.cid not in answer.text, (name, path)
                assert crowd.ids["ann"] not in answer.text, (name, path)


async def _settle(crowd: Crowd, names: tuple[str, ...]) -> None:
    for name in names:
        if crowd.devices[name].connected:
            await crowd.devices[name].settle()


async def _ended(crowd: Crowd) -> None:
    """Whoever was barred while connected has lost the socket, and heard nothing on it since."""
    for name in ("dis", "rev"):
        device = crowd.devices[name]
        await poll_until(lambda device=device: not device.connected)  # type: ignore[misc]
        assert device.heard[crowd.since[name] :] == []
