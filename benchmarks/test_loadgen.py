"""Does the load generator notice what it must? It is run against servers that do their work wrongly on purpose.

Not part of `make test`, as it compiles C; run it by `pytest benchmarks`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stockent.socketio import Namespace, Server, Socket, listener

from .toolchain import LOADGEN, compile_all

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")

Say = Callable[[Namespace, str, str], Any]


def in_order(root: Namespace, room: str, text: str) -> tuple[()]:
    root.to(room).emit("message", text)
    return ()


@asynccontextmanager
async def serving(say: Say) -> AsyncIterator[int]:
    server = Server()
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


async def result_of(say: Say, *arguments: str) -> dict[str, Any]:
    async with serving(say) as port:
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
async def test_a_sound_server_is_found_sound_with_frames_of_every_length(payload_bytes: int) -> None:
    result = await result_of(in_order, "pairs", "--sockets", "6", "--payload", str(payload_bytes))
    assert result["sound"]
    assert result["ack_ms"]["count"] > 0
    assert result["receipt_ms"]["count"] > 0


async def test_fanout_counts_a_delivery_for_each_socket_and_message() -> None:
    result = await result_of(in_order, "fanout", "--sockets", "20", "--window", "4")
    assert result["sound"]
    assert result["deliveries_per_s"] == pytest.approx(20 * result["messages_per_s"], rel=0.2)


async def test_a_fixed_rate_is_kept() -> None:
    result = await result_of(in_order, "pairs", "--sockets", "10", "--rate", "500")
    assert result["sound"]
    assert result["messages_per_s"] == pytest.approx(500, rel=0.15)


async def test_a_message_delivered_twice_is_told() -> None:
    def twice(root: Namespace, room: str, text: str) -> None:
        in_order(root, room, text)
        in_order(root, room, text)

    result = await result_of(every_tenth(twice), "pairs", "--sockets", "2")
    assert not result["sound"]
    assert result["faults"]["repeated"] > 0


async def test_a_message_acknowledged_but_not_delivered_is_told() -> None:
    result = await result_of(every_tenth(lambda root, room, text: None), "pairs", "--sockets", "2")
    assert not result["sound"]
    assert result["faults"]["skipped"] > 0
    assert result["faults"]["lost"] > 0


async def test_a_message_in_a_foreign_room_is_told() -> None:
    def elsewhere(root: Namespace, room: str, text: str) -> None:
        root.to("pair-0", "pair-1").emit("message", text)

    result = await result_of(every_tenth(elsewhere), "pairs", "--sockets", "4")
    assert not result["sound"]
    assert result["faults"]["misdelivered"] > 0


async def test_a_refusing_ack_is_told() -> None:
    result = await result_of(lambda root, room, text: {"ok": False, "error": {}}, "pairs", "--sockets", "2")
    assert not result["sound"]
    assert result["faults"]["refused"] > 0


async def test_a_server_that_disconnects_is_told() -> None:
    def drop(root: Namespace, room: str, text: str) -> None:
        root.to(room).disconnect()

    result = await result_of(every_tenth(drop), "pairs", "--sockets", "2")
    assert not result["sound"]
    assert result["faults"]["disconnected"] > 0


@pytest.mark.parametrize("host", ["8.8.8.8", "0.0.0.0", "localhost", "10.0.0.1"])
async def test_it_connects_to_nothing_but_loopback(host: str) -> None:
    status, out, errors = await loadgen("connect", "--host", host, "--port", "1")
    assert status == 2
    assert not out
    assert b"127.0.0.0/8" in errors
