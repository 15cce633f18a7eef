"""Who learns of what, by which event, and how often: the wire contract's table of events, over both ways in."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

import pytest

from stockent.check.clients import POLLING, WEBSOCKET, Device
from stockent.check.scene import only

from .place import Place
from .ways import OverHttp, OverSocket, Way

BOTH_TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])


@dataclass
class Talk:
    """Ann and Ben talk, each with one device in the room and one elsewhere; Otto is not part of it.

    What Ann does, she does by `ann`.
    """

    cid: str
    ann: Way
    ann_in: Device
    ann_out: Device
    ben_in: Device
    ben_out: Device
    otto: Device

    @property
    def all(self) -> list[Device]:
        return [self.ann_in, self.ann_out, self.ben_in, self.ben_out]


@pytest.fixture(params=["http", "socket in the room", "socket elsewhere"])
async def talk(place: Place, request: pytest.FixtureRequest) -> Talk:
    cid = await place.conversation("ann", "ben")
    ann_in = await place.device("ann", WEBSOCKET, place="thread", joins=cid)
    ann_out = await place.device("ann", POLLING, place="phone")
    ways: dict[str, Way] = {
        "http": OverHttp(place.person("ann")),
        "socket in the room": OverSocket(ann_in),
        "socket elsewhere": OverSocket(ann_out),
    }
    return Talk(
        cid,
        ways[request.param],
        ann_in,
        ann_out,
        await place.device("ben", POLLING, place="thread", joins=cid),
        await place.device("ben", WEBSOCKET, place="phone"),
        await place.device("otto"),
    )


async def test_each_socket_learns_of_a_message_once_by_the_event_for_where_it_is(
    place: Place, talk: Talk
) -> None:
    heard = await place.listen()
    sent = await talk.ann.send(talk.cid, "  Hello Ben\r\n")
    payloads = await heard.exactly(
        {
            talk.ann_in: ["message_received"],
            talk.ann_out: ["conversation_updated"],
            talk.ben_in: ["message_received"],
            talk.ben_out: ["new_message_notification"],
        }
    )
    assert sent["content"] == "Hello Ben"
    assert sent["sender"] == {
        "id": "ann",
        "name": "Ann",
        "companyName": None,
        "country": None,
        "avatarUrl": None,
    }
    assert only(payloads[talk.ann_in]) == only(payloads[talk.ben_in]) == sent
    notified = only(payloads[talk.ben_out])
    assert notified["message"] == notified["conversation"]["lastMessage"] == sent
    assert (notified["conversationId"], notified["seq"]) == (talk.cid, sent["seq"])
    assert (notified["conversation"]["unread"], notified["totalUnread"]) == (1, 1)
    updated = only(payloads[talk.ann_out])
    assert (updated["conversation"]["unread"], updated["totalUnread"]) == (0, 0)
    assert updated["conversation"]["lastMessage"] == sent


async def test_a_repeated_send_emits_nothing(place: Place, talk: Talk) -> None:
    client_id = str(uuid.uuid4())
    heard = await place.listen()
    first = await talk.ann.send(talk.cid, "Hello", client_id)
    again = await talk.ann.send(talk.cid, "Hello", client_id)
    assert again == first
    await heard.exactly(
        {
            talk.ann_in: ["message_received"],
            talk.ann_out: ["conversation_updated"],
            talk.ben_in: ["message_received"],
            talk.ben_out: ["new_message_notification"],
        }
    )


async def test_an_edit_reaches_the_room_as_a_message_and_others_as_a_conversation(
    place: Place, talk: Talk
) -> None:
    sent = await talk.ann.send(talk.cid, "Helo")
    heard = await place.listen()
    edited = await talk.ann.edit(talk.cid, sent["id"], "Hello")
    unchanged = await talk.ann.edit(talk.cid, sent["id"], "Hello")
    payloads = await heard.exactly(
        {
            talk.ann_in: ["message_updated"],
            talk.ann_out: ["conversation_updated"],
            talk.ben_in: ["message_updated"],
            talk.ben_out: ["conversation_updated"],
        }
    )
    assert (edited["content"], edited["seq"], edited["updatedSeq"]) == ("Hello", sent["seq"], sent["seq"] + 1)
    assert unchanged == edited
    assert only(payloads[talk.ann_in]) == only(payloads[talk.ben_in]) == edited
    updated = only(payloads[talk.ben_out])
    assert (updated["seq"], updated["conversation"]["lastMessage"]) == (edited["updatedSeq"], edited)


async def test_a_deleted_message_is_told_to_every_socket_with_its_users_counts(
    place: Place, talk: Talk
) -> None:
    await talk.ann.send(talk.cid, "First")
    sent = await talk.ann.send(talk.cid, "Second")
    heard = await place.listen()
    deleted = await talk.ann.delete_message(talk.cid, sent["id"])
    assert await talk.ann.delete_message(talk.cid, sent["id"]) == deleted
    payloads = await heard.exactly({device: ["message_deleted"] for device in talk.all})
    assert (deleted["content"], deleted["deletedAt"] is None) == ("", False)
    for device in talk.all:
        unread = 1 if device.person.user_id == "ben" else 0
        assert only(payloads[device]) == {
            "conversationId": talk.cid,
            "seq": deleted["updatedSeq"],
            "messageId": sent["id"],
            "messageSeq": sent["seq"],
            "deletedBy": "ann",
            "unread": unread,
            "totalUnread": unread,
        }


async def test_a_read_mark_is_told_to_all_and_the_counts_to_the_readers_devices(
    place: Place, talk: Talk
) -> None:
    for number in range(3):
        sent = await place.send("ben", talk.cid, f"Message {number}")
    heard = await place.listen()
    state = await talk.ann.mark_read(talk.cid, sent["seq"] - 1)
    assert state == {"readSeq": sent["seq"] - 1, "unread": 1, "totalUnread": 1}
    payloads = await heard.exactly({device: ["message_read"] for device in talk.all})
    told = {"conversationId": talk.cid, "userId": "ann", "readSeq": state["readSeq"]}
    for device in talk.all:
        counts = (1, 1) if device.person.user_id == "ann" else (None, None)
        payload = only(payloads[device])
        assert payload.pop("readAt") is not None
        assert payload == told | dict(zip(("unread", "totalUnread"), counts, strict=True))


async def test_a_read_mark_never_falls_nor_passes_the_last_message_and_then_emits_nothing(
    place: Place, talk: Talk
) -> None:
    sent = await place.send("ben", talk.cid)
    heard = await place.listen()
    state = await talk.ann.mark_read(talk.cid, 2**53 - 1)
    assert state == {"readSeq": sent["seq"], "unread": 0, "totalUnread": 0}
    assert await talk.ann.mark_read(talk.cid, 0) == state
    assert await talk.ann.mark_read(talk.cid, sent["seq"]) == state
    await heard.exactly({device: ["message_read"] for device in talk.all})


async def test_closing_and_reopening_is_told_to_every_socket_once(place: Place, talk: Talk) -> None:
    for act, status in ((talk.ann.close, "CLOSED"), (talk.ann.reopen, "ACTIVE")):
        heard = await place.listen()
        changed = await act(talk.cid)
        assert await act(talk.cid) == changed
        assert changed["status"] == status
        payloads = await heard.exactly({device: ["conversation_updated"] for device in talk.all})
        for device in talk.all:
            updated = only(payloads[device])
            assert (updated["seq"], updated["conversation"]["status"]) == (changed["seq"], status)


async def test_a_deleted_conversation_is_told_to_every_socket_and_its_room_is_empty(
    place: Place, talk: Talk
) -> None:
    await place.send("ben", talk.cid)
    heard = await place.listen()
    await talk.ann.delete(talk.cid)
    payloads = await heard.exactly({device: ["conversation_deleted"] for device in talk.all})
    for device in talk.all:
        told = only(payloads[device])
        assert (told["conversationId"], told["deletedBy"], told["totalUnread"]) == (talk.cid, "ann", 0)
    assert f"conversation:{talk.cid}" not in place.namespace.rooms
    await place.person("ben").refused("GET", f"/api/conversations/{talk.cid}", status=404, code="not_found")


@BOTH_TRANSPORTS
async def test_a_new_conversation_is_told_to_every_participants_sockets(place: Place, transport: str) -> None:
    devices = [await place.device(user, transport) for user in ("ann", "ann", "ben", "cem")]
    await place.device("otto", transport)
    heard = await place.listen()
    body = {"participantIds": ["ben", "cem", "ann"], "title": "  Spring order "}
    made = await place.person("ann").done("POST", "/api/conversations", body, status=201)
    payloads = await heard.exactly({device: ["conversation_created"] for device in devices})
    for device in devices:
        assert only(payloads[device]) == made
    assert (made["kind"], made["title"], made["unread"]) == ("GROUP", "Spring order", 0)


async def test_a_first_message_creates_the_conversation_and_arrives_behind_it(place: Place) -> None:
    ann = await place.device("ann")
    ben, ben_phone = await place.device("ben"), await place.device("ben", POLLING)
    await place.device("otto")
    body = {"recipientId": "ben", "clientId": str(uuid.uuid4()), "content": "Is it in stock?"}
    heard = await place.listen()
    started = await place.person("ann").done("POST", "/api/messages", body, status=201)
    again = await place.person("ann").done("POST", "/api/messages", body, status=200)
    assert again == started
    payloads = await heard.exactly(
        {
            ann: ["conversation_created", "conversation_updated"],
            ben: ["conversation_created", "new_message_notification"],
            ben_phone: ["conversation_created", "new_message_notification"],
        }
    )
    notified = payloads[ben][1]
    assert (notified["message"], notified["totalUnread"]) == (started["message"], 1)


async def test_a_further_first_message_goes_into_the_conversation_that_is_there(place: Place) -> None:
    ann, ben = await place.device("ann"), await place.device("ben")
    first = {"recipientId": "ben", "clientId": str(uuid.uuid4()), "content": "Is it in stock?"}
    started = await place.person("ann").done("POST", "/api/messages", first, status=201)
    heard = await place.listen()
    answer = {"recipientId": "ann", "clientId": str(uuid.uuid4()), "content": "It is"}
    further = await place.person("ben").done("POST", "/api/messages", answer, status=201)
    assert further["conversation"]["id"] == started["conversation"]["id"]
    await heard.exactly({ann: ["new_message_notification"], ben: ["conversation_updated"]})


async def test_a_title_is_told_to_every_socket(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann", joins=cid), await place.device("ben", POLLING)
    heard = await place.listen()
    await place.person("ann").done("PATCH", f"/api/conversations/{cid}", {"title": "Spring order"})
    payloads = await heard.exactly({ann: ["conversation_updated"], ben: ["conversation_updated"]})
    assert only(payloads[ben])["conversation"]["title"] == "Spring order"


async def test_unread_counts_of_a_notification_are_the_receivers_own_and_over_all_conversations(
    place: Place,
) -> None:
    one, two = await place.conversation("ann", "ben", "cem"), await place.conversation("ann", "ben")
    await place.send("ann", two)
    ben, cem = await place.device("ben"), await place.device("cem", POLLING)
    assert (await ben.first("ready"))["totalUnread"] == 1
    assert (await cem.first("ready"))["totalUnread"] == 0
    heard = await place.listen()
    await place.send("ann", one)
    payloads = await heard.exactly({ben: ["new_message_notification"], cem: ["new_message_notification"]})
    told = {device.person.user_id: only(payloads[device]) for device in (ben, cem)}
    assert {user: (each["conversation"]["unread"], each["totalUnread"]) for user, each in told.items()} == {
        "ben": (1, 2),
        "cem": (1, 1),
    }


@BOTH_TRANSPORTS
async def test_sends_of_many_at_once_reach_each_socket_in_the_order_of_seq(
    place: Place, transport: str
) -> None:
    cid = await place.conversation("ann", "ben")
    viewers = [await place.device(user, transport, joins=cid) for user in ("ann", "ben")]
    ben_phone = await place.device("ben", transport)
    heard = await place.listen()
    sends = [place.send(user, cid, f"Message {number}") for number in range(10) for user in ("ann", "ben")]
    sent = await asyncio.gather(*sends)
    expected: dict[Device, list[str]] = {viewer: ["message_received"] * 20 for viewer in viewers}
    own = {message["seq"] for message in sent if message["sender"]["id"] == "ben"}
    expected[ben_phone] = [
        "conversation_updated" if seq in own else "new_message_notification" for seq in range(1, 21)
    ]
    payloads = await heard.exactly(expected)
    for device in (*viewers, ben_phone):
        assert [payload["seq"] for payload in payloads[device]] == list(range(1, 21))


async def test_ten_devices_of_one_user_learn_of_a_message_once_each(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    transports = [WEBSOCKET, POLLING] * 5
    devices = [
        await place.device("ben", transport, place=f"device {number}", joins=cid if number % 3 == 0 else None)
        for number, transport in enumerate(transports)
    ]
    heard = await place.listen()
    await place.send("ann", cid)
    await heard.exactly(
        {
            device: ["message_received" if number % 3 == 0 else "new_message_notification"]
            for number, device in enumerate(devices)
        }
    )
