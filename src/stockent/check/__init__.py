"""`stockent check`: does a server keep its word in real time? Called by the command line; exits non-zero if not.

Without an address it starts a server for itself. It looks from outside, with clients that others made, and imports
nothing of the server, so that a mistake in our own notion of the protocol shows too.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO
from urllib.parse import urlsplit

import aiohttp
from socketio.exceptions import SocketIOError  # type: ignore[import-untyped]

from .failures import StepFailed
from .passes import Issuer
from .plan import STEPS, Run, Step
from .report import Report
from .scene import Scene
from .started import StartedServer, StartFailed, started

__all__ = ["run_check"]

#: A step that hangs fails by then, and the whole check ends by then.
STEP_TIMEOUT_S = 15.0
CHECK_TIMEOUT_S = 90.0

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130

#: What a client meets when nobody answers, and when an answer has not the form that the contract promises.
_SILENCE = (aiohttp.ClientConnectionError, OSError)
_NONSENSE = (aiohttp.ClientError, SocketIOError, LookupError, TypeError, ValueError)


def run_check(url: str | None, *, environ: Mapping[str, str] | None = None, out: TextIO | None = None) -> int:
    """Check the server at `url`, or one that is started for it; prints a table and returns the exit code.

    0: every step passed. 1: a step failed, or the started server did not listen. 2: `url` is none. 130: interrupted.
    With `url`, tokens are signed with JWT_SECRET of `environ` (by default the process's), or come from the demo.
    """
    report = Report(out or sys.stdout, width=max(len(step.title) for step in STEPS))
    if url is not None and not _is_origin(url):
        report.fail(f"--url: expected an address such as http://127.0.0.1:5001, got {url[:200]!r}")
        return UNUSABLE
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        return asyncio.run(_bounded(url, os.environ if environ is None else environ, report))
    report.fail("interrupted")
    return INTERRUPTED


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    rest = parts.path.rstrip("/") + parts.query + parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port_fits and not rest


async def _bounded(url: str | None, environ: Mapping[str, str], report: Report) -> int:
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError, RuntimeError, ValueError):
        # Ctrl-C is the runner's; this one would else leave a started server behind.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await _check(url, environ, report)
    except TimeoutError:
        report.fail(f"not done after {CHECK_TIMEOUT_S:g} s")
        return FAILED
    except StartFailed as failure:
        report.fail(f"the server did not start: {failure}")
        return FAILED
    report.end(time.perf_counter() - begun)
    return FAILED if report.failed else 0


async def _check(url: str | None, environ: Mapping[str, str], report: Report) -> None:
    if url is not None:
        report.begin(url)
        await _run_steps(url.rstrip("/"), Issuer.of(environ), report)
        return
    server = StartedServer()
    try:
        async with started(server, environ):
            report.begin(f"{server.url}, started for it")
            await _run_steps(server.url, server.issuer, report)
    finally:
        if report.failed or not server.url:
            report.log(server.tail)


async def _run_steps(url: str, issuer: Issuer | None, report: Report) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        scene = Scene(url, http, issuer)
        passed: set[Run] = set()
        try:
            for step in STEPS:
                if passed.issuperset(step.needs):
                    await _run_step(step, scene, passed, report)
                else:
                    report.skip_step(step.title)
        finally:
            with suppress(*_SILENCE, *_NONSENSE, StepFailed):
                await scene.leave_nothing()


async def _run_step(step: Step, scene: Scene, passed: set[Run], report: Report) -> None:
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(STEP_TIMEOUT_S) as limit:
            await step.run(scene)
    except StepFailed as failure:
        report.fail_step(step.title, _ms_since(begun), failure.expected, failure.got)
    except TimeoutError:
        waited_s = STEP_TIMEOUT_S if limit.expired() else time.perf_counter() - begun
        report.fail_step(step.title, _ms_since(begun), "an answer", f"none within {waited_s:.0f} s")
    except _SILENCE as error:
        report.fail_step(step.title, _ms_since(begun), f"an answer from {scene.url}", _named(error))
    except _NONSENSE as error:
        report.fail_step(step.title, _ms_since(begun), "answers as the contract has them", _named(error))
    else:
        report.pass_step(step.title, _ms_since(begun))
        passed.add(step.run)


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _ms_since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000
