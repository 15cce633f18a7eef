"""Presence: told to who shares a conversation, with grace for a reconnect, and hidden from all by a setting."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from stockent.messaging import conversations, groups, settings
from stockent.messaging.commands import ActiveStatus, ChangeSettings
from stockent.messaging.domain import Actor, Domain
from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.presence import GRACE_S, MAX_UNSAVED, Presence
from stockent.messaging.timers import rfc3339
from tests.gateway.clock import Clock
from tests.messaging.conftest import ANN, BOB, CEM, EVE
from tests.messaging.sockets import Socket, Sockets
from tests.store.acts import opened
from tests.waiting import poll_until


@pytest.fixture
def presence(domain: Domain) -> Presence:
    return domain.presence


@pytest.fixture
def watcher(sockets: Sockets, cid: str) -> Socket:
    """Bob's, who watches Ann and Cem."""
    socket = sockets.connect("bob")
    sockets.watch(socket, "ann", "cem")
    return socket


def come(presence: Presence, user_id: str, socket_id: str = "s1", *, shares: bool = True) -> None:
    presence.enter(user_id, socket_id)
    presence.learn(user_id, shares=shares)


def told(socket: Socket) -> list[tuple[str, str, str | None]]:
    assert set(socket.names) <= {"presence_changed"}
    return [(each["userId"], each["status"], each["lastSeenAt"]) for _, each in socket.heard]


async def seen(presence: Presence, actor: Actor, *user_ids: str) -> dict[str, tuple[str, str | None]]:
    presences = await presence.watch(actor, user_ids)
    return {each.user_id: (each.status.value, each.last_seen_at) for each in presences}


async def test_who_has_a_socket_is_online_and_offline_five_seconds_after_the_last(
    presence: Presence, watcher: Socket, clock: Clock
) -> None:
    come(presence, "ann")
    come(presence, "ann", "s2")
    assert told(watcher) == [("ann", "online", None)]
    presence.leave("ann", "s1")
    clock.advance(60)
    left_at = rfc3339(clock.now())
    presence.leave("ann", "s2")
    clock.advance(GRACE_S - 0.1)
    assert await seen(presence, BOB, "ann") == {"ann": ("online", None)}
    assert len(watcher.heard) == 1
    clock.advance(0.1)
    assert told(watcher)[1:] == [("ann", "offline", left_at)]
    assert await seen(presence, BOB, "ann") == {"ann": ("offline", left_at)}
    assert clock.waiting == 0


async def test_who_is_back_within_the_grace_was_never_away(
    presence: Presence, watcher: Socket, clock: Clock
) -> None:
    come(presence, "ann")
    for _ in range(5):
        presence.leave("ann", "s1")
        clock.advance(GRACE_S - 1)
        come(presence, "ann")
    clock.advance(60)
    assert told(watcher) == [("ann", "online", None)]


async def test_a_user_is_away_when_all_of_their_sockets_say_so(
    presence: Presence, watcher: Socket, clock: Clock
) -> None:
    come(presence, "ann")
    come(presence, "ann", "s2")
    presence.say("ann", "s1", ActiveStatus.AWAY)
    assert len(watcher.heard) == 1
    presence.say("ann", "s2", ActiveStatus.AWAY)
    presence.say("ann", "s2", ActiveStatus.AWAY)
    assert told(watcher)[1:] == [("ann", "away", None)]
    presence.say("ann", "s1", ActiveStatus.ONLINE)
    assert told(watcher)[2:] == [("ann", "online", None)]
    presence.leave("ann", "s1")
    assert len(watcher.heard) == 3, "the one that was online may come back"
    clock.advance(GRACE_S)
    assert told(watcher)[3:] == [("ann", "away", None)]


async def test_what_is_said_by_a_socket_that_is_gone_counts_for_nothing(
    presence: Presence, watcher: Socket, clock: Clock
) -> None:
    presence.say("ann", "s1", ActiveStatus.ONLINE)
    come(presence, "ann")
    presence.leave("ann", "s1")
    presence.say("ann", "s1", ActiveStatus.AWAY)
    presence.leave("ann", "s1")
    clock.advance(GRACE_S)
    assert [status for _, status, _ in told(watcher)] == ["online", "offline"]


async def test_nobody_is_told_before_the_setting_is_known(
    presence: Presence, watcher: Socket, clock: Clock
) -> None:
    presence.enter("ann", "s1")
    assert await seen(presence, BOB, "ann") == {"ann": ("offline", None)}
    presence.leave("ann", "s1")
    clock.advance(GRACE_S)
    presence.learn("ann", shares=True)
    assert watcher.heard == []
    come(presence, "ann")
    assert told(watcher) == [("ann", "online", None)]


async def test_who_hides_is_offline_for_all_at_once_and_was_never_seen(
    domain: Domain, presence: Presence, watcher: Socket, clock: Clock
) -> None:
    come(presence, "ann")
    presence.leave("ann", "s1")
    clock.advance(GRACE_S)
    await poll_until(lambda: told(watcher)[-1][1] == "offline")
    assert (await seen(presence, BOB, "ann"))["ann"][1] is not None
    come(presence, "ann")
    await settings.change(domain, ANN, ChangeSettings(share_presence=False))
    assert told(watcher)[-1] == ("ann", "offline", None)
    assert await seen(presence, BOB, "ann") == {"ann": ("offline", None)}
    heard = len(watcher.heard)
    presence.say("ann", "s1", ActiveStatus.AWAY)
    come(presence, "ann", "s2", shares=False)
    presence.leave("ann", "s1")
    clock.advance(60)
    presence.leave("ann", "s2")
    clock.advance(60)
    assert len(watcher.heard) == heard
    assert await seen(presence, BOB, "ann") == {"ann": ("offline", None)}


async def test_who_shows_themselves_again_is_there_at_once(
    domain: Domain, presence: Presence, watcher: Socket
) -> None:
    await settings.change(domain, ANN, ChangeSettings(share_presence=False))
    assert told(watcher) == [("ann", "offline", None)]
    come(presence, "ann", shares=False)
    assert len(watcher.heard) == 1
    await settings.change(domain, ANN, ChangeSettings(share_presence=True))
    assert told(watcher)[1:] == [("ann", "online", None)]


async def test_a_setting_that_changed_while_a_socket_connects_counts_more_than_what_was_read_before(
    domain: Domain, presence: Presence, watcher: Socket
) -> None:
    presence.enter("ann", "s1")
    read_before = await domain.store.settings("ann")
    await settings.change(domain, ANN, ChangeSettings(share_presence=False))
    presence.learn("ann", shares=read_before.share_presence)
    assert [status for _, status, _ in told(watcher)] == ["offline"]


async def test_only_who_shares_a_conversation_is_shown_and_oneself_is_not(
    domain: Domain, presence: Presence, cid: str
) -> None:
    for user_id in ("ann", "bob", "cem", "eve"):
        come(presence, user_id)
    asked = ("ann", "cem", "ann", "eve", "nobody", "bob")
    assert list(await seen(presence, BOB, *asked)) == ["ann", "cem"]
    assert await seen(presence, EVE, *asked) == {}
    await opened(domain.store, "eve", "bob")
    assert await seen(presence, EVE, *asked) == {"bob": ("online", None)}


async def test_when_the_last_shared_conversation_is_deleted_its_people_watch_each_other_no_more(
    domain: Domain, presence: Presence, sockets: Sockets, cid: str, watcher: Socket
) -> None:
    await opened(domain.store, "bob", "cem")
    cem = sockets.connect("cem")
    sockets.watch(cem, "ann", "bob")
    await conversations.delete(domain, ANN, cid)
    for socket in (watcher, cem):
        socket.heard.clear()
    for user_id in ("ann", "bob", "cem"):
        come(presence, user_id)
    assert [user_id for user_id, *_ in told(watcher)] == ["cem"]
    assert [user_id for user_id, *_ in told(cem)] == ["bob"]


@pytest.mark.parametrize("way", ["removed", "left"])
async def test_who_is_no_more_in_the_group_parts_from_those_with_whom_nothing_else_is_shared(
    domain: Domain, presence: Presence, sockets: Sockets, cid: str, watcher: Socket, way: str
) -> None:
    await opened(domain.store, "ann", "cem")
    cem = sockets.connect("cem")
    sockets.watch(cem, "ann", "bob")
    if way == "removed":
        await groups.remove(domain, ANN, cid, "cem")
    else:
        await groups.leave(domain, CEM, cid)
    for socket in (watcher, cem):
        socket.heard.clear()
    for user_id in ("ann", "bob", "cem"):
        come(presence, user_id)
    assert [user_id for user_id, *_ in told(watcher)] == ["ann"]
    assert [user_id for user_id, *_ in told(cem)] == ["ann"]


async def test_an_answer_that_was_read_before_a_parting_does_not_hold_after_it(
    domain: Domain, sockets: Sockets, clock: Clock, cid: str
) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    class Slow:
        async def acquaintances(self, user_id: str, among: Sequence[str]) -> Mapping[str, str | None]:
            known = await domain.store.acquaintances(user_id, among)
            asked.set()
            await answer.wait()
            return known

        async def save_last_seen(self, seen: Mapping[str, str]) -> None: ...

    presence = Presence(Slow(), sockets, clock.call_later, clock.now)
    watching = asyncio.ensure_future(presence.watch(BOB, ["ann"]))
    await asked.wait()
    await domain.store.delete_conversation(cid, user_id="cem")
    parting = asyncio.ensure_future(presence.part(["ann"], ["bob"]))
    await asyncio.sleep(0)
    answer.set()
    await parting
    assert await watching == []


async def test_an_answer_that_was_read_before_a_last_moment_was_saved_does_not_hold_after_it(
    domain: Domain, sockets: Sockets, clock: Clock, cid: str
) -> None:
    was_read, saved = asyncio.Event(), asyncio.Event()

    class Crossing:
        """The real store, whose first answer comes when what it does not know yet has been saved."""

        async def acquaintances(self, user_id: str, among: Sequence[str]) -> Mapping[str, str | None]:
            known = await domain.store.acquaintances(user_id, among)
            was_read.set()
            await saved.wait()
            return known

        async def save_last_seen(self, seen: Mapping[str, str]) -> None:
            await domain.store.save_last_seen(seen)
            asyncio.get_running_loop().call_soon(saved.set)

    presence = Presence(Crossing(), sockets, clock.call_later, clock.now)
    come(presence, "ann")
    left_at = rfc3339(clock.now())
    presence.leave("ann", "s1")
    asking = asyncio.ensure_future(presence.watch(BOB, ["ann"]))
    await was_read.wait()
    clock.advance(GRACE_S)
    [ann] = await asking
    assert (ann.status.value, ann.last_seen_at) == ("offline", left_at)


class Unable:
    """A store that cannot answer now."""

    def __init__(self) -> None:
        self.saved: list[Mapping[str, str]] = []
        self.able = False

    async def acquaintances(self, user_id: str, among: Sequence[str]) -> Mapping[str, str | None]:
        raise MessagingError(Code.STORE_UNAVAILABLE, "the store cannot be read now")

    async def save_last_seen(self, seen: Mapping[str, str]) -> None:
        if not self.able:
            raise MessagingError(Code.STORE_UNAVAILABLE, "the store cannot write now")
        self.saved.append(dict(seen))


async def test_who_cannot_be_asked_about_is_parted_from(sockets: Sockets, clock: Clock) -> None:
    presence = Presence(Unable(), sockets, clock.call_later, clock.now)
    bob = sockets.connect("bob")
    sockets.watch(bob, "ann")
    come(presence, "ann")
    await presence.part(["ann"], ["bob"])
    presence.say("ann", "s1", ActiveStatus.AWAY)
    assert told(bob) == [("ann", "online", None)]


async def test_a_wave_of_goodbyes_is_saved_together(sockets: Sockets, clock: Clock) -> None:
    records = Unable()
    records.able = True
    presence = Presence(records, sockets, clock.call_later, clock.now)
    people = [f"u{n}" for n in range(5_000)]
    for user_id in people:
        come(presence, user_id)
    left_at = rfc3339(clock.now())
    for user_id in people:
        presence.leave(user_id, "s1")
    clock.advance(GRACE_S)
    await presence.stop()
    assert records.saved == [dict.fromkeys(people, left_at)]


async def test_last_seen_waits_for_a_store_that_cannot_write_but_not_without_bound(
    sockets: Sockets, clock: Clock
) -> None:
    records = Unable()
    presence = Presence(records, sockets, clock.call_later, clock.now)
    for n in range(MAX_UNSAVED + 1):
        come(presence, f"u{n}")
        presence.leave(f"u{n}", "s1")
    clock.advance(GRACE_S)
    await presence.stop()
    assert records.saved == []
    records.able = True
    await presence.stop()
    [saved] = records.saved
    assert len(saved) == MAX_UNSAVED
    assert "u0" not in saved


async def test_what_could_not_be_saved_of_who_hides_since_is_neither_told_nor_saved(
    sockets: Sockets, clock: Clock
) -> None:
    class Known(Unable):
        async def acquaintances(self, user_id: str, among: Sequence[str]) -> Mapping[str, str | None]:
            return dict.fromkeys(among)

    records = Known()
    presence = Presence(records, sockets, clock.call_later, clock.now)
    for user_id in ("ann", "cem"):
        come(presence, user_id)
        presence.leave(user_id, "s1")
    left_at = rfc3339(clock.now())
    clock.advance(GRACE_S)
    gone = ("offline", left_at)
    assert await seen(presence, BOB, "ann", "cem") == {"ann": gone, "cem": gone}
    presence.share("ann", shares=False)
    assert await seen(presence, BOB, "ann", "cem") == {"ann": ("offline", None), "cem": gone}
    records.able = True
    await presence.stop()
    assert records.saved == [{"cem": left_at}]


async def test_a_node_that_ends_keeps_when_those_who_are_there_were_last_seen(
    domain: Domain, presence: Presence, clock: Clock, cid: str
) -> None:
    come(presence, "ann")
    come(presence, "cem", shares=False)
    await domain.store.change_settings("cem", share_presence=False, send_read_receipts=None)
    now = rfc3339(clock.now())
    await presence.stop()
    assert clock.waiting == 0
    assert await domain.store.acquaintances("bob", ("ann", "cem")) == {"ann": now, "cem": None}
