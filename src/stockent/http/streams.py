"""Bodies that are never whole in memory: a part of a file that comes, and a file that goes.

What each may hold up is bounded in time: a sender that trickles and a reader that stops reading are given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import structlog
from litestar import Request
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

from ..messaging.errors import Code, MessagingError

MEDIA_TYPE = "application/octet-stream"
MAX_SHOWN_CHARS = 60
#: For a whole part, and between two pieces of it. Of one that is late, what came is kept.
PART_TIMEOUT_S = 120.0
IDLE_TIMEOUT_S = 20.0
#: A reader that takes nothing for so long is not waited for.
STALL_TIMEOUT_S = 60.0
#: Handed to the connection at once: what a reader that stops reading leaves in its buffer.
PIECE_BYTES = 64 * 1024

log = structlog.get_logger("stockent.http")


class IncomingPart:
    """The raw body of a request. Raises `TOO_LARGE` and `UNSUPPORTED_MEDIA_TYPE` before anything of it is read."""

    def __init__(self, request: Request[Any, Any, Any], *, limit_bytes: int) -> None:
        self._receive = request.receive
        self._limit_bytes = limit_bytes
        self._came_bytes = 0
        self._ended = False
        self._deadline = asyncio.get_running_loop().time() + PART_TIMEOUT_S
        _check_head(request, limit_bytes)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield it as it comes. Raises `REQUEST_TIMEOUT` for a late one, or one whose sender is gone."""
        while not self._ended:
            if chunk := await self._next():
                yield chunk

    async def discard(self) -> None:
        """Take the rest from the connection, so that a browser, which sends first and reads then, sees the refusal."""
        while not self._ended:
            await self._next()
            if self._came_bytes > self._limit_bytes:
                raise _too_large(self._limit_bytes, "more")

    async def _next(self) -> bytes:
        left_s = self._deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(IDLE_TIMEOUT_S, left_s)):
                message = await self._receive()
        except TimeoutError:
            raise MessagingError(
                Code.REQUEST_TIMEOUT,
                f"expected the whole part within {PART_TIMEOUT_S:g} seconds and no pause of {IDLE_TIMEOUT_S:g}; "
                "what came is kept",
            ) from None
        if message["type"] != "http.request":
            raise MessagingError(Code.REQUEST_TIMEOUT, "the connection ended before the part did")
        self._ended = not message.get("more_body", False)
        self._came_bytes += len(message["body"])
        return message["body"]


def _check_head(request: Request[Any, Any, Any], limit_bytes: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdecimal() and int(length[:19]) > limit_bytes:
        raise _too_large(limit_bytes, length[:MAX_SHOWN_CHARS])
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise MessagingError(Code.UNSUPPORTED_MEDIA_TYPE, "expected a body without Content-Encoding")
    media_type, _ = request.content_type
    has_body = length.strip("0") or "transfer-encoding" in request.headers
    if media_type != MEDIA_TYPE and (has_body or media_type):
        came = media_type[:MAX_SHOWN_CHARS] or "none"
        raise MessagingError(
            Code.UNSUPPORTED_MEDIA_TYPE,
            f"expected Content-Type {MEDIA_TYPE} and the bytes as they are, got {came}",
        )


def _too_large(limit_bytes: int, came: str) -> MessagingError:
    return MessagingError(Code.TOO_LARGE, f"expected at most {limit_bytes} bytes in one request, got {came}")


class OutgoingFile(ASGIResponse):
    """Headers as they were planned, then `first` and the rest of `chunks`. Each chunk goes out in pieces."""

    __slots__ = ("_chunks", "_first")
    _should_set_content_length = False

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        *,
        first: bytes = b"",
        chunks: AsyncGenerator[bytes] | None = None,
    ) -> None:
        super().__init__(status_code=status, headers=dict(headers), media_type="text/plain")
        self._first = first
        self._chunks = chunks

    async def send_body(self, send: Send, receive: Receive) -> None:
        if self._chunks is not None:
            gone = asyncio.ensure_future(_until_gone(receive))
            try:
                async with aclosing(self._chunks):
                    if not await self._send_chunks(send, gone):
                        return
            finally:
                gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_chunks(self, send: Send, gone: asyncio.Future[None]) -> bool:
        """Whether all went out. Where not, the answer is left incomplete, which ends the connection."""
        chunk = self._first
        assert self._chunks is not None
        try:
            while True:
                for at in range(0, len(chunk), PIECE_BYTES):
                    if gone.done():
                        return False
                    async with asyncio.timeout(STALL_TIMEOUT_S):
                        piece = chunk[at : at + PIECE_BYTES]
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                chunk = await anext(self._chunks)
        except StopAsyncIteration:
            return True
        except TimeoutError:
            log.info("download_stalled")
        except MessagingError as error:
            log.warning("download_broke", reason=error.message)
        return False


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
