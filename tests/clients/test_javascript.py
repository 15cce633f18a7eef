"""The JavaScript client of Socket.IO from npm, unmodified, over every choice of transports.

`node/scenarios.mjs` drives it; each of its lines is one test here. What is missing in `node_modules` is installed.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import uvloop

from tests.socketio.serving import running

from .server import make_server

pytestmark = pytest.mark.node

NODE_DIRECTORY = Path(__file__).parent / "node"
WITHIN_S = 60

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

Report = dict[tuple[str, str], str | None]


def program(name: str) -> str:
    """The path of `node` or `npm`: beside this Python, where the setup may have put it, or on the PATH."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which(name, path=places)
    if found is None:
        pytest.fail(
            f"{name} is needed for the tests with the JavaScript client; `make test` brings it", pytrace=False
        )
    return found


@pytest.fixture(scope="session")
def client_directory() -> Path:
    """Where `socket.io-client` is installed, after `npm ci` if need be."""
    if not (NODE_DIRECTORY / "node_modules" / "socket.io-client").is_dir():
        install = [program("npm"), "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=NODE_DIRECTORY, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"npm ci in {NODE_DIRECTORY.name} failed:\n{done.stderr}", pytrace=False)
    return NODE_DIRECTORY


@pytest.fixture(scope="module")
def report(client_directory: Path) -> Report:
    """What became of each scenario: (transports, scenario) → None, or the error."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        output = runner.run(run_scenarios(client_directory))
    lines = [json.loads(line) for line in output.splitlines()]
    return {(line["transports"], line["scenario"]): line["error"] for line in lines}


async def run_scenarios(directory: Path) -> str:
    async with running(make_server()) as endpoint:
        process = await asyncio.create_subprocess_exec(
            program("node"),
            "scenarios.mjs",
            endpoint.origin,
            cwd=directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(WITHIN_S):
                output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert process.returncode == 0, errors.decode()
    return output.decode()


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("transports", TRANSPORTS)
def test_the_javascript_client(report: Report, transports: str, scenario: str) -> None:
    assert (transports, scenario) in report, "not run"
    error = report[transports, scenario]
    assert error is None, error


def test_every_scenario_is_looked_at(report: Report) -> None:
    assert set(report) == {(transports, scenario) for transports in TRANSPORTS for scenario in SCENARIOS}
