"""Bodies without end: too large, too slow, too many packets, and those that inflate."""

from __future__ import annotations

import asyncio
import gzip
import uuid
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest

from stockent.server import LIMITS
from tests.socketio.frames import BINARY, CONTINUATION, TEXT, Tcp, encode

from .acts import is_alive
from .conftest import UnderAttack
from .offender import Offender, head
from .rule import Arena

LIMIT = LIMITS.max_payload_bytes
CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


async def test_a_websocket_message_over_the_limit(under_attack: UnderAttack) -> None:
    """A WebSocket message over maxPayload (CVE-2020-36048)."""

    async def attack(offender: Offender) -> str:
        for message in (encode(TEXT, b"4" * (LIMIT + 1)), encode(BINARY, b"", length=(1 << 63) - 1)):
            raw = await offender.raw_websocket()
            # What the frame claims is enough: it is refused before anything of it is kept.
            raw.send(message[:14])
            assert await raw.close_code() == 1009
        return "close 1009"

    await under_attack(attack)


BODIES: dict[str, tuple[tuple[str, ...], bytes, tuple[int, ...]]] = {
    "with its length": ((f"Content-Length: {LIMIT + 1}",), b"", (413,)),
    "with its length, and all of it": ((f"Content-Length: {10 * LIMIT}",), b"4" * 10 * LIMIT, (413, 0)),
    "in chunks": (("Transfer-Encoding: chunked",), CHUNK * 20, (413, 0)),
    "without a length": ((), b"4" * 2 * LIMIT, (400, 0)),
    "with a length of 400 digits": (("Content-Length: " + "9" * 400,), b"", (400, 413)),
}


@pytest.mark.parametrize(("headers", "body", "statuses"), BODIES.values(), ids=BODIES)
async def test_a_polling_body_over_the_limit(
    under_attack: UnderAttack, headers: tuple[str, ...], body: bytes, statuses: tuple[int, ...]
) -> None:
    """A polling POST over the limit (CVE-2020-36048)."""

    async def attack(offender: Offender) -> str:
        polling = await offender.polling()
        status = await offender.push(polling, *headers, body=body)
        assert status in statuses
        return str(status or "reset")

    await under_attack(attack)


async def drip(raw: Tcp, body: bytes) -> None:
    for byte in body:
        raw.send(bytes([byte]))
        await asyncio.sleep(0.2)


async def refused_while_dripping(offender: Offender, request: bytes) -> str:
    raw = await offender.tcp()
    raw.send(request)
    dripping = asyncio.create_task(drip(raw, b"4" * 100))
    status = (await raw.head()).split(b" ", 2)[1].decode()
    dripping.cancel()
    assert status == "408"
    return status


async def test_a_polling_body_byte_by_byte(under_attack: UnderAttack, hurried: Arena) -> None:
    """A polling POST that comes byte by byte (CVE-2020-36048)."""

    async def attack(offender: Offender) -> str:
        polling = await offender.polling()
        target = f"{offender.endpoint.path}?EIO=4&transport=polling&sid={polling.sid}"
        return await refused_while_dripping(offender, head("POST", target, "Content-Length: 100"))

    await under_attack(attack)


async def test_an_http_body_byte_by_byte(under_attack: UnderAttack, hurried: Arena) -> None:
    """A request to the API that comes byte by byte."""

    async def attack(offender: Offender) -> str:
        headers = (
            f"Authorization: Bearer {offender.token()}",
            "Content-Type: application/json",
            "Content-Length: 100",
        )
        return await refused_while_dripping(offender, head("POST", "/api/messages", *headers))

    await under_attack(attack)


PACKETS: dict[str, tuple[bytes, int]] = {
    "a million": (b"\x1e".join([b"4"] * 1_000_000), 413),
    "as many as there is room for": (b"\x1e".join([b"4"] * (LIMIT // 2)), 400),
    "empty ones": (b"\x1e" * LIMIT, 400),
    "Engine.IO 3": (b'2:422:42["m"]' * 1_000, 400),
}


@pytest.mark.parametrize(("body", "expected"), PACKETS.values(), ids=PACKETS)
async def test_packets(under_attack: UnderAttack, body: bytes, expected: int) -> None:
    """A polling POST of 10⁶ packets, and one of Engine.IO 3 (CVE-2020-36049)."""

    async def attack(offender: Offender) -> str:
        polling = await offender.polling()
        status = await offender.push(polling, f"Content-Length: {len(body)}", body=body)
        assert status == expected or (status == 0 and expected == 413)
        return str(expected)

    await under_attack(attack)


# fragments


async def endless(offender: Offender, first: bytes, then: bytes, code: int) -> str:
    """Go on until the server has closed; its close frame is read meanwhile."""
    raw = await offender.raw_websocket()
    closing = asyncio.create_task(raw.close_code())
    raw.send(first)
    for _ in range(1_000):
        if closing.done() or raw.writer.is_closing():
            break
        raw.send(then * 1_000)
        await asyncio.sleep(0)
    try:
        assert await closing == code
    except (ConnectionError, asyncio.IncompleteReadError):
        # The close frame was overtaken by the reset that answers what is sent on.
        assert raw.writer.is_closing() or raw.reader.at_eof()
    return f"close {code}"


FRAGMENTS = {
    "bytes": (encode(TEXT, b"4", fin=False), encode(CONTINUATION, b"2", fin=False), 1008),
    "nothing": (encode(BINARY, b"", fin=False), encode(CONTINUATION, b"", fin=False), 1008),
    "large": (encode(TEXT, b"4", fin=False), encode(CONTINUATION, b"2" * 2_000, fin=False), 1009),
}


@pytest.mark.parametrize(("first", "then", "code"), FRAGMENTS.values(), ids=FRAGMENTS)
async def test_fragments(under_attack: UnderAttack, first: bytes, then: bytes, code: int) -> None:
    """Continuations without end, up to 10⁶ (CVE-2026-48779)."""
    await under_attack(lambda offender: endless(offender, first, then, code))


# what inflates


def deflated(size: int) -> bytes:
    """`size` zeros as a compressed message."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = b"\0" * 1_000_000
    whole = b"".join(compressor.compress(piece) for _ in range(size // len(piece)))
    return (whole + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


@pytest.mark.parametrize("size", [1_000_000, 200_000_000], ids=["1 KB to 1 MB", "200 KB to 200 MB"])
@pytest.mark.parametrize("parts", [1, 5])
async def test_deflated_messages(under_attack: UnderAttack, size: int, parts: int) -> None:
    """A compressed WebSocket message that inflates to a thousand times its size."""
    payload = deflated(size)
    each = -(-len(payload) // parts)
    pieces = [payload[start : start + each] for start in range(0, len(payload), each)]
    frames = [
        encode(
            TEXT if number == 0 else CONTINUATION,
            piece,
            rsv=4 if number == 0 else 0,
            fin=number == len(pieces) - 1,
        )
        for number, piece in enumerate(pieces)
    ]

    async def attack(offender: Offender) -> str:
        raw = await offender.raw_websocket(offers=("permessage-deflate",))
        raw.send(b"".join(frames))
        assert await raw.close_code() == 1009
        return "close 1009"

    await under_attack(attack)


CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
}


@pytest.mark.parametrize("coding", CODERS)
async def test_coded_bodies(under_attack: UnderAttack, coding: str) -> None:
    """A coded request body that inflates without end (CVE-2025-69223)."""
    body = CODERS[coding](b"[" * 100_000_000)

    async def attack(offender: Offender) -> str:
        statuses = set()
        for method, path in (("POST", "/api/messages"), ("POST", "/api/attachments")):
            answer = await offender.request(method, path, body, Content_Encoding=coding)
            statuses.add(answer.status)
        polling = await offender.polling()
        length = f"Content-Length: {len(body)}"
        # Polling knows no codings: it is a body of garbage.
        assert await offender.push(polling, length, f"Content-Encoding: {coding}", body=body) == 400
        assert statuses == {415}
        return "415, 400"

    await under_attack(attack)


async def test_a_coded_body_is_not_looked_at(under_attack: UnderAttack) -> None:
    """A coded body as part of a file (CVE-2025-69223)."""
    part = gzip.compress(b"x" * 10_000_000)

    async def attack(offender: Offender) -> str:
        announced = {"name": "a.bin", "sizeBytes": 1_000_000, "clientId": str(uuid.uuid4())}
        begun = await offender.request("POST", "/api/attachments", announced)
        assert begun.status == 201, begun
        path = f"/api/attachments/{begun.json['id']}"
        octets = "application/octet-stream"
        answer = await offender.request(
            "PATCH", path + "?offset=0", part, Content_Encoding="gzip", Content_Type=octets
        )
        assert answer.status == 415
        assert (await offender.request("DELETE", path)).status == 204
        assert await is_alive(await offender.open("websocket"))
        return "415"

    await under_attack(attack)
