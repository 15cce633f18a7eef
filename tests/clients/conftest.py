"""The JavaScript client from npm, which is installed where it is missing."""

from __future__ import annotations

import subprocess

import pytest

from .node_client import NODE_DIRECTORY, program


@pytest.fixture(scope="session")
def javascript_client() -> None:
    """`socket.io-client` is in `node_modules`, after `npm ci` if need be."""
    if not (NODE_DIRECTORY / "node_modules" / "socket.io-client").is_dir():
        install = [program("npm"), "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=NODE_DIRECTORY, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"npm ci in {NODE_DIRECTORY.name} failed:\n{done.stderr}", pytrace=False)
