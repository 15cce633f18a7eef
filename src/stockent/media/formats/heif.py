"""AVIF and HEIC (ISO/IEC 23008-12 in ISO/IEC 14496-12 boxes): metadata is blanked where it lies.

Items of such a file are found by offsets into it, so nothing is moved: what tells and does not draw becomes zeros of
the same length, and what comes after the last box is cut off. Turning is a property of the item, not EXIF's, and stays.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .skeleton import Malformed, take

_NEEDED = frozenset({b"ftyp", b"meta", b"mdat", b"moov", b"free"})
#: In the boxes of a sequence.
_TELLS = frozenset({b"udta", b"meta", b"uuid"})
_METADATA_ITEMS = frozenset({b"Exif", b"mime", b"uri "})
#: Decoders look for a TIFF header in what is declared as EXIF: where it starts, byte order, an empty directory.
_EMPTY_EXIF = b"\0\0\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"
_MAX_BOXES = 10_000
_MAX_DEPTH = 4
_MAX_EXTENTS = 100


class _Box(NamedTuple):
    kind: bytes
    start: int
    #: Where the payload begins.
    inside: int
    end: int


def blanked(data: memoryview) -> bytes:
    """The file without EXIF, XMP and foreign boxes; equal to `data` where there were none. Raises `Malformed`."""
    out = bytearray(data)
    end = 0
    for box in _boxes(data, 0, len(data), lenient=True):
        end = box.end
        if box.kind not in _NEEDED or box.kind == b"free":
            _blank(out, box)
        elif box.kind == b"meta":
            for extent in _metadata_extents(data, box):
                _overwrite(out, *extent)
        elif box.kind == b"moov":
            _blank_told(out, data, box, _MAX_DEPTH)
    if not end:
        raise Malformed("no boxes")
    return bytes(out[:end])


def _boxes(data: memoryview, start: int, end: int, *, lenient: bool = False) -> Iterator[_Box]:
    """The boxes of a stretch. A lenient walk ends at the first thing that is none, as the end of a file may be."""
    position = start
    for _ in range(_MAX_BOXES):
        if position >= end:
            return
        box = _box(data, position, end)
        if box is None:
            if lenient:
                return
            raise Malformed(f"no box at {position}")
        yield box
        position = box.end
    raise Malformed(f"more than {_MAX_BOXES} boxes")


def _box(data: memoryview, position: int, end: int) -> _Box | None:
    if end - position < 8:
        return None
    size, kind = struct.unpack_from(">I4s", data, position)
    inside = position + 8
    if size == 1 and end - position >= 16:
        (size,) = struct.unpack_from(">Q", data, inside)
        inside += 8
    elif size == 0:
        size = end - position
    if size < inside - position or size > end - position:
        return None
    return _Box(kind, position, inside, position + size)


def _blank(out: bytearray, box: _Box) -> None:
    out[box.start + 4 : box.start + 8] = b"free"
    out[box.inside : box.end] = bytes(box.end - box.inside)


def _blank_told(out: bytearray, data: memoryview, parent: _Box, depth: int) -> None:
    for box in _boxes(data, parent.inside, parent.end):
        if box.kind in _TELLS:
            _blank(out, box)
        elif box.kind == b"trak" and depth:
            _blank_told(out, data, box, depth - 1)


def _overwrite(out: bytearray, start: int, length: int, content: bytes) -> None:
    length = max(0, min(length, len(out) - start))
    out[start : start + length] = content.ljust(length, b"\0") if length >= len(content) else bytes(length)


def _metadata_extents(data: memoryview, meta: _Box) -> Iterator[tuple[int, int, bytes]]:
    """Where the metadata items lie, and what to leave there."""
    inner = {box.kind: box for box in _boxes(data, meta.inside + 4, meta.end)}
    if b"iinf" not in inner or b"iloc" not in inner:
        return
    items = dict(_metadata_items(data, inner[b"iinf"]))
    idat = inner.get(b"idat")
    for item, in_idat, offset, length in _locations(data, inner[b"iloc"]):
        if item not in items:
            continue
        content = _EMPTY_EXIF if items[item] == b"Exif" else b""
        if not in_idat:
            yield offset, length, content
        elif idat is not None:
            yield idat.inside + offset, min(length, idat.end - idat.inside - offset), content


def _metadata_items(data: memoryview, iinf: _Box) -> Iterator[tuple[int, bytes]]:
    counted = 4 if take(data, iinf.inside, 1)[0] else 2
    for box in _boxes(data, iinf.inside + 4 + counted, iinf.end):
        if box.kind != b"infe":
            continue
        version = take(data, box.inside, 1)[0]
        item, _, kind = struct.unpack(
            ">HH4s" if version < 3 else ">IH4s", take(data, box.inside + 4, 8 if version < 3 else 10)
        )
        if version >= 2 and kind in _METADATA_ITEMS:
            yield item, kind


def _locations(data: memoryview, iloc: _Box) -> Iterator[tuple[int, bool, int, int]]:
    """(item, inside idat, offset, length) of each extent (14496-12, 8.11.3)."""
    reader = _Reader(data[iloc.inside : iloc.end])
    version = reader.number(4) >> 24
    sizes = reader.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    for _ in range(reader.number(4 if version == 2 else 2)):
        item = reader.number(4 if version == 2 else 2)
        method = reader.number(2) & 15 if version else 0
        reader.number(2)
        base = reader.number(base_size)
        extents = reader.number(2)
        if extents > _MAX_EXTENTS:
            raise Malformed(f"{extents} extents of one item")
        for _ in range(extents):
            reader.number(index_size)
            offset = base + reader.number(offset_size)
            yield item, method == 1, offset, reader.number(length_size)


class _Reader:
    """Big-endian numbers, one after another."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._position = 0

    def number(self, size: int) -> int:
        part = take(self._data, self._position, size)
        self._position += size
        return int.from_bytes(part, "big")
