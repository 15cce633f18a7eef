"""The JavaScript client of Socket.IO from npm, unmodified, over every choice of transports.

`node/scenarios.mjs` drives it; each of its lines is one test here. What is missing in `node_modules` is installed.
"""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from .node_client import Report, drive
from .server import make_server

pytestmark = pytest.mark.node

TRANSPORTS = [
    "websocket",
    "polling",
    "polling, then websocket",
    "websocket with credentials",
    "polling with credentials",
]
SCENARIOS = [
    "connects with auth and is told so",
    "speaks by the transport that it was told to",
    "brings cookie and origin where it has credentials",
    "gets an ack with everything that it sent",
    "answers the server's question",
    "sends and gets binary, at any depth",
    "lives in two namespaces on one connection",
    "is refused with data, and admitted with another token",
    "learns that a namespace does not exist",
    "comes back after the server dropped the connection",
    "does not come back when the server ends its socket",
    "learns that the server ended the whole connection",
    "leaves, and the server is told why",
    "keeps what it sends before it is connected",
    "gets everything in order from the first moment on",
    "is heard in order from the first moment on",
    "sends and gets large messages",
    "compresses large messages over a WebSocket, both ways",
    "is cut off over a message beyond the limit, and comes back",
    "gives up an ack that nobody sends, and hears no late one",
    "is kept alive by pings",
    "hears its rooms and no others",
]


@pytest.fixture(scope="module")
def report(javascript_client: None) -> Report:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(drive("scenarios.mjs", make_server()))


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("transports", TRANSPORTS)
def test_the_javascript_client(report: Report, transports: str, scenario: str) -> None:
    assert (transports, scenario) in report, "not run"
    error = report[transports, scenario]
    assert error is None, error


def test_every_scenario_is_looked_at(report: Report) -> None:
    assert set(report) == {(transports, scenario) for transports in TRANSPORTS for scenario in SCENARIOS}
