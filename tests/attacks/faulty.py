"""Faults on request: a server that stalls, leaks, fails or loses, so that the rule can be seen to notice.

`GET /fault/<name>` does one of them. Not an attack of anybody's: no real server has this.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog

from stockent import server
from stockent.http.figures import CountsAnswers
from stockent.socketio import Server
from stockent.socketio.broker import Action, Broadcast, LocalBroker

STALL_S = 0.25
LEAKED_BYTES = 100_000_000

_kept: list[Any] = []
_losing: list[asyncio.Future[None]] = []


def stall() -> None:
    end = time.thread_time() + STALL_S
    while time.thread_time() < end:
        pass


def leak_descriptors() -> None:
    _kept.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(20))


def leak_tasks() -> None:
    _kept.extend(asyncio.create_task(asyncio.Event().wait()) for _ in range(20))


def leak_memory() -> None:
    _kept.append(b"x" * LEAKED_BYTES)


def log_an_error() -> None:
    structlog.get_logger("stockent.faulty").error("something_broke")


def print_a_traceback() -> None:
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)


async def lose_a_message() -> None:
    """The next one that is to be delivered to a room."""
    lost = asyncio.get_running_loop().create_future()
    _losing.append(lost)
    await lost


FAULTS: dict[str, Callable[[], Awaitable[None] | None]] = {
    each.__name__: each
    for each in (
        stall,
        leak_descriptors,
        leak_tasks,
        leak_memory,
        log_an_error,
        print_a_traceback,
        lose_a_message,
    )
}


class LosingBroker(LocalBroker):
    def publish(self, broadcast: Broadcast) -> None:
        if _losing and broadcast.action is Action.EMIT and broadcast.args[0] == "message_received":
            _losing.pop().set_result(None)
            return
        super().publish(broadcast)


class FaultyApp:
    """In front of the whole HTTP side, and counted with it."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        _, _, name = scope["path"].partition("/fault/")
        if not name:
            await self._app(scope, receive, send)
            return
        doing = FAULTS[name]() if name in FAULTS else None
        if doing is not None:
            await doing
        await send({"type": "http.response.start", "status": 500 if name == "fail" else 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def install() -> None:
    names = vars(server)
    create_app = names["create_app"]
    names["Server"] = partial(Server, broker=LosingBroker())

    def create_faulty(*args: Any, **kwargs: Any) -> Any:
        return CountsAnswers(FaultyApp(create_app(*args, **kwargs)), kwargs["answers"])

    names["create_app"] = create_faulty
