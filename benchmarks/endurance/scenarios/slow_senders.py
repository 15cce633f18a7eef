"""Clients that send a byte a second: in request heads, in bodies, in WebSocket frames. Each runs into its deadline."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from stockent import server
from stockent.http import bodies

from .. import raw
from ..api import Api
from ..figures import Figure, at_least, at_most, none_of, told
from ..healthy import BEFORE, DURING, FLOOR_P99_MS, healthy
from ..node import Node
from ..recovery import files_kept
from ..stage import Stage

TOLERANCE_S = 2.0
#: A deadline may have begun while the sender was still on its way to where it slows down.
LEAST_SHARE = 0.5
DIAL_EVERY_S = 0.05
BODY_BYTES = 10_000


@dataclass(frozen=True)
class Kind:
    """`open` brings a socket as far as the place where it slows down; `rest` is what it sends from there on."""

    name: str
    deadline_s: float
    open: Callable[[Node, str, str], socket.socket]
    rest: bytes


async def slow_senders(stage: Stage) -> Sequence[Figure]:
    count, every_s = stage.of(1_000, 500, 25), stage.of(1.0, 0.5, 0.05)
    figures: list[Figure] = []
    async with stage.node(factor=stage.factor) as node, healthy(node) as pair:
        with Api(node) as api:
            room = api.converse("slow", ["patient"])
        async with _dialling(node) as usual:
            await pair.phase(BEFORE, for_s=stage.of(5.0, 3.0, 0.3))
        before = node.usage()
        await pair.phase(DURING)
        async with _dialling(node) as meanwhile:
            stage.say(f"{count} senders of a byte each {every_s:g} s")
            kinds = _kinds()
            each = count // len(kinds)
            found = await asyncio.gather(*(_slow(node, kind, room, each, every_s) for kind in kinds))
        kept = await files_kept(node, before)
        await pair.finish()
        for kind, (closed, left) in zip(kinds, found, strict=True):
            limit = kind.deadline_s * node.factor + TOLERANCE_S
            figures.append(none_of(f"{kind.name}: never cut, of {each}", left))
            # Cut long before its time, it was refused for something else, and the deadline was not tried.
            least = kind.deadline_s * node.factor * LEAST_SHARE
            figures.append(
                at_least(f"{kind.name}: first one cut after", min(closed, default=None), "s", least)
            )
            figures.append(at_most(f"{kind.name}: last one cut after", max(closed, default=None), "s", limit))
        p99_before, p99 = _p99_ms(usual), _p99_ms(meanwhile)
        limit = max(2 * p99_before, FLOOR_P99_MS)
        return [
            *figures,
            told("new connection and first answer for a healthy client, p99 before", p99_before, "ms"),
            at_most("new connection and first answer for a healthy client, p99", p99, "ms", limit),
            none_of("file descriptors kept", kept),
            none_of("tracebacks in the log", node.tracebacks()),
            *pair.figures(),
        ]


def _kinds() -> Sequence[Kind]:
    limits = server.LIMITS
    heartbeat_s = limits.ping_interval_s + limits.ping_timeout_s
    body = json.dumps({"clientId": "0", "content": "x" * BODY_BYTES}).encode()
    endless = bytes([0x81, 0xFE]) + BODY_BYTES.to_bytes(2, "big") + bytes(4) + b"x" * BODY_BYTES
    head = b"GET /api/me HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"x" * BODY_BYTES
    return (
        Kind("head of a request", limits.head_timeout_s, _silent, head),
        Kind("body of a message over HTTP", bodies.BODY_TIMEOUT_S, _posting, body),
        Kind("body of a polling client", limits.body_timeout_s, _polling, b"4" * BODY_BYTES),
        # It is told of its end first, and has some seconds to answer, as it never will.
        Kind("frame before the namespace", limits.connect_timeout_s + limits.linger_s, _upgraded, endless),
        Kind("frame of a connected socket", heartbeat_s, _connected, endless),
    )


def _silent(node: Node, _user: str, _room: str) -> socket.socket:
    return raw.dial(node.port)


def _posting(node: Node, user: str, room: str) -> socket.socket:
    sock = raw.dial(node.port)
    sock.sendall(
        f"POST /api/conversations/{room}/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {node.token(user)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {BODY_BYTES}\r\n\r\n".encode()
    )
    return sock


def _polling(node: Node, user: str, _room: str) -> socket.socket:
    sock = raw.dial(node.port)
    query = "/socket.io/?EIO=4&transport=polling"
    common = f" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {node.token(user)}\r\n"
    sock.sendall(f"GET {query}{common}\r\n".encode())
    answer = raw.read_past(sock, b"maxPayload").decode()
    sid = answer.partition('"sid":"')[2].partition('"')[0]
    sock.sendall(f"POST {query}&sid={sid}{common}Content-Length: {BODY_BYTES}\r\n\r\n".encode())
    return sock


def _upgraded(node: Node, _user: str, _room: str) -> socket.socket:
    sock = raw.dial(node.port)
    raw.upgrade(sock)
    return sock


def _connected(node: Node, user: str, room: str) -> socket.socket:
    sock = _upgraded(node, user, room)
    raw.connect(sock, node.token(user))
    return sock


async def _slow(node: Node, kind: Kind, room: str, count: int, every_s: float) -> tuple[list[float], int]:
    """When each was cut, after its opening, and how many never were."""
    patience_s = kind.deadline_s * node.factor + TOLERANCE_S + 5

    async def one() -> float | None:
        sock = await asyncio.to_thread(kind.open, node, "slow", room)
        begun = time.monotonic()
        with contextlib.closing(sock):
            for byte in kind.rest:
                if raw.is_closed(sock) or not _sends(sock, bytes([byte])):
                    return time.monotonic() - begun
                if time.monotonic() - begun > patience_s:
                    break
                await asyncio.sleep(every_s)
        return None

    found = await asyncio.gather(*(one() for _ in range(count)))
    closed = [took for took in found if took is not None]
    return closed, count - len(closed)


def _sends(sock: socket.socket, byte: bytes) -> bool:
    try:
        sock.send(byte)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return True


@asynccontextmanager
async def _dialling(node: Node) -> AsyncIterator[list[float]]:
    """Seconds from dialling to the first answer, again and again."""
    took: list[float] = []

    def dial() -> None:
        begun = time.monotonic()
        with contextlib.closing(raw.dial(node.port)) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            raw.read_past(sock, b"200 OK")
        took.append(time.monotonic() - begun)

    async def again() -> None:
        while True:
            await asyncio.to_thread(dial)
            await asyncio.sleep(DIAL_EVERY_S)

    task = asyncio.create_task(again())
    try:
        yield took
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _p99_ms(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(0.99 * (len(seconds) - 1))] * 1000
