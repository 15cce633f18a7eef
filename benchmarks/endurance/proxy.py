"""A TCP proxy on loopback that cuts what the server answers after so many bytes, and then resets both connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK_BYTES = 65_536
#: SO_LINGER of zero: close sends a reset, as a network that fails.
_RESET = struct.pack("ii", 1, 0)


class CuttingProxy:
    """`cut_at` holds for connections that are opened from then on; None lets all through."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.port = 0
        self.cut_at: int | None = None
        self.cuts = 0
        #: Bytes that the longest answer had, to know where a sweep is over.
        self.longest = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cut_at = self.cut_at
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        forth = asyncio.create_task(_copy(reader, far_writer))
        with suppress(OSError):
            await self._answer(far_reader, writer, cut_at)
        forth.cancel()
        for each in (writer, far_writer):
            each.transport.abort()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut_at: int | None
    ) -> None:
        passed = 0
        while chunk := await reader.read(CHUNK_BYTES):
            left = len(chunk) if cut_at is None else min(len(chunk), cut_at - passed)
            writer.write(chunk[:left])
            await writer.drain()
            passed += left
            self.longest = max(self.longest, passed)
            if left < len(chunk):
                # What was let through shall arrive: a reset may overtake it, and does on a real network too.
                self.cuts += 1
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def cutting_proxy(port: int) -> AsyncIterator[CuttingProxy]:
    proxy = CuttingProxy(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield proxy
