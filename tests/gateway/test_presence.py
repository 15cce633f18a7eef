"""Presence on the wire: shown to who shares a conversation and to nobody else, for as long as they do."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stockent import server
from stockent.check.clients import POLLING, WEBSOCKET, Device
from stockent.check.scene import Json, only
from stockent.messaging.presence import GRACE_S
from tests.waiting import poll_until

from .place import Place, open_place
from .ways import OverHttp, OverSocket

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])


async def watch(device: Device, *user_ids: str) -> dict[str, tuple[str, str | None]]:
    ack = await device.done("watch_presence", userIds=list(user_ids))
    return _by_user(ack)


async def look(place: Place, user_id: str, *user_ids: str) -> dict[str, tuple[str, str | None]]:
    params = {"userIds": ",".join(user_ids)}
    return _by_user(await place.person(user_id).done("GET", "/api/presence", params=params))


def _by_user(answer: Json) -> dict[str, tuple[str, str | None]]:
    return {each["userId"]: (each["status"], each["lastSeenAt"]) for each in answer["presences"]}


async def gone(place: Place, *devices: Device) -> str:
    """Close these, let the grace pass; returns when they went."""
    left = len(place.namespace.sockets) - len(devices)
    for device in devices:
        await device.close()
    await poll_until(lambda: len(place.namespace.sockets) == left)
    at = _rfc3339(place.clock.now())
    place.clock.advance(GRACE_S)
    return at


@TRANSPORTS
async def test_who_comes_and_goes_is_told_to_those_who_watch(place: Place, transport: str) -> None:
    await place.conversation("ann", "ben")
    ann, idle = await place.device("ann", transport), await place.device("ann")
    otto = await place.device("otto")
    assert await watch(ann, "ben") == {"ben": ("offline", None)}
    assert await watch(otto, "ben") == {}
    heard = await place.listen()
    ben = await place.device("ben", transport)
    phone = await place.device("ben", POLLING)
    assert await look(place, "ann", "ben") == await watch(ann, "ben") == {"ben": ("online", None)}
    await ben.done("set_presence", status="away")
    await phone.done("set_presence", status="away")
    await ben.done("set_presence", status="online")
    left_at = await gone(place, ben, phone)
    payloads = await heard.exactly({ann: ["presence_changed"] * 4})
    assert [(each["status"], each["lastSeenAt"]) for each in payloads[ann]] == [
        ("online", None),
        ("away", None),
        ("online", None),
        ("offline", left_at),
    ]
    assert await look(place, "ann", "ben") == {"ben": ("offline", left_at)}
    assert idle.heard[-1].event == "ready"


@pytest.mark.parametrize("way", ["close", "cut"])
async def test_a_reconnect_within_five_seconds_is_not_noticed(place: Place, way: str) -> None:
    await place.conversation("ann", "ben")
    ann, ben = await place.device("ann"), await place.device("ben")
    assert await watch(ann, "ben") == {"ben": ("online", None)}
    await (ben.close() if way == "close" else ben.cut())
    await poll_until(lambda: len(place.namespace.sockets) == 1)
    place.clock.advance(GRACE_S - 1)
    back = await place.device("ben")
    place.clock.advance(60)
    await ann.settle()
    assert [heard.event for heard in ann.heard] == ["ready"]
    assert await watch(ann, "ben") == {"ben": ("online", None)}
    await gone(place, back)
    await ann.settle()
    assert [heard.event for heard in ann.heard] == ["ready", "presence_changed"]


async def test_a_new_list_of_whom_to_watch_takes_the_place_of_the_former(place: Place) -> None:
    await place.conversation("ann", "ben", "cem", "dan")
    ann = await place.device("ann")
    await ann.done("join_conversation", conversationId=await place.conversation("ann", "ben"))
    joined = place.socket_of(ann).rooms
    assert joined is not None
    kept = set(joined)
    await watch(ann, "ben", "cem", "otto", "ann")
    assert place.socket_of(ann).rooms == kept | {"presence:ben", "presence:cem"}
    await watch(ann, "cem", "dan", "cem")
    assert place.socket_of(ann).rooms == kept | {"presence:cem", "presence:dan"}
    heard = await place.listen()
    await place.device("ben")
    await place.device("dan")
    payloads = await heard.exactly({ann: ["presence_changed"]})
    assert only(payloads[ann])["userId"] == "dan"
    await watch(ann)
    assert place.socket_of(ann).rooms == kept


@pytest.mark.parametrize("over", ["http", "socket"])
async def test_who_hides_is_offline_at_once_and_never_seen_but_stays_there_for_themselves(
    place: Place, over: str
) -> None:
    cid = await place.conversation("ann", "ben")
    left_at = await gone(place, await place.device("ben"))
    ann = await place.device("ann", joins=cid)
    assert await watch(ann, "ben") == {"ben": ("offline", left_at)}
    ben, phone = await place.device("ben"), await place.device("ben", POLLING)
    way = OverSocket(ben) if over == "socket" else OverHttp(ben.person)
    heard = await place.listen()
    assert await way.change_settings(sharePresence=False) == {
        "sharePresence": False,
        "sendReadReceipts": True,
    }
    payloads = await heard.exactly(
        {ann: ["presence_changed"], ben: ["settings_changed"], phone: ["settings_changed"]}
    )
    assert only(payloads[ann]) == {"userId": "ben", "status": "offline", "lastSeenAt": None}
    await phone.done("set_presence", status="away")
    late = await place.device("ben")
    hidden = {"ben": ("offline", None)}
    assert await look(place, "ann", "ben") == await watch(ann, "ben") == hidden
    await gone(place, late, ben, phone)
    assert await watch(ann, "ben") == hidden
    await place.device("ben")
    assert await watch(ann, "ben") == hidden
    await place.send("ben", cid, "Not here")
    await ann.settle()
    since = [heard for heard in ann.heard if heard.event == "presence_changed"]
    assert [each.payload["status"] for each in since] == ["online", "offline"]
    assert "lastSeenAt" not in json.dumps([each.payload for each in ann.heard if each not in since])

    heard = await place.listen()
    await OverHttp(place.person("ben")).change_settings(sharePresence=True)
    payloads = await heard.exactly({ann: ["presence_changed"], place.devices[-1]: ["settings_changed"]})
    assert only(payloads[ann])["status"] == "online"


async def test_the_last_shared_conversations_end_is_the_end_of_watching(place: Place) -> None:
    first, second = await place.conversation("ann", "ben", "cem"), await place.conversation("ann", "ben")
    ann, ben, cem = [await place.device(user) for user in ("ann", "ben", "cem")]
    for device in (ann, ben, cem):
        await watch(device, "ann", "ben", "cem")
    await OverSocket(ben).delete(first)
    assert _watched(place, ann) == {"presence:ben"}
    assert _watched(place, ben) == {"presence:ann"}
    assert _watched(place, cem) == set()
    await OverHttp(place.person("ann")).delete(second)
    assert _watched(place, ann) == _watched(place, ben) == set()
    assert await watch(ann, "ben") == await look(place, "ann", "ben", "cem") == {}
    heard = await place.listen()
    await ben.done("set_presence", status="away")
    await heard.exactly({})


async def test_who_watches_while_the_conversation_is_deleted_is_not_left_watching(place: Place) -> None:
    for _ in range(10):
        cid = await place.conversation("ann", "ben")
        ann = await place.device("ann")
        await asyncio.gather(
            *(watch(ann, "ben") for _ in range(4)),
            place.person("ben").done("DELETE", f"/api/conversations/{cid}", status=204),
            *(watch(ann, "ben") for _ in range(4)),
        )
        assert _watched(place, ann) == set()
        await ann.close()


async def test_watching_takes_no_room_from_the_conversations_in_view(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LIMITS", replace(server.LIMITS, max_rooms=1 + 2 + 2))
    async with open_place(tmp_path, empty_store) as place:
        cids = [await place.conversation("ann", "ben", "cem", "dan") for _ in range(4)]
        ann = await place.device("ann", joins=cids[0])
        await watch(ann, "ben", "cem")
        await ann.done("join_conversation", conversationId=cids[1])
        error = await ann.refused("join_conversation", code="invalid", conversationId=cids[2])
        assert "leave a conversation" in error["message"]
        await ann.refused("watch_presence", code="invalid", userIds=["ben", "cem", "dan"])
        assert _watched(place, ann) == {"presence:ben", "presence:cem"}
        await watch(ann, "dan")
        await ann.done("join_conversation", conversationId=cids[2])


async def test_a_socket_watches_two_hundred_people_beside_a_thousand_conversations() -> None:
    assert server.LIMITS.max_rooms == 1 + 1_000 + 200


async def test_when_a_node_ends_those_who_were_there_were_last_seen_then(
    tmp_path: Path, empty_store: Path
) -> None:
    async with open_place(tmp_path, empty_store) as place:
        await place.conversation("ann", "ben")
        ben = await place.device("ben")
        place.clock.advance(60)
        await ben.settle()
        ended_at = _rfc3339(place.clock.now())
    async with open_place(tmp_path) as place:
        assert await look(place, "ann", "ben") == {"ben": ("offline", ended_at)}


async def test_nothing_is_left_of_who_is_gone(place: Place) -> None:
    await place.conversation("ann", "ben")
    ann, ben = await place.device("ann"), await place.device("ben")
    for device in (ann, ben):
        await watch(device, "ann", "ben")
    await gone(place, ann, ben)
    assert len(place.namespace.rooms) == 0
    assert place.clock.waiting == 1, "only the watch over tokens still has a timer"


def _watched(place: Place, device: Device) -> set[str]:
    rooms = place.socket_of(device).rooms or set()
    return {room for room in rooms if room.startswith("presence:")}


def _rfc3339(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
