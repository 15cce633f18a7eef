"""A server as a child process, for the check that starts from nothing.

It gets a free port, a new secret and a directory that goes with it. Its last lines are kept, to be shown when
something fails.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import signal
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from .passes import Issuer

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
TAIL_LINES = 25

#: What would make the server another one than the check means to start.
_NOT_INHERITED = frozenset(
    {
        "HOST",
        "PORT",
        "DATABASE_URL",
        "REDIS_URL",
        "JWT_SECRET",
        "JWT_JWKS_URL",
        "JWT_PUBLIC_KEY",
        "JWT_AUDIENCE",
        "JWT_ISSUER",
        "SOCKET_CORS_ORIGIN",
        "FILES_URL",
        "TRUSTED_PROXIES",
        "RATE_LIMITS",
    }
)
_ADDRESS = re.compile(r"http://\S+:[0-9]+")


class StartedServer:
    """`url` and `issuer` are set once it listens."""

    def __init__(self) -> None:
        self.url = ""
        self.issuer = Issuer(secrets.token_urlsafe(48))
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)


class StartFailed(Exception):
    """The server ended or was silent before it listened; the text says which."""


@asynccontextmanager
async def started(server: StartedServer, environ: Mapping[str, str]) -> AsyncIterator[None]:
    """Start it, and stop it whatever happens inside. Raises `StartFailed`."""
    with tempfile.TemporaryDirectory(prefix="stockent-check-", ignore_cleanup_errors=True) as directory:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "stockent",
            "serve",
            env=_environment(environ, server.issuer.secret, directory),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        listening: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        reading = asyncio.create_task(_read(child, server, listening))
        try:
            await _until(listening, reading)
            yield
        finally:
            await _stop(child)
            await reading


async def _until(listening: asyncio.Future[None], reading: asyncio.Task[None]) -> None:
    waited_for = (listening, reading)
    await asyncio.wait(waited_for, timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
    if not listening.done():
        raise StartFailed(
            "it ended" if reading.done() else f"it named no address within {START_TIMEOUT_S:g} s"
        )


def _environment(environ: Mapping[str, str], secret: str, directory: str) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name not in _NOT_INHERITED}
    return kept | {
        "HOST": "127.0.0.1",
        "PORT": "0",
        "DATA_DIR": directory,
        "JWT_SECRET": secret,
        "LOG_FORMAT": "console",
        "PYTHONUNBUFFERED": "1",
    }


async def _read(
    child: asyncio.subprocess.Process, server: StartedServer, listening: asyncio.Future[None]
) -> None:
    assert child.stdout is not None
    while line := await child.stdout.readline():
        text = line.decode(errors="replace").rstrip()
        server.tail.append(text)
        if not listening.done() and (address := _ADDRESS.search(text)):
            server.url = address[0]
            listening.set_result(None)


async def _stop(child: asyncio.subprocess.Process) -> None:
    for stop in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            child.send_signal(stop)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await child.wait()
                return
