"""The server that the clients of other makers are driven against: something of everything that a client can do."""

from __future__ import annotations

import asyncio
from typing import Any

from stockent.socketio import ConnectError, Limits, Reason, Server, Socket

LIMITS = Limits(ping_interval_s=0.25, ping_timeout_s=5.0, max_payload_bytes=1_000_000)
COUNTED = 1_000


class Notes:
    """What a socket noted, kept as its `data`."""

    def __init__(self) -> None:
        self.noted: list[Any] = []


def make_server() -> Server:
    server = Server(limits=LIMITS, origins=["http://app.example"])
    add_main(server)
    add_custom(server)
    add_guarded(server)
    add_counting(server)
    return server


def add_main(server: Server) -> None:
    main = server.of("/")
    reasons: dict[str, str] = {}

    @main.on_connect
    def connect(socket: Socket) -> None:
        socket.data = Notes()
        socket.emit("auth", socket.auth)

    @main.on_disconnect
    def disconnect(socket: Socket, reason: str) -> None:
        reasons[socket.id] = reason

    @main.on("echo")
    def echo(socket: Socket, *args: Any) -> tuple[Any, ...]:
        return args

    @main.on("headers")
    def headers(socket: Socket) -> dict[str, str]:
        return dict(socket.request.headers)

    @main.on("ask-me")
    async def ask_me(socket: Socket, *args: Any) -> dict[str, Any]:
        answer, seven = await socket.call("question", *args, timeout_s=5)
        return {"sum": answer, "seven": seven}

    @main.on("send-binary")
    def send_binary(socket: Socket) -> None:
        socket.emit("binary", {"deep": [{"er": b"\x01\x02\x03"}]}, b"")

    @main.on("note")
    def note(socket: Socket, what: Any) -> None:
        socket.data.noted.append(what)

    @main.on("noted")
    def noted(socket: Socket) -> tuple[Any, ...]:
        return tuple(socket.data.noted)

    @main.on("drop-me")
    def drop(socket: Socket) -> None:
        server.engine.close_soon(socket.connection, Reason.SLOW_READER)

    @main.on("end-me")
    def end(socket: Socket, whole: bool) -> None:
        socket.disconnect(close=whole)

    @main.on("reason-of")
    async def reason_of(socket: Socket, socket_id: str) -> str:
        while socket_id not in reasons:
            await asyncio.sleep(0.005)
        return reasons[socket_id]

    @main.on("join")
    def join(socket: Socket, room: str) -> None:
        socket.join(room)

    @main.on("tell")
    def tell(socket: Socket, room: str, what: Any) -> None:
        socket.to(room).emit("told", what)


def add_custom(server: Server) -> None:
    @server.of("/custom").on_connect
    def connect(socket: Socket) -> None:
        socket.emit("auth", socket.auth)


def add_guarded(server: Server) -> None:
    guarded = server.of("/guarded")

    @guarded.use
    async def authenticate(socket: Socket) -> None:
        if socket.auth.get("token") != "good":
            raise ConnectError("not you", {"code": "auth_invalid"})
        socket.data = "ann"

    @guarded.on("whoami")
    def whoami(socket: Socket) -> Any:
        return socket.data


def add_counting(server: Server) -> None:
    """Emits while the client is still upgrading."""

    @server.of("/counting").on_connect
    async def count(socket: Socket) -> None:
        for number in range(COUNTED):
            socket.emit("n", number, b"x" * (number % 3))
            if number % 5 == 0:
                await asyncio.sleep(0)
        socket.emit("done")
