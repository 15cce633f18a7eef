"""Runs Socket.IO servers inside the test: on 127.0.0.1, on a port that the system chose, until the block ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from stockent.socketio import Door, Proxies, Server, Socket, listener
from stockent.socketio.engine import Engine
from stockent.socketio.serving import App
from tests.waiting import poll_until


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens. `path` is that of the engine spoken to."""

    port: int
    path: str = "/socket.io/"

    def at(self, path: str) -> Endpoint:
        return Endpoint(self.port, path)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def http(self, query: str) -> str:
        return f"{self.origin}{self.path}?{query}"

    def ws(self, query: str) -> str:
        return f"ws://127.0.0.1:{self.port}{self.path}?{query}"


def is_polled(socket: Socket) -> bool:
    """Does a GET wait at the server for this socket's packets?"""
    link: Any = socket.connection.link
    return link.poll is not None


@asynccontextmanager
async def running(
    server: Server,
    *engines: Engine,
    app: App | None = None,
    port: int = 0,
    proxies: Proxies | None = None,
    door: Door | None = None,
) -> AsyncIterator[Endpoint]:
    """Serve until the block ends, without uvicorn's signal handlers and its tick of 100 ms."""

    async def stop() -> None:
        for engine in engines:
            engine.stop()
        await server.stop(timeout_s=2.0)

    port_listener = listener(
        [server.engine, *engines],
        host="127.0.0.1",
        port=port,
        app=app,
        before_stop=stop,
        proxies=proxies,
        door=door,
    )
    config = port_listener.config
    config.load()
    port_listener.lifespan = config.lifespan_class(config)
    await server.start()
    await port_listener.startup()
    try:
        yield Endpoint(port_listener.port, server.engine.path)
    finally:
        for tcp_server in port_listener.servers:
            tcp_server.close()
        await stop()
        connections = port_listener.server_state.connections
        for connection in tuple(connections):
            connection.shutdown()
        await poll_until(lambda: not connections)
