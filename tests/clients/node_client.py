"""Runs a program of `node/` against a server. Its lines say what became of each scenario."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stockent.socketio import Server
from tests.socketio.serving import running

NODE_DIRECTORY = Path(__file__).parent / "node"
WITHIN_S = 60

#: (transports, scenario) → None, or the error.
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


async def drive(script: str, server: Server) -> Report:
    async with running(server) as endpoint:
        process = await asyncio.create_subprocess_exec(
            program("node"),
            script,
            endpoint.origin,
            cwd=NODE_DIRECTORY,
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
    lines = [json.loads(line) for line in output.decode().splitlines()]
    return {(line["transports"], line["scenario"]): line["error"] for line in lines}
