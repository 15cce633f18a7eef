"""PNG and APNG (W3C PNG, third edition): chunks that draw are kept, chunks that tell are not.

EXIF is replaced by one that holds the orientation alone, where that is not upright.
"""

from __future__ import annotations

import struct
import zlib

from . import exif
from .skeleton import Malformed, Skeleton, check_count, take

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_KEPT = _CRITICAL | {
    *(b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs"),
    *(b"acTL", b"fcTL", b"fdAT"),
}


def walk(data: memoryview) -> Skeleton:
    """Raises `Malformed`."""
    width, height = _size(data)
    parts: list[bytes | memoryview] = [take(data, 0, len(SIGNATURE))]
    position = len(SIGNATURE)
    frames = 0
    turned = 1
    pixels_at: int | None = None
    kind = b""
    while kind != b"IEND":
        (length,) = struct.unpack(">I", take(data, position, 4))
        chunk = take(data, position, length + 12)
        kind = bytes(chunk[4:8])
        position += len(chunk)
        if kind == b"eXIf":
            turned = exif.orientation(chunk[8:-4])
        elif kind == b"IDAT" and pixels_at is None:
            pixels_at = len(parts)
        elif kind == b"fcTL":
            frames += 1
        if kind in _KEPT and _is_whole(chunk, kind):
            parts.append(chunk)
            check_count(parts)
    if pixels_at is None:
        raise Malformed("no pixels")
    if turned != 1:
        parts.insert(pixels_at, _chunk(b"eXIf", exif.only(turned)))
    return Skeleton(width, height, max(1, frames), parts)


def _size(data: memoryview) -> tuple[int, int]:
    length, kind, width, height = struct.unpack(">I4sII", take(data, len(SIGNATURE), 16))
    if kind != b"IHDR" or length != 13 or not (width and height):
        raise Malformed("no header that names a size")
    return width, height


def _is_whole(chunk: memoryview, kind: bytes) -> bool:
    if zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big"):
        return True
    if kind in _CRITICAL:
        raise Malformed(f"wrong checksum in {kind!r}")
    return False


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))
