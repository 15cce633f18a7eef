"""Typing: told to all who take part but the typist, ended by silence, and proved at most once in six seconds."""

from __future__ import annotations

import asyncio

import pytest

from stockent.messaging import conversations, groups
from stockent.messaging.commands import Activity
from stockent.messaging.domain import Actor, Domain
from stockent.messaging.errors import Code
from stockent.messaging.typing import MAX_TYPING_PER_USER, TYPING_EXPIRES_S, TYPING_QUIET_S, Typing
from tests.gateway.clock import Clock
from tests.messaging.conftest import ANN, BOB, CEM, EVE, say
from tests.messaging.sockets import Sockets
from tests.store.acts import opened, refused


@pytest.fixture
def typing(domain: Domain) -> Typing:
    return domain.typing


async def test_all_who_take_part_learn_who_types_but_the_typist_does_not(
    typing: Typing, sockets: Sockets, cid: str
) -> None:
    ann, ann_phone = (sockets.connect("ann", viewing=cid) for _ in range(2))
    bob, bob_list, cem, eve = (
        sockets.connect("bob", viewing=cid),
        *(sockets.connect(who) for who in ("bob", "cem", "eve")),
    )
    await typing.start(ANN, cid)
    await typing.stop(ANN, cid)
    payload = {"conversationId": cid, "userId": "ann", "name": "Ann", "activity": "typing"}
    for socket in (bob, bob_list, cem):
        assert socket.heard == [("user_typing", payload), ("user_stopped_typing", payload)]
    assert ann.heard == ann_phone.heard == eve.heard == []


async def test_silence_ends_typing_and_each_start_puts_that_off(
    typing: Typing, sockets: Sockets, clock: Clock, cid: str
) -> None:
    bob = sockets.connect("bob")
    await typing.start(ANN, cid)
    clock.advance(TYPING_EXPIRES_S - 1)
    await typing.start(ANN, cid)
    clock.advance(TYPING_EXPIRES_S - 1)
    assert bob.names == ["user_typing", "user_typing"]
    clock.advance(1)
    assert bob.names[2:] == ["user_stopped_typing"]
    await typing.stop(ANN, cid)
    assert len(bob.heard) == 3, "what has ended does not end again"


async def test_one_activity_is_told_once_in_two_seconds_however_often_it_is_begun(
    typing: Typing, sockets: Sockets, clock: Clock, cid: str
) -> None:
    bob = sockets.connect("bob")
    for _ in range(40):
        await typing.start(ANN, cid)
        clock.advance(TYPING_QUIET_S / 4)
    assert bob.names == ["user_typing"] * 10


async def test_starting_and_stopping_in_turns_tells_no_more_often(
    typing: Typing, sockets: Sockets, clock: Clock, cid: str
) -> None:
    bob = sockets.connect("bob")
    for _ in range(10):
        await typing.start(ANN, cid)
        await typing.stop(ANN, cid)
    assert bob.names == ["user_typing", "user_stopped_typing"]
    await typing.start(ANN, cid)
    assert len(bob.heard) == 2
    clock.advance(TYPING_QUIET_S)
    assert bob.names[2:] == ["user_typing"], "what was begun meanwhile and still goes on is told then"


async def test_another_activity_is_told_at_once(
    typing: Typing, sockets: Sockets, clock: Clock, cid: str
) -> None:
    bob = sockets.connect("bob")
    for activity in (Activity.TYPING, Activity.RECORDING, Activity.TYPING, Activity.RECORDING) * 5:
        await typing.start(ANN, cid, activity)
    assert [payload["activity"] for _, payload in bob.heard] == ["typing", "recording"]
    await typing.start(ANN, cid, Activity.TYPING)
    clock.advance(TYPING_QUIET_S)
    assert [payload["activity"] for _, payload in bob.heard] == ["typing", "recording", "typing"]
    await typing.stop(ANN, cid)
    assert bob.heard[-1] == (
        "user_stopped_typing",
        {"conversationId": cid, "userId": "ann", "name": "Ann", "activity": "typing"},
    )


async def test_a_message_ends_what_its_sender_types_there_and_nowhere_else(
    typing: Typing, domain: Domain, sockets: Sockets, cid: str
) -> None:
    other = await opened(domain.store, "ann", "bob")
    bob, cem = sockets.connect("bob", viewing=cid), sockets.connect("cem")
    for actor, place in ((ANN, cid), (ANN, other), (BOB, cid)):
        await typing.start(actor, place)
    await say(domain, ANN, cid)
    assert bob.names == ["user_typing", "user_typing", "user_stopped_typing", "message_received"]
    assert bob.heard[2][1]["conversationId"] == cid
    assert cem.names == ["user_typing", "user_typing", "user_stopped_typing", "new_message_notification"]
    assert cem.heard[2][1]["userId"] == "ann"


async def test_after_stop_and_silence_no_timer_is_left(typing: Typing, clock: Clock, cid: str) -> None:
    await typing.start(ANN, cid)
    await typing.start(BOB, cid)
    await typing.stop(BOB, cid)
    assert clock.waiting
    clock.advance(TYPING_EXPIRES_S)
    assert clock.waiting == 0


async def test_a_user_who_is_gone_has_stopped_everywhere(
    typing: Typing, domain: Domain, sockets: Sockets, clock: Clock, cid: str
) -> None:
    other = await opened(domain.store, "ann", "bob")
    bob = sockets.connect("bob")
    await typing.start(ANN, cid)
    await typing.start(ANN, other)
    typing.forget("ann")
    assert bob.names == ["user_typing"] * 2 + ["user_stopped_typing"] * 2
    typing.forget("ann")
    assert len(bob.heard) == 4
    clock.advance(TYPING_EXPIRES_S)
    assert (len(bob.heard), clock.waiting) == (4, 0)


async def test_an_outsider_types_into_nothing(typing: Typing, sockets: Sockets, cid: str) -> None:
    bob = sockets.connect("bob", viewing=cid)
    await _knock(typing, cid)
    assert bob.heard == []
    await typing.start(ANN, cid)
    await _knock(typing, cid)
    assert bob.names == ["user_typing"], "another's proof is no proof"


async def _knock(typing: Typing, cid: str) -> None:
    for guess in (cid, "unknown"):
        await refused(Code.NOT_FOUND, typing.start(EVE, guess))
        await refused(Code.NOT_FOUND, typing.stop(EVE, guess))


async def test_a_deleted_conversation_ends_the_proof_at_once_and_nobody_hears_of_it(
    typing: Typing, domain: Domain, sockets: Sockets, clock: Clock, cid: str
) -> None:
    bob = sockets.connect("bob")
    await typing.start(ANN, cid)
    await typing.start(CEM, cid)
    await conversations.delete(domain, BOB, cid)
    await refused(Code.NOT_FOUND, typing.start(ANN, cid))
    clock.advance(TYPING_EXPIRES_S)
    assert bob.names == ["user_typing", "user_typing", "conversation_deleted"]
    assert clock.waiting == 0


async def test_who_is_removed_neither_types_nor_hears_who_types(
    typing: Typing, domain: Domain, sockets: Sockets, clock: Clock, cid: str
) -> None:
    bob, cem = sockets.connect("bob"), sockets.connect("cem")
    await typing.start(ANN, cid)
    await typing.start(CEM, cid)
    await groups.remove(domain, ANN, cid, "cem")
    await refused(Code.NOT_FOUND, typing.start(CEM, cid))
    assert bob.names[:3] == ["user_typing", "user_typing", "user_stopped_typing"]
    assert bob.heard[2][1]["userId"] == "cem"
    bob.heard.clear()
    clock.advance(TYPING_QUIET_S)
    await typing.start(ANN, cid)
    await typing.stop(ANN, cid)
    assert bob.names == ["user_typing", "user_stopped_typing"]
    assert cem.names == ["user_typing", "participant_removed"]


async def test_a_proof_that_was_read_before_a_removal_does_not_hold_after_it(
    domain: Domain, sockets: Sockets, clock: Clock, cid: str
) -> None:
    """The removal is committed and revoked while the older answer of the store is still on its way."""
    asked, answer = asyncio.Event(), asyncio.Event()

    class Slow:
        async def check_access(self, conversation_id: str, *, user_id: str) -> tuple[str, ...]:
            people = await domain.store.check_access(conversation_id, user_id=user_id)
            asked.set()
            await answer.wait()
            return people

    typing = Typing(Slow(), sockets, clock.call_later)
    bob = sockets.connect("bob")
    starting = asyncio.ensure_future(typing.start(ANN, cid))
    await asked.wait()
    await domain.store.delete_conversation(cid, user_id="cem")
    typing.revoke(cid)
    answer.set()
    await refused(Code.NOT_FOUND, starting)
    assert bob.heard == []


async def test_a_proof_of_access_is_good_for_six_seconds_and_no_longer(
    typing: Typing, domain: Domain, clock: Clock, cid: str
) -> None:
    await typing.start(ANN, cid)
    await domain.store.delete_conversation(cid, user_id="bob")
    clock.advance(TYPING_EXPIRES_S / 2)
    await typing.start(ANN, cid)
    clock.advance(TYPING_EXPIRES_S / 2)
    await refused(Code.NOT_FOUND, typing.start(ANN, cid))


async def test_one_user_types_in_so_many_places_at_most(
    typing: Typing, domain: Domain, sockets: Sockets, cid: str
) -> None:
    cem = sockets.connect("cem")
    await typing.start(ANN, cid)
    for n in range(MAX_TYPING_PER_USER):
        await typing.start(ANN, await opened(domain.store, "ann", f"u{n}"))
    assert cem.names == ["user_typing", "user_stopped_typing"]


async def test_a_typist_without_a_name_has_none(typing: Typing, sockets: Sockets, cid: str) -> None:
    bob = sockets.connect("bob", viewing=cid)
    await typing.start(Actor("ann"), cid)
    assert bob.only("user_typing")["name"] is None
