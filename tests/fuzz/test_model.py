"""Any order of acts, crashes and repeats: a real server in a process of its own holds what a plain model holds.

Hypothesis makes up the order, and shortens one that fails. The server lives through all examples, with people of
their own in each; `crash` kills it with sends in flight.
"""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
import uvloop
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from stockent.check.clients import POLLING, WEBSOCKET, Answer, Device, Person
from tests.gateway.child import Child, serving

from .model import Json, Said, Talk, missed, shown

T = TypeVar("T")

PEOPLE = ("ann", "ben", "cem")
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda text: text == text.strip() != ""
)
WAYS = st.sampled_from(["http", WEBSOCKET, POLLING])
SPEAKERS = st.sampled_from(PEOPLE)
SENDS_IN_FLIGHT = 12
#: For acts that cost a second, or end what other acts are about.
SELDOM = st.sampled_from([False] * 9 + [True])


class World:
    """The server's process and a loop to speak to it from Hypothesis, which knows no `await`."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._data_dir = data_dir
        self._port = port
        self._life = AsyncExitStack()
        self._serial = count()
        self.epoch = ""
        self.child: Child
        self.http: aiohttp.ClientSession
        self.run(self._open())

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self._runner.run(awaited())

    async def _open(self) -> None:
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        await self.start()

    async def start(self) -> None:
        server = serving(self._data_dir, PORT=str(self._port), RATE_LIMITS="off", EDIT_WINDOW="forever")
        self.child = await self._life.enter_async_context(server)

    async def kill(self) -> None:
        self.child.process.kill()
        await self._life.aclose()

    def close(self) -> None:
        async def close() -> None:
            await self.http.close()
            await self._life.aclose()

        self.run(close())
        self._runner.close()

    def new_people(self) -> dict[str, Person]:
        group = next(self._serial)
        ids = {name: f"{name}-{group}" for name in PEOPLE}
        return {
            name: Person(name, uid, self.child.token(uid), self.child.url, self.http)
            for name, uid in ids.items()
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    world = World(tmp_path_factory.mktemp("model"), port)
    yield world
    world.close()


class Conversations(RuleBasedStateMachine):
    """Three people with a socket on each transport. A bundle holds what a later act may be about."""

    world: World

    talks = Bundle("talks")
    said = Bundle("said")

    @initialize()
    def come(self) -> None:
        self.people = self.world.new_people()
        self.devices: dict[tuple[str, str], Device] = {}
        self.all_talks: list[Talk] = []
        self.run(self._connect())

    def run(self, work: Awaitable[T]) -> T:
        return self.world.run(work)

    async def _connect(self) -> None:
        for name, person in self.people.items():
            for transport in (WEBSOCKET, POLLING):
                device = Device(person, "socket", transport)
                await device.connect()
                ready = await device.first("ready")
                assert self.world.epoch in ("", ready["epoch"]), "a restart is not a new life of the store"
                self.world.epoch = ready["epoch"]
                self.devices[name, transport] = device

    async def _disconnect(self) -> None:
        await asyncio.gather(*(device.close() for device in self.devices.values()))
        self.devices.clear()

    def teardown(self) -> None:
        if hasattr(self, "devices"):
            try:
                self.everybody_sees_the_same()
            finally:
                self.run(self._disconnect())

    # acts

    @rule(
        target=talks, others=st.sampled_from([("ben",), ("cem",), ("ben", "cem")]), subject=st.integers(0, 1)
    )
    def start(self, others: tuple[str, ...], subject: int) -> Talk:
        people = ("ann", *others)
        body = {
            "participantIds": [self.people[name].user_id for name in others],
            "subject": {"type": "test", "id": str(subject), "title": "Yarn"},
        }
        answer = self.run(self.people["ann"].request("POST", "/api/conversations", body))
        known = [talk for talk in self.all_talks if talk.id == answer.body["id"]]
        assert answer.status == (200 if known else 201)
        if known:
            assert set(known[0].people) == set(people)
            return known[0]
        talk = Talk(answer.body["id"], people)
        self.all_talks.append(talk)
        return talk

    @rule(target=said, talk=talks, name=SPEAKERS, way=WAYS, content=TEXTS)
    def send(self, talk: Talk, name: str, way: str, content: str) -> Said:
        said = Said(name, str(uuid.uuid4()), content)
        status, answer = self.run(self._send(name, talk.id, way, said))
        if self._allowed(talk, name, status, answer) and not self._refused_as_closed(talk, status, answer):
            talk.say(said, answer)
        return said

    @rule(said=said, way=WAYS)
    def repeat(self, said: Said, way: str) -> None:
        """The same `clientId` again: what is stored by now comes back, edited or deleted, and nothing changes."""
        talk = self._talk_of(said)
        if talk is not None:
            status, answer = self.run(self._send(said.sender, talk.id, way, said))
            assert (status, answer["id"], answer["seq"]) == (200, said.id, said.seq)
            assert answer["content"] == said.content

    @rule(said=said, way=WAYS, content=TEXTS)
    def reuse(self, said: Said, way: str, content: str) -> None:
        """The same `clientId` for something else is refused, whether the message is still there or not."""
        talk = self._talk_of(said)
        if talk is not None:
            other = Said(said.sender, said.client_id, said.first_content + content)
            status, answer = self.run(self._send(said.sender, talk.id, way, other))
            assert (status, answer["code"]) == (409, "client_id_reused")

    @rule(said=said, name=SPEAKERS, content=TEXTS)
    def edit(self, said: Said, name: str, content: str) -> None:
        talk = self._talk_of(said)
        if talk is None:
            return
        path = f"/api/conversations/{talk.id}/messages/{said.id}"
        answer = self.run(self.people[name].request("PATCH", path, {"content": content}))
        if not self._allowed(talk, name, answer.status, answer.body):
            return
        if name != said.sender:
            assert (answer.status, answer.body["code"]) == (403, "forbidden")
        elif said.deleted:
            assert (answer.status, answer.body["code"]) == (409, "message_deleted")
        elif not self._refused_as_closed(talk, answer.status, answer.body):
            assert answer.status == 200, answer
            talk.edit(said, content)

    @rule(said=said, name=SPEAKERS)
    def take_back(self, said: Said, name: str) -> None:
        talk = self._talk_of(said)
        if talk is None:
            return
        path = f"/api/conversations/{talk.id}/messages/{said.id}"
        answer = self.run(self.people[name].request("DELETE", path))
        if not self._allowed(talk, name, answer.status, answer.body):
            return
        if name != said.sender:
            assert (answer.status, answer.body["code"]) == (403, "forbidden")
        else:
            assert answer.status == 200, answer
            talk.delete(said)

    @rule(talk=talks, name=SPEAKERS, seq=st.integers(0, 60))
    def read(self, talk: Talk, name: str, seq: int) -> None:
        answer = self.run(
            self.people[name].request("PUT", f"/api/conversations/{talk.id}/read", {"seq": seq})
        )
        if self._allowed(talk, name, answer.status, answer.body):
            mark = talk.mark(name, seq)
            read = (answer.body["readSeq"], answer.body["unread"], answer.body["totalUnread"])
            assert read == (mark, talk.unread(name), self._total_unread(name))

    @rule(talk=talks, name=SPEAKERS, closed=st.booleans())
    def close_or_reopen(self, talk: Talk, name: str, closed: bool) -> None:
        body = {"status": "CLOSED" if closed else "ACTIVE"}
        answer = self.run(self.people[name].request("PATCH", f"/api/conversations/{talk.id}", body))
        if self._allowed(talk, name, answer.status, answer.body):
            talk.turn(closed=closed)
            assert answer.body["seq"] == talk.seq

    @rule(talk=talks, name=SPEAKERS, here=SELDOM)
    def delete(self, talk: Talk, name: str, here: bool) -> None:
        if not here:
            return
        answer = self.run(self.people[name].request("DELETE", f"/api/conversations/{talk.id}"))
        if self._allowed(talk, name, answer.status, answer.body):
            assert answer.status == 204
            self.all_talks.remove(talk)

    @rule(
        talk=talks, name=SPEAKERS, transport=st.sampled_from([WEBSOCKET, POLLING]), behind=st.integers(0, 30)
    )
    def resume(self, talk: Talk, name: str, transport: str, behind: int) -> None:
        position = max(0, talk.seq - behind)
        device = self.devices[name, transport]
        ack = self.run(device.done("resume", epoch=self.world.epoch, conversations={talk.id: position}))
        catchup = ack["conversations"][talk.id]
        if talk not in self.all_talks or name not in talk.people:
            assert catchup["gone"]
            return
        assert missed(catchup["events"]) == talk.gap(position)
        assert catchup["unread"] == talk.unread(name)
        assert ack["totalUnread"] == self._total_unread(name)

    @rule(
        talk=talks,
        name=SPEAKERS,
        here=SELDOM,
        contents=st.lists(TEXTS, min_size=SENDS_IN_FLIGHT, max_size=SENDS_IN_FLIGHT),
    )
    def crash(self, talk: Talk, name: str, here: bool, contents: list[str]) -> None:
        """Kill the server under sends of which nobody knows the fate; then all are repeated until they have one."""
        if not here:
            return
        if talk not in self.all_talks or name not in talk.people or talk.closed:
            contents = []
        saids = [Said(name, str(uuid.uuid4()), content) for content in contents]
        stored = self.run(self._crash(talk, name, saids))
        for said, message in sorted(zip(saids, stored, strict=True), key=lambda pair: int(pair[1]["seq"])):
            talk.say(said, message)

    async def _crash(self, talk: Talk, name: str, saids: list[Said]) -> list[Json]:
        sends = [
            asyncio.create_task(self._send(name, talk.id, way, said))
            for said, way in zip(saids, ["http", WEBSOCKET, POLLING] * SENDS_IN_FLIGHT, strict=False)
        ]
        if sends:
            await asyncio.wait(sends, return_when=asyncio.FIRST_COMPLETED)
        await self.world.kill()
        await self._disconnect()
        # A socket's command waits for its ack although the connection is gone: nobody knows, so nobody waits.
        for send in sends:
            send.cancel()
        known = await asyncio.gather(*sends, return_exceptions=True)
        await self.world.start()
        await self._connect()
        stored = []
        for said, before in zip(saids, known, strict=True):
            _, message = await self._send(name, talk.id, "http", said)
            if not isinstance(before, BaseException):
                assert message["id"] == before[1]["id"], "what was acknowledged is what was stored"
            stored.append(message)
        return stored

    def everybody_sees_the_same(self) -> None:
        for name, person in self.people.items():
            mine = [talk for talk in self.all_talks if name in talk.people]
            unread = self.run(person.done("GET", "/api/unread"))
            assert unread["total"] == sum(talk.unread(name) for talk in mine)
            for talk in mine:
                path = f"/api/conversations/{talk.id}"
                conversation = self.run(person.done("GET", path))
                page = self.run(person.done("GET", path + "/messages", params={"limit": 200}))
                assert shown(page) == talk.history()
                assert conversation["seq"] == talk.seq
                assert conversation["unread"] == talk.unread(name)
                assert conversation["status"] == ("CLOSED" if talk.closed else "ACTIVE")
                reads = {each["userId"]: each["readSeq"] for each in conversation["participants"]}
                assert reads == {self.people[each].user_id: talk.read.get(each, 0) for each in talk.people}

    # the two sides

    async def _send(self, name: str, cid: str, way: str, said: Said) -> tuple[int, Json]:
        """The status that HTTP gives or would give, and the message or the problem."""
        body = {"clientId": said.client_id, "content": said.first_content}
        if way == "http":
            answer: Answer = await self.people[name].request(
                "POST", f"/api/conversations/{cid}/messages", body
            )
            return answer.status, answer.body
        ack = await self.devices[name, way].command("send_message", {"conversationId": cid, **body})
        if ack["ok"]:
            return 200, ack["message"]
        return {"not_found": 404, "conversation_closed": 409, "client_id_reused": 409}[
            ack["error"]["code"]
        ], ack["error"]

    def _allowed(self, talk: Talk, name: str, status: int, answer: Any) -> bool:
        """Whether the act may have had an effect; if it may not, it must have been answered by the one refusal."""
        if talk in self.all_talks and name in talk.people:
            assert status != 404
            return True
        assert (status, answer["code"]) == (404, "not_found")
        return False

    def _refused_as_closed(self, talk: Talk, status: int, answer: Any) -> bool:
        if not talk.closed:
            assert status in (200, 201), answer
            return False
        assert (status, answer["code"]) == (409, "conversation_closed")
        return True

    def _talk_of(self, said: Said) -> Talk | None:
        return next((talk for talk in self.all_talks if said in talk.said), None)

    def _total_unread(self, name: str) -> int:
        return sum(talk.unread(name) for talk in self.all_talks if name in talk.people)


def test_whatever_happens_the_server_holds_what_the_model_holds(world: World) -> None:
    Conversations.world = world
    run_state_machine_as_test(
        Conversations,
        settings=settings(
            max_examples=60,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
