"""A network in between that breaks: each connection is cut with a TCP reset after a random number of response bytes."""

from __future__ import annotations

import asyncio
import socket as sockets
import struct
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

#: A response is cut somewhere in this range; small numbers are as likely as large ones of the same ratio.
LEAST_BYTES, MOST_BYTES = 64, 1_000_000
#: Bytes that may wait for a slow side before the other one is not read any more.
HIGH_WATER_BYTES = 256_000
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """`target` names the server's port at the moment of each connection. `cuts` counts what it did."""

    def __init__(self, rng: Random, target: Callable[[], int]) -> None:
        self.cuts = 0
        self.port = 0
        self._rng = rng
        self._target = target
        self._server: asyncio.Server | None = None
        self._sides: set[_Side] = set()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Side(self, None, None), "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for side in tuple(self._sides):
                side.abort()
            await self._server.wait_closed()

    def budget(self) -> int:
        return int(LEAST_BYTES * (MOST_BYTES / LEAST_BYTES) ** self._rng.random())

    async def connect(self, client: _Side) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(
                lambda: _Side(self, client, self.budget()), "127.0.0.1", self._target()
            )
        except OSError:
            client.abort()


class _Side(asyncio.Protocol):
    """One end of a pair. `budget` is of the server's side: so many bytes come through from it."""

    def __init__(self, proxy: Proxy, other: _Side | None, budget: int | None) -> None:
        self._proxy = proxy
        self._other = other
        self._budget = budget
        self._waiting = bytearray()
        self._connecting: asyncio.Task[None] | None = None
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._proxy._sides.add(self)
        transport.set_write_buffer_limits(HIGH_WATER_BYTES)
        if self._other is None:
            self._connecting = asyncio.get_running_loop().create_task(self._proxy.connect(self))
        else:
            self._other._meet(self)

    def data_received(self, data: bytes) -> None:
        if self._other is None:
            self._waiting += data
            return
        if self._budget is not None:
            self._budget -= len(data)
            if self._budget <= 0:
                self._proxy.cuts += 1
                self._other.write(data[: len(data) + self._budget])
                self._other.abort()
                self.abort()
                return
        self._other.write(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._proxy._sides.discard(self)
        if self._other is not None:
            self._other.end()

    def pause_writing(self) -> None:
        if self._other is not None:
            self._other._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None and not self._other._transport.is_closing():
            self._other._transport.resume_reading()

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def end(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        with suppress(OSError):
            self._transport.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, _RESET)
        self._transport.abort()

    def _meet(self, other: _Side) -> None:
        self._other = other
        if self._transport.is_closing():
            other.end()
        elif self._waiting:
            other.write(bytes(self._waiting))
            self._waiting.clear()
