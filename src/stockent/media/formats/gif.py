"""GIF 89a: frames with their timing and the loop count are kept; comments, texts and foreign extensions are not."""

from __future__ import annotations

import struct

from .skeleton import Malformed, Skeleton, begins, check_count, take

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPS = (b"\x0bNETSCAPE2.0\x03\x01", b"\x0bANIMEXTS1.0\x03\x01")


def walk(data: memoryview) -> Skeleton:
    """The size is that of the screen, or of what is drawn where that is larger. Raises `Malformed`."""
    width, height, flags = struct.unpack("<HHB", take(data, 6, 5))
    position = 13 + _palette_bytes(flags)
    parts: list[bytes | memoryview] = [take(data, 0, position)]
    frames = 0
    # Many encoders leave the trailer out, and every viewer lets them.
    while position < len(data) and (kind := data[position]) != _TRAILER:
        start = position
        if kind == _IMAGE:
            left, top, wide, high, flags = struct.unpack("<HHHHB", take(data, start + 1, 9))
            width, height = max(width, left + wide), max(height, top + high)
            frames += 1
            position = _end_of_blocks(data, start + 11 + _palette_bytes(flags))
            parts.append(data[start:position])
        elif kind == _EXTENSION:
            position = _end_of_blocks(data, start + 2)
            if _draws(data, start):
                parts.append(data[start:position])
        elif kind == 0:  # padding between blocks, as some encoders write
            position += 1
        else:
            raise Malformed(f"no block at {start}")
        check_count(parts)
    if not (width and height and frames):
        raise Malformed(f"{frames} frames of {width} × {height}")
    return Skeleton(width, height, frames, [*parts, bytes((_TRAILER,))])


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(data: memoryview, position: int) -> int:
    while length := take(data, position, 1)[0]:
        position += 1 + length
    return position + 1


def _draws(data: memoryview, start: int) -> bool:
    label = data[start + 1]
    if label == _APPLICATION:
        # The sub-block of 3 must be the only one: whatever follows it is data that nobody shows.
        return bytes(data[start + 2 : start + 16]) in _LOOPS and begins(data[start + 18 :], b"\0")
    return label == _GRAPHIC_CONTROL
