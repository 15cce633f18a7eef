"""One Socket.IO client over WebSocket: commands with their acks, and what it hears. It does not come back by itself."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

ACK_TIMEOUT_S = 15.0
OPEN_TIMEOUT_S = 20.0

Hear = Callable[[str, Any], None]


class Gone(Exception):
    """There is no connection, or no answer came on it: whether the command was done is not known."""


class Refused(Exception):
    """The server's own no."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = str(error.get("code"))
        self.retryable = bool(error.get("retryable"))
        self.retry_after_s = float(error.get("retryAfterMs") or 250) / 1000


class Voice:
    def __init__(self, socket: ClientConnection, hear: Hear) -> None:
        self.socket = socket
        self._hear = hear
        self._ids = itertools.count()
        self._acks: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listening = asyncio.create_task(self._listen())
        self.gone = asyncio.Event()

    @classmethod
    async def open(cls, port: int, token: str, hear: Hear) -> Voice:
        """Raises Gone when it could not be opened."""
        address = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        socket = None
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                socket = await connect(
                    address,
                    max_size=None,
                    compression=None,
                    ping_interval=None,
                    proxy=None,
                    open_timeout=None,
                )
                await socket.recv()
                await socket.send("40" + json.dumps({"token": token}))
                answer = await socket.recv()
                if not str(answer).startswith("40"):
                    raise Gone(f"not connected: {str(answer)[:200]}")
                return cls(socket, hear)
        except (OSError, TimeoutError, WebSocketException, Gone) as error:
            if socket is not None:
                socket.transport.abort()
            raise Gone(f"could not connect: {error}") from error

    async def command(self, name: str, argument: Any, *, timeout_s: float = ACK_TIMEOUT_S) -> dict[str, Any]:
        """Raises Gone without an answer, Refused with a no."""
        number = next(self._ids)
        ack = self._acks[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await self.socket.send(f"42{number}" + json.dumps([name, argument]))
                answer: dict[str, Any] = await ack
        except (TimeoutError, WebSocketException) as error:
            raise Gone(f"no answer to {name}") from error
        finally:
            self._acks.pop(number, None)
            if ack.done() and not ack.cancelled():
                ack.exception()  # seen, also where it came before anybody waited for the ack
        if answer.get("ok") is not True:
            raise Refused(answer.get("error", {}))
        return answer

    async def close(self) -> None:
        with suppress(OSError, WebSocketException, TimeoutError):
            async with asyncio.timeout(2):
                await self.socket.close()
        self._listening.cancel()

    async def _listen(self) -> None:
        try:
            async for packet in self.socket:
                self._take(packet if isinstance(packet, str) else "")
                if packet == "2":
                    await self.socket.send("3")
                elif packet in ("1", "41"):
                    break
        except WebSocketException:
            pass
        finally:
            self.gone.set()
            self.socket.transport.abort()
            for ack in self._acks.values():
                if not ack.done():
                    ack.set_exception(Gone("the connection went"))

    def _take(self, text: str) -> None:
        if text.startswith("42"):
            name, *arguments = json.loads(text[2:])
            self._hear(name, arguments[0] if arguments else None)
        elif text.startswith("43"):
            digits = text[2 : text.index("[")]
            ack = self._acks.get(int(digits))
            if ack is not None and not ack.done():
                ack.set_result(json.loads(text[2 + len(digits) :])[0])
