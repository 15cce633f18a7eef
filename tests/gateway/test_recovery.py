"""A lost socket of the product: who gets it back, with which rooms, and what of a conversation comes with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from stockent.messaging.events import conversation_room
from stockent.socketio import Reason, Socket
from tests.socketio.serving import Endpoint
from tests.socketio.wire import Client, Clients
from tests.waiting import poll_until

from .place import Place, open_place

CANARY = "canary-4b1f"


class Lossy:
    """Clients that can use offsets, for one person each; the test cuts their connections."""

    def __init__(self, place: Place, clients: Clients) -> None:
        self.place = place
        self.clients = clients
        self.endpoint = Endpoint(place.node.port)

    async def come(self, user_id: str, *joins: str) -> Session:
        """A new socket of that user, in view of these conversations."""
        session = Session(self, user_id)
        await session.connect()
        for conversation_id in joins:
            await session.ask("join_conversation", conversation_id)
        return session


class Session:
    def __init__(self, lossy: Lossy, user_id: str) -> None:
        self.lossy = lossy
        self.user_id = user_id
        self.sid = self.pid = ""
        self.offset: str | None = None
        self._early: list[tuple[str, Any]] = []

    @property
    def socket(self) -> Socket:
        return self.lossy.place.namespace.sockets[self.sid]

    async def connect(self, *, token: str | None = None, transport: str = "websocket") -> dict[str, Any]:
        """Connect, naming what is known of a socket before; the answer."""
        self.client: Client = await self.lossy.clients.open(transport, self.lossy.endpoint)
        auth = {"token": token or self.lossy.place.token(self.user_id), "recovery": True}
        if self.pid:
            auth |= {"pid": self.pid} | ({"offset": self.offset} if self.offset else {})
        await self.client.send("40" + json.dumps(auth))
        packet = str(await self.client.receive())
        answer: dict[str, Any] = json.loads(packet[2:])
        if packet.startswith("40"):
            self.sid, self.pid = answer["sid"], answer["pid"]
        return answer

    async def ask(self, command: str, argument: Any) -> None:
        """Events that come before the ack belong to what is heard next."""
        await self.client.send(f"420{json.dumps([command, argument])}")
        while not (packet := str(await self.client.receive())).startswith("430"):
            self._take(json.loads(packet[2:]))
        assert json.loads(packet[3:])[0]["ok"], packet

    async def heard(self, *, to: str = "ready") -> list[tuple[str, Any]]:
        """What came since the last time, at least up to an event of that name, then to one of the test's own."""
        while to not in names(self._early):
            self._take(await self.client.event())
        self.socket.emit("end", None)
        while "end" not in names(self._early):
            self._take(await self.client.event())
        events, self._early = self._early[:-1], []
        return events

    def _take(self, event: list[Any]) -> None:
        name, payload, self.offset = event
        self._early.append((name, payload))

    def cut(self) -> None:
        place = self.lossy.place
        place.node.server.engine.close(self.socket.connection, Reason.TRANSPORT_ERROR)
        assert self.sid not in place.namespace.sockets


@pytest.fixture
async def lossy(place: Place) -> AsyncIterator[Lossy]:
    async with ClientSession() as http, AsyncExitStack() as stack:
        yield Lossy(place, Clients(stack, http))


def names(events: list[tuple[str, Any]]) -> list[str]:
    return [name for name, _ in events]


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_lost_socket_comes_back_to_its_conversations_and_hears_what_it_missed_then_ready(
    place: Place, lossy: Lossy, transport: str
) -> None:
    watched, other = await place.conversation("ann", "ben"), await place.conversation("ann", "cem")
    ann = await lossy.come("ann", watched)
    await ann.heard()
    before = ann.sid, ann.pid
    ann.cut()
    sent = await place.send("ben", watched, "one")
    await place.send("cem", other, "two")

    await ann.connect(transport=transport)
    assert (ann.sid, ann.pid) == before
    assert ann.socket.recovered
    heard = await ann.heard()
    assert names(heard) == ["message_received", "new_message_notification", "ready"]
    assert heard[0][1] == sent
    assert heard[2][1]["totalUnread"] == 2
    assert ann.socket.data.actor.user_id == "ann"
    await place.send("ben", watched, "three")
    assert names(await ann.heard(to="message_received")) == ["message_received"]


async def test_who_is_lost_is_gone_for_others_and_there_again_when_back(place: Place, lossy: Lossy) -> None:
    await place.conversation("ann", "ben")
    ben = await place.device("ben")
    await ben.done("watch_presence", userIds=["ann"])
    ann = await lossy.come("ann")
    await ann.heard()
    ann.cut()
    place.clock.advance(6)
    await ann.connect()
    await ann.heard()
    await ben.settle()

    seen = [heard.payload["status"] for heard in ben.heard if heard.event == "presence_changed"]
    assert seen == ["online", "offline", "online"]


async def test_who_watched_somebody_hears_what_became_of_them_meanwhile(place: Place, lossy: Lossy) -> None:
    await place.conversation("ann", "ben")
    ann = await lossy.come("ann")
    await ann.heard()
    await ann.ask("watch_presence", {"userIds": ["ben"]})
    ann.cut()
    await place.device("ben")

    await ann.connect()
    assert ann.socket.recovered
    assert names(await ann.heard()) == ["presence_changed", "ready"]


async def test_typing_is_not_told_later(place: Place, lossy: Lossy) -> None:
    cid = await place.conversation("ann", "ben")
    ben = await place.device("ben")
    ann = await lossy.come("ann", cid)
    await ben.done("typing_start", conversationId=cid)
    await ann.heard(to="user_typing")
    ann.cut()
    await ben.done("typing_stop", conversationId=cid)

    await ann.connect()
    assert ann.socket.recovered
    assert names(await ann.heard()) == ["ready"]


async def test_who_was_removed_meanwhile_hears_that_and_nothing_after_it(place: Place, lossy: Lossy) -> None:
    group, other = await place.group("ben", "ann", "cem"), await place.conversation("ann", "ben")
    ann, cem = await lossy.come("ann", group, other), await lossy.come("cem", group)
    for session in (ann, cem):
        await session.heard()
        session.cut()
    await place.send("ben", group, "before")
    await place.person("ben").done("DELETE", f"/api/conversations/{group}/participants/ann", status=204)
    await place.send("ben", group, CANARY)
    await place.send("ben", other, "elsewhere")
    for session in (ann, cem):
        await session.connect()
        assert session.socket.recovered

    heard = await ann.heard()
    assert names(heard) == ["message_received", "participant_removed", "message_received", "ready"]
    assert [payload["content"] for name, payload in heard if name == "message_received"] == [
        "before",
        "elsewhere",
    ]
    assert CANARY not in json.dumps(heard)
    assert ann.socket.rooms == {"user:ann", conversation_room(other)}
    assert CANARY in json.dumps(await cem.heard())


async def test_who_is_removed_while_coming_back_hears_nothing_after_it(place: Place, lossy: Lossy) -> None:
    group = await place.group("ben", "ann")
    ann = await lossy.come("ann", group)
    await ann.heard()
    ann.cut()

    async def remove() -> None:
        await place.person("ben").done("DELETE", f"/api/conversations/{group}/participants/ann", status=204)
        await place.send("ben", group, CANARY)

    for _ in range(5):
        await asyncio.gather(remove(), ann.connect())
        assert CANARY not in json.dumps(await ann.heard())
        assert conversation_room(group) not in (ann.socket.rooms or ())
        await place.person("ben").done(
            "POST", f"/api/conversations/{group}/participants", {"userIds": ["ann"]}
        )
        await ann.ask("join_conversation", group)
        await ann.heard(to="conversation_created")
        ann.cut()


async def test_access_that_was_lost_without_a_word_brings_a_new_socket(place: Place, lossy: Lossy) -> None:
    """As if another process had changed the store: no event tells of it."""
    group, other = await place.group("ben", "ann"), await place.conversation("ann", "ben")
    ann = await lossy.come("ann", group, other)
    await ann.heard()
    before = ann.sid
    ann.cut()
    await place.send("ben", other, "before")
    await place.node.domain.store.remove_participant(group, user_id="ben", removed_id="ann")
    await place.send("ben", other, CANARY)

    await ann.connect()
    assert ann.sid != before
    assert names(await ann.heard()) == ["ready"]
    assert ann.socket.rooms == {"user:ann"}


async def test_a_conversation_that_is_deleted_meanwhile_is_told_of_and_left(
    place: Place, lossy: Lossy
) -> None:
    cid = await place.conversation("ann", "ben")
    ann = await lossy.come("ann", cid)
    await ann.heard()
    ann.cut()
    await place.person("ben").done("DELETE", f"/api/conversations/{cid}", status=204)

    await ann.connect()
    assert ann.socket.recovered
    assert names(await ann.heard()) == ["conversation_deleted", "ready"]
    assert ann.socket.rooms == {"user:ann"}


@pytest.mark.parametrize("who", ["eve", "ben"])
async def test_another_users_pid_brings_a_new_socket_and_the_owner_still_gets_the_old_one(
    place: Place, lossy: Lossy, who: str
) -> None:
    """Also where the other one may be in every room that it was in."""
    cid = await place.conversation("ann", "ben")
    ann, eve = await lossy.come("ann", cid), await lossy.come(who)
    await ann.heard()
    ann.socket.leave("user:ann")
    ann.cut()
    eve.cut()
    await place.send("ben", cid, CANARY)

    eve.pid, eve.offset = ann.pid, ann.offset
    await eve.connect()
    assert eve.sid != ann.sid
    assert names(await eve.heard()) == ["ready"]
    assert eve.socket.rooms == {f"user:{who}"}
    await ann.connect()
    assert ann.socket.recovered
    assert names(await ann.heard()) == ["message_received", "ready"]


@pytest.mark.parametrize("ended_by", ["an expired token", "a forged token", "a disabled user"])
async def test_who_may_not_connect_is_not_let_back_until_they_may(
    place: Place, lossy: Lossy, ended_by: str
) -> None:
    cid = await place.conversation("ann", "ben")
    ann = await lossy.come("ann", cid)
    await ann.heard()
    before = ann.sid
    ann.cut()
    await place.send("ben", cid, "one")
    store, token, code = place.node.domain.store, place.token("ann"), "auth_invalid"
    if ended_by == "an expired token":
        token, code = place.token("ann", life_s=5), "auth_expired"
        place.clock.advance(10)
    elif ended_by == "a forged token":
        token = place.token("ann", secret="f" * 40)
    else:
        await store.set_disabled("ann", disabled=True)

    refusal = await ann.connect(token=token)
    assert refusal["data"]["code"] == code
    await store.set_disabled("ann", disabled=False)
    await ann.connect()
    assert ann.sid == before
    assert names(await ann.heard()) == ["message_received", "ready"]


async def test_a_disabled_user_with_another_device_is_forgotten_on_all(place: Place, lossy: Lossy) -> None:
    ann, phone = await lossy.come("ann"), await place.device("ann")
    before = ann.sid
    ann.cut()
    store = place.node.domain.store
    await store.set_disabled("ann", disabled=True)
    place.clock.advance(2)
    await poll_until(lambda: not phone.connected)
    await store.set_disabled("ann", disabled=False)

    await ann.connect()
    assert ann.sid != before


async def test_an_operator_can_turn_it_off(tmp_path: Path, empty_store: Path) -> None:
    async with (
        open_place(tmp_path, empty_store, RECOVERY_WINDOW="off") as place,
        ClientSession() as http,
        AsyncExitStack() as stack,
    ):
        client = await Clients(stack, http).websocket(Endpoint(place.node.port))
        await client.send("40" + json.dumps({"token": place.token("ann"), "recovery": True}))
        assert list(json.loads(str(await client.receive())[2:])) == ["sid"]
        assert len(await client.event()) == 2
