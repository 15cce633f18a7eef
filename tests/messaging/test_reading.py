"""Read marks: who learns how far somebody has read, and who learns how much is unread."""

from __future__ import annotations

import pytest

from stockent.messaging import reading
from stockent.messaging.domain import Domain
from stockent.messaging.errors import Code
from tests.messaging.conftest import ANN, BOB, EVE, say
from tests.messaging.sockets import Sockets
from tests.store.acts import refused


async def test_a_mark_is_told_to_all_and_counts_to_the_readers_own_sockets_only(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    for _ in range(3):
        await say(domain, ANN, cid)
    phone, desk = sockets.connect("bob"), sockets.connect("bob", viewing=cid)
    ann, cem, eve = sockets.connect("ann", viewing=cid), sockets.connect("cem"), sockets.connect("eve")
    state = await reading.mark_read(domain, BOB, cid, 2)
    assert (state.read_seq, state.unread, state.total_unread) == (2, 1, 1)
    for socket in (phone, desk):
        told = socket.only("message_read")
        assert told["readAt"] is not None
        assert told == {
            "readAt": told["readAt"],
            "conversationId": cid,
            "userId": "bob",
            "readSeq": 2,
            "unread": 1,
            "totalUnread": 1,
        }
    for socket in (ann, cem):
        told = socket.only("message_read")
        assert (told["userId"], told["readSeq"]) == ("bob", 2)
        assert (told["unread"], told["totalUnread"]) == (None, None)
    assert eve.heard == []


async def test_a_mark_that_does_not_move_is_answered_and_not_told(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await say(domain, ANN, cid)
    await reading.mark_read(domain, BOB, cid, 1)
    ann = sockets.connect("ann")
    state = await reading.mark_read(domain, BOB, cid, 0)
    assert (state.read_seq, state.unread) == (1, 0)
    assert ann.heard == []


async def test_unread_is_ones_own(domain: Domain, cid: str) -> None:
    await say(domain, ANN, cid)
    assert (await reading.unread(domain, BOB)).conversations == {cid: 1}
    assert (await reading.unread(domain, ANN)).total == 0
    assert (await reading.unread(domain, EVE)).total == 0


async def test_an_outsider_marks_nothing(domain: Domain, sockets: Sockets, cid: str) -> None:
    await say(domain, ANN, cid)
    ann = sockets.connect("ann")
    await refused(Code.NOT_FOUND, reading.mark_read(domain, EVE, cid, 1))
    assert ann.heard == []
    await reading.mark_read(domain, BOB, cid, 1)
    assert len(ann.heard) == 1


@pytest.mark.parametrize("seq", [-1, 2**53])
async def test_a_mark_is_a_position(domain: Domain, cid: str, seq: int) -> None:
    await say(domain, ANN, cid)
    refusal = await refused(Code.INVALID, reading.mark_read(domain, BOB, cid, seq))
    assert refusal.errors[0].field == "seq"
    assert (await reading.mark_read(domain, BOB, cid, 2**53 - 1)).read_seq == 1
