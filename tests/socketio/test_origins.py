"""Which pages may connect: exact origins, on polling, on WebSockets and on preflights."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from stockent.socketio import Server

from .conftest import Serve
from .serving import Endpoint
from .wire import Clients

GOOD = "https://good.example"
OTHER_GOOD = "http://localhost:3000"
BAD = [
    "https://evil.example",
    "null",
    "https://good.example.evil",
    "https://notgood.example",
    "https://evil.good.example",
    "http://good.example",
    "https://good.example:8443",
    "https://good.example/",
    "HTTPS://GOOD.EXAMPLE",
    "https://good.example, https://evil.example",
    "",
]

POLLING = "EIO=4&transport=polling"
WEBSOCKET = "EIO=4&transport=websocket"


@pytest.fixture
def server() -> Server:
    server = Server(origins=[GOOD, OTHER_GOOD])
    server.of("/")
    return server


@pytest.fixture
async def endpoint(server: Server, serve: Serve) -> Endpoint:
    return await serve(server)


@pytest.mark.parametrize("origin", [GOOD, OTHER_GOOD])
async def test_an_allowed_origin_polls_with_credentials(
    endpoint: Endpoint, clients: Clients, origin: str
) -> None:
    async with clients.http.get(endpoint.http(POLLING), headers={"Origin": origin}) as response:
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [GOOD, OTHER_GOOD])
async def test_an_allowed_origin_opens_a_websocket(endpoint: Endpoint, clients: Clients, origin: str) -> None:
    client = await clients.websocket(endpoint, {"Origin": origin})

    assert await client.enter()


@pytest.mark.parametrize("origin", BAD)
async def test_another_origin_does_not_poll_even_with_the_victims_cookie(
    server: Server, endpoint: Endpoint, clients: Clients, origin: str
) -> None:
    headers = {"Origin": origin, "Cookie": "accessToken=secret"}
    async with clients.http.get(endpoint.http(POLLING), headers=headers) as response:
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers
    assert not server.engine.connections


@pytest.mark.parametrize("origin", BAD)
async def test_another_origin_opens_no_websocket(
    server: Server, endpoint: Endpoint, clients: Clients, origin: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await clients.connect(endpoint, WEBSOCKET, {"Origin": origin, "Cookie": "accessToken=secret"})

    assert refused.value.response.status_code == 403
    assert not server.engine.connections


async def test_another_origin_reaches_no_session_that_is_open(endpoint: Endpoint, clients: Clients) -> None:
    victim = await clients.polling(endpoint, {"Origin": GOOD})
    await victim.enter()
    query = f"{POLLING}&sid={victim.sid}"

    for method in ("GET", "POST"):
        async with clients.http.request(
            method, endpoint.http(query), data="41", headers={"Origin": BAD[0]}
        ) as response:
            assert response.status == 403
    with pytest.raises(InvalidStatus) as refused:
        await clients.connect(endpoint, f"{WEBSOCKET}&sid={victim.sid}", {"Origin": BAD[0]})
    assert refused.value.response.status_code == 403

    await victim.send('42["m"]')


async def test_a_client_without_origin_is_no_browser_and_may_connect(
    endpoint: Endpoint, clients: Clients
) -> None:
    for transport in ("polling", "websocket"):
        assert await (await clients.open(transport, endpoint)).enter()
    async with clients.http.get(endpoint.http(POLLING)) as response:
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_a_preflight_of_an_allowed_origin_is_granted(endpoint: Endpoint, clients: Clients) -> None:
    headers = {"Origin": GOOD, "Access-Control-Request-Method": "POST"}
    async with clients.http.options(endpoint.http(POLLING), headers=headers) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == GOOD
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert "POST" in response.headers["Access-Control-Allow-Methods"]
        assert "content-type" in response.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("origin", BAD)
async def test_a_preflight_of_another_origin_is_not_granted(
    endpoint: Endpoint, clients: Clients, origin: str
) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    async with clients.http.options(endpoint.http(POLLING), headers=headers) as response:
        assert not [name for name in response.headers if name.lower().startswith("access-control")]


async def test_refusals_of_an_allowed_origin_can_be_read_by_its_page(
    endpoint: Endpoint, clients: Clients
) -> None:
    async with clients.http.get(
        endpoint.http(f"{POLLING}&sid=unknown"), headers={"Origin": GOOD}
    ) as response:
        assert response.status == 400
        assert response.headers["Access-Control-Allow-Origin"] == GOOD


async def test_where_any_origin_may_connect_none_gets_credentials(serve: Serve, clients: Clients) -> None:
    endpoint = await serve(Server())
    for origin in BAD[:3]:
        async with clients.http.get(endpoint.http(POLLING), headers={"Origin": origin}) as response:
            assert response.status == 200
            assert response.headers["Access-Control-Allow-Origin"] == origin
            assert "Access-Control-Allow-Credentials" not in response.headers
