"""The stores that growth is measured beside: whole, and what the product itself says of them over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from stockent.store import search_index
from stockent.store.connect import connect_reader
from stockent.store.snapshots import prove
from stockent.torture.examine import examine

from . import filling, growth, product, requests

MESSAGES = 1_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return growth.stored(MESSAGES, tmp_path_factory.mktemp("growth"))


def test_a_filled_store_is_whole_and_wholly_indexed(home: Path) -> None:
    path = home / product.STORE
    assert examine(home, whole=True) == []
    prove(path, lambda: None)
    with closing(connect_reader(path)) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (MESSAGES,)
        marks = search_index.marks(connection)
        assert marks is not None
        assert (marks.low, marks.high, marks.is_untidy) == (0, MESSAGES, False)
        [(indexes,)] = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE tbl_name = 'messages' AND sql LIKE 'CREATE UNIQUE INDEX%'"
        )
        assert indexes == 2


def test_a_store_that_was_filled_is_used_again(home: Path) -> None:
    before = (home / product.STORE).stat()
    assert growth.stored(MESSAGES, home.parent) == home
    after = (home / product.STORE).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_stands_in_its_place_and_is_unfinished_is_made_anew(home: Path, tmp_path: Path) -> None:
    unfinished = tmp_path / f"{home.name}.part"
    unfinished.mkdir()
    (unfinished / product.STORE).write_text("half")
    assert examine(growth.stored(MESSAGES, tmp_path), whole=True) == []


def test_without_room_it_says_how_much_is_needed(tmp_path: Path) -> None:
    with pytest.raises(growth.StorageError, match=r"[0-9]+\.[0-9] GB are needed there, [0-9.]+ GB are free"):
        growth.stored(10**13, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("messages", [1_000, 30_000, 100_000])
def test_the_askers_have_as_much_to_show_in_every_store(messages: int) -> None:
    made = list(growth.talks(messages, random.Random(1)))
    assert sum(talk.messages for talk in made) == messages
    few = [talk for talk in made if talk.people[0] == 1]
    many = [talk for talk in made if talk.people[0] == 2]
    assert (len(few), len(many)) == (100, 10_000)
    assert few[0].messages == messages // 10
    for theirs in (few, many):
        assert all(talk.messages >= 4 for talk in theirs[:100])
        assert sum(talk.unread > 0 for talk in theirs) == 20


def test_the_product_answers_from_it_as_the_rows_say(home: Path, tmp_path: Path) -> None:
    shutil.copy(home / product.STORE, tmp_path)
    settings = product.Settings.fresh()
    with _serving(settings, tmp_path):
        few = settings.token(growth.FEW)
        long = filling.conversation_id(1)
        newest = _get(settings, few, f"/api/conversations/{long}/messages?limit=50")
        last = MESSAGES // 10
        assert [message["seq"] for message in newest["items"]] == list(range(last - 49, last + 1))
        deep = _get(settings, few, f"/api/conversations/{long}/messages?limit=50&before=51")
        assert [message["seq"] for message in deep["items"]] == list(range(1, 51))
        assert all(message["conversationId"] == long and message["content"] for message in deep["items"])
        for name in (growth.FEW, growth.MANY):
            unread = _get(settings, settings.token(name), "/api/unread")
            assert (unread["total"], len(unread["conversations"])) == (20, 20)
            listed = _get(settings, settings.token(name), "/api/conversations?limit=30")["items"]
            assert len(listed) == 30
            moments = [conversation["updatedAt"] for conversation in listed]
            assert moments == sorted(moments, reverse=True)
            for conversation in listed:
                assert conversation["lastMessage"]["seq"] == conversation["seq"]
                assert conversation["unread"] == unread["conversations"].get(conversation["id"], 0)
        body = {"clientId": "6f2c1a52-93c1-4ad4-9df2-20a1c9e2c001", "content": "one more"}
        sent = _ask(settings, few, "POST", f"/api/conversations/{long}/messages", body)
        assert sent["seq"] == last + 1
    assert examine(tmp_path, whole=True) == []


def test_the_data_set_of_the_http_workloads_is_whole_and_as_described(tmp_path: Path) -> None:
    settings = product.Settings.fresh()
    people = product.fill(tmp_path, settings)
    assert examine(tmp_path, whole=True) == []
    assert len(people) == requests.USERS
    with _serving(settings, tmp_path):
        person = people[7]
        assert len(person.conversation_ids) == requests.CONVERSATIONS
        page = _get(
            settings, person.token, f"/api/conversations/{person.conversation_ids[0]}/messages?limit=50"
        )
        assert [message["content"] for message in page["items"]] == [requests.TEXT] * 50
        unread = _get(settings, person.token, "/api/unread")
        assert set(unread["conversations"]) == set(person.conversation_ids)
        assert set(unread["conversations"].values()) == {requests.MESSAGES // 2}


@contextmanager
def _serving(settings: product.Settings, data_dir: Path) -> Iterator[None]:
    """On no core of its own: nothing is measured here."""
    command = [str(Path(sys.executable).parent / "stockent"), "serve"]
    environment = {**os.environ, **settings.environment(data_dir)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    try:
        process.stdout.readline()
        assert product.is_ready(settings)
        yield
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said.decode()


def _get(settings: product.Settings, token: str, path: str) -> Any:
    return _ask(settings, token, "GET", path, None)


def _ask(settings: product.Settings, token: str, method: str, path: str, body: object) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with closing(connection):
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    assert response.status in (200, 201), answer
    return answer
