"""What kind of file this is, found from its content: the name and what a sender claims count for nothing.

A bounded head of the file is read, and a bounded tail of containers. First come exact checks of what matters here (what
is shown, what may run); then text; then the signatures of `puremagic` for the long tail. Being wrong is harmless by
design: files are served as downloads. `sniff` never raises because of a file's content.
"""

from __future__ import annotations

import re
from pathlib import Path

import puremagic

from . import containers, texts

UNKNOWN = "application/octet-stream"
HEAD_BYTES = 65_536

EXECUTABLE_TYPES = frozenset(
    {
        "application/vnd.microsoft.portable-executable",
        "application/x-elf",
        "application/x-mach-binary",
        "application/java-archive",
        "application/java-vm",
        "application/vnd.android.package-archive",
        "application/wasm",
        "application/x-ms-shortcut",
        "application/x-msi",
        "application/x-shellscript",
    }
)

#: (offset, bytes, type): the first that fits.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"8BPS\0", "image/vnd.adobe.photoshop"),
    (0, b"\0\0\x01\0", "image/vnd.microsoft.icon"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"AC10", "image/vnd.dwg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\0asm\x01\0\0\0", "application/wasm"),
    (0, b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (0, b"#!", "application/x-shellscript"),
)
_FAT_BINARY = b"\xca\xfe\xba\xbe"
#: A fat Mach-O names its few architectures where a Java class has its version, which began at 45.
_MAX_ARCHITECTURES = 44

#: Shorter matches of the library are coincidences more often than not.
_MIN_MATCH_BYTES = 4
_WELL_FORMED = re.compile(r"(?:application|audio|font|image|model|video)/[a-z0-9][a-z0-9.+-]*")
#: Judged above by more than a signature; what was not recognised there is not one.
_JUDGED = re.compile(
    r"image/(?:png|jpeg|gif|webp|avif|heic|heif|svg.*)|application/(?:zip|xml|json|java.*|vnd\.openxml.*|vnd\.oasis.*)"
    r"|(?:audio|video)/(?:ogg|webm|mp4|mpeg)"
)


def sniff(path: Path) -> str:
    """The media type, `application/octet-stream` where nothing is recognised. Raises OSError only."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        return _signed(head) or containers.sniff(head, file) or _wordy(head) or _listed(head) or UNKNOWN


def _signed(head: bytes) -> str | None:
    for offset, signature, media_type in _SIGNATURES:
        if head.startswith(signature, offset):
            return media_type
    if head.startswith(_FAT_BINARY):
        fat = int.from_bytes(head[4:8], "big") <= _MAX_ARCHITECTURES
        return "application/x-mach-binary" if fat else "application/java-vm"
    return _portable_executable(head) or _bitmap(head) or _mpeg_audio(head)


def _portable_executable(head: bytes) -> str | None:
    """Also the DOS programs that are none: they run as well. Text may begin with these two letters, but has no NUL."""
    if head[:2] not in (b"MZ", b"ZM") or b"\0" not in head[:256]:
        return None
    return "application/vnd.microsoft.portable-executable"


def _bitmap(head: bytes) -> str | None:
    """Two letters, nothing in the reserved bytes, and one of the lengths that its second header has."""
    if not head.startswith(b"BM") or head[6:10] != bytes(4):
        return None
    return "image/bmp" if int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124) else None


_BITRATES = (
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_SAMPLE_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _mpeg_audio(head: bytes) -> str | None:
    """MP3 without a tag: two frames of layer III, the second where the first says."""
    length = _mp3_frame_bytes(head[:4])
    return "audio/mpeg" if length and _mp3_frame_bytes(head[length : length + 4]) else None


def _mp3_frame_bytes(header: bytes) -> int | None:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version, rate, sampling = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or sampling == 3:
        return None
    kilobits = _BITRATES[version != 3][rate - 1]
    return (144 if version == 3 else 72) * kilobits * 1_000 // _SAMPLE_RATES[version][sampling] + (
        header[2] >> 1 & 1
    )


def _wordy(head: bytes) -> str | None:
    return texts.sniff(head, whole=len(head) < HEAD_BYTES)


def _listed(head: bytes) -> str | None:
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):  # nothing fits; nothing is there
        return None
    for match in matches:
        media_type = match.mime_type.strip().lower()
        if len(match.byte_match) < _MIN_MATCH_BYTES or not _WELL_FORMED.fullmatch(media_type):
            continue
        if not _JUDGED.fullmatch(media_type):
            return str(media_type)
    return None
