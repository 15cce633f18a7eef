"""`resume`: after a lost connection the whole gap of each conversation, or the word that it must be read anew."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from stockent.check.clients import POLLING, WEBSOCKET
from stockent.check.scene import Json, seqs
from stockent.messaging import messages
from stockent.messaging.commands import SendMessage
from stockent.messaging.domain import Actor

from .place import Place
from .ways import OverSocket

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])


@TRANSPORTS
async def test_a_cut_connection_gets_exactly_what_it_missed(place: Place, transport: str) -> None:
    """Live events before the cut and the gap after it are the whole log: no hole, nothing twice."""
    cid = await place.conversation("ann", "ben")
    ben = await place.device("ben", transport, joins=cid)
    for number in range(3):
        await place.send("ann", cid, f"Message {number}")
    await ben.settle()
    held = [heard.payload["seq"] for heard in ben.heard if heard.event == "message_received"]
    await ben.cut()
    for number in range(3, 6):
        await place.send("ann", cid, f"Message {number}")
    back = await place.device("ben", transport)
    ack = await back.done("resume", epoch=place.epoch, conversations={cid: held[-1]})
    missed = ack["conversations"][cid]["events"]
    assert [*held, *seqs(missed)] == [1, 2, 3, 4, 5, 6]
    assert [entry["payload"]["content"] for entry in missed] == [f"Message {n}" for n in range(3, 6)]


async def test_the_gap_holds_every_kind_of_change_and_no_text_that_was_deleted_since(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann = OverSocket(await place.device("ann"))
    first = await ann.send(cid, "Secret")
    second = await ann.send(cid, "Helo")
    await ann.edit(cid, second["id"], "Hello")
    await ann.delete_message(cid, first["id"])
    await ann.close(cid)
    await ann.reopen(cid)
    await place.person("ann").done("PATCH", f"/api/conversations/{cid}", {"title": "Order"})
    gap = await _gap(place, "ben", cid, 0)
    assert [(entry["seq"], entry["event"]) for entry in gap["events"]] == [
        (1, "message_received"),
        (2, "message_received"),
        (3, "message_updated"),
        (4, "message_deleted"),
        (5, "conversation_updated"),
        (6, "conversation_updated"),
        (7, "conversation_updated"),
    ]
    contents = [entry["payload"].get("content") for entry in gap["events"]]
    assert contents[:3] == ["", "Hello", "Hello"]
    assert gap["events"][3]["payload"]["messageId"] == first["id"]
    assert gap["events"][6]["payload"]["conversation"]["title"] == "Order"


async def test_the_gap_comes_with_counts_and_read_marks_as_they_are_now(place: Place) -> None:
    cid = await place.conversation("ann", "ben", "cem")
    other = await place.conversation("ann", "ben")
    for _ in range(3):
        await place.send("ann", cid)
    await place.send("ann", other)
    await OverSocket(await place.device("cem")).mark_read(cid, 2)
    ben = await place.device("ben")
    ack = await ben.done("resume", epoch=place.epoch, conversations={cid: 3, other: 0})
    assert ack["totalUnread"] == 4
    caught = ack["conversations"][cid]
    marks, personal = caught.pop("marks"), caught.pop("personal")
    assert caught == {
        "events": [],
        "reset": False,
        "gone": False,
        "unread": 3,
        "reads": {"ann": 0, "ben": 0, "cem": 2},
    }
    assert {user_id: mark["readSeq"] for user_id, mark in marks.items()} == caught["reads"]
    assert [user_id for user_id, mark in marks.items() if mark["readAt"] is not None] == ["cem"]
    assert personal == {"pinnedAt": None, "mutedUntil": None, "archived": False, "markedUnread": False}
    assert ack["conversations"][other]["unread"] == 1


async def test_deleted_foreign_and_invented_conversations_are_gone_alike(place: Place) -> None:
    deleted, foreign = await place.conversation("ann", "ben"), await place.conversation("cem", "ben")
    mine = await place.conversation("ann", "cem")
    for cid in (deleted, foreign):
        await place.send("ben", cid)
    await place.person("ben").done("DELETE", f"/api/conversations/{deleted}", status=204)
    ann = await place.device("ann")
    positions = {deleted: 0, foreign: 0, "01a2b3c4": 0, mine: 0}
    ack = await ann.done("resume", epoch=place.epoch, conversations=positions)
    kept = {"pinnedAt": None, "mutedUntil": None, "archived": False, "markedUnread": False}
    gone: Json = {"events": None, "reset": False, "gone": True, "unread": 0, "reads": {}, "marks": {}}
    gone["personal"] = kept
    assert [ack["conversations"][cid] for cid in (deleted, foreign, "01a2b3c4")] == [gone] * 3
    assert ack["conversations"][mine]["gone"] is False


async def test_conversations_that_one_did_not_name_come_along_newest_first(place: Place) -> None:
    named = await place.conversation("ann", "ben")
    meanwhile = [await place.conversation("ben", "ann") for _ in range(3)]
    await place.conversation("ben", "cem")
    await place.send("ben", meanwhile[0])
    ann = await place.device("ann")
    listed = (await place.person("ann").done("GET", "/api/conversations"))["items"]
    ack = await ann.done("resume", epoch=place.epoch, conversations={named: 0})
    assert ack["others"] == [each for each in listed if each["id"] != named]
    assert [each["id"] for each in ack["others"]] == [meanwhile[0], meanwhile[2], meanwhile[1]]


async def test_a_gap_that_is_too_long_or_ahead_of_the_log_is_a_reset(place: Place) -> None:
    long, short = await place.conversation("ann", "ben"), await place.conversation("ann", "ben")
    bodies = [SendMessage(client_id=str(uuid.uuid4()), content=f"Message {n}") for n in range(501)]
    await asyncio.gather(*(messages.send(place.node.domain, Actor("ann"), long, body) for body in bodies))
    await place.send("ann", short)
    ben = await place.device("ben")
    ack = await ben.done("resume", epoch=place.epoch, conversations={long: 0, short: 2})
    for cid, unread in ((long, 501), (short, 1)):
        entry = ack["conversations"][cid]
        assert (entry["reset"], entry["events"], entry["unread"]) == (True, None, unread)
    whole = await ben.done("resume", epoch=place.epoch, conversations={long: 1, short: 1})
    assert [len(whole["conversations"][cid]["events"]) for cid in (long, short)] == [500, 0]
    assert whole["reset"] is False


async def test_positions_of_another_epoch_are_not_looked_at(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    await place.send("ann", cid)
    ben = await place.device("ben")
    listed = (await place.person("ben").done("GET", "/api/conversations"))["items"]
    assert await ben.done("resume", epoch="of-another-store", conversations={cid: 0}) == {
        "ok": True,
        "epoch": place.epoch,
        "reset": True,
        "conversations": {},
        "others": listed,
        "totalUnread": 1,
    }


async def test_who_resumes_is_in_no_room_until_joining_again(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ben = await place.device("ben", joins=cid)
    await ben.cut()
    back = await place.device("ben")
    await back.done("resume", epoch=place.epoch, conversations={cid: 0})
    assert place.socket_of(back).rooms == {"user:ben"}
    heard = await place.listen()
    await place.send("ann", cid)
    await heard.exactly({back: ["new_message_notification"]})


@TRANSPORTS
async def test_what_is_sent_while_one_resumes_is_in_the_gap_or_comes_as_an_event(
    place: Place, transport: str
) -> None:
    cid = await place.conversation("ann", "ben")
    ben = await place.device("ben", transport)
    sending = asyncio.gather(*(place.send("ann", cid, f"Message {number}") for number in range(40)))
    ack = await ben.done("resume", epoch=place.epoch, conversations={cid: 0})
    await sending
    await ben.settle()
    live = [heard.payload["seq"] for heard in ben.heard if heard.event == "new_message_notification"]
    gap = list(seqs(ack["conversations"][cid]["events"]))
    assert gap == list(range(1, len(gap) + 1))
    assert live == sorted(set(live))
    assert {*gap, *live} == set(range(1, 41))


async def _gap(place: Place, user_id: str, cid: str, after: int) -> Json:
    device = await place.device(user_id)
    ack = await device.done("resume", epoch=place.epoch, conversations={cid: after})
    gap: Json = ack["conversations"][cid]
    return gap
