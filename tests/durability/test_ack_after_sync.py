"""Nothing of a message leaves the server before it is on disk: seen from outside, at its system calls."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import aiohttp
import pytest

from stockent.check.clients import POLLING, WEBSOCKET, Device
from stockent.check.scene import message
from tests.gateway.child import Child, serving

from .watching import Watch, needs_watch, sent, sent_unsynced

SENDS_EACH = 25
#: A server that syncs nothing: what the watch must find out.
UNSYNCED = """
import stockent.store.connect as connect
import stockent.store.sqlite as sqlite
opened = connect.connect_writer
def unsynced(path):
    connection = opened(path)
    connection.execute("PRAGMA synchronous = OFF")
    return connection
sqlite.connect_writer = unsynced
from stockent.cli import main
main()
"""


async def talk(child: Child, http: aiohttp.ClientSession) -> set[str]:
    """Two people, by socket over both transports and by HTTP, many at once; returns the marks of what was acked."""
    ann, ben = await child.device("ann", WEBSOCKET, http), await child.device("ben", POLLING, http)
    made = await ann.person.done("POST", "/api/conversations", {"participantIds": ["ben"]}, status=201)
    path = f"/api/conversations/{made['id']}/messages"
    numbers = itertools.count()
    acked: set[str] = set()

    async def send(device: Device, *, over_http: bool) -> None:
        for _ in range(SENDS_EACH):
            mark = f"mark-{next(numbers):08}"
            body = message(mark)
            if over_http:
                await device.person.done("POST", path, body, status=201)
            else:
                await device.done("send_message", conversationId=made["id"], **body)
            acked.add(mark)

    ways = [(device, over_http) for device in (ann, ben) for over_http in (False, True)]
    await asyncio.gather(*(send(device, over_http=over_http) for device, over_http in ways for _ in range(3)))
    await asyncio.gather(ann.close(), ben.close())
    return acked


@needs_watch
async def test_each_ack_and_each_event_follows_the_sync_of_its_commit(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    async with serving(tmp_path / "data", **watch.environ) as child, aiohttp.ClientSession() as http:
        acked = await talk(child, http)
    lines = watch.lines()
    assert len(acked) == 12 * SENDS_EACH
    assert acked <= sent(lines), "the watch saw what was sent"
    assert lines.count("S") > SENDS_EACH
    assert sent_unsynced(lines) == set()


@needs_watch
async def test_the_watch_finds_a_server_that_does_not_sync(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    async with (
        serving(tmp_path / "data", program=("-c", UNSYNCED), **watch.environ) as child,
        aiohttp.ClientSession() as http,
    ):
        acked = await talk(child, http)
    assert acked <= sent_unsynced(watch.lines())


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["W a", "S", "O a"], set()),
        (["W a", "O a", "S"], {"a"}),
        (["S", "W a", "O a"], {"a"}),
        (["O a", "W a", "S"], {"a"}),
        (["W a", "W b", "S", "O b", "W c", "O a"], set()),
        (["W a", "S", "W b", "O a", "O b"], {"b"}),
    ],
)
def test_the_order_is_judged_for_each_mark(lines: list[str], found: set[str]) -> None:
    assert sent_unsynced(lines) == found
