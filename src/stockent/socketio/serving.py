"""Put Socket.IO servers, and any other ASGI application, on one port under uvicorn."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from types import FrameType
from typing import Any

import uvicorn
from httptools import HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from .engine import Engine
from .polling import Polling, Receive, Scope, Send
from .server import Server
from .websocket import websocket_protocol

#: Any ASGI application; frameworks disagree about the types of its three arguments.
App = Callable[..., Awaitable[None]]


class Router:
    """The ASGI application of the port: polling at each engine's path, everything else to `app`."""

    def __init__(self, engines: Sequence[Engine], app: App | None) -> None:
        self._polling = {engine.path.removesuffix("/"): Polling(engine) for engine in engines}
        self._app = app or _not_found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        polling = self._polling.get(scope["path"].removesuffix("/")) if scope["type"] == "http" else None
        await (polling or self._app)(scope, receive, send)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


class _HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with two differences in how a WebSocket begins.

    A head that comes in one piece goes to picows as it came: uvicorn would take it apart and put it together again
    (13 % of the cost of a connection). And bytes right behind an upgrade request are refused, not dropped: a client
    must wait for the answer (RFC 6455, section 4.1).
    """

    _received = b""

    def data_received(self, data: bytes) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None and self.ws_protocol_class is not None and _is_upgrade_head(data):
            self._hand_over(data)
            return
        self._received = data
        super().data_received(data)
        self._received = b""

    def _hand_over(self, head: bytes) -> None:
        self.connections.discard(self)
        self._unset_keepalive_if_required()
        protocol: Any = self.ws_protocol_class(  # type: ignore[misc, call-arg] # any protocol factory
            config=self.config, server_state=self.server_state, app_state=self.app_state
        )
        protocol.connection_made(self.transport)
        protocol.data_received(head)
        self.transport.set_protocol(protocol)

    def handle_websocket_upgrade(self) -> None:
        upgrade = sys.exception()
        if isinstance(upgrade, HttpParserUpgrade) and upgrade.args[0] < len(self._received):
            self.send_400_response("Bytes behind an upgrade request.")
        else:
            super().handle_websocket_upgrade()


def _is_upgrade_head(data: bytes) -> bool:
    """A whole request head and nothing behind it, that asks for a WebSocket. A wrong no only takes the longer way."""
    return (
        data.startswith(b"GET ")
        and data.find(b"\r\n\r\n") == len(data) - 4
        and b"\r\nupgrade: websocket\r\n" in data.lower()
    )


class Listener(uvicorn.Server):
    """uvicorn's server. On SIGTERM or SIGINT `before_stop` runs first, while connections still stand."""

    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._before_stop = before_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End `serve` by returning: uvicorn would raise the signal again, before the caller has closed its own."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        for server in self.servers:
            server.close()
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
) -> Listener:
    """A listener for these engines and `app` on one port; run it by `await listener.serve()`."""
    config = uvicorn.Config(
        Router(engines, app),
        host=host,
        port=port,
        http=_HttpProtocol,
        ws=websocket_protocol(engines),  # type: ignore[arg-type] # uvicorn takes any protocol factory
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=4_096,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=5,
    )
    return Listener(config, before_stop)


def tune_collector() -> None:
    """Let the garbage collector look less often, and never again at what is there now. Call it once all is built.

    A server holds tens of thousands of objects that live for hours; with Python's defaults a quarter of its time
    went into walking over them (500 pairs talking: 8.0 k messages/s before, 11.5 k after).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


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
