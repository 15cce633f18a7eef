"""Content codings of what a poll brings: for whom, and from which size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, ClientSession

from stockent.socketio import Limits, Server, Socket
from tests.test_codings import decode

from .conftest import Serve
from .serving import Endpoint
from .wire import WITHIN_S

THRESHOLD = 500
LONG = "said again and again, " * 40


class Poller:
    """A polling session that sees bodies as they came: nothing is decoded for it."""

    def __init__(self, http: ClientSession, endpoint: Endpoint) -> None:
        self._http = http
        self._endpoint = endpoint
        self._query = "EIO=4&transport=polling"

    async def enter(self) -> None:
        opened = await self.get()
        self._query += "&sid=" + (await opened.read()).decode().split('"')[3]
        await self.post("40")
        assert (await (await self.get()).read()).startswith(b"40")

    async def get(self, **headers: str) -> ClientResponse:
        return await self._ask("GET", None, headers)

    async def post(self, body: str) -> ClientResponse:
        return await self._ask("POST", body, {"accept_encoding": "gzip"})

    async def _ask(self, method: str, body: str | None, headers: dict[str, str]) -> ClientResponse:
        url = self._endpoint.http(self._query)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with asyncio.timeout(WITHIN_S):
            response = await self._http.request(
                method, url, data=body, headers=sent, skip_auto_headers=["Accept-Encoding"]
            )
            await response.read()
        return response


async def entered(serve: Serve, http: ClientSession, limits: Limits) -> Poller:
    server = Server(limits=limits)

    @server.of("/").on("m")
    def handle(socket: Socket, text: str, times: int) -> None:
        socket.emit("told", text * times)

    poller = Poller(http, await serve(server))
    await poller.enter()
    return poller


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession(auto_decompress=False) as http:
        yield http


@pytest.fixture
async def poller(serve: Serve, http: ClientSession) -> Poller:
    return await entered(serve, http, Limits(min_coded_bytes=THRESHOLD))


async def tell(poller: Poller, text: str, times: int = 1) -> bytes:
    """Let the server tell it; what the next poll is to bring."""
    await poller.post(f'42["m","{text}",{times}]')
    return f'42["told","{text * times}"]'.encode()


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
@pytest.mark.parametrize("times", [1, 400])
async def test_a_long_body_is_coded_as_the_client_takes_it(poller: Poller, coding: str, times: int) -> None:
    told = await tell(poller, LONG, times)

    answer = await poller.get(accept_encoding=f"{coding};q=0.7, deflate, identity;q=0.1", origin="http://a.b")
    body = await answer.read()

    assert answer.headers["Content-Encoding"] == coding
    assert "Accept-Encoding" in answer.headers.getall("Vary")
    assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert int(answer.headers["Content-Length"]) == len(body) < len(told) / 5
    assert decode(coding, body) == told


@pytest.mark.parametrize("accepted", [None, "", "deflate", "gzip;q=0", "identity", "gzip;q=x"])
async def test_who_takes_no_coding_gets_none(poller: Poller, accepted: str | None) -> None:
    told = await tell(poller, LONG)

    answer = await poller.get(**({} if accepted is None else {"accept_encoding": accepted}))

    assert "Content-Encoding" not in answer.headers
    assert "Accept-Encoding" in answer.headers.getall("Vary")
    assert await answer.read() == told


async def test_a_body_below_the_threshold_is_not_coded(poller: Poller) -> None:
    filling = THRESHOLD - len(b'42["told",""]')

    for size, coding in ((filling - 1, None), (filling, "gzip")):
        await tell(poller, "x" * size)
        answer = await poller.get(accept_encoding="gzip")
        assert answer.headers.get("Content-Encoding") == coding


async def test_it_can_be_turned_off(serve: Serve, http: ClientSession) -> None:
    poller = await entered(serve, http, Limits(min_coded_bytes=None))
    told = await tell(poller, LONG)

    answer = await poller.get(accept_encoding="gzip")

    assert "Content-Encoding" not in answer.headers
    assert await answer.read() == told
