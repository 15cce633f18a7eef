"""JPEG (ITU-T T.81, annex B): segments up to the first picture's end; what cameras and phones add is left out.

Kept of the application segments: JFIF without its thumbnail, the colour profile, Adobe's colour transform. EXIF is
replaced by one that holds the orientation alone, where that is not upright.
"""

from __future__ import annotations

import re
import struct

from . import exif
from .skeleton import Malformed, Skeleton, begins, check_count, take

#: A progressive picture has about ten. Each costs a pass over the whole picture, here and in the browser.
MAX_SCANS = 100

_SOI = 0xD8
_EOI = 0xD9
_SOS = 0xDA
_APP0, _APP1, _APP2, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
#: JPGn and COM.
_EXTRAS = range(0xF0, 0xFF)
_STANDALONE = frozenset({0x00, 0x01, _SOI, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: In coded data a marker is 0xFF and neither a stuffed zero, nor a restart, nor fill.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JFIF = b"JFIF\0"


def walk(data: memoryview) -> Skeleton:
    """Raises `Malformed`."""
    parts: list[bytes | memoryview] = []
    width = height = scans = 0
    turned = 1
    position = 2
    while True:
        position, marker = _marker(data, position)
        if marker == _EOI:
            break
        (length,) = struct.unpack(">H", take(data, position, 2))
        if length < 2:
            raise Malformed(f"segment of length {length}")
        payload = take(data, position, length)[2:]
        end = position + length
        if marker in _FRAMES:
            if width:
                raise Malformed("two frames")
            height, width = struct.unpack(">HH", take(payload, 1, 4))
        elif marker == _SOS:
            scans += 1
            end = _end_of_scan(data, end)
        elif marker == _APP1 and begins(payload, exif.PREFIX):
            turned = exif.orientation(payload)
        parts += _kept(marker, payload, data[position - 2 : end])
        check_count(parts)
        position = end
    if not (width and height and 0 < scans <= MAX_SCANS):
        raise Malformed(f"a frame of {width} × {height} in {scans} scans")
    if turned != 1:
        parts.insert(1 if _is_jfif(parts[0]) else 0, _segment(_APP1, exif.PREFIX + exif.only(turned)))
    return Skeleton(width, height, 1, [bytes((0xFF, _SOI)), *parts, bytes((0xFF, _EOI))])


def _marker(data: memoryview, position: int) -> tuple[int, int]:
    """The marker at `position`, and where its segment's length stands. Any number of fill bytes may come before."""
    if take(data, position, 1)[0] != 0xFF:
        raise Malformed(f"no marker at {position}")
    while (code := take(data, position, 1)[0]) == 0xFF:
        position += 1
    if code in _STANDALONE:
        raise Malformed(f"marker {code:#x} outside of a scan")
    return position + 1, code


def _end_of_scan(data: memoryview, start: int) -> int:
    found = _NEXT_MARKER.search(data, start)
    if found is None:
        raise Malformed("a scan without an end")
    return found.start()


def _kept(marker: int, payload: memoryview, segment: memoryview) -> list[bytes | memoryview]:
    if marker == _APP0:
        return [_without_thumbnail(payload)] if begins(payload, _JFIF) and len(payload) >= 14 else []
    if marker == _APP2:
        return [segment] if begins(payload, b"ICC_PROFILE\0") else []
    if marker == _APP14:
        return [segment] if begins(payload, b"Adobe") else []
    return [] if _APP1 <= marker <= _APP15 or marker in _EXTRAS else [segment]


def _without_thumbnail(payload: memoryview) -> bytes:
    return _segment(_APP0, bytes(payload[:12]) + b"\0\0")


def _is_jfif(part: bytes | memoryview) -> bool:
    return part[4:9] == _JFIF


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
