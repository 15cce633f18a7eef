"""The one thing in EXIF that a picture needs to be shown right: its orientation (EXIF 2.32, 4.6.4.A)."""

from __future__ import annotations

import struct

PREFIX = b"Exif\0\0"

_ORIENTATION = 0x0112
_SHORT = 3
_UPRIGHT = 1
_MAX_ENTRIES = 1_000


def orientation(block: bytes | memoryview) -> int:
    """1 to 8 from a TIFF block, with or without the prefix. A block that makes no sense says upright (1)."""
    tiff = bytes(block).removeprefix(PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return _UPRIGHT
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for number in range(min(entries, _MAX_ENTRIES)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * number)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and 1 <= value <= 8 else _UPRIGHT
    except struct.error:
        pass
    return _UPRIGHT


def only(value: int) -> bytes:
    """A TIFF block that holds this orientation and nothing else."""
    return struct.pack("<4sIHHHIHHI", b"II*\0", 8, 1, _ORIENTATION, _SHORT, 1, value, 0, 0)
