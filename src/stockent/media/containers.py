"""Formats that hold others: RIFF, ISO media, Matroska, Ogg, ZIP and OLE, each by what is inside.

Called by `types.sniff` only. Reads, beside the head that it is given, at most a bounded piece of the file elsewhere.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

#: Of the file's end, where ZIP and MP4 keep their directories.
TAIL_BYTES = 65_536
_MAX_DIRECTORY_BYTES = 262_144
_MAX_ENTRIES = 2_000


def sniff(head: bytes, file: BinaryIO) -> str | None:
    """The type of the container `file` that begins with `head`, None where it is none that is known here."""
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _iso_media(head, file)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _matroska(head)
    if head.startswith(b"OggS"):
        return _ogg(head)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(head, file)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole(head, file)
    return None


def _piece(file: BinaryIO, start: int, count: int) -> bytes:
    file.seek(max(0, start))
    return file.read(count)


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}

_STILL_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
}
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"crx ": "image/x-canon-cr3",
}
_HANDLER = re.compile(rb"hdlr.{8}(vide|soun)", re.DOTALL)


def _iso_media(head: bytes, file: BinaryIO) -> str:
    brand = head[8:12]
    if brand in _STILL_BRANDS:
        return _still(head)
    if brand in _BRANDS:
        return _BRANDS[brand]
    if brand[:3] == b"3gp":
        return "video/3gpp"
    found = {*_HANDLER.findall(head), *_HANDLER.findall(_piece(file, _size(file) - TAIL_BYTES, TAIL_BYTES))}
    return "audio/mp4" if found == {b"soun"} else "video/mp4"


def _still(head: bytes) -> str:
    """By the first brand that names a coding: the general ones come first in many files."""
    length = min(int.from_bytes(head[:4], "big"), 256)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length, 4))]
    named = [_STILL_BRANDS[brand] for brand in brands if brand in _STILL_BRANDS]
    return next((media_type for media_type in named if media_type != "image/heif"), "image/heif")


def _matroska(head: bytes) -> str:
    coding = "video" if b"V_" in head or b"A_" not in head else "audio"
    return f"{coding}/webm" if b"webm" in head[:64] else f"{coding}/x-matroska"


def _ogg(head: bytes) -> str:
    packet = head[28:]
    sound = (
        b"OpusHead" in packet[:64]
        or b"\x01vorbis" in packet[:64]
        or b"Speex   " in packet[:64]
        or b"\x7fFLAC" in packet[:64]
    )
    return "audio/ogg" if sound and b"\x80theora" not in head else "video/ogg"


_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MIMETYPE_ENTRY = re.compile(rb"application/(?:vnd\.oasis\.opendocument\.[a-z-]{1,40}|epub\+zip)")


def _zip(head: bytes, file: BinaryIO) -> str:
    # OpenDocument and EPUB: an uncompressed first entry with this name (OpenDocument 1.2, part 3, 3.3).
    if head[30:38] == b"mimetype" and (named := _MIMETYPE_ENTRY.match(head, 38)):
        return named[0].decode()
    names = set(_entries(file))
    if "AndroidManifest.xml" in names:
        return "application/vnd.android.package-archive"
    if "META-INF/MANIFEST.MF" in names:
        return "application/java-archive"
    if "[Content_Types].xml" in names:
        for folder, media_type in _OFFICE.items():
            if any(name.startswith(folder) for name in names):
                return media_type
    return "application/zip"


def _entries(file: BinaryIO) -> Iterator[str]:
    """Names in the central directory (APPNOTE 4.3.12, 4.3.16), as many as lie in a bounded piece of it."""
    size = _size(file)
    tail = _piece(file, size - TAIL_BYTES, TAIL_BYTES)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        return
    length, start = struct.unpack_from("<II", tail, end + 12)
    directory = _piece(file, start, min(length, _MAX_DIRECTORY_BYTES))
    position = 0
    for _ in range(_MAX_ENTRIES):
        if directory[position : position + 4] != b"PK\x01\x02" or len(directory) - position < 46:
            return
        name, extra, comment = struct.unpack_from("<HHH", directory, position + 28)
        yield directory[position + 46 : position + 46 + name].decode("utf-8", "replace")
        position += 46 + name + extra + comment


_OLE_STREAMS = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__nameid_version1.0", "application/vnd.ms-outlook"),
    ("VisioDocument", "application/vnd.visio"),
)
#: An installer's tables have names in a coding of its own, all of which begin with this character.
_MSI_TABLE = "\u4840"


def _ole(head: bytes, file: BinaryIO) -> str:
    """By the names in the first sector of the directory (MS-CFB 2.2, 2.6)."""
    if len(head) < 52:
        return "application/x-ole-storage"
    shift, sector = int.from_bytes(head[30:32], "little"), int.from_bytes(head[48:52], "little")
    if shift not in (9, 12):
        return "application/x-ole-storage"
    directory = _piece(file, (sector + 1) << shift, 4_096)
    names = {_ole_name(directory[at : at + 128]) for at in range(0, len(directory) - 127, 128)}
    if any(name.startswith(_MSI_TABLE) for name in names):
        return "application/x-msi"
    return next((kind for name, kind in _OLE_STREAMS if name in names), "application/x-ole-storage")


def _ole_name(entry: bytes) -> str:
    length = min(int.from_bytes(entry[64:66], "little"), 64)
    return entry[: max(0, length - 2)].decode("utf-16-le", "replace")
