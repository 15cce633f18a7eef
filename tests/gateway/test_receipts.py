"""Delivered and read, over both ways in: who hears of it, and that a reading which is kept back shows nowhere."""

from __future__ import annotations

import json
import re
from typing import Any
from unittest.mock import ANY

import pytest

from stockent.check.clients import POLLING, WEBSOCKET, Device
from stockent.check.scene import Json, only

from .place import Place
from .ways import OverHttp, OverSocket, Way

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])
WAYS = pytest.mark.parametrize("over", ["http", "socket"])


async def mark_of(place: Place, cid: str, user_id: str, *, seen_by: str) -> Json:
    conversation = await place.person(seen_by).done("GET", f"/api/conversations/{cid}")
    found: Json = only([each for each in conversation["participants"] if each["userId"] == user_id])
    return found


async def way_of(place: Place, user_id: str, over: str) -> Way:
    device = await place.device(user_id, place="phone")
    return OverSocket(device) if over == "socket" else OverHttp(device.person)


@WAYS
async def test_a_delivery_is_told_once_to_the_others_who_have_the_conversation_in_view(
    place: Place, over: str
) -> None:
    cid = await place.conversation("ann", "ben", "cem")
    ann, cem = await place.device("ann", joins=cid), await place.device("cem", POLLING, joins=cid)
    await place.device("ann", place="list")
    await place.device("ben", joins=cid)
    await place.device("otto")
    ben = await way_of(place, "ben", over)
    await place.send("ann", cid)
    heard = await place.listen()
    for seq in (1, 0, 9):
        await ben.mark_delivered({cid: seq})
    payloads = await heard.exactly({ann: ["message_delivered"], cem: ["message_delivered"]})
    ben_now = await mark_of(place, cid, "ben", seen_by="ann")
    told = {"conversationId": cid, "userId": "ben", "deliveredSeq": 1, "deliveredAt": ben_now["deliveredAt"]}
    assert only(payloads[ann]) == only(payloads[cem]) == told
    assert (ben_now["deliveredSeq"], ben_now["readSeq"]) == (1, 0)


@WAYS
async def test_a_delivery_in_what_is_not_ones_own_is_answered_like_any_other_and_does_nothing(
    place: Place, over: str
) -> None:
    cid = await place.conversation("ann", "ben")
    await place.send("ann", cid)
    await place.device("ann", joins=cid)
    otto = await way_of(place, "otto", over)
    heard = await place.listen()
    await otto.mark_delivered({cid: 1, "01a2b3c4": 1})
    await heard.exactly({})
    assert (await mark_of(place, cid, "ben", seen_by="ann"))["deliveredSeq"] == 0


@TRANSPORTS
async def test_what_resume_and_join_hand_out_is_delivered(place: Place, transport: str) -> None:
    named, other, joined = [await place.conversation("ann", "ben") for _ in range(3)]
    for cid in (named, other, joined):
        await place.send("ann", cid)
    ann = await place.device("ann", transport)
    for cid in (named, other, joined):
        await ann.done("join_conversation", conversationId=cid)
    heard = await place.listen()
    ben = await place.device("ben", transport)
    await ben.done("join_conversation", conversationId=joined)
    payloads = await heard.exactly({ann: ["message_delivered"]})
    assert only(payloads[ann])["conversationId"] == joined
    heard = await place.listen()
    await ben.done("resume", epoch=place.epoch, conversations={named: 0})
    payloads = await heard.exactly({ann: ["message_delivered"] * 2})
    assert {each["conversationId"] for each in payloads[ann]} == {named, other}
    await ben.done("resume", epoch=place.epoch, conversations={named: 1})
    await ben.done("join_conversation", conversationId=joined, afterSeq=0)
    await heard.exactly({ann: ["message_delivered"] * 2})


@WAYS
async def test_with_receipts_off_ones_own_devices_clear_and_the_others_hear_of_no_reading(
    place: Place, over: str
) -> None:
    cid = await place.conversation("ann", "ben")
    for _ in range(3):
        await place.send("ann", cid)
    ann, ann_list = await place.device("ann", joins=cid), await place.device("ann")
    tab, ben = await place.device("ben", joins=cid), await way_of(place, "ben", over)
    phone = place.devices[-1]
    await ann.settle()
    heard = await place.listen()
    settings = await ben.change_settings(sendReadReceipts=False)
    assert settings == {"sharePresence": True, "sendReadReceipts": False}
    state = await ben.mark_read(cid, 3)
    assert state == {"readSeq": 3, "unread": 0, "totalUnread": 0}
    payloads = await heard.exactly({device: ["settings_changed", "message_read"] for device in (tab, phone)})
    for device in (tab, phone):
        told, read = payloads[device]
        assert told == settings
        assert (read["readSeq"], read["unread"], read["totalUnread"]) == (3, 0, 0)
    shown = await mark_of(place, cid, "ben", seen_by="ann")
    assert (shown["readSeq"], shown["readAt"], shown["deliveredSeq"]) == (0, None, 3)
    assert (await mark_of(place, cid, "ben", seen_by="ben"))["readSeq"] == 3
    assert (await (await place.device("ben")).first("ready"))["settings"] == settings

    heard = await place.listen()
    await ben.change_settings(sendReadReceipts=True)
    await ben.mark_read(cid, 3)
    shown = await mark_of(place, cid, "ben", seen_by="ann")
    assert shown["readSeq"] == 0
    await place.send("ann", cid)
    await ben.mark_read(cid, 4)
    ben_hears = ["settings_changed", "new_message_notification", "message_read"]
    await heard.exactly(
        {
            ann: ["message_received", "message_read"],
            ann_list: ["conversation_updated", "message_read"],
            tab: ["settings_changed", "message_received", "message_read"],
            phone: ben_hears,
            place.devices[-1]: ben_hears,
        }
    )
    assert (await mark_of(place, cid, "ben", seen_by="ann"))["readSeq"] == 4


@TRANSPORTS
async def test_no_byte_that_anybody_else_gets_shows_a_reading_that_is_kept_back(
    place: Place, transport: str
) -> None:
    """Ann and Cem read nothing themselves, so of all marks that they are told of none may pass Ben's last shown one."""
    cid = await place.conversation("ann", "ben", "cem")
    others = [await place.device("ann", transport, joins=cid), await place.device("cem", transport)]
    ann, ben = OverSocket(others[0]), OverSocket(await place.device("ben", transport, joins=cid))
    first = await place.send("ann", cid, "First")
    await ben.mark_read(cid, 1)
    shown = await mark_of(place, cid, "ben", seen_by="ann")
    await ben.change_settings(sendReadReceipts=False)

    second = await ann.send(cid, "Second")
    await ben.mark_read(cid, 2)
    await ann.edit(cid, second["id"], "Second, better")
    await ben.mark_read(cid, 3)
    await ann.delete_message(cid, first["id"])
    await ben.send(cid, "I have seen it all")
    await ben.mark_read(cid, 5)
    await ann.close(cid)
    await ann.reopen(cid)
    await place.person("cem").done("PATCH", f"/api/conversations/{cid}", {"title": "Order"})

    told = [body for device in others for body in await everything(place, device, cid)]
    positions = [int(seq) for seq in re.findall(r'"readSeq": ([0-9]+)', json.dumps(told))]
    assert len(positions) > 50
    assert max(positions) == 1
    assert '"reads": {"ann": 0, "ben": 1, "cem": 0}' in json.dumps(told, sort_keys=True)
    assert await mark_of(place, cid, "ben", seen_by="ann") == shown | {
        "deliveredSeq": 5,
        "deliveredAt": ANY,
    }
    assert (await mark_of(place, cid, "ben", seen_by="ben"))["readSeq"] == 5


async def everything(place: Place, device: Device, cid: str) -> list[Any]:
    """All that the device heard, can fetch and can catch up on."""
    bodies: list[Any] = []
    for after in (0, 2, 7):
        bodies.append(await device.done("join_conversation", conversationId=cid, afterSeq=after))
        bodies.append(await device.done("resume", epoch=place.epoch, conversations={cid: after}))
    bodies.append(await device.done("resume", epoch=place.epoch, conversations={}))
    for path in ("/api/conversations", f"/api/conversations/{cid}", f"/api/conversations/{cid}/messages"):
        bodies.append(await device.person.done("GET", path))
    await device.settle()
    return [*bodies, *(heard.payload for heard in device.heard)]
