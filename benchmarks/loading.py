"""Runs the load generator on its core against a server that is there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from .processes import pinned
from .toolchain import LOADGEN

GENERATOR_CORE = 1
_RUN_TIMEOUT_S = 300


def load(arguments: Sequence[str], *, port: int, server_pid: str) -> dict[str, Any]:
    """The generator's result. Raises RuntimeError with its words when it gives up."""
    command = [str(LOADGEN), *arguments, "--port", str(port), "--server-pid", server_pid]
    done = subprocess.run(
        pinned(command, GENERATOR_CORE), capture_output=True, text=True, timeout=_RUN_TIMEOUT_S, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-600:] or f"the load generator ended with {done.returncode}")
    if done.stderr:
        print(done.stderr.strip(), file=sys.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result
