"""The comparison server in Python: python-socketio on uvicorn with uvloop, doing what every peer does.

Commands: `join` enters a room, `say` sends a text to everyone in a room; both are acknowledged with nothing.
"""

from __future__ import annotations

import asyncio
import socket
import sys

import socketio  # type: ignore[import-untyped] # it carries no types
import uvicorn

server = socketio.AsyncServer(async_mode="asgi")


async def join(sid: str, room: str) -> tuple[()]:
    await server.enter_room(sid, room)
    return ()


async def say(_sid: str, room: str, text: str) -> tuple[()]:
    await server.emit("message", text, to=room)
    return ()


server.on("join", handler=join)
server.on("say", handler=say)


async def main() -> None:
    config = uvicorn.Config(
        socketio.ASGIApp(server),
        log_level="warning",
        access_log=False,
        ws_per_message_deflate="--deflate" in sys.argv,
        backlog=4096,
    )
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print("listening", listener.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
