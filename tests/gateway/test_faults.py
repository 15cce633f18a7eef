"""When the server itself fails: every caller gets an answer, and none of them learns how it is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockent.check.clients import POLLING, WEBSOCKET, Device
from stockent.check.scene import message
from stockent.store.connect import sqlite3
from tests.waiting import poll_until

from .place import Place

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])


def break_messages(tmp_path: Path) -> None:
    """Take a table away behind the server's back: a fault that no code of the catalogue foresees."""
    connection = sqlite3.connect(tmp_path / "stockent.db")
    try:
        connection.execute("ALTER TABLE messages RENAME TO mislaid")
        connection.commit()
    finally:
        connection.close()


@TRANSPORTS
async def test_an_unforeseen_fault_is_answered_as_internal_and_without_detail(
    place: Place, tmp_path: Path, transport: str
) -> None:
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann", transport)
    await ann.done("send_message", conversationId=cid, **message("Before"))
    heard = await place.listen()
    break_messages(tmp_path)
    ack = await ann.command("send_message", {"conversationId": cid, **message("Now")})
    assert ack == {
        "ok": False,
        "error": {
            "code": "internal",
            "message": "the server failed; try again",
            "retryable": True,
            "retryAfterMs": None,
        },
    }
    await heard.exactly({})
    problem = await place.person("ann").refused(
        "POST", f"/api/conversations/{cid}/messages", message("Now"), status=500, code="internal"
    )
    assert "mislaid" not in str(problem)
    assert "messages" not in str(problem.get("detail", ""))


async def test_a_fault_of_one_command_leaves_the_connection_and_others_untouched(
    place: Place, tmp_path: Path
) -> None:
    cid = await place.conversation("ann", "ben")
    ann, ben = await place.device("ann", joins=cid), await place.device("ben", joins=cid)
    break_messages(tmp_path)
    heard = await place.listen()
    await ann.refused("send_message", code="internal", conversationId=cid, **message("Hello"))
    await ann.done("typing_start", conversationId=cid)
    await heard.exactly({ben: ["user_typing"]})


@TRANSPORTS
async def test_commands_to_a_store_that_is_closing_are_refused_as_that(place: Place, transport: str) -> None:
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann", transport, joins=cid)
    ben = await place.device("ben", transport)
    await place.node.domain.store.close()
    for command, argument in (
        ("send_message", {"conversationId": cid, **message("Hello")}),
        ("mark_read", {"conversationId": cid, "seq": 1}),
        ("join_conversation", {"conversationId": cid}),
        ("resume", {"epoch": place.epoch, "conversations": {cid: 0}}),
    ):
        error = await ben.refused(command, code="shutting_down", **argument)
        assert error["retryable"] is True
    assert place.socket_of(ben).rooms == {"user:ben"}
    await ann.done("leave_conversation", conversationId=cid)


async def test_a_socket_that_cannot_be_greeted_is_closed_rather_than_left_waiting(place: Place) -> None:
    """Ben's profile is known, so admitting him asks the store nothing; greeting him does."""
    await place.device("ben")
    await place.node.domain.store.close()
    late = Device(place.person("ben"), "second socket", WEBSOCKET)
    place.devices.append(late)
    await late.connect()
    await poll_until(lambda: not late.connected)
    assert [heard.event for heard in late.heard] == []
    assert len(place.namespace.sockets) == 1


@TRANSPORTS
async def test_who_comes_while_the_store_is_closing_is_not_kept_waiting(place: Place, transport: str) -> None:
    await place.node.domain.store.close()
    ann = Device(place.person("ann"), "socket", transport)
    place.devices.append(ann)
    await ann.connect()
    await poll_until(lambda: not place.node.server.engine.connections)
    assert ann.heard == []
