"""The echo server that the public test suites of Engine.IO v4 and Socket.IO v5 expect: `python -m stockent.socketio`.

Engine.IO at `/engine.io/` sends every message back. Socket.IO at `/socket.io/` has the namespaces `/` and `/custom`,
answers `message` by `message-back` and acknowledges `message-with-ack`. Pings every 300 ms, for tests.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from . import Limits, Server, Socket, listener
from .connection import Connection
from .engine import Engine

LIMITS = Limits(ping_interval_s=0.3, ping_timeout_s=0.2, max_payload_bytes=1_000_000, connect_timeout_s=1.0)


class Echo:
    """An Engine.IO application: what comes goes back. There is no namespace to connect to, so nothing to wait for."""

    def opened(self, connection: Connection) -> None:
        connection.connect_due = None

    def text(self, connection: Connection, message: str) -> None:
        connection.send_text(b"4" + message.encode())

    def binary(self, connection: Connection, message: bytes) -> None:
        connection.send_binary(message)

    def closed(self, connection: Connection, reason: str) -> None:
        pass


def socketio_echo(limits: Limits = LIMITS) -> Server:
    server = Server(limits=limits)
    for name in ("/", "/custom"):
        namespace = server.of(name)

        @namespace.on_connect
        def connect(socket: Socket) -> None:
            socket.emit("auth", socket.auth)

        @namespace.on("message")
        def message(socket: Socket, *args: Any) -> None:
            socket.emit("message-back", *args)

        @namespace.on("message-with-ack")
        def message_with_ack(socket: Socket, *args: Any) -> tuple[Any, ...]:
            return args

    return server


async def serve_echo(host: str, port: int) -> None:
    server = socketio_echo()
    engine = Engine(Echo(), path="/engine.io/", limits=LIMITS)

    async def stop() -> None:
        engine.stop()
        await server.stop()

    await server.start()
    await listener([server.engine, engine], host=host, port=port, before_stop=stop).serve()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stockent.socketio", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    arguments = parser.parse_args()
    asyncio.run(serve_echo(arguments.host, arguments.port))


if __name__ == "__main__":
    main()
