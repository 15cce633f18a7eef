"""Delivered and read: who hears of it, what an answer marks by itself, and what who sends no receipts keeps back."""

from __future__ import annotations

import msgspec
import pytest

from stockent.messaging import messages, reading, receipts, settings, sync
from stockent.messaging.commands import ChangeSettings, EditMessage, Resume
from stockent.messaging.domain import Domain
from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.models import MessageType, Participant
from stockent.messaging.ports import Delivered, NewMessage
from stockent.store.sqlite import SqliteStore
from tests.messaging.conftest import ANN, BOB, CEM, EVE, new_client_id, say
from tests.messaging.sockets import Sockets
from tests.store.acts import opened, refused


async def seen_by(domain: Domain, viewer: str, cid: str, user_id: str) -> Participant:
    conversation = await domain.store.conversation(cid, user_id=viewer)
    [person] = [person for person in conversation.participants if person.user_id == user_id]
    return person


async def test_a_delivery_is_told_to_the_room_but_not_to_ones_own_devices(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await say(domain, ANN, cid)
    ann, bob, bob_tab = (sockets.connect(who, viewing=cid) for who in ("ann", "bob", "bob"))
    ann_list, eve = sockets.connect("ann"), sockets.connect("eve")
    for _ in range(2):
        await receipts.mark_delivered(domain, BOB, {cid: 1})
    told = ann.only("message_delivered")
    assert (told["conversationId"], told["userId"], told["deliveredSeq"]) == (cid, "bob", 1)
    assert told["deliveredAt"] == (await seen_by(domain, "ann", cid, "bob")).delivered_at
    assert bob.heard == bob_tab.heard == ann_list.heard == eve.heard == []


async def test_deliveries_in_what_is_not_ones_own_move_and_tell_nothing(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await say(domain, ANN, cid)
    other = await opened(domain.store, "eve", "dan")
    await domain.store.send(_message(other))
    ann = sockets.connect("ann", viewing=cid)
    await receipts.mark_delivered(domain, EVE, {cid: 1, "unknown": 5, other: 1})
    assert ann.heard == []
    assert (await seen_by(domain, "ann", cid, "bob")).delivered_seq == 0
    assert (await seen_by(domain, "dan", other, "eve")).delivered_seq == 1
    await refused(Code.INVALID, receipts.mark_delivered(domain, ANN, {cid: 2**53}))


async def test_what_is_read_is_delivered(domain: Domain, sockets: Sockets, cid: str) -> None:
    await say(domain, ANN, cid)
    await say(domain, ANN, cid)
    ann = sockets.connect("ann", viewing=cid)
    await reading.mark_read(domain, BOB, cid, 2)
    assert ann.names == ["message_read"], "that it was delivered goes without saying"
    bob = await seen_by(domain, "ann", cid, "bob")
    assert (bob.read_seq, bob.delivered_seq, bob.delivered_at) == (2, 2, bob.read_at)
    await receipts.mark_delivered(domain, BOB, {cid: 1})
    assert await seen_by(domain, "ann", cid, "bob") == bob


async def test_resuming_marks_what_it_hands_out(domain: Domain, sockets: Sockets, cid: str) -> None:
    in_step, unnamed = await opened(domain.store, "ann", "bob"), await opened(domain.store, "bob", "dan")
    for place in (cid, in_step):
        await say(domain, ANN, place)
        await say(domain, ANN, place)
    await domain.store.send(_message(unnamed, "dan"))
    ann = sockets.connect("ann", viewing=cid)
    body = Resume(epoch=domain.store.epoch, conversations={cid: 1, in_step: 2, "unknown": 1})
    await sync.resume(domain, BOB, body)
    assert ann.only("message_delivered")["deliveredSeq"] == 2
    for viewer, place, seq in (("ann", cid, 2), ("ann", in_step, 2), ("dan", unnamed, 1)):
        assert (await seen_by(domain, viewer, place, "bob")).delivered_seq == seq
    await sync.resume(domain, BOB, body)
    assert len(ann.heard) == 1


async def test_a_gap_that_is_to_be_read_anew_is_not_delivered_yet(domain: Domain, cid: str) -> None:
    await say(domain, ANN, cid)
    resumed = await sync.resume(domain, BOB, Resume(epoch=domain.store.epoch, conversations={cid: 7}))
    assert resumed.conversations[cid].reset
    assert (await seen_by(domain, "ann", cid, "bob")).delivered_seq == 0


async def test_a_store_that_cannot_write_keeps_nobody_from_resuming(
    domain: Domain, monkeypatch: pytest.MonkeyPatch, cid: str
) -> None:
    await say(domain, ANN, cid)

    async def full(*_: object) -> list[Delivered]:
        raise MessagingError(Code.STORE_UNAVAILABLE, "the store cannot write now")

    body = Resume(epoch=domain.store.epoch, conversations={cid: 0})
    with monkeypatch.context() as broken:
        broken.setattr(SqliteStore, "mark_delivered", full)
        await refused(Code.STORE_UNAVAILABLE, receipts.mark_delivered(domain, BOB, {cid: 1}))
        resumed = await sync.resume(domain, BOB, body)
    assert resumed.conversations[cid].events
    assert (await seen_by(domain, "ann", cid, "bob")).delivered_seq == 0
    await sync.resume(domain, BOB, body)
    assert (await seen_by(domain, "ann", cid, "bob")).delivered_seq == 1


async def test_who_sends_no_receipts_reads_unseen_and_is_counted_all_the_same(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    for _ in range(3):
        await say(domain, ANN, cid)
    await reading.mark_read(domain, BOB, cid, 1)
    shown = await seen_by(domain, "ann", cid, "bob")
    await settings.change(domain, BOB, ChangeSettings(send_read_receipts=False))
    ann, bob = sockets.connect("ann", viewing=cid), sockets.connect("bob")
    state = await reading.mark_read(domain, BOB, cid, 3)
    assert (state.read_seq, state.unread, state.total_unread) == (3, 0, 0)
    assert ann.names == ["message_delivered"], "reading it proves that it came"
    assert ann.only("message_delivered")["deliveredSeq"] == 3
    own = bob.only("message_read")
    assert (own["readSeq"], own["unread"], own["totalUnread"]) == (3, 0, 0)
    now = await seen_by(domain, "ann", cid, "bob")
    assert (now.read_seq, now.read_at) == (shown.read_seq, shown.read_at) == (1, shown.delivered_at)
    assert now.delivered_seq == 3
    assert (await seen_by(domain, "bob", cid, "bob")).read_seq == 3


async def test_receipts_that_are_turned_on_again_show_later_marks_only(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    await settings.change(domain, BOB, ChangeSettings(send_read_receipts=False))
    await say(domain, ANN, cid)
    await reading.mark_read(domain, BOB, cid, 1)
    await settings.change(domain, BOB, ChangeSettings(send_read_receipts=True))
    ann = sockets.connect("ann")
    await reading.mark_read(domain, BOB, cid, 1)
    assert ann.heard == []
    assert (await seen_by(domain, "ann", cid, "bob")).read_seq == 0
    await say(domain, ANN, cid)
    await reading.mark_read(domain, BOB, cid, 2)
    assert ann.only("message_read")["readSeq"] == 2
    assert (await seen_by(domain, "ann", cid, "bob")).read_seq == 2


async def test_nothing_that_is_told_after_a_hidden_reading_shows_it(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    """The hidden mark stands at 3, where nobody else's does: a canary in whatever others are told."""
    ann, cem, bob = sockets.connect("ann", viewing=cid), sockets.connect("cem"), sockets.connect("bob")
    await settings.change(domain, BOB, ChangeSettings(send_read_receipts=False))
    first = await say(domain, ANN, cid)
    for n in range(3):
        await say(domain, ANN, cid, str(n))
    await reading.mark_read(domain, BOB, cid, 3)
    await say(domain, CEM, cid)
    await messages.edit(domain, ANN, cid, first.id, EditMessage(content="edited"))
    await messages.delete(domain, ANN, cid, first.id)
    for viewer in (ANN, CEM):
        assert (await seen_by(domain, viewer.user_id, cid, "bob")).read_seq == 0
        resumed = await sync.resume(domain, viewer, Resume(epoch=domain.store.epoch, conversations={cid: 1}))
        caught = resumed.conversations[cid]
        assert (caught.reads["bob"], caught.marks["bob"].read_seq, caught.marks["bob"].read_at) == (
            0,
            0,
            None,
        )
        assert b'"readSeq":3' not in msgspec.json.encode(resumed)
    for socket in (ann, cem):
        assert b'"readSeq":3' not in msgspec.json.encode(socket.heard)
    assert b'"readSeq":3' in msgspec.json.encode(bob.heard)


def _message(cid: str, sender_id: str = "eve") -> NewMessage:
    return NewMessage(cid, sender_id, new_client_id(), MessageType.TEXT, "hello")
