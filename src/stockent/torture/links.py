"""The connections under a device: a WebSocket by picows, long polling by aiohttp. They carry packets as bytes.

A link never reconnects. It can do to its connection what networks do: cut it with a TCP reset, also in the middle of
a frame, and stop reading for a while.
"""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import aiohttp
from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from . import wire

#: From the TCP connection to the end of the handshake, and for one polling request.
CONNECT_TIMEOUT_S = 10.0
POLL_TIMEOUT_S = 60.0
#: Closing a TCP connection with this set sends a reset.
_RESET = struct.pack("ii", 1, 0)

#: picows tells of each lost connection; here that is what the work consists of.
_silent = logging.getLogger("stockent.torture.picows")
_silent.disabled = True
_silent.propagate = False

Hear = Callable[[bytes], None]
Gone = Callable[[], None]


class LinkFailed(OSError):
    """No connection came about."""


class Link(Protocol):
    def send(self, packet: bytes) -> None: ...

    def cut(self, *, half: bytes | None = None) -> None:
        """End it with a TCP reset; `half`: after a part of this packet."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def close(self) -> None:
        """End it as a client does that leaves. `gone` is called all the same."""


class _Listener(WSListener):
    __slots__ = ("_gone", "_hear")

    def __init__(self, hear: Hear, gone: Gone) -> None:
        self._hear = hear
        self._gone = gone

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self._hear(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._gone()


class WebSocketLink:
    def __init__(self, transport: WSTransport) -> None:
        self._transport = transport

    @classmethod
    async def connect(cls, port: int, hear: Hear, gone: Gone) -> WebSocketLink:
        """Raises `LinkFailed`."""
        url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        try:
            transport, _ = await ws_connect(
                lambda: _Listener(hear, gone),
                url,
                websocket_handshake_timeout=CONNECT_TIMEOUT_S,
                logger_name=_silent,
                # A reset that meets a write is sometimes not told by its transports.
                use_aiofastnet=False,
            )
        except (OSError, WSError, TimeoutError) as error:
            raise LinkFailed(str(error)) from None
        # picows says nothing of a connection that was lost during the handshake.
        if transport.is_disconnected:
            raise LinkFailed("lost during the handshake")
        return cls(transport)

    def send(self, packet: bytes) -> None:
        self._transport.send(WSMsgType.TEXT, packet)

    def cut(self, *, half: bytes | None = None) -> None:
        tcp = self._transport.underlying_transport
        if half is not None:
            tcp.write(_frame(half)[: max(1, len(half) // 2)])
        _reset(tcp.get_extra_info("socket"))
        tcp.abort()

    def pause(self) -> None:
        with suppress(RuntimeError):
            self._transport.underlying_transport.pause_reading()

    def resume(self) -> None:
        with suppress(RuntimeError):
            self._transport.underlying_transport.resume_reading()

    def close(self) -> None:
        self._transport.disconnect()


class PollingLink:
    """One GET that waits and one POST at a time, each with all that has gathered."""

    def __init__(self, port: int, hear: Hear, gone: Gone) -> None:
        self._url = f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling"
        self._hear = hear
        self._gone = gone
        self._tcp: list[sockets.socket] = []
        self._outbound: list[bytes] = []
        self._wanted = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._http = http_session(
            aiohttp.TCPConnector(socket_factory=self._open_tcp),
            aiohttp.ClientTimeout(total=POLL_TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S),
        )
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, port: int, hear: Hear, gone: Gone) -> PollingLink:
        """Raises `LinkFailed`."""
        link = cls(port, hear, gone)
        try:
            [opening, *rest] = await link._get()
            sid = wire.decode_sid(opening)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            await link._http.close()
            raise LinkFailed(str(error)) from None
        link._url += f"&sid={sid}"
        link._task = asyncio.create_task(link._live([opening, *rest]))
        # A task that is cancelled before its first step never comes to its `finally`.
        await asyncio.sleep(0)
        return link

    def send(self, packet: bytes) -> None:
        self._outbound.append(packet)
        self._wanted.set()

    def cut(self, *, half: bytes | None = None) -> None:
        for tcp in self._tcp:
            with suppress(OSError):
                _reset(tcp)
        self._end()

    def pause(self) -> None:
        self._reading.clear()

    def resume(self) -> None:
        self._reading.set()

    def close(self) -> None:
        self._outbound.append(wire.CLOSE)
        self._wanted.set()

    async def _live(self, first: list[bytes]) -> None:
        writing = asyncio.create_task(self._write())
        try:
            for packet in first:
                self._hear(packet)
            while True:
                await self._reading.wait()
                for packet in await self._get():
                    if packet == wire.CLOSE:
                        return
                    self._hear(packet)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            pass
        finally:
            writing.cancel()
            self._gone()
            await self._http.close()

    async def _get(self) -> list[bytes]:
        async with self._http.get(self._url) as response:
            if response.status != 200:
                raise LinkFailed(f"status {response.status}")
            return (await response.read()).split(wire.SEPARATOR)

    async def _write(self) -> None:
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                packets, self._outbound = self._outbound, []
                if not packets:
                    continue
                async with self._http.post(self._url, data=wire.SEPARATOR.join(packets)) as response:
                    await response.read()
                    if response.status != 200:
                        break
                if packets[-1] == wire.CLOSE:
                    break
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        self._end()

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _open_tcp(self, address: Any) -> sockets.socket:
        family, kind, protocol, _, _ = address
        tcp = sockets.socket(family, kind, protocol)
        self._tcp = [each for each in self._tcp if each.fileno() >= 0]
        self._tcp.append(tcp)
        return tcp


def http_session(connector: aiohttp.TCPConnector, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """One that tries nothing twice.

    By itself aiohttp repeats a GET whose connection was lost, and what the first answer held is lost with it: of a poll
    that is an ack or an event.
    """
    http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout)
    http._retry_connection = False
    return http


def _reset(tcp: Any) -> None:
    with suppress(OSError):
        tcp.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, _RESET)


def _frame(payload: bytes) -> bytes:
    """A text frame as a client sends it, masked with zeros (RFC 6455, section 5.2)."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0x80 | 126)) + size.to_bytes(2)
    return head + bytes(4) + payload
