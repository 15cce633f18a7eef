"""WebSocket frames and HTTP heads by hand, over a plain TCP connection: what no library would send."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from .serving import Endpoint

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
WITHIN_S = 10.0
_EXTENSIONS = "sec-websocket-extensions:"


class Frame(NamedTuple):
    opcode: int
    payload: bytes
    rsv: int = 0


def encode(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    length: int = -1,
) -> bytes:
    """One frame (RFC 6455, section 5.2). `length` overrides what the header claims."""
    claimed = len(payload) if length < 0 else length
    head = bytes([(fin << 7) | (rsv << 4) | opcode])
    mask_bit = 0x80 if masked else 0
    if claimed < 126:
        head += bytes([mask_bit | claimed])
    elif claimed < 1 << 16:
        head += bytes([mask_bit | 126]) + struct.pack("!H", claimed)
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", claimed)
    if not masked:
        return head + payload
    key = os.urandom(4)
    whole = key * (len(payload) // 4 + 1)
    body = int.from_bytes(payload, "big") ^ int.from_bytes(whole[: len(payload)], "big")
    return head + key + body.to_bytes(len(payload), "big")


def upgrade_head(
    endpoint: Endpoint, query: str = "EIO=4&transport=websocket", *, headers: Sequence[str] = ()
) -> bytes:
    return (
        f"GET {endpoint.path}?{query} HTTP/1.1\r\nHost: 127.0.0.1:{endpoint.port}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        + "".join(f"{each}\r\n" for each in headers)
        + "\r\n"
    ).encode()


class Tcp:
    """A TCP connection to the server. Everything that waits gives up after a few seconds."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, endpoint: Endpoint, *, receive_buffer_bytes: int | None = None) -> Tcp:
        """A small receive buffer makes a reader that stops reading be felt by the server early."""
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer_bytes is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", endpoint.port))
        return cls(*await asyncio.open_connection(sock=sock, limit=4096))

    async def upgrade(
        self,
        endpoint: Endpoint,
        query: str = "EIO=4&transport=websocket",
        *,
        offers: Sequence[str] = (),
    ) -> str | None:
        """Become a WebSocket; returns which extensions the server took of `offers`, each a header of its own."""
        headers = [f"Sec-WebSocket-Extensions: {offer}" for offer in offers]
        self.send(upgrade_head(endpoint, query, headers=headers))
        status, *lines = (await self.head()).decode().split("\r\n")
        assert status.startswith("HTTP/1.1 101 ")
        taken = [line.partition(":")[2].strip() for line in lines if line.lower().startswith(_EXTENSIONS)]
        assert len(taken) < 2
        return taken[0] if taken else None

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        async with asyncio.timeout(WITHIN_S):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def frame(self) -> Frame:
        async with asyncio.timeout(WITHIN_S):
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return Frame(first & 0x0F, await self.reader.readexactly(size), first >> 4 & 0x7)

    async def close_code(self) -> int:
        """Read to the close frame, see the server end the connection behind it, and return the code."""
        while (frame := await self.frame()).opcode != CLOSE:
            pass
        self.send(encode(CLOSE, frame.payload[:2]))
        await self.end()
        return int(struct.unpack("!H", frame.payload[:2])[0])

    async def end(self) -> bytes:
        """Everything up to the end of the connection."""
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self.reader.read(-1)
        except ConnectionResetError:
            return b""

    def reset(self) -> None:
        """End with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.transport.abort()
        with suppress(ConnectionError):
            await self.writer.wait_closed()
