"""What a picture tells is removed from what is kept, and the picture is the same to the last pixel."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageOps

from stockent.media.inspect import inspect
from stockent.media.models import Inspection, MediaLimits
from tests.media.making import (
    CANARY,
    GIF_FRAME,
    animation,
    bare_gif,
    encoded,
    picture,
    png_chunk,
    telling_avif,
    telling_gif,
    telling_jpeg,
    telling_png,
    telling_webp,
    told,
)

ORIENTATION = 0x0112
LIMITS = MediaLimits()

TELLING: list[Callable[[], bytes]] = [telling_jpeg, telling_png, telling_webp, telling_avif, telling_gif]
TURNED: list[Callable[..., bytes]] = [telling_jpeg, telling_png, telling_webp]


def inspected(tmp_path: Path, content: bytes) -> Inspection:
    source = tmp_path / "source"
    source.write_bytes(content)
    inspection = inspect(source, voice=False, limits=LIMITS)
    assert source.read_bytes() == content
    return inspection


def kept(tmp_path: Path, content: bytes) -> bytes:
    """What is to be stored in place of `content`."""
    inspection = inspected(tmp_path, content)
    assert inspection.kind == "IMAGE"
    return inspection.cleaned.read_bytes() if inspection.cleaned else content


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("make", TELLING)
def test_camera_place_and_comments_are_gone_and_every_pixel_stays(
    tmp_path: Path, make: Callable[[], bytes]
) -> None:
    content = make()
    assert CANARY in content

    clean = kept(tmp_path, content)

    assert CANARY not in clean
    assert opened(clean).tobytes() == opened(content).tobytes()
    assert not dict(opened(clean).getexif())


def test_packed_texts_are_gone_too(tmp_path: Path) -> None:
    clean = kept(tmp_path, telling_png())

    assert opened(telling_png()).info["Zipped"] == CANARY.decode()
    assert "Zipped" not in opened(clean).info
    assert b"zTXt" not in clean


@pytest.mark.parametrize("make", TURNED)
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_picture_keeps_its_turning_and_nothing_else(
    tmp_path: Path, make: Callable[..., bytes], orientation: int
) -> None:
    content = make(orientation=orientation)

    clean = kept(tmp_path, content)

    assert CANARY not in clean
    assert dict(opened(clean).getexif()) == {ORIENTATION: orientation}
    assert (
        ImageOps.exif_transpose(opened(clean)).tobytes() == ImageOps.exif_transpose(opened(content)).tobytes()
    )


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_picture_that_tells_nothing_is_kept_as_it_is(tmp_path: Path, form: str) -> None:
    assert inspected(tmp_path, encoded(picture(), form)).cleaned is None


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_an_animation_that_tells_nothing_is_kept_as_it_is(tmp_path: Path, form: str) -> None:
    assert inspected(tmp_path, animation(form, loop=0)).cleaned is None


@pytest.mark.parametrize(("form", "options"), [("GIF", {"comment": CANARY}), ("WEBP", {"xmp": CANARY})])
def test_a_stripped_animation_keeps_its_frames_times_and_loop(
    tmp_path: Path, form: str, options: dict[str, Any]
) -> None:
    content = animation(form, loop=5, **options)

    clean = kept(tmp_path, content)

    assert CANARY in content
    assert CANARY not in clean
    before, after = opened(content), opened(clean)
    assert getattr(after, "n_frames") == 3  # noqa: B009
    assert after.info["loop"] == before.info["loop"] == 5
    for frame in range(3):
        before.seek(frame)
        after.seek(frame)
        assert after.convert("RGB").tobytes() == before.convert("RGB").tobytes()
        assert after.info["duration"] == before.info["duration"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_colour_profile_stays(tmp_path: Path, form: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    clean = kept(tmp_path, encoded(picture(), form, icc_profile=profile, exif=told()))

    assert opened(clean).info["icc_profile"] == profile


HTML = b"<html><script>alert('" + CANARY + b"')</script></html>"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
@pytest.mark.parametrize("more", [HTML, b"PK\x03\x04" + CANARY, CANARY + b"\0" * 100])
def test_what_comes_after_the_picture_is_cut_off(tmp_path: Path, form: str, more: bytes) -> None:
    content = encoded(picture(), form)

    assert kept(tmp_path, content + more) == content


def test_a_script_in_a_gif_is_not_kept(tmp_path: Path) -> None:
    # A screen 10,799 wide is `/*` in ASCII: to a browser that takes it as a script all up to `*/` is a comment.
    script = b"*/=1;alert('" + CANARY + b"')//"
    frame = encoded(picture(8, 8), "GIF")
    start = frame.index(b",")
    content = (
        b"GIF89a/*\x0a\x00"
        + frame[10:start]
        + b"!\xfe"
        + bytes([len(script)])
        + script
        + b"\0"
        + frame[start:]
    )

    clean = kept(tmp_path, content + script)

    assert CANARY not in clean
    assert b"*/" not in clean


def test_foreign_extensions_of_a_gif_are_dropped(tmp_path: Path) -> None:
    frame = encoded(picture(8, 8), "GIF")
    start = frame.index(b",")
    hidden = b"!\xff\x0bXMP DataXMP" + bytes([len(CANARY)]) + CANARY + b"\0"
    # A loop count with a second sub-block behind it.
    smuggled = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0" + bytes([len(CANARY)]) + CANARY + b"\0"

    assert kept(tmp_path, frame[:start] + hidden + smuggled + frame[start:]) == frame


def test_a_gif_without_an_end_gets_one(tmp_path: Path) -> None:
    content = encoded(picture(), "GIF")
    assert content.endswith(b";")

    assert kept(tmp_path, content[:-1]) == content


def test_the_thumbnail_inside_a_jpeg_is_dropped(tmp_path: Path) -> None:
    content = encoded(picture(), "JPEG")
    assert content[2:11] == b"\xff\xe0\x00\x10JFIF\0"
    pixels = CANARY + bytes(1)
    with_thumbnail = (
        b"\xff\xe0" + (16 + len(pixels)).to_bytes(2, "big") + content[6:18] + b"\x06\x01" + pixels
    )

    assert kept(tmp_path, content[:2] + with_thumbnail + content[20:]) == content


def test_chunks_that_nobody_knows_are_dropped(tmp_path: Path) -> None:
    content = encoded(picture(), "PNG")
    end = content.index(b"IEND") - 4

    assert kept(tmp_path, content[:end] + png_chunk(b"caNb", CANARY) + content[end:]) == content


def test_nothing_moves_in_an_avif(tmp_path: Path) -> None:
    content = telling_avif()

    assert len(kept(tmp_path, content)) == len(content)


def test_foreign_boxes_of_an_avif_are_blanked(tmp_path: Path) -> None:
    content = encoded(picture(64, 32), "AVIF")
    foreign = (8 + len(CANARY)).to_bytes(4, "big") + b"uuid" + CANARY

    clean = kept(tmp_path, content + foreign)

    assert clean == content + foreign[:4] + b"free" + bytes(len(CANARY))


def test_a_photo_that_browsers_do_not_show_is_a_file_without_its_place(tmp_path: Path) -> None:
    content = telling_avif()
    heic = content[:8] + b"heic" + content[12:]

    inspection = inspected(tmp_path, heic)

    assert (inspection.media_type, inspection.kind, inspection.preview) == ("image/heic", "FILE", None)
    assert inspection.cleaned is not None
    assert CANARY not in inspection.cleaned.read_bytes()


def test_a_broken_photo_that_browsers_do_not_show_is_a_file_as_it_is(tmp_path: Path) -> None:
    inspection = inspected(tmp_path, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x0cmeta\0\0\0\0")

    assert (inspection.kind, inspection.cleaned) == ("FILE", None)


def test_bare_gifs_are_what_the_tests_take_them_for(tmp_path: Path) -> None:
    inspection = inspected(tmp_path, bare_gif(3, 2, GIF_FRAME))

    assert (inspection.kind, inspection.width, inspection.height) == ("IMAGE", 3, 2)
