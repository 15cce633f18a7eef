"""This project's Socket.IO server alone, `stockent.socketio`, doing what every peer does.

Commands: `join` enters a room, `say` sends a text to everyone in a room; both are acknowledged with nothing.
"""

from __future__ import annotations

import socket

import uvloop

from stockent.socketio import Server, Socket, listener

server = Server()
root = server.of("/")


@root.on("join")
def join(member: Socket, room: str) -> tuple[()]:
    member.join(room)
    return ()


@root.on("say")
def say(_member: Socket, room: str, text: str) -> tuple[()]:
    root.to(room).emit("message", text)
    return ()


async def main() -> None:
    bound = socket.create_server(("127.0.0.1", 0), backlog=4096)
    host, port = bound.getsockname()
    await server.start()
    print("listening", port, flush=True)
    await listener([server.engine], host=host, port=port, before_stop=server.stop).serve(sockets=[bound])


if __name__ == "__main__":
    uvloop.run(main())
