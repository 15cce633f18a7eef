"""An engine's guard: which requests may name a session, and what happens to those that may not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from websockets.exceptions import InvalidStatus

from stockent.socketio import Connection, Limits, Reason, Server

from .conftest import Serve
from .wire import Client, Clients, PollingClient

OWN = {"X-Who": "ann"}
FOREIGN = {"X-Who": "eve"}
SLOW = {"X-Who": "slow"}
UNKNOWN_SESSION = (400, '{"code": 1, "message": "Session ID unknown"}')


async def is_own(connection: Connection, headers: Mapping[str, str]) -> bool:
    if headers.get("x-who") == "slow":
        await asyncio.sleep(0)
    elif headers.get("x-who") != "ann":
        return False
    return connection.request.headers["x-who"] == "ann"


@pytest.fixture
def server() -> Server:
    server = Server(limits=Limits(linger_s=5.0))
    server.engine.guard = is_own
    server.of("/").on("echo")(lambda socket, *args: args)
    return server


def as_another(client: PollingClient, clients: Clients, headers: dict[str, str]) -> PollingClient:
    """A client that has learnt the session's id."""
    other = PollingClient(clients.http, client._endpoint, headers)
    other.handshake = client.handshake
    return other


async def assert_alive(client: Client) -> None:
    await client.send('420["echo",1]')
    assert await client.receive() == "430[1]"


@pytest.mark.parametrize("headers", [FOREIGN, {}])
async def test_a_strangers_get_and_post_are_refused_and_the_session_lives_on(
    server: Server, serve: Serve, clients: Clients, headers: dict[str, str]
) -> None:
    client = await clients.polling(await serve(server), OWN)
    await client.enter()
    stranger = as_another(client, clients, headers)
    server.of("/").emit("secret")
    for answer in (await stranger.poll(), await stranger.push("41"), await stranger.push("1")):
        assert (answer.status, answer.text) == UNKNOWN_SESSION

    assert await client.event() == ["secret"]
    await assert_alive(client)


async def test_a_strangers_get_does_not_disturb_the_poll_that_waits(
    server: Server, serve: Serve, clients: Clients
) -> None:
    client = await clients.polling(await serve(server), OWN)
    await client.enter()
    stranger = as_another(client, clients, FOREIGN)
    poll = asyncio.create_task(client.poll())
    assert (await stranger.poll()).status == 400
    server.of("/").emit("secret")

    assert (await poll).text == '42["secret"]'


async def test_a_strangers_upgrade_is_refused_and_the_owners_is_not(
    server: Server, serve: Serve, clients: Clients
) -> None:
    endpoint = await serve(server)
    client = await clients.polling(endpoint, OWN)
    await client.enter()
    query = f"EIO=4&transport=websocket&sid={client.sid}"
    for headers in (FOREIGN, {}):
        with pytest.raises(InvalidStatus) as refusal:
            await clients.connect(endpoint, query, headers)
        assert refusal.value.response.status_code == 400
    upgraded = await clients.connect(endpoint, query, OWN)
    await upgraded.send("2probe")
    assert await upgraded.receive_any() == "3probe"
    await upgraded.send("5")

    await assert_alive(upgraded)


async def test_who_would_have_to_be_waited_for_polls_but_is_not_upgraded(
    server: Server, serve: Serve, clients: Clients
) -> None:
    endpoint = await serve(server)
    client = await clients.polling(endpoint, OWN)
    await client.enter()
    slow = as_another(client, clients, SLOW)
    with pytest.raises(InvalidStatus):
        await clients.connect(endpoint, f"EIO=4&transport=websocket&sid={client.sid}", SLOW)

    await assert_alive(slow)


async def test_a_stranger_does_not_get_the_last_words_of_a_session(
    server: Server, serve: Serve, clients: Clients
) -> None:
    client = await clients.polling(await serve(server), OWN)
    sid = await client.enter()
    server.of("/").emit("secret")
    server.engine.close(server.of("/").sockets[sid].connection, Reason.SHUTTING_DOWN)
    stranger = as_another(client, clients, FOREIGN)
    assert (await stranger.poll()).status == 400

    assert (await client.poll()).text.startswith('42["secret"]')


async def test_who_opens_a_session_is_not_asked(server: Server, serve: Serve, clients: Clients) -> None:
    endpoint = await serve(server)
    await (await clients.websocket(endpoint, headers=FOREIGN)).enter()
    await clients.polling(endpoint, FOREIGN)

    assert len(server.engine.connections) == 2
