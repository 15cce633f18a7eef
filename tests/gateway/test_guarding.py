"""A session belongs to the user who connected on it: a request with somebody else's token can do nothing to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession
from websockets.exceptions import InvalidStatus

from tests.socketio.serving import Endpoint
from tests.socketio.wire import Answer, Clients, PollingClient

from .place import Place

Way = Callable[[str], dict[str, str]]


class Victim:
    """Ann's polling session, and whoever else has learnt its id."""

    def __init__(self, place: Place, clients: Clients, client: PollingClient) -> None:
        self.place = place
        self.clients = clients
        self.client = client

    def other(self, headers: dict[str, str]) -> PollingClient:
        other = PollingClient(self.clients.http, Endpoint(self.place.node.port), headers)
        other.handshake = self.client.handshake
        return other

    async def upgrade(self, headers: dict[str, str]) -> int:
        """The status that an upgrade of the session is answered by."""
        query = f"EIO=4&transport=websocket&sid={self.client.sid}"
        try:
            probe = await self.clients.connect(Endpoint(self.place.node.port), query, headers)
        except InvalidStatus as refusal:
            return refusal.response.status_code
        await probe.close()
        return 101

    async def assert_unharmed(self) -> None:
        await self.client.send('429["resume",{"epoch":"","conversations":{}}]')
        while not str(await self.client.receive()).startswith("439"):
            pass


def cookie(token: str) -> dict[str, str]:
    return {"Cookie": f"accessToken={token}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    async with ClientSession() as http, AsyncExitStack() as stack:
        yield Clients(stack, http)


async def begin(
    place: Place, clients: Clients, *, headers: dict[str, str] | None = None, token: str | None = None
) -> Victim:
    """Ann connects by what her requests carry, or by `auth.token`."""
    client = await clients.polling(Endpoint(place.node.port), headers)
    await client.enter(auth=None if token is None else {"token": token})
    while json.loads(str(await client.receive())[2:])[0] != "ready":
        pass
    return Victim(place, clients, client)


def is_refused(answer: Answer) -> bool:
    return answer.status == 400 and json.loads(answer.text)["code"] == 1


@pytest.mark.parametrize("her_way", ["cookie", "bearer", "auth"])
@pytest.mark.parametrize("way", [cookie, bearer])
@pytest.mark.parametrize("whose", ["another's", "forged", "expired", "garbage"])
async def test_a_token_that_is_not_hers_opens_nothing_and_harms_nothing(
    place: Place, clients: Clients, her_way: str, way: Way, whose: str
) -> None:
    ann = place.token("ann")
    headers = {"cookie": cookie(ann), "bearer": bearer(ann), "auth": None}[her_way]
    victim = await begin(place, clients, headers=headers, token=ann if her_way == "auth" else None)
    token = {
        "another's": place.token("eve"),
        "forged": place.token("ann", secret="f" * 40),
        "expired": place.token("ann", life_s=5),
        "garbage": "not.a.token",
    }[whose]
    place.clock.advance(10)
    stranger = victim.other(way(token))

    assert is_refused(await stranger.poll())
    assert is_refused(await stranger.push("41"))
    assert is_refused(await stranger.push("1"))
    assert await victim.upgrade(way(token)) == 400
    await victim.assert_unharmed()


@pytest.mark.parametrize("way", [cookie, bearer])
async def test_her_own_renewed_token_passes_and_the_former_one_too(
    place: Place, clients: Clients, way: Way
) -> None:
    former = place.token("ann")
    victim = await begin(place, clients, headers=way(former))
    place.clock.advance(60)
    renewed = place.token("ann")
    assert renewed != former
    for token in (renewed, former, renewed):
        again = victim.other(way(token))
        assert (await again.push("3")).status == 200
    assert await victim.upgrade(way(renewed)) == 101
    await victim.assert_unharmed()


async def test_the_token_that_she_came_with_passes_when_it_has_expired(
    place: Place, clients: Clients
) -> None:
    """A client that renews by `refresh_token` goes on sending its first header; the socket's end is its token's own."""
    first = place.token("ann", life_s=120)
    victim = await begin(place, clients, headers=bearer(first))
    await victim.client.send(f'429["refresh_token",{{"token":"{place.token("ann")}"}}]')
    while not str(await victim.client.receive()).startswith("439"):
        pass
    place.clock.advance(300)

    await victim.assert_unharmed()


async def test_requests_without_a_token_pass_since_it_was_in_auth(place: Place, clients: Clients) -> None:
    victim = await begin(place, clients, token=place.token("ann"))

    assert await victim.upgrade({}) == 101
    await victim.assert_unharmed()


async def test_before_anybody_was_admitted_the_one_who_opened_it_counts(
    place: Place, clients: Clients
) -> None:
    ann = place.token("ann")
    client = await clients.polling(Endpoint(place.node.port), cookie(ann))
    victim = Victim(place, clients, client)
    for token in (place.token("eve"), place.token("ann", secret="f" * 40)):
        assert is_refused(await victim.other(cookie(token)).push("40"))
    place.clock.advance(60)
    await victim.other(cookie(place.token("ann"))).send("40")

    await victim.assert_unharmed()
    [socket] = place.namespace.sockets.values()
    assert socket.data.actor.user_id == "ann"


async def test_after_her_end_nobody_else_gets_her_last_words(place: Place, clients: Clients) -> None:
    ann = place.token("ann")
    victim = await begin(place, clients, headers=cookie(ann))
    [socket] = place.namespace.sockets.values()
    socket.emit("last_words", "canary")
    socket.disconnect(close=True)

    assert is_refused(await victim.other(cookie(place.token("eve"))).poll())
    assert "canary" in (await victim.client.poll()).text
