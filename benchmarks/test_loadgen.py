"""Does the load generator notice what it must? It is run against servers that do their work wrongly on purpose.

Not part of `make test`, as it compiles C; run it by `pytest benchmarks`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.extensions.base import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.typing import ExtensionParameter

from stockent.socketio import Limits, Namespace, Server, Socket, listener

from .toolchain import LOADGEN, compile_all, compile_loadgen, has_zlib

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
needs_zlib = pytest.mark.skipif(shutil.which("cc") is not None and not has_zlib(), reason="needs zlib1g-dev")
TRANSPORTS = ("websocket", "polling")

Say = Callable[[Namespace, str, str], Any]


def in_order(root: Namespace, room: str, text: str) -> tuple[()]:
    root.to(room).emit("message", text)
    return ()


@asynccontextmanager
async def serving(say: Say, limits: Limits | None = None) -> AsyncIterator[int]:
    server = Server(limits=limits or Limits())
    root = server.of("/")

    @root.on("join")
    def join(member: Socket, room: str) -> tuple[()]:
        member.join(room)
        return ()

    @root.on("say")
    def on_say(_member: Socket, room: str, text: str) -> Any:
        return say(root, room, text)

    bound = socket.create_server(("127.0.0.1", 0))
    host, port = bound.getsockname()
    await server.start()
    uvicorn = listener([server.engine], host=host, port=port, before_stop=server.stop)
    task = asyncio.create_task(uvicorn.serve(sockets=[bound]))
    try:
        yield port
    finally:
        uvicorn.should_exit = True
        await task


async def loadgen(*arguments: str) -> tuple[int, bytes, bytes]:
    compile_all()
    process = await asyncio.create_subprocess_exec(
        str(LOADGEN), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out, errors


async def result_of(say: Say, *arguments: str, limits: Limits | None = None) -> dict[str, Any]:
    async with serving(say, limits) as port:
        status, out, errors = await loadgen(
            *arguments, "--port", str(port), "--join", "join", "--duration", "0.3", "--warmup", "0.1"
        )
    assert status == 0, errors
    result: dict[str, Any] = json.loads(out)
    return result


def every_tenth(act: Callable[[Namespace, str, str], None]) -> Say:
    """A server that serves well, but does something else with each tenth message."""
    count = 0

    def say(root: Namespace, room: str, text: str) -> tuple[()]:
        nonlocal count
        count += 1
        if count % 10:
            return in_order(root, room, text)
        act(root, room, text)
        return ()

    return say


@pytest.mark.parametrize("payload_bytes", [64, 1_000, 70_000])
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_sound_server_is_found_sound_with_packets_of_every_length(
    payload_bytes: int, transport: str
) -> None:
    result = await result_of(
        in_order, "pairs", "--sockets", "6", "--payload", str(payload_bytes), "--transport", transport
    )
    assert result["sound"]
    assert result["wire"]["inflated_bytes"] == result["wire"]["received_bytes"]
    assert result["ack_ms"]["count"] > 0
    assert result["receipt_ms"]["count"] > 0


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_fanout_counts_a_delivery_for_each_socket_and_message(transport: str) -> None:
    result = await result_of(in_order, "fanout", "--sockets", "20", "--window", "4", "--transport", transport)
    assert result["sound"]
    assert result["deliveries_per_s"] == pytest.approx(20 * result["messages_per_s"], rel=0.2)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(("mode", "sockets"), [("pairs", 10), ("single", 2)])
async def test_a_fixed_rate_is_kept(mode: str, sockets: int, transport: str) -> None:
    result = await result_of(
        in_order, mode, "--sockets", str(sockets), "--rate", "300", "--transport", transport
    )
    assert result["sound"]
    due = 300 * result["duration_s"]
    assert result["generator"]["late_ms"]["count"] == pytest.approx(due, abs=2)
    assert result["ack_ms"]["count"] == pytest.approx(due, abs=2)
    assert result["receipt_ms"]["count"] == pytest.approx(due, abs=2)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_message_delivered_twice_is_told(transport: str) -> None:
    def twice(root: Namespace, room: str, text: str) -> None:
        in_order(root, room, text)
        in_order(root, room, text)

    result = await result_of(every_tenth(twice), "pairs", "--sockets", "2", "--transport", transport)
    assert not result["sound"]
    assert result["faults"]["repeated"] > 0


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_message_acknowledged_but_not_delivered_is_told(transport: str) -> None:
    result = await result_of(
        every_tenth(lambda root, room, text: None), "pairs", "--sockets", "2", "--transport", transport
    )
    assert not result["sound"]
    assert result["faults"]["skipped"] > 0
    assert result["faults"]["lost"] > 0


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_message_in_a_foreign_room_is_told(transport: str) -> None:
    def elsewhere(root: Namespace, room: str, text: str) -> None:
        root.to("pair-0", "pair-1").emit("message", text)

    result = await result_of(every_tenth(elsewhere), "pairs", "--sockets", "4", "--transport", transport)
    assert not result["sound"]
    assert result["faults"]["misdelivered"] > 0


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_refusing_ack_is_told(transport: str) -> None:
    result = await result_of(
        lambda root, room, text: {"ok": False, "error": {}},
        "pairs",
        "--sockets",
        "2",
        "--transport",
        transport,
    )
    assert not result["sound"]
    assert result["faults"]["refused"] > 0


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_disconnects_is_told(transport: str) -> None:
    def drop(root: Namespace, room: str, text: str) -> None:
        root.to(room).disconnect()

    result = await result_of(every_tenth(drop), "pairs", "--sockets", "2", "--transport", transport)
    assert not result["sound"]
    assert result["faults"]["disconnected"] > 0


@pytest.mark.parametrize("host", ["8.8.8.8", "0.0.0.0", "localhost", "10.0.0.1"])
async def test_it_connects_to_nothing_but_loopback(host: str) -> None:
    status, out, errors = await loadgen("connect", "--host", host, "--port", "1")
    assert status == 2
    assert not out
    assert b"127.0.0.0/8" in errors


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_idle_sockets_answer_heartbeats_and_their_cost_is_told(transport: str) -> None:
    limits = Limits(ping_interval_s=0.1, ping_timeout_s=0.2)
    process = str(os.getpid())
    async with serving(in_order, limits) as port:
        status, out, errors = await loadgen(
            *("idle", "--sockets", "5", "--port", str(port), "--hold", "0.5"),
            *("--server-pid", process, "--transport", transport),
        )
    assert status == 0, errors
    assert json.loads(out)["server"]["memory_bytes"] > 1_000_000


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_opening_is_measured_over_either_transport(transport: str) -> None:
    async with serving(in_order) as port:
        status, out, errors = await loadgen(
            "connect", "--sockets", "20", "--port", str(port), "--transport", transport
        )
    assert status == 0, errors
    assert json.loads(out)["open_ms"]["count"] == 20


async def test_other_events_are_counted_beside_deliveries() -> None:
    def notify_too(root: Namespace, room: str, text: str) -> tuple[()]:
        root.to(room).emit("new_message_notification", text)
        return in_order(root, room, text)

    result = await result_of(notify_too, "pairs", "--sockets", "4")
    assert result["sound"]
    assert result["other_events_per_s"] == pytest.approx(result["deliveries_per_s"], rel=0.1)


@contextmanager
def a_parent_whose_child_works() -> Iterator[tuple[int, int]]:
    program = "import os\nchild = os.fork()\nif child: print(child, flush=True); os.wait()\nwhile True: pass"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as parent:
        try:
            assert parent.stdout is not None
            yield parent.pid, int(parent.stdout.readline())
        finally:
            os.killpg(parent.pid, signal.SIGKILL)


async def test_a_process_counts_with_its_children() -> None:
    with a_parent_whose_child_works() as (parent, _child):
        result = await result_of(in_order, "pairs", "--sockets", "2", "--server-pid", str(parent))
    assert result["server"]["cpu_share"] > 0.1


async def test_several_processes_count_together() -> None:
    with a_parent_whose_child_works() as (_, working), a_parent_whose_child_works() as (_, other):
        together = await result_of(
            in_order, "pairs", "--sockets", "2", "--server-pid", f"{working},{other},{os.getpid()}"
        )
    assert together["server"]["cpu_share"] > 0.2


# compression


@needs_zlib
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_compression_spares_bytes_and_changes_no_message(transport: str) -> None:
    result = await result_of(
        *(in_order, "fanout", "--sockets", "5", "--payload", "4096", "--deflate", "--transport", transport),
        limits=Limits(min_deflated_bytes=1_024, min_coded_bytes=1_024),
    )
    assert result["sound"]
    assert result["wire"]["deflated_share"] > 0.4
    assert result["wire"]["received_bytes"] < 0.8 * result["wire"]["inflated_bytes"]


@needs_zlib
async def test_a_server_that_does_not_compress_is_told_by_the_share() -> None:
    result = await result_of(
        *(in_order, "pairs", "--sockets", "2", "--payload", "4096", "--deflate"),
        limits=Limits(min_deflated_bytes=None),
    )
    assert result["sound"]
    assert result["wire"]["deflated_share"] == 0


class KeepingContext(ServerPerMessageDeflateFactory):
    """Takes the offer, but not that nothing is kept from one message to the next."""

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        kept = [(name, value) for name, value in params if name != "server_no_context_takeover"]
        return super().process_request_params(kept, accepted_extensions)


async def speak(connection: ServerConnection) -> None:
    """Socket.IO for a single room, over a WebSocket server that is not ours."""
    await connection.send('0{"sid":"x"}')
    async for packet in connection:
        assert isinstance(packet, str)
        if packet.startswith("40"):
            await connection.send('40{"sid":"y"}')
        elif packet.startswith("42"):
            number = packet[2 : packet.index("[")]
            name, _, *text = json.loads(packet[2 + len(number) :])
            if name == "say":
                broadcast(connection.server.connections, "42" + json.dumps(["message", *text]))
            await connection.send(f"43{number}[]")


@needs_zlib
@pytest.mark.parametrize("factory", [KeepingContext, ServerPerMessageDeflateFactory])
async def test_a_context_is_followed_where_the_server_keeps_one(
    factory: type[ServerPerMessageDeflateFactory],
) -> None:
    async with serve(speak, "127.0.0.1", 0, extensions=[factory()], compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        status, out, errors = await loadgen(
            *("pairs", "--sockets", "2", "--payload", "4096", "--deflate", "--port", str(port)),
            *("--join", "join", "--duration", "0.3", "--warmup", "0.1"),
        )
    assert status == 0, errors
    result = json.loads(out)
    assert result["sound"]
    assert result["wire"]["deflated_share"] > 0.9
    assert result["wire"]["received_bytes"] < 0.6 * result["wire"]["inflated_bytes"]


async def test_it_says_what_it_lacks_when_it_was_built_without_zlib(tmp_path: Path) -> None:
    plain = tmp_path / "loadgen"
    compile_loadgen(plain, zlib=False)
    done = subprocess.run(
        [plain, "connect", "--port", "1", "--deflate"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "zlib1g-dev" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("pairs", "--port", "1", "--transport", "carrier-pigeon"), "websocket or polling"),
        (("pairs", "--port", "1", "--server-pid", "12,"), "process ids with commas"),
        (("pairs", "--port", "1", "--server-pid", "12;13"), "process ids with commas"),
        (("pairs", "--port", "1", "--spread"), "are for http"),
        (("pairs", "--port", "1", "--header", "A: b"), "are for http"),
        (("http", "--port", "1"), "needs --file"),
        (("http", "--port", "1", "--file", "x", "--transport", "polling"), "no option of sockets"),
        (("http", "--port", "1", "--file", "x", "--header", "no colon"), "Name: value"),
        (("idle", "--port", "1"), "needs --server-pid"),
    ],
)
async def test_a_wrong_command_line_is_refused_with_what_was_expected(
    arguments: tuple[str, ...], told: str
) -> None:
    status, out, errors = await loadgen(*arguments)
    assert status == 2
    assert not out
    assert told in errors.decode()
