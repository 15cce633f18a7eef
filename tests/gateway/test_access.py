"""Tokens that end while a socket lives by them: by the clock, by their user, by an administrator; and their renewal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from stockent.check.clients import POLLING, WEBSOCKET, ConnectRefused, Device
from stockent.gateway.gateway import EXPIRY_NOTICE_S, IDENTITY_CHECK_S
from stockent.messaging import access
from stockent.messaging.access import REVOKED_FOR_S
from stockent.messaging.domain import Actor
from stockent.messaging.models import Role
from stockent.messaging.ports import Credential
from tests.waiting import poll_until

from .place import Place

TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])
Way = Callable[[Place, str], Awaitable[None]]


async def by_admin(place: Place, method: str, path: str, body: object = None) -> None:
    admin = place.person("root", token=place.token("root", role=Role.ADMIN))
    await admin.done(method, f"/api/admin{path}", body, status=204)


async def disable(place: Place, token: str) -> None:
    await by_admin(place, "PUT", "/users/ann/access", {"disabled": True})


async def sign_out(place: Place, token: str) -> None:
    await by_admin(place, "DELETE", "/users/ann/sessions")


async def sign_out_oneself(place: Place, token: str) -> None:
    await place.person("ann", token=token).done("DELETE", "/api/me/sessions", status=204)


async def revoke(place: Place, token: str) -> None:
    await by_admin(place, "DELETE", "/tokens/token-of-ann")


WAYS = pytest.mark.parametrize("way", [disable, sign_out, sign_out_oneself, revoke])


@WAYS
@TRANSPORTS
async def test_a_voided_token_ends_its_sockets_at_once_and_counts_nowhere_any_more(
    place: Place, way: Way, transport: str
) -> None:
    """The clock stands still, so it is not the periodic check that ends them."""
    cid = await place.conversation("ann", "ben")
    token = place.token("ann", token_id="token-of-ann")
    here, phone = [await place.device("ann", each, joins=cid, token=token) for each in (transport, POLLING)]
    ben = await place.device("ben", joins=cid)
    await place.send("ben", cid, "Before")
    await here.first("message_received")
    await way(place, token)
    assert {socket.data.actor.user_id for socket in place.namespace.sockets.values()} == {"ben"}
    await place.send("ben", cid, "After")
    await poll_until(lambda: not here.connected and not phone.connected)
    for device in (here, phone):
        assert "After" not in json.dumps(device.heard)
    await place.person("ann", token=token).refused("GET", "/api/me", status=401, code="auth_invalid")
    for each in (WEBSOCKET, POLLING):
        with pytest.raises(ConnectRefused, match="auth_invalid"):
            await Device(place.person("ann", token=token), "socket", each).connect()
    await ben.settle()


@pytest.mark.parametrize(
    ("way", "comes_back"), [(disable, False), (sign_out, True), (sign_out_oneself, True), (revoke, True)]
)
async def test_who_was_signed_out_comes_back_with_a_later_token_and_who_is_disabled_does_not(
    place: Place, way: Way, comes_back: bool
) -> None:
    await way(place, place.token("ann"))
    place.clock.advance(1)
    ann = place.person("ann")
    if comes_back:
        await ann.done("GET", "/api/me")
        await place.device("ann")
    else:
        await ann.refused("GET", "/api/me", status=401, code="auth_invalid")
        await by_admin(place, "PUT", "/users/ann/access", {"disabled": False})
        await ann.done("GET", "/api/me")


async def test_one_revoked_token_leaves_its_users_other_sockets(place: Place) -> None:
    lost = await place.device("ann", token=place.token("ann", token_id="token-of-ann"))
    kept = await place.device("ann", token=place.token("ann", token_id="another"))
    await revoke(place, "")
    await poll_until(lambda: not lost.connected)
    await kept.settle()


async def test_a_revoked_token_is_remembered_until_it_has_expired(place: Place) -> None:
    exp = int(place.clock.now()) + 60
    await by_admin(place, "DELETE", f"/tokens/short?exp={exp}")
    await by_admin(place, "DELETE", "/tokens/unknown")
    store, sweeper = place.node.domain.store, place.node.sweeper
    short, unknown = Credential("ann", 1, "short"), Credential("ann", 1, "unknown")
    place.clock.advance(59)
    assert await sweeper.forget_revoked() == 0
    assert set(await store.void_among([short, unknown])) == {short, unknown}
    place.clock.advance(1)
    assert await sweeper.forget_revoked() == 1
    assert set(await store.void_among([short, unknown])) == {unknown}
    assert REVOKED_FOR_S > 365 * 86_400


@TRANSPORTS
async def test_what_was_voided_elsewhere_ends_at_the_next_check(place: Place, transport: str) -> None:
    """As another node's administrator does it: nothing tells this node but the store."""
    devices = {user_id: await place.device(user_id, transport) for user_id in ("ann", "ben", "dan")}
    revoked = await place.device("cem", transport, token=place.token("cem", token_id="token-of-cem"))
    store = place.node.domain.store
    await store.set_disabled("ann", disabled=True)
    await store.sign_out("ben", before=int(place.clock.now()) + 1)
    await store.revoke_token("token-of-cem", expires_at=int(place.clock.now()) + 60)
    await asyncio.gather(*(device.settle() for device in devices.values()))
    place.clock.advance(IDENTITY_CHECK_S)
    await poll_until(lambda: not (devices["ann"].connected or devices["ben"].connected or revoked.connected))
    await devices["dan"].settle()
    assert IDENTITY_CHECK_S < 5


async def test_whenever_a_user_is_disabled_while_connecting_no_socket_stays(place: Place) -> None:
    """Also between the verification of the token and the room by which a socket is found: turn for turn of the loop."""
    root = Actor("root", "Root", Role.ADMIN)
    for turns in range(50):
        address = f"{place.url}/socket.io/?EIO=4&transport=websocket"
        async with place.http.ws_connect(address) as socket:
            await socket.receive_str()
            await socket.send_str("40" + json.dumps({"token": place.token(f"user-{turns}")}))
            for _ in range(turns):
                await asyncio.sleep(0)
            await access.set_disabled(place.node.domain, root, f"user-{turns}", disabled=True)
            assert (await socket.receive_str()).startswith("40"), "it was verified before it was barred"
            await poll_until(lambda: not place.namespace.sockets)


async def test_a_refresh_that_comes_in_time_outlives_the_old_token(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann", joins=cid, token=place.token("ann", life_s=120))
    place.clock.advance(120 - EXPIRY_NOTICE_S + IDENTITY_CHECK_S)
    await ann.first("auth_expiring")
    await ann.done("refresh_token", token=place.token("ann", life_s=600))
    place.clock.advance(500)
    heard = await place.listen()
    await place.send("ben", cid)
    await heard.exactly({ann: ["message_received"]})
    assert sum(heard.event == "auth_expiring" for heard in ann.heard) == 1
    place.clock.advance(60)
    await ann.settle()
    assert sum(heard.event == "auth_expiring" for heard in ann.heard) == 2


async def test_a_refresh_is_as_good_as_its_token_and_no_better(place: Place) -> None:
    """A socket lives by the last token that was accepted: when that is voided, it ends."""
    ann = await place.device("ann", token=place.token("ann", token_id="old"))
    await ann.done("refresh_token", token=place.token("ann", token_id="token-of-ann"))
    await by_admin(place, "DELETE", "/tokens/old")
    await ann.settle()
    await revoke(place, "")
    await poll_until(lambda: not ann.connected)


@TRANSPORTS
async def test_a_refused_refresh_leaves_the_socket_its_old_token(place: Place, transport: str) -> None:
    expired, revoked = place.token("ann", life_s=10), place.token("ann", token_id="token-of-ann")
    ann = await place.device("ann", transport, token=place.token("ann", life_s=100, token_id="mine"))
    await revoke(place, "")
    place.clock.advance(12)
    before = place.socket_of(ann).data
    for token, code in [
        (expired, "auth_expired"),
        (revoked, "auth_invalid"),
        (place.token("ben"), "auth_invalid"),
        (place.token("ann", secret="y" * 40), "auth_invalid"),
        ("", "auth_required"),
        ("x" * 8_192, "auth_invalid"),
    ]:
        await ann.refused("refresh_token", code=code, token=token)
    assert place.socket_of(ann).data is before
    place.clock.advance(80)
    await ann.settle()
    place.clock.advance(10)
    await poll_until(lambda: not ann.connected)


async def test_after_its_end_a_socket_hears_nothing_of_a_burst(place: Place) -> None:
    """Forty messages around the moment: what comes is a beginning of them, without a hole, and then nothing."""
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann", joins=cid)
    sends = [asyncio.ensure_future(place.send("ben", cid, str(number))) for number in range(20)]
    await asyncio.gather(*sends[:5])
    await disable(place, "")
    ended_at = (await place.send("ben", cid, "after"))["seq"]
    await asyncio.gather(*sends)
    await poll_until(lambda: not ann.connected)
    seqs = [heard.payload["seq"] for heard in ann.heard if heard.event == "message_received"]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) < ended_at
    await by_admin(place, "PUT", "/users/ann/access", {"disabled": False})
    again = await place.device("ann")
    ack = await again.done("join_conversation", conversationId=cid, afterSeq=len(seqs))
    assert len(ack["events"]) == 21 - len(seqs)


async def test_ending_a_session_frees_what_it_held(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    devices = [await place.device("ann", transport, joins=cid) for transport in (WEBSOCKET, POLLING)]
    await disable(place, "")
    await poll_until(lambda: not any(device.connected for device in devices))
    await poll_until(lambda: not place.node.server.engine.connections)
    assert not place.namespace.sockets
    assert len(place.namespace.rooms) == 0


async def test_a_request_that_carries_a_voided_token_in_a_cookie_is_refused_too(place: Place) -> None:
    token = place.token("ann")
    cookie = {"Cookie": f"accessToken={token}"}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with http.get(f"{place.url}/api/me", headers=cookie) as answer:
            assert answer.status == 200
        await sign_out_oneself(place, token)
        async with http.get(f"{place.url}/api/me", headers=cookie) as answer:
            assert (await answer.json())["code"] == "auth_invalid"
        async with http.get(f"{place.url}/api/session", headers=cookie) as answer:
            assert (await answer.json())["user"] is None
