"""What kind of file it is comes from its content, and nothing in a file makes the question fail."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stockent.media.types import EXECUTABLE_TYPES, HEAD_BYTES, UNKNOWN, sniff
from tests.media.making import encoded, picture, recording, video

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def zipped(*names: str, first: tuple[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if first:
            archive.writestr(*first)
        for name in names:
            archive.writestr(name, "x" * 10)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()


def compound(*streams: str) -> bytes:
    """An OLE file whose directory has these names."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = b"\x09\0"
    header[48:52] = struct.pack("<I", 2)
    entries = b""
    for name in ("Root Entry", *streams):
        coded = name.encode("utf-16-le") + b"\0\0"
        entries += coded.ljust(64, b"\0") + struct.pack("<H", len(coded)) + bytes(62)
    return bytes(header) + bytes(1_024) + entries.ljust(512, b"\0")


def found(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "it-says.png"
    path.write_bytes(content)
    return sniff(path)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (encoded(picture(), "PNG"), "image/png"),
        (encoded(picture(), "JPEG"), "image/jpeg"),
        (encoded(picture(), "GIF"), "image/gif"),
        (encoded(picture(), "WEBP"), "image/webp"),
        (encoded(picture(), "AVIF"), "image/avif"),
        (encoded(picture(), "TIFF"), "image/tiff"),
        (encoded(picture(), "ICO"), "image/vnd.microsoft.icon"),
        (encoded(picture(), "PDF"), "application/pdf"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "image/avif"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0mif1", "image/heif"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        (b"\0\0\0\x14ftyp3gp4\0\0\0\0isom", "video/3gpp"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
        ((b"\xff\xfb\x90\x64" + bytes(413)) * 3, "audio/mpeg"),
        (b"fLaC\0\0\0\x22" + bytes(34), "audio/flac"),
        (gzip.compress(b"x", mtime=0), "application/gzip"),
        (tarred(), "application/x-tar"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(20), "application/x-7z-compressed"),
        (zipped("a.txt", "b/c.txt"), "application/zip"),
        (zipped(), "application/zip"),
        (zipped("[Content_Types].xml", "word/document.xml"), WORD),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), SHEET),
        (zipped("[Content_Types].xml", "_rels/.rels", "ppt/presentation.xml"), SLIDES),
        (
            zipped("content.xml", first=("mimetype", "application/vnd.oasis.opendocument.spreadsheet")),
            "application/vnd.oasis.opendocument.spreadsheet",
        ),
        (zipped("x.opf", first=("mimetype", "application/epub+zip")), "application/epub+zip"),
        (compound("WordDocument"), "application/msword"),
        (compound("Workbook"), "application/vnd.ms-excel"),
        (compound("PowerPoint Document"), "application/vnd.ms-powerpoint"),
        (compound(), "application/x-ole-storage"),
        (b"{\\rtf1 hello}", "application/rtf"),
        (b"AC1032" + bytes(20), "image/vnd.dwg"),
        (b"SQLite format 3\0" + bytes(20), "application/vnd.sqlite3"),
    ],
)
def test_a_known_format_is_told_whatever_the_name_says(
    tmp_path: Path, content: bytes, media_type: str
) -> None:
    assert found(tmp_path, content) == media_type


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"MZ\x90\0\x03\0\0\0" + bytes(300), "application/vnd.microsoft.portable-executable"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "application/x-elf"),
        (b"\xcf\xfa\xed\xfe" + bytes(60), "application/x-mach-binary"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(60), "application/x-mach-binary"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(60), "application/java-vm"),
        (b"\0asm\x01\0\0\0", "application/wasm"),
        (b"#!/bin/sh\nrm -rf /\n", "application/x-shellscript"),
        (zipped("META-INF/MANIFEST.MF", "A.class"), "application/java-archive"),
        (zipped("AndroidManifest.xml", "META-INF/MANIFEST.MF"), "application/vnd.android.package-archive"),
        (compound("\u4840\u3f3f\u4577"), "application/x-msi"),
        (bytes.fromhex("4c0000000114020000000000c000000000000046"), "application/x-ms-shortcut"),
    ],
)
def test_what_may_run_is_told(tmp_path: Path, content: bytes, media_type: str) -> None:
    assert found(tmp_path, content) == media_type
    assert media_type in EXECUTABLE_TYPES


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"Hello.\nMZ stands here, and so does GIF89a.\n", "text/plain"),
        (b"MZ is how this begins.\n", "text/plain"),
        ("Türkçe metin, 中文文本".encode(), "text/plain"),
        ("\ufeffWith a mark".encode(), "text/plain"),
        ("With another".encode("utf-16"), "text/plain"),
        (b"x" * (HEAD_BYTES - 1) + "ü".encode(), "text/plain"),
        (b"name,price,amount\ncotton,3,100\n", "text/csv"),
        ('name;price\n"a;b";3\nc;4\n'.encode("utf-8-sig"), "text/csv"),
        (b"name\tprice\na\t3\nb\t4\n", "text/tab-separated-values"),
        (b"Dear Ana, hello.\nYours, Bo.\n", "text/plain"),
        (b'{"a": [1, 2]}', "application/json"),
        (b'{"a": [1, 2}', "text/plain"),
        (b"[" * 50_000, "text/plain"),
        (b"BEGIN:VCARD\nVERSION:3.0\n", "text/vcard"),
        (b"ISO-10303-21;\nHEADER;\n", "model/step"),
        (b"<?xml version='1.0'?><order><svg/></order>", "application/xml"),
        (b"1 < 2 and <b>bold</b> later", "text/plain"),
    ],
)
def test_text_is_told_by_how_it_begins(tmp_path: Path, content: bytes, media_type: str) -> None:
    assert found(tmp_path, content) == media_type


SVG = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        f"\ufeff \n<?xml version='1.0'?>\n<!-- <html> -->\n<!DOCTYPE svg PUBLIC 'x' 'y' [<!ENTITY a '>'>]>{SVG}",
        "<!DOCTYPE svg><x/>",
        SVG.replace("<svg", "<s:svg").upper(),
    ],
)
@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_an_svg_is_told_behind_anything_that_may_stand_before_it(
    tmp_path: Path, content: str, coding: str
) -> None:
    assert found(tmp_path, content.encode(coding)) == "image/svg+xml"


@pytest.mark.parametrize(
    "content",
    [
        "<!DOCTYPE html><p>x",
        "\n  <HTML><body>",
        "<script>alert(1)</script>",
        "<!-- a --><img src=x onerror=alert(1)>",
        "<!-- nothing else",
        "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
        "<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    ],
)
def test_html_is_told(tmp_path: Path, content: str) -> None:
    assert found(tmp_path, content.encode()) == "text/html"


def test_sound_and_video_in_one_container_format_are_told_apart(tmp_path: Path) -> None:
    for form in ("ogg", "webm", "mp4"):
        assert sniff(recording(tmp_path / "sound", form, 0.1)) == f"audio/{form}"
    assert sniff(video(tmp_path / "seen")) == "video/webm"
    assert sniff(video(tmp_path / "seen", "mp4")) == "video/mp4"
    assert sniff(video(tmp_path / "seen", "matroska")) == "video/x-matroska"


@pytest.mark.parametrize("content", [b"", b"\0" * 100, bytes(range(128, 256)), b"\xff\xfe\xff", b"caf\xe9"])
def test_what_is_not_recognised_is_unknown(tmp_path: Path, content: bytes) -> None:
    assert found(tmp_path, content) == UNKNOWN


def test_the_middle_of_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(zipped("word/x"))
        file.truncate(1 << 34)
    assert sniff(path) == "application/zip"


BEGINNINGS = [
    *(
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\0\0\0\x18ftyp",
        b"RIFF\0\0\0\0",
        b"OggS",
    ),
    *(
        b"\x1aE\xdf\xa3",
        b"\xff\xfb\x90\x64",
        b"<!DOCTYPE ",
        b"<?xml",
        b"<",
        b"{",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"MZ",
    ),
    b"",
]


@settings(deadline=None, max_examples=400)
@given(beginning=st.sampled_from(BEGINNINGS), rest=st.binary(max_size=600))
@example(beginning=b"PK\x03\x04", rest=b"PK\x05\x06" + b"\xff" * 18)
@example(beginning=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", rest=b"\x0c\0" * 22 + b"\xff" * 500)
def test_garbage_has_some_type(
    tmp_path_factory: pytest.TempPathFactory, beginning: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "garbage"
    path.write_bytes(beginning + rest)
    assert "/" in sniff(path)


@settings(deadline=None, max_examples=200)
@given(text=st.text(alphabet=st.sampled_from("<>!-?[]doctype svgxml'\"=:, \n"), max_size=300))
def test_any_markup_has_some_type(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "markup"
    path.write_text(text)
    assert "/" in sniff(path)
