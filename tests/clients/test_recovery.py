"""Connection state recovery with the clients of other makers, unmodified.

`node/recovery.mjs` drives the JavaScript client; each of its lines is one test here. python-socketio knows nothing of
recovery, and must not notice that others use it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio  # type: ignore[import-untyped] # it carries no types
import uvloop
from aiohttp import ClientSession

from stockent.socketio import ConnectError, Limits, Reason, Server, Socket
from tests.socketio.serving import running
from tests.waiting import poll_until

from .node_client import Report, drive

TRANSPORTS = ["websocket", "polling", "polling, then websocket"]
SCENARIOS = [
    "is recovered with what it missed, in order, whatever happened to it",
    "is recovered again and again",
    "hears nothing twice when it is cut while much is on its way",
    "hears large and binary events that it missed",
    "is not recovered after it left or was sent away",
    "is not recovered, and hears nothing of it, when its time was over",
    "is refused with a token that does not hold any more, and recovered with a new one",
    "is handed no offset where it says that it has no use for one",
]


def make_server() -> Server:
    server = Server(limits=Limits(recovery_window_s=60.0))
    main = server.of("/")

    @main.use
    async def admit(socket: Socket) -> None:
        if socket.auth.get("token") != "good":
            raise ConnectError("not you")

    def cut(socket_id: str) -> None:
        server.engine.close(main.sockets[socket_id].connection, Reason.TRANSPORT_ERROR)

    @main.on("join")
    def join(socket: Socket, room: str) -> bool:
        socket.join(room)
        return True

    @main.on("tell")
    def tell(socket: Socket, room: str, *whats: Any) -> bool:
        for what in whats:
            main.to(room).emit("told", what)
        return True

    @main.on("cut")
    def cut_one(socket: Socket, socket_id: str) -> bool:
        cut(socket_id)
        return True

    @main.on("tell and cut")
    async def tell_and_cut(socket: Socket, room: str, whats: list[int], socket_id: str) -> None:
        for what in whats:
            if what == 2 * len(whats) // 3:
                cut(socket_id)
            main.to(room).emit("told", what)
            if what % 10 == 0:
                await asyncio.sleep(0)

    @main.on("end me")
    def end(socket: Socket) -> None:
        socket.disconnect()

    @main.on("let time pass")
    def let_time_pass(socket: Socket) -> bool:
        assert main.recovery is not None
        main.recovery.expire(now=asyncio.get_running_loop().time() + 1_000.0)
        return True

    return server


@pytest.fixture(scope="module")
def report(javascript_client: None) -> Report:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(drive("recovery.mjs", make_server()))


@pytest.mark.node
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("transports", TRANSPORTS)
def test_the_javascript_client(report: Report, transports: str, scenario: str) -> None:
    assert (transports, scenario) in report, "not run"
    error = report[transports, scenario]
    assert error is None, error


@pytest.mark.node
def test_every_scenario_is_looked_at(report: Report) -> None:
    assert set(report) == {(transports, scenario) for transports in TRANSPORTS for scenario in SCENARIOS}


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
async def test_a_handler_in_python_gets_its_arguments_and_no_more(transports: list[str]) -> None:
    heard: list[Any] = []

    async with running(make_server()) as endpoint, ClientSession() as http:
        client = socketio.AsyncClient(reconnection=False, http_session=http)

        @client.on("told")  # type: ignore[untyped-decorator]
        def told(what: Any) -> None:
            heard.append(what)

        await client.connect(endpoint.origin, auth={"token": "good"}, transports=transports)
        try:
            await client.call("join", "kitchen")
            await client.call("tell", ("kitchen", 1, {"two": 2}))
            await poll_until(lambda: len(heard) == 2)
        finally:
            await client.disconnect()

    assert heard == [1, {"two": 2}]
