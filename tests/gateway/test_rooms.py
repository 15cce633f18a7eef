"""Rooms: joined after a proof of access, with the gap since what one held, and left without a trace."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from stockent import server
from stockent.check.clients import POLLING, WEBSOCKET
from stockent.messaging import messages
from stockent.messaging.commands import SendMessage
from stockent.messaging.domain import Actor
from tests.waiting import poll_until

from .place import Place, open_place

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])


async def test_joining_gives_the_conversation_as_one_sees_it(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    await place.send("ann", cid)
    ben = await place.device("ben")
    fetched = await place.person("ben").done("GET", f"/api/conversations/{cid}")
    ack = await ben.done("join_conversation", conversationId=cid)
    assert ack == {"ok": True, "conversation": fetched, "events": [], "reset": False}
    assert fetched["unread"] == 1


async def test_joining_after_a_position_gives_everything_since_it_in_order(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann")
    first, second = [await place.send("ann", cid, text) for text in ("First", "Second")]
    await ann.done("edit_message", conversationId=cid, messageId=first["id"], content="First, better")
    await ann.done("delete_message", conversationId=cid, messageId=second["id"])
    await ann.done("close_conversation", conversationId=cid)
    ben = await place.device("ben")
    ack = await ben.done("join_conversation", conversationId=cid, afterSeq=1)
    assert [(entry["seq"], entry["event"]) for entry in ack["events"]] == [
        (2, "message_received"),
        (3, "message_updated"),
        (4, "message_deleted"),
        (5, "conversation_updated"),
    ]
    assert ack["events"][0]["payload"]["content"] == ""
    assert ack["events"][1]["payload"]["content"] == "First, better"
    assert ack["conversation"]["seq"] == 5


@pytest.mark.parametrize(("after", "reset"), [(3, False), (4, True), (2**53 - 1, True)])
async def test_a_position_at_the_end_gives_nothing_and_one_ahead_of_it_a_reset(
    place: Place, after: int, reset: bool
) -> None:
    cid = await place.conversation("ann", "ben")
    for _ in range(3):
        await place.send("ann", cid)
    ben = await place.device("ben")
    ack = await ben.done("join_conversation", conversationId=cid, afterSeq=after)
    assert (ack["events"], ack["reset"]) == ([], reset)


async def test_a_gap_of_five_hundred_comes_whole_and_a_longer_one_is_a_reset(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    bodies = [SendMessage(client_id=str(uuid.uuid4()), content=f"Message {n}") for n in range(501)]
    await asyncio.gather(*(messages.send(place.node.domain, Actor("ann"), cid, body) for body in bodies))
    ben = await place.device("ben")
    whole = await ben.done("join_conversation", conversationId=cid, afterSeq=1)
    assert [entry["seq"] for entry in whole["events"]] == list(range(2, 502))
    longer = await ben.done("join_conversation", conversationId=cid, afterSeq=0)
    assert (longer["events"], longer["reset"]) == ([], True)


@TRANSPORTS
async def test_who_joins_while_others_send_misses_nothing(place: Place, transport: str) -> None:
    cid = await place.conversation("ann", "ben")
    ben = await place.device("ben", transport)
    sending = asyncio.gather(*(place.send("ann", cid, f"Message {number}") for number in range(40)))
    ack = await ben.done("join_conversation", conversationId=cid, afterSeq=0)
    await sending
    await ben.settle()
    live = [heard.payload["seq"] for heard in ben.heard if heard.event == "message_received"]
    caught_up = [entry["seq"] for entry in ack["events"]]
    assert sorted({*live, *caught_up}) == list(range(1, 41))
    assert live == sorted(set(live))


async def test_joining_twice_does_not_bring_events_twice(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ben = await place.device("ben", joins=cid)
    await ben.done("join_conversation", conversationId=cid)
    heard = await place.listen()
    await place.send("ann", cid)
    await heard.exactly({ben: ["message_received"]})


@TRANSPORTS
async def test_who_left_is_notified_instead_and_who_comes_back_is_in_the_room_again(
    place: Place, transport: str
) -> None:
    cid = await place.conversation("ann", "ben")
    ben = await place.device("ben", transport, joins=cid)
    for event in ("message_received", "new_message_notification", "message_received"):
        heard = await place.listen()
        await place.send("ann", cid)
        await heard.exactly({ben: [event]})
        command = "leave_conversation" if event == "message_received" else "join_conversation"
        await ben.done(command, conversationId=cid)


async def test_one_socket_may_have_several_conversations_in_view(place: Place) -> None:
    one, two, three = [await place.conversation("ann", "ben") for _ in range(3)]
    ben = await place.device("ben", joins=one)
    await ben.done("join_conversation", conversationId=two)
    heard = await place.listen()
    for cid in (one, two, three):
        await place.send("ann", cid)
    await heard.exactly({ben: ["message_received", "message_received", "new_message_notification"]})


async def test_a_socket_in_as_many_rooms_as_it_may_be_is_refused_one_more(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LIMITS", replace(server.LIMITS, max_rooms=3))
    async with open_place(tmp_path, empty_store) as place:
        first, second, third = [await place.conversation("ann", "ben") for _ in range(3)]
        ben = await place.device("ben", joins=first)
        await ben.done("join_conversation", conversationId=second)
        await ben.refused("join_conversation", code="invalid", conversationId=third)
        await ben.done("join_conversation", conversationId=first)
        await ben.done("leave_conversation", conversationId=first)
        await ben.done("join_conversation", conversationId=third)
        assert place.socket_of(ben).rooms == {"user:ben", f"conversation:{second}", f"conversation:{third}"}


async def test_a_deleted_conversation_cannot_be_joined_and_its_members_are_out(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ben, phone = await place.device("ben", joins=cid), await place.device("ben", POLLING, joins=cid)
    await place.person("ann").done("DELETE", f"/api/conversations/{cid}", status=204)
    for device in (ben, phone):
        await device.refused("join_conversation", code="not_found", conversationId=cid)
        assert place.socket_of(device).rooms == {"user:ben"}


async def test_a_conversation_deleted_while_many_join_it_keeps_nobody(place: Place) -> None:
    for _ in range(5):
        cid = await place.conversation("ann", "ben")
        ben = await place.device("ben")
        await asyncio.gather(
            *(ben.command("join_conversation", cid) for _ in range(5)),
            place.person("ann").done("DELETE", f"/api/conversations/{cid}", status=204),
            *(ben.command("join_conversation", cid) for _ in range(5)),
        )
        await ben.refused("join_conversation", code="not_found", conversationId=cid)
        assert f"conversation:{cid}" not in place.namespace.rooms


@TRANSPORTS
@pytest.mark.parametrize("way", ["close", "cut"])
async def test_a_socket_that_goes_leaves_every_room_and_nothing_in_memory(
    place: Place, transport: str, way: str
) -> None:
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann")
    ben = await place.device("ben", transport, joins=cid)
    await ben.done("typing_start", conversationId=cid)
    assert len(place.namespace.rooms) == 3
    if way == "close":
        await ben.close()
    else:
        await ben.cut()
    await poll_until(lambda: len(place.node.server.engine.connections) == 1)
    assert set(place.namespace.sockets.values()) == {place.socket_of(ann)}
    assert len(place.namespace.rooms) == 1
    await ann.close()
    await poll_until(lambda: not place.node.server.engine.connections)
    assert not place.namespace.sockets
    assert len(place.namespace.rooms) == 0
    place.clock.advance(10)
    assert place.clock.waiting == 1, "only the watch over tokens still has a timer"
