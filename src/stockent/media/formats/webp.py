"""WebP (RFC 9649): the chunks that draw, in a RIFF file of the right length.

EXIF is replaced by one that holds the orientation alone, where that is not upright.
"""

from __future__ import annotations

import struct

from . import exif
from .skeleton import Malformed, Skeleton, check_count, take

_DRAWS = frozenset({b"ALPH", b"VP8 ", b"VP8L"})
_FRAME_HEADER_BYTES = 16
_HAS_EXIF, _HAS_XMP = 0x08, 0x04


def walk(data: memoryview) -> Skeleton:
    """Raises `Malformed`."""
    (length,) = struct.unpack("<I", take(data, 4, 4))
    body = take(data, 12, length - 4) if length >= 4 else data[:0]
    chunks = _chunks(body)
    if not chunks:
        raise Malformed("no chunks")
    turned = next((exif.orientation(payload) for kind, payload in chunks if kind == b"EXIF"), 1)
    parts: list[bytes | memoryview] = []
    frames = 0
    for kind, payload in chunks:
        if kind == b"VP8X":
            parts += _chunk(kind, _flagged(payload, turned))
        elif kind == b"ANMF":
            frames += 1
            parts += _chunk(kind, _frame(payload))
        elif kind in _DRAWS or kind in (b"ICCP", b"ANIM"):
            parts += _chunk(kind, payload)
    if turned != 1 and chunks[0][0] == b"VP8X":
        parts += _chunk(b"EXIF", exif.only(turned))
    width, height = _size(*chunks[0])
    riff = struct.pack("<4sI4s", b"RIFF", 4 + sum(map(len, parts)), b"WEBP")
    return Skeleton(width, height, max(1, frames), [riff, *parts])


def _chunks(data: memoryview) -> list[tuple[bytes, memoryview]]:
    chunks = []
    position = 0
    while position < len(data):
        kind, length = struct.unpack("<4sI", take(data, position, 8))
        chunks.append((kind, take(data, position + 8, length)))
        check_count(chunks)
        position += 8 + length + length % 2
    return chunks


def _chunk(kind: bytes, payload: bytes | memoryview) -> list[bytes | memoryview]:
    return [struct.pack("<4sI", kind, len(payload)), payload, b"\0" * (len(payload) % 2)]


def _flagged(payload: memoryview, turned: int) -> bytes:
    header = bytearray(take(payload, 0, 10))
    header[0] &= ~(_HAS_EXIF | _HAS_XMP)
    if turned != 1:
        header[0] |= _HAS_EXIF
    return bytes(header)


def _frame(payload: memoryview) -> bytes:
    drawn = [_chunk(kind, part) for kind, part in _chunks(payload[_FRAME_HEADER_BYTES:]) if kind in _DRAWS]
    return b"".join([take(payload, 0, _FRAME_HEADER_BYTES), *(piece for pieces in drawn for piece in pieces)])


def _size(kind: bytes, payload: memoryview) -> tuple[int, int]:
    """Of the canvas; the pixels inside are at most that, or the decoder refuses them."""
    if kind == b"VP8X":
        sides = bytes(take(payload, 4, 6))
        return int.from_bytes(sides[:3], "little") + 1, int.from_bytes(sides[3:], "little") + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", take(payload, 1, 4))
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", take(payload, 6, 4))
        return width & 0x3FFF, height & 0x3FFF
    raise Malformed(f"it begins with {kind!r}")
