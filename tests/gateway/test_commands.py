"""Every command of the table: its ack, its refusals, what it does not let through, and its turn in the line."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import msgspec
import pytest

from stockent.check.clients import POLLING, WEBSOCKET, Device
from stockent.check.scene import message, only
from stockent.messaging.commands import COMMANDS
from tests.attacks.matrix import COMMANDS as COMMAND_ROWS
from tests.attacks.matrix import GOOD
from tests.waiting import poll_until

from .place import Place

Argument = dict[str, Any]

EVERY_COMMAND = pytest.mark.parametrize("command", sorted(GOOD))
GUARDED = pytest.mark.parametrize(
    "command", sorted(name for name, row in COMMAND_ROWS.items() if row.outsider == "not_found")
)
TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])


async def set_up(place: Place, transport: str = WEBSOCKET) -> tuple[Device, str, str]:
    cid = await place.group("ann", "ben")
    sent = await place.send("ann", cid)
    return await place.device("ann", transport), cid, sent["id"]


@EVERY_COMMAND
@TRANSPORTS
async def test_a_command_is_acked_in_the_form_that_its_type_declares(
    place: Place, command: str, transport: str
) -> None:
    ann, cid, mid = await set_up(place, transport)
    ack = await ann.done(command, **GOOD[command](place, cid, mid))
    declared = COMMANDS[command].ack
    typed = msgspec.convert(ack, declared)
    assert ack.keys() == {field.encode_name for field in msgspec.structs.fields(declared)}
    assert msgspec.to_builtins(typed) == ack


@GUARDED
async def test_a_foreign_a_deleted_and_an_invented_conversation_are_refused_alike(
    place: Place, command: str
) -> None:
    ann, cid, mid = await set_up(place)
    otto = await place.device("otto")
    deleted = await place.conversation("otto", "ben")
    await place.person("otto").done("DELETE", f"/api/conversations/{deleted}", status=204)
    acks = [
        await otto.command(command, GOOD[command](place, conversation_id, mid))
        for conversation_id in (cid, deleted, "01a2b3c4", f"conversation:{cid}", "user:ann")
    ]
    error = {
        "code": "not_found",
        "message": "no such conversation",
        "retryable": False,
        "retryAfterMs": None,
    }
    assert acks == [{"ok": False, "error": error}] * 5
    assert place.socket_of(otto).rooms == {"user:otto"}
    assert (await ann.command(command, GOOD[command](place, cid, mid)))["ok"] is True


@pytest.mark.parametrize("command", ["edit_message", "delete_message"])
async def test_a_message_is_found_only_in_its_own_conversation(place: Place, command: str) -> None:
    ann, _, mid = await set_up(place)
    other = await place.conversation("ann", "cem")
    for message_id in (mid, "01a2b3c4"):
        error = await ann.refused(command, code="not_found", **GOOD[command](place, other, message_id))
        assert error["message"] == "no such message"


@pytest.mark.parametrize("command", ["edit_message", "delete_message"])
async def test_somebody_elses_message_is_not_ones_own_to_change(place: Place, command: str) -> None:
    _, cid, mid = await set_up(place)
    ben = await place.device("ben")
    await ben.refused(command, code="forbidden", **GOOD[command](place, cid, mid))


async def test_a_closed_conversation_takes_neither_messages_nor_edits(place: Place) -> None:
    ann, cid, mid = await set_up(place)
    await ann.done("close_conversation", conversationId=cid)
    for command in ("send_message", "edit_message"):
        await ann.refused(command, code="conversation_closed", **GOOD[command](place, cid, mid))
    await ann.done("reopen_conversation", conversationId=cid)
    for command in ("send_message", "edit_message"):
        await ann.done(command, **GOOD[command](place, cid, mid))


async def test_a_deleted_message_cannot_be_edited(place: Place) -> None:
    ann, cid, mid = await set_up(place)
    await ann.done("delete_message", conversationId=cid, messageId=mid)
    await ann.refused(
        "edit_message", code="message_deleted", conversationId=cid, messageId=mid, content="Back again"
    )


async def test_a_client_id_belongs_to_one_message_of_its_sender_for_ever(place: Place) -> None:
    ann, cid, _ = await set_up(place)
    ben = await place.device("ben")
    other = await place.conversation("ann", "cem")
    body = message("Hello")
    stored = (await ann.done("send_message", conversationId=cid, **body))["message"]
    code = "client_id_reused"
    await ann.refused("send_message", code=code, conversationId=cid, **body | {"content": "Bye"})
    await ann.refused("send_message", code=code, conversationId=other, **body)
    assert (await ann.done("send_message", conversationId=cid, **body))["message"] == stored
    theirs = (await ben.done("send_message", conversationId=cid, **body))["message"]
    assert theirs["id"] != stored["id"]


@pytest.mark.parametrize(
    "command",
    [
        "join_conversation",
        "leave_conversation",
        "typing_start",
        "typing_stop",
        "close_conversation",
        "reopen_conversation",
        "delete_conversation",
        "leave_group",
    ],
)
async def test_a_bare_id_stands_for_the_object_that_names_it(place: Place, command: str) -> None:
    ann, cid, _ = await set_up(place)
    assert (await ann.command(command, cid))["ok"] is True
    assert (await ann.command(command, ""))["error"]["code"] == "invalid"


MALFORMED: list[Any] = [
    None,
    5,
    True,
    [],
    {},
    {"conversationId": None},
    {"conversationId": 5},
    {"conversationId": ""},
    {"conversationId": "two words"},
    {"conversationId": "../etc"},
    {"conversationId": "a\x00b"},
    {"conversationId": "x" * 129},
    {"conversationId": {"$ne": ""}},
    {"conversationId": b"bytes"},
]


@GUARDED
async def test_a_malformed_argument_is_refused_by_the_name_of_its_field(place: Place, command: str) -> None:
    ann, cid, mid = await set_up(place)
    good = GOOD[command](place, cid, mid)
    for malformed in MALFORMED:
        argument = good | malformed if malformed and isinstance(malformed, dict) else malformed
        error = (await ann.command(command, argument))["error"]
        assert (error["code"], error["retryable"]) == ("invalid", False), (malformed, error)
        if argument is not malformed:
            assert error["message"].startswith("conversationId: "), (malformed, error)
    assert (await ann.command(command, good))["ok"] is True


@pytest.mark.parametrize(
    ("command", "wrong", "field"),
    [
        ("join_conversation", {"afterSeq": -1}, "afterSeq"),
        ("join_conversation", {"afterSeq": 1.5}, "afterSeq"),
        ("join_conversation", {"afterSeq": "1"}, "afterSeq"),
        ("join_conversation", {"afterSeq": 2**53}, "afterSeq"),
        ("send_message", {"clientId": "not-a-uuid"}, "clientId"),
        ("send_message", {"clientId": ""}, "clientId"),
        ("send_message", {"clientId": None}, "clientId"),
        ("send_message", {"content": None}, "content"),
        ("send_message", {"content": ["Hello"]}, "content"),
        ("send_message", {"content": ""}, "content"),
        ("send_message", {"content": " \t\n "}, "content"),
        ("send_message", {"content": "x" * 5_001}, "content"),
        ("send_message", {"content": "x" * 100_001}, "content"),
        ("send_message", {"content": "bell \x07"}, "content"),
        ("send_message", {"type": "SYSTEM"}, "type"),
        ("send_message", {"type": "IMAGE"}, "type"),
        ("send_message", {"type": "text"}, "type"),
        ("edit_message", {"content": ""}, "content"),
        ("edit_message", {"content": "x" * 5_001}, "content"),
        ("edit_message", {"messageId": "a b"}, "messageId"),
        ("delete_message", {"messageId": None}, "messageId"),
        ("add_participants", {"userIds": []}, "userIds"),
        ("add_participants", {"userIds": "cem"}, "userIds"),
        ("add_participants", {"userIds": ["two words"]}, "userIds"),
        ("add_participants", {"userIds": [f"u{number}" for number in range(101)]}, "userIds"),
        ("remove_participant", {"userId": None}, "userId"),
        ("remove_participant", {"userId": "ann"}, "userId"),
        ("set_group_role", {"role": "KING"}, "role"),
        ("set_group_role", {"userId": "ann", "role": "MEMBER"}, "role"),
        ("mark_read", {"seq": -1}, "seq"),
        ("mark_read", {"seq": None}, "seq"),
        ("mark_read", {"seq": True}, "seq"),
        ("mark_delivered", {"conversations": {}}, "conversations"),
        ("mark_delivered", {"conversations": {"two words": 1}}, "conversations"),
        ("mark_delivered", {"conversations": {"x": 2**53}}, "conversations"),
        ("mark_delivered", {"conversations": {f"c{number}": 0 for number in range(501)}}, "conversations"),
        ("typing_start", {"activity": "dancing"}, "activity"),
        ("set_presence", {"status": "offline"}, "status"),
        ("watch_presence", {"userIds": [f"u{number}" for number in range(201)]}, "userIds"),
        ("watch_presence", {"userIds": ["two words"]}, "userIds"),
        ("watch_presence", {"userIds": None}, "userIds"),
        ("change_settings", {"sendReadReceipts": 0}, "sendReadReceipts"),
        ("change_settings", {"sendReadReceipts": None}, "sharePresence"),
        ("resume", {"epoch": 5}, "epoch"),
        ("resume", {"conversations": []}, "conversations"),
        ("resume", {"conversations": {"two words": 1}}, "conversations"),
        ("resume", {"conversations": {"x": -1}}, "conversations"),
        ("resume", {"conversations": {f"c{number}": 0 for number in range(501)}}, "conversations"),
        ("refresh_token", {"token": 5}, "token"),
        ("refresh_token", {"token": "x" * 8_193}, "token"),
    ],
)
async def test_a_field_out_of_its_bounds_is_refused_by_its_name(
    place: Place, command: str, wrong: Argument, field: str
) -> None:
    ann, cid, mid = await set_up(place)
    heard = await place.listen()
    error = await ann.refused(command, code="invalid", **GOOD[command](place, cid, mid) | wrong)
    assert error["message"].startswith(f"{field}"), error
    await heard.exactly({})


async def test_unknown_fields_of_a_newer_client_are_passed_over(place: Place) -> None:
    ann, cid, _ = await set_up(place)
    await ann.done("send_message", conversationId=cid, mood="sunny", **message("Hello"))


@TRANSPORTS
async def test_an_unknown_command_is_refused_and_the_socket_lives_on(place: Place, transport: str) -> None:
    ann, cid, _ = await set_up(place, transport)
    for name in ("join_room", "__proto__", "Send_message", "x" * 10_000, ""):
        error = await ann.refused(name, code="unknown_command", conversationId=cid)
        assert len(error["message"]) < 120
    await ann.done("send_message", conversationId=cid, **message("Hello"))


@TRANSPORTS
async def test_a_command_that_asks_for_no_ack_takes_effect_all_the_same(place: Place, transport: str) -> None:
    ann, cid, _ = await set_up(place, transport)
    ben = await place.device("ben", joins=cid)
    heard = await place.listen()
    await ann.emit("send_message", {"conversationId": cid} | message("Hello"))
    await ann.emit("send_message", {"conversationId": cid} | message(""))
    await heard.exactly({ben: ["message_received"], ann: ["conversation_updated"]})


@TRANSPORTS
async def test_commands_sent_without_waiting_run_in_the_order_of_sending(
    place: Place, transport: str
) -> None:
    """Forty sends with edits and read marks between them, more than a connection's inbox is read ahead."""
    ann, cid, mid = await set_up(place, transport)
    commands: list[tuple[str, Argument]] = []
    for number in range(40):
        commands.append(("send_message", {"conversationId": cid} | message(f"Message {number}")))
        edit = {"conversationId": cid, "messageId": mid, "content": f"Version {number}"}
        commands.append(("edit_message", edit))
    acks = await asyncio.gather(*(ann.done(name, **argument) for name, argument in commands))
    positions = [ack["message"]["updatedSeq"] for ack in acks]
    assert positions == list(range(2, 82))
    history = await place.person("ben").done("GET", f"/api/conversations/{cid}/messages")
    assert [each["content"] for each in history["items"]] == [
        "Version 39",
        *(f"Message {number}" for number in range(40)),
    ]


async def test_joining_sending_and_leaving_without_waiting_hears_just_what_was_sent_between(
    place: Place,
) -> None:
    ann, cid, _ = await set_up(place)
    heard = await place.listen()
    one = {"conversationId": cid}
    await asyncio.gather(
        ann.done("send_message", **one, **message("Before")),
        ann.done("join_conversation", **one),
        ann.done("send_message", **one, **message("Between")),
        ann.done("leave_conversation", **one),
        ann.done("send_message", **one, **message("After")),
    )
    payloads = await heard.exactly(
        {ann: ["conversation_updated", "message_received", "conversation_updated"]}
    )
    assert payloads[ann][1]["content"] == "Between"


async def test_a_send_whose_socket_goes_away_is_carried_out(place: Place) -> None:
    _, cid, _ = await set_up(place)
    ben = await place.device("ben", joins=cid)
    body = message("Last words")
    send = json.dumps(["send_message", {"conversationId": cid, **body}])
    await _say_and_go(place, "42" + send)
    heard = await poll_until(lambda: [each for each in ben.heard if each.event == "message_received"])
    assert only(heard).payload["clientId"] == body["clientId"]


async def test_a_join_whose_socket_goes_away_leaves_nothing_in_the_room(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    for _ in range(5):
        await _say_and_go(place, "42" + json.dumps(["join_conversation", cid]))
    await poll_until(lambda: not place.namespace.sockets)
    await place.person("ann").done("GET", f"/api/conversations/{cid}")
    assert len(place.namespace.rooms) == 0


async def _say_and_go(place: Place, packet: str) -> None:
    """Ann says one thing on a bare WebSocket and is gone before it can be answered."""
    address = f"{place.url}/socket.io/?EIO=4&transport=websocket"
    async with place.http.ws_connect(address) as socket:
        await socket.send_str("40" + json.dumps({"token": place.token("ann")}))
        while not (await socket.receive_str()).startswith('42["ready"'):
            pass
        await socket.send_str(packet)


async def test_one_client_id_sent_fifty_times_at_once_is_one_message(place: Place) -> None:
    ann, cid, _ = await set_up(place)
    phone = await place.device("ann", POLLING)
    ben = await place.device("ben", joins=cid)
    body = {"conversationId": cid, "clientId": str(uuid.uuid4()), "content": "Once"}
    heard = await place.listen()
    acks = await asyncio.gather(
        *(device.done("send_message", **body) for _ in range(25) for device in (ann, phone))
    )
    assert len({ack["message"]["id"] for ack in acks}) == 1
    await heard.exactly(
        {ben: ["message_received"], ann: ["conversation_updated"], phone: ["conversation_updated"]}
    )
