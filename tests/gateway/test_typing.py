"""Typing: seen by all who take part but the typist, over by itself after six seconds, and never stored."""

from __future__ import annotations

import pytest

from stockent.check.clients import POLLING, WEBSOCKET
from stockent.check.scene import only
from tests.waiting import poll_until

from .place import Place
from .ways import OverHttp, OverSocket

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])


@TRANSPORTS
async def test_typing_is_seen_by_all_who_take_part_wherever_they_are(place: Place, transport: str) -> None:
    cid = await place.conversation("ann", "ben", "cem")
    ann = await place.device("ann", transport, joins=cid)
    await place.device("ann", place="second tab", joins=cid)
    ben, cem = await place.device("ben", transport, joins=cid), await place.device("cem", joins=cid)
    phone = await place.device("ben", place="phone")
    await place.device("otto")
    for command, event in (("typing_start", "user_typing"), ("typing_stop", "user_stopped_typing")):
        heard = await place.listen()
        await ann.done(command, conversationId=cid)
        payloads = await heard.exactly({device: [event] for device in (ben, cem, phone)})
        for device in (ben, cem, phone):
            assert only(payloads[device]) == {
                "conversationId": cid,
                "userId": "ann",
                "name": "Ann",
                "activity": "typing",
            }


async def test_recording_is_told_apart_from_typing_and_at_once(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann"), await place.device("ben")
    heard = await place.listen()
    for activity in ("typing", "typing", "recording", "recording"):
        await ann.done("typing_start", conversationId=cid, activity=activity)
    payloads = await heard.exactly({ben: ["user_typing"] * 2})
    assert [each["activity"] for each in payloads[ben]] == ["typing", "recording"]


@pytest.mark.parametrize("over", ["http", "socket"])
async def test_a_message_ends_what_its_sender_types_before_it_arrives(place: Place, over: str) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann"), await place.device("ben", joins=cid)
    way = OverSocket(ann) if over == "socket" else OverHttp(ann.person)
    await ann.done("typing_start", conversationId=cid)
    heard = await place.listen()
    await way.send(cid, "Here it is")
    await heard.exactly({ben: ["user_stopped_typing", "message_received"], ann: ["conversation_updated"]})
    place.clock.advance(60)
    await ben.settle()
    assert ben.heard[-1].event == "message_received"


async def test_nobody_types_in_a_conversation_that_was_just_deleted(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann"), await place.device("ben")
    await ann.done("typing_start", conversationId=cid)
    heard = await place.listen()
    await OverHttp(ben.person).delete(cid)
    await ann.refused("typing_start", code="not_found", conversationId=cid)
    place.clock.advance(60)
    await heard.exactly({ann: ["conversation_deleted"], ben: ["conversation_deleted"]})


async def test_one_may_type_without_having_the_conversation_in_view(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann"), await place.device("ben", joins=cid)
    heard = await place.listen()
    await ann.done("typing_start", conversationId=cid)
    await heard.exactly({ben: ["user_typing"]})


async def test_typing_ends_by_itself_after_six_seconds_of_silence(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann"), await place.device("ben", joins=cid)
    heard = await place.listen()
    await ann.done("typing_start", conversationId=cid)
    place.clock.advance(5.9)
    await heard.exactly({ben: ["user_typing"]})
    place.clock.advance(0.2)
    await heard.exactly({ben: ["user_typing", "user_stopped_typing"]})
    place.clock.advance(60)
    await ann.done("typing_stop", conversationId=cid)
    await heard.exactly({ben: ["user_typing", "user_stopped_typing"]})


async def test_each_start_puts_the_end_off_and_tells_late_comers(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann"), await place.device("ben", joins=cid)
    heard = await place.listen()
    for _ in range(3):
        await ann.done("typing_start", conversationId=cid)
        place.clock.advance(4)
    await heard.exactly({ben: ["user_typing"] * 3})
    place.clock.advance(2)
    await heard.exactly({ben: ["user_typing"] * 3 + ["user_stopped_typing"]})


async def test_stopping_what_was_not_begun_tells_nobody(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann")
    await place.device("ben", joins=cid)
    heard = await place.listen()
    await ann.done("typing_stop", conversationId=cid)
    await heard.exactly({})


@pytest.mark.parametrize("way", ["close", "cut"])
async def test_a_typist_whose_last_socket_goes_has_stopped(place: Place, way: str) -> None:
    cid = await place.conversation("ann", "ben")
    tab, phone = await place.device("ann"), await place.device("ann", POLLING)
    ben = await place.device("ben", joins=cid)
    await tab.done("typing_start", conversationId=cid)
    await (tab.close() if way == "close" else tab.cut())
    await poll_until(lambda: len(place.namespace.sockets) == 2)
    await ben.settle()
    assert [heard.event for heard in ben.heard] == ["ready", "user_typing"]
    await (phone.close() if way == "close" else phone.cut())
    await poll_until(lambda: ben.heard[-1].event == "user_stopped_typing")


async def test_typing_changes_nothing_that_is_stored(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    before = await place.person("ben").done("GET", f"/api/conversations/{cid}")
    ann = await place.device("ann")
    await ann.done("typing_start", conversationId=cid)
    assert await place.person("ben").done("GET", f"/api/conversations/{cid}") == before
