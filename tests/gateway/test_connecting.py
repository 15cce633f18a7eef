"""Who a socket is: tokens and where they come from, refusals, expiry and renewal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import socketio  # type: ignore[import-untyped]

from stockent.check.clients import POLLING, WEBSOCKET
from tests.waiting import poll_until

from .place import Place

NONE = "no connection"
TRANSPORTS = pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])


async def connect(place: Place, transport: str, *, auth: Any = None, query: str = "", **headers: str) -> str:
    """Whom `ready` names, or the code of the refusal, or `no connection` when there was not even that."""
    heard: dict[str, Any] = {}
    async with aiohttp.ClientSession() as http:
        client = socketio.AsyncClient(reconnection=False, handle_sigint=False, http_session=http)
        client.on("ready", lambda ready: heard.update(user=ready["userId"]))
        client.on("connect_error", lambda refusal: heard.update(refusal=refusal))
        try:
            await client.connect(
                place.url + query, auth=auth, headers=headers, transports=[transport], wait_timeout=5
            )
        except socketio.exceptions.ConnectionError:
            refusal = heard.get("refusal")
            return str(refusal["data"]["code"]) if isinstance(refusal, dict) and "data" in refusal else NONE
        try:
            return str(await poll_until(lambda: heard.get("user")))
        finally:
            await client.disconnect()


@TRANSPORTS
async def test_ready_says_who_one_is_and_what_the_limits_are(place: Place, transport: str) -> None:
    cid = await place.conversation("ben", "ann")
    await place.send("ben", cid)
    device = await place.device("ann", transport)
    ready = await device.first("ready")
    listed = await place.person("ann").done("GET", f"/api/conversations/{cid}")
    assert ready == {
        "userId": "ann",
        "epoch": listed["epoch"],
        "serverTime": _rfc3339(place.clock.now()),
        "limits": {
            "maxContentChars": 5_000,
            "maxPayloadBytes": 256_000,
            "maxPage": 200,
            "maxResumeConversations": 500,
            "maxParticipants": 100,
            "maxAttachments": 10,
            "maxAttachmentBytes": 25_000_000,
            "maxVoiceMs": 600_000,
            "editWindowMs": 900_000,
            "deleteWindowMs": 86_400_000,
        },
        "settings": {"sharePresence": True, "sendReadReceipts": True},
        "totalUnread": 1,
    }


@TRANSPORTS
@pytest.mark.parametrize(
    ("life_s", "secret", "code"),
    [(60, "x" * 40, "auth_invalid"), (-60, None, "auth_expired")],
    ids=["signed by another", "expired"],
)
async def test_a_token_that_does_not_hold_is_refused_with_its_code(
    place: Place, transport: str, life_s: float, secret: str | None, code: str
) -> None:
    place.clock.advance(600)
    token = place.token("ann", life_s=3_600) if secret is None else place.token("ann", secret=secret)
    assert await connect(place, transport, auth={"token": place.token("ann")}) == "ann"
    if life_s < 0:
        place.clock.advance(3_600)
    assert await connect(place, transport, auth={"token": token}) == code
    await poll_until(lambda: not place.node.server.engine.connections)
    assert not place.namespace.sockets


@TRANSPORTS
@pytest.mark.parametrize("auth", [None, {}, {"token": ""}, {"token": None}, {"token": 5}, {"token": ["x"]}])
async def test_no_token_at_all_is_refused_as_that(place: Place, transport: str, auth: Any) -> None:
    assert await connect(place, transport, auth=auth) == "auth_required"


@TRANSPORTS
async def test_a_token_in_the_address_is_not_looked_at(place: Place, transport: str) -> None:
    query = f"?token={place.token('ann')}&accessToken={place.token('ann')}"
    assert await connect(place, transport, query=query) == "auth_required"


@TRANSPORTS
async def test_the_cookie_comes_before_auth_token_and_that_before_bearer(
    place: Place, transport: str
) -> None:
    auth = {"token": place.token("ann")}
    cookie = {"Cookie": f"theme=dark; accessToken={place.token('cem')}"}
    bearer = {"Authorization": f"Bearer {place.token('ben')}"}
    assert await connect(place, transport, **bearer) == "ben"
    assert await connect(place, transport, auth=auth, **bearer) == "ann"
    assert await connect(place, transport, auth=auth, **bearer, **cookie) == "cem"


async def test_a_bad_token_is_not_passed_over_for_a_good_one_behind_it(place: Place) -> None:
    good = {"token": place.token("ann")}
    bad = {"Cookie": "accessToken=not.a.token"}
    assert await connect(place, WEBSOCKET, auth=good) == "ann"
    assert await connect(place, WEBSOCKET, auth=good, **bad) == "auth_invalid"


@TRANSPORTS
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_page_of_another_origin_gets_no_connection(place: Place, transport: str, origin: str) -> None:
    auth = {"token": place.token("ann")}
    assert await connect(place, transport, auth=auth, Origin=place.url) == "ann"
    assert await connect(place, transport, auth=auth, Origin=origin) == NONE
    await poll_until(lambda: not place.node.server.engine.connections)


async def test_what_a_token_says_of_its_user_is_shown_to_others(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    before = await place.person("ann").done("GET", f"/api/conversations/{cid}")
    assert [person["name"] for person in before["participants"]] == ["Ann", None]
    await place.device("ben")
    after = await place.person("ann").done("GET", f"/api/conversations/{cid}")
    assert [person["name"] for person in after["participants"]] == ["Ann", "Ben"]


@TRANSPORTS
async def test_a_socket_is_warned_a_minute_ahead_and_ends_with_its_token(
    place: Place, transport: str
) -> None:
    ann = await place.device("ann", transport)
    place.clock.advance(120)
    ben = await place.device("ben", transport)
    expires_at = _rfc3339(place.clock.now() - 120 + 3_600)
    place.clock.advance(3_600 - 120 - 62)
    await ann.settle()
    assert [heard.event for heard in ann.heard] == ["ready"]
    place.clock.advance(6)
    await ann.settle()
    assert [heard for heard in ann.heard if heard.event != "ready"] == [
        ("auth_expiring", {"expiresAt": expires_at})
    ]
    place.clock.advance(60)
    await poll_until(lambda: not ann.connected)
    assert [socket.data.actor.user_id for socket in place.namespace.sockets.values()] == ["ben"]
    await ben.settle()


async def test_a_renewed_token_keeps_the_socket_alive_until_its_own_end(place: Place) -> None:
    cid = await place.conversation("ann", "ben")
    ann = await place.device("ann", joins=cid)
    place.clock.advance(3_000)
    ack = await ann.done("refresh_token", token=place.token("ann"))
    assert ack == {"ok": True, "expiresAt": _rfc3339(place.clock.now() + 3_600)}
    place.clock.advance(3_500)
    heard = await place.listen()
    await place.send("ben", cid)
    await heard.exactly({ann: ["message_received"]})
    place.clock.advance(102)
    await poll_until(lambda: not ann.connected)


async def test_a_socket_is_not_renewed_by_anothers_an_expired_or_a_forged_token(place: Place) -> None:
    ann = await place.device("ann")
    old = place.token("ann", life_s=10)
    place.clock.advance(12)
    await ann.refused("refresh_token", code="auth_invalid", token=place.token("ben"))
    await ann.refused("refresh_token", code="auth_invalid", token=place.token("ann", secret="y" * 40))
    await ann.refused("refresh_token", code="auth_expired", token=old)
    await ann.refused("refresh_token", code="auth_required", token="")
    assert place.socket_of(ann).data.actor.user_id == "ann"
    assert (await ann.done("refresh_token", token=place.token("ann")))["ok"]


def _rfc3339(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
