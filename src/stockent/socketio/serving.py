"""Put Socket.IO servers, and any other ASGI application, on one port under uvicorn."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from types import FrameType
from typing import Any

import uvicorn

from .addresses import Proxies
from .door import Door, OpenDoor
from .engine import Engine
from .front import Arrivals, Front
from .handshake import websocket_protocol
from .heads import HeadWatch
from .polling import Polling, Receive, Scope, Send
from .server import Server

#: Any ASGI application; frameworks disagree about the types of its three arguments.
App = Callable[..., Awaitable[None]]


class Router:
    """The ASGI application of the port: polling at each engine's path, everything else to `app`.

    Whoever looks at `scope["client"]` finds there whom a trusted proxy names.
    """

    def __init__(self, engines: Sequence[Engine], app: App | None, proxies: Proxies) -> None:
        self._polling = {engine.path.removesuffix("/"): Polling(engine) for engine in engines}
        self._app = app or _not_found
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        forwarded = [value for name, value in scope.get("headers", ()) if name == b"x-forwarded-for"]
        if forwarded:
            peer, port = scope.get("client") or ("", 0)
            scope["client"] = (self._proxies.client(peer, b",".join(forwarded).decode("latin-1")), port)
        polling = self._polling.get(scope["path"].removesuffix("/")) if scope["type"] == "http" else None
        await (polling or self._app)(scope, receive, send)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


class Listener(uvicorn.Server):
    """uvicorn's server. On SIGTERM or SIGINT `before_stop` runs first, while connections still stand.

    A second signal ends the process at once, as a signal does that nobody handles.
    """

    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._before_stop = before_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End `serve` by returning: uvicorn would raise the signal again, before the caller has closed its own."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self.should_exit = True

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        # First of all, so that the next process finds the port free.
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        await self._before_stop()
        await super().shutdown(sockets)

    @property
    def port(self) -> int:
        """The port that it listens on, also where the configuration said 0."""
        return int(self.servers[0].sockets[0].getsockname()[1])


def listener(
    engines: Sequence[Engine],
    *,
    host: str,
    port: int,
    before_stop: Callable[[], Awaitable[None]],
    app: App | None = None,
    proxies: Proxies | None = None,
    door: Door | None = None,
) -> Listener:
    """A listener for these engines and `app` on one port; run it by `await listener.serve()`.

    `proxies`: whose `X-Forwarded-For` is believed, by default this machine's. `door` judges TCP connections, those of
    the engines judge sessions.
    """
    proxies = proxies or Proxies()
    door = door or OpenDoor()
    config = uvicorn.Config(
        Router(engines, app, proxies),
        host=host,
        port=port,
        http=partial(Front, HeadWatch(engines[0].limits), door, Arrivals()),  # type: ignore[arg-type] # any protocol factory
        ws=websocket_protocol(engines, proxies, door),  # type: ignore[arg-type] # uvicorn takes any protocol factory
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        # It would know of HTTP requests only; `Router` and `websocket_protocol` ask the same `Proxies`.
        proxy_headers=False,
        backlog=4_096,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=5,
    )
    return Listener(config, before_stop)


def tune_collector() -> None:
    """Let the garbage collector look less often, and never again at what is there now. Call it once all is built.

    A server holds tens of thousands of objects that live for hours; with Python's defaults a quarter of its time
    went into walking over them (500 pairs talking: 8.0 k messages/s before, 11.5 k after).

    No look at what is young holds the loop up for long: while 10,000 sockets are opened the longest took 12 - 16 ms,
    with 50,000 of the youngest at once 22 - 26 (three runs each, in turns, for the same CPU per connection). The whole
    is looked at only when 150 million objects more are kept.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 2, 5_000)


async def serve(server: Server, *, host: str = "127.0.0.1", port: int = 3000, app: App | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Port 0 takes a free one."""
    await server.start()
    tune_collector()
    await listener([server.engine], host=host, port=port, app=app, before_stop=server.stop).serve()


def run(server: Server, *, host: str = "127.0.0.1", port: int = 3000, app: App | None = None) -> None:
    """As `serve`, for a program that has no event loop yet; takes uvloop's where there is one."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(server, host=host, port=port, app=app))
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(server, host=host, port=port, app=app))
