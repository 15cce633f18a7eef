"""Groups on real sockets: who is removed is out of the room, and nobody outside their time receives a byte of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stockent.check.clients import POLLING, WEBSOCKET, Device
from stockent.check.scene import message

from .place import Json, Place

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])
BEFORE, AFTER = "canary-before-7d1e", "canary-after-91c4"


async def remove(place: Place, cid: str, user_id: str) -> None:
    path = f"/api/conversations/{cid}/participants/{user_id}"
    await place.person("ann").done("DELETE", path, status=204)


@TRANSPORTS
async def test_each_change_reaches_each_socket_once_by_the_events_for_where_it_is(
    place: Place, transport: str
) -> None:
    cid = await place.group("ann", "ben")
    ann, ben = await place.device("ann", transport, joins=cid), await place.device("ben", transport)
    cem = await place.device("cem", transport)
    seen, elsewhere = (
        ["conversation_updated", "message_received"],
        ["conversation_updated", "new_message_notification"],
    )
    heard = await place.listen()
    ack = await ann.done("add_participants", conversationId=cid, userIds=["cem"])
    payloads = await heard.exactly(
        {ann: seen, ben: elsewhere, cem: ["conversation_created", "new_message_notification"]}
    )
    assert ack["conversation"]["lastMessage"] == payloads[ann][1] == payloads[cem][1]["message"]
    assert payloads[ann][1]["content"] == "Ann added Cem"
    heard = await place.listen()
    await ann.done("set_group_role", conversationId=cid, userId="cem", role="OWNER")
    await heard.exactly({ann: seen, ben: elsewhere, cem: elsewhere})
    await cem.done("join_conversation", conversationId=cid)
    heard = await place.listen()
    await cem.done("leave_group", conversationId=cid)
    payloads = await heard.exactly({ann: seen, ben: elsewhere, cem: ["participant_removed"]})
    assert payloads[cem][0] == {
        "conversationId": cid,
        "seq": 5,
        "userId": "cem",
        "removedBy": "cem",
        "totalUnread": 0,
    }
    assert place.socket_of(cem).rooms == {"user:cem"}
    heard = await place.listen()
    await ann.done("change_conversation", conversationId=cid, title="Two again")
    await heard.exactly({ann: seen, ben: elsewhere})


@TRANSPORTS
async def test_when_the_removal_is_acked_no_socket_of_theirs_is_in_the_room(
    place: Place, transport: str
) -> None:
    cid = await place.group("ann", "ben")
    ann = await place.device("ann", transport, joins=cid)
    bens = [await place.device("ben", each, joins=cid) for each in (WEBSOCKET, POLLING)]
    await ann.done("remove_participant", conversationId=cid, userId="ben")
    for ben in bens:
        assert place.socket_of(ben).rooms == {"user:ben"}
    heard = await place.listen()
    await place.send("ann", cid, "Among us")
    await heard.exactly({ann: ["message_received"]})
    for ben in bens:
        assert [each.event for each in ben.heard if each.event != "ready"] == ["participant_removed"]
        await ben.refused("join_conversation", code="not_found", conversationId=cid)


@TRANSPORTS
async def test_of_a_burst_the_removed_one_hears_what_was_before_and_nothing_behind_it(
    place: Place, transport: str
) -> None:
    cid = await place.group("ann", "ben", "cem")
    ben, cem = (
        await place.device("ben", transport, joins=cid),
        await place.device("cem", transport, joins=cid),
    )
    sends = [place.send("ann", cid, f"Message {number}") for number in range(30)]
    await asyncio.gather(*sends[:15], remove(place, cid, "ben"), *sends[15:])
    for device in (ben, cem):
        await device.settle()
    order = [each.event for each in ben.heard if each.event != "ready"]
    positions = [each.payload["seq"] for each in ben.heard if each.event != "ready"]
    assert order == ["message_received"] * (len(order) - 1) + ["participant_removed"]
    assert positions == list(range(1, len(order) + 1))
    assert [each.payload["seq"] for each in cem.heard if each.event != "ready"] == list(range(1, 33))


async def test_a_removal_while_access_is_being_proved_keeps_the_socket_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof arrives after the removal, and is of the time before it."""
    cid = await place.group("ann", "ben")
    ben = await place.device("ben")
    before_return(place, monkeypatch, "check_access", lambda: remove(place, cid, "ben"))
    before_call(place, monkeypatch, "conversation_since", lambda: place.send("ann", cid, AFTER))
    heard = await place.listen()
    await ben.refused("join_conversation", code="not_found", conversationId=cid)
    await place.send("ann", cid, AFTER)
    await heard.exactly({ben: ["participant_removed"]})
    assert place.socket_of(ben).rooms == {"user:ben"}


@pytest.mark.parametrize("read", ["before", "after"])
async def test_a_removal_while_the_joined_one_reads_takes_the_socket_out(
    place: Place, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    """Whether the reading was of the time before the removal or after it."""
    cid = await place.group("ann", "ben")
    ben = await place.device("ben")

    async def meanwhile() -> None:
        await remove(place, cid, "ben")
        await place.send("ann", cid, AFTER)

    interleave = before_return if read == "before" else before_call
    interleave(place, monkeypatch, "conversation_since", meanwhile)
    heard = await place.listen()
    await ben.refused("join_conversation", code="not_found", conversationId=cid)
    await heard.exactly({ben: ["participant_removed"]})
    assert place.socket_of(ben).rooms == {"user:ben"}


async def test_a_removal_while_many_join_leaves_nobody_in_the_room(place: Place) -> None:
    for _ in range(5):
        cid = await place.group("ann", "ben")
        bens = [await place.device("ben", each) for each in (WEBSOCKET, POLLING)]
        joins = [ben.command("join_conversation", cid) for ben in bens for _ in range(4)]
        await asyncio.gather(*joins[:4], remove(place, cid, "ben"), *joins[4:])
        await place.send("ann", cid, AFTER)
        for ben in bens:
            await ben.settle()
            assert place.socket_of(ben).rooms == {"user:ben"}
            assert AFTER not in str(ben.heard)


def before_return(
    place: Place, monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], Awaitable[object]]
) -> None:
    """Let something happen, once, between what the store's method read and the moment its caller gets it."""
    _interleave(place, monkeypatch, name, after=act)


def before_call(
    place: Place, monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], Awaitable[object]]
) -> None:
    _interleave(place, monkeypatch, name, before=act)


async def _nothing() -> None:
    pass


def _interleave(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    *,
    before: Callable[[], Awaitable[object]] = _nothing,
    after: Callable[[], Awaitable[object]] = _nothing,
) -> None:
    store = place.node.domain.store
    real = getattr(store, name)

    async def interleaved(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(store, name, real)
        await before()
        result = await real(*args, **kwargs)
        await after()
        return result

    monkeypatch.setattr(store, name, interleaved)


async def test_nobody_receives_a_byte_of_what_was_said_outside_their_time(place: Place) -> None:
    """Dan came after BEFORE, Ben went before AFTER, Eve never came; each asks for everything that there is to ask."""
    cid = await place.group("ann", "ben", "cem")
    ann, ben, cem, dan, eve = [await place.device(user) for user in ("ann", "ben", "cem", "dan", "eve")]
    for device in (ann, ben, cem):
        await device.done("join_conversation", conversationId=cid)
    old = [await place.send("ann", cid, f"{BEFORE} {number}") for number in range(3)]
    await ann.done("add_participants", conversationId=cid, userIds=["dan"])
    await dan.done("join_conversation", conversationId=cid)
    await ann.done("edit_message", conversationId=cid, messageId=old[0]["id"], content=f"{BEFORE} edited")
    await ann.done("add_reaction", conversationId=cid, messageId=old[0]["id"], emoji="👍")
    await ann.done("delete_message", conversationId=cid, messageId=old[1]["id"])
    await remove(place, cid, "ben")
    new = await place.send("ann", cid, AFTER)
    await ann.done("change_conversation", conversationId=cid, title=f"{AFTER} title")
    await ann.done("edit_message", conversationId=cid, messageId=new["id"], content=f"{AFTER} edited")
    known = {
        device: await everything(place, device, cid, [*old, new]) for device in (dan, ben, eve, cem, ann)
    }
    for device in (ann, cem):
        assert BEFORE in known[device]
        assert AFTER in known[device]
    assert BEFORE in known[ben], "it was theirs to hear"
    assert AFTER not in known[ben]
    assert AFTER in known[dan]
    assert BEFORE not in known[dan]
    assert BEFORE not in known[eve]
    assert AFTER not in known[eve]
    for hidden in old:
        assert hidden["id"] not in known[dan]


async def everything(place: Place, device: Device, cid: str, messages: list[Json]) -> str:
    """All that a person's socket heard, and every answer to whatever they may ask, as one text."""
    user_id, path = device.person.user_id, f"/api/conversations/{cid}"
    asked: list[Json] = []
    for url in ("/api/conversations", "/api/unread", path):
        asked.append(await _got(device, "GET", url))
    for bound in ({}, {"before": 3}, {"after": 0}, *({"around": each["seq"]} for each in messages)):
        answer = await device.person.request("GET", f"{path}/messages", params=bound | {"limit": 2})
        asked.append({"page": answer.body})
    own = await place.conversation(user_id, "fay")
    for each in messages:
        target, one = f"{path}/messages/{each['id']}", {"conversationId": cid, "messageId": each["id"]}
        asked.append(await _got(device, "GET", target + "/history"))
        asked.append(await _got(device, "PUT", target + "/reactions", {"emoji": "🎉"}))
        asked.append(await device.command("remove_reaction", one | {"emoji": "🎉"}))
        forward = message("") | {"conversationId": own, "forwardOf": one}
        asked.append(await device.command("send_message", forward))
        if user_id != "ann":
            asked.append(await _got(device, "PATCH", target, {"content": "x"}))
            asked.append(await _got(device, "DELETE", target))
        if user_id in ("dan", "ben", "eve"):
            answering = message("yes") | {"conversationId": cid, "replyTo": each["id"]}
            asked.append(await device.command("send_message", answering))
    for position in range(12):
        asked.append(await device.command("join_conversation", {"conversationId": cid, "afterSeq": position}))
        resume = {"epoch": place.epoch, "conversations": {cid: position}}
        asked.append(await device.command("resume", resume))
    asked.append(await device.command("resume", {"epoch": place.epoch, "conversations": {}}))
    await device.settle()
    return json.dumps([asked, [each.payload for each in device.heard]], ensure_ascii=False)


async def _got(device: Device, method: str, url: str, body: Json | None = None) -> Json:
    answer = await device.person.request(method, url, body)
    return {"status": answer.status, "body": answer.body}
