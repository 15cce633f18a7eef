"""Pictures: their size as people see it, a small one for showing, and clear refusals before anything is decoded."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from stockent.media.inspect import inspect
from stockent.media.models import Inspection, MediaLimits, MediaRefused, Preview
from tests.media.making import (
    GIF_FRAME,
    animation,
    bare_gif,
    encoded,
    grey,
    picture,
    png,
    png_chunk,
    telling_avif,
    telling_gif,
    telling_jpeg,
    telling_png,
    telling_webp,
)

LIMITS = MediaLimits()


def inspected(tmp_path: Path, content: bytes, limits: MediaLimits = LIMITS) -> Inspection:
    source = tmp_path / "source"
    source.write_bytes(content)
    return inspect(source, voice=False, limits=limits)


def refusal(tmp_path: Path, content: bytes, limits: MediaLimits = LIMITS) -> str:
    """Why it is refused. Nothing but the source is left."""
    with pytest.raises(MediaRefused) as refused:
        inspected(tmp_path, content, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
    return str(refused.value)


def preview_of(inspection: Inspection) -> tuple[Preview, Image.Image]:
    assert inspection.preview is not None
    image = Image.open(inspection.preview.path)
    image.load()
    assert (image.width, image.height) == (inspection.preview.width, inspection.preview.height)
    assert image.format == "WEBP"
    assert inspection.preview.media_type == "image/webp"
    return inspection.preview, image


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_picture_has_its_size_and_a_small_one(tmp_path: Path, form: str) -> None:
    inspection = inspected(tmp_path, encoded(picture(1_280, 500), form))

    assert (inspection.kind, inspection.media_type) == ("IMAGE", f"image/{form.lower()}")
    assert (inspection.width, inspection.height) == (1_280, 500)
    preview, image = preview_of(inspection)
    assert (preview.width, preview.height) == (640, 250)
    assert grey(image, 10, 125) < 20
    assert grey(image, 630, 125) > 235


def test_a_small_picture_is_not_made_larger(tmp_path: Path) -> None:
    preview, _ = preview_of(inspected(tmp_path, encoded(picture(30, 20), "PNG")))

    assert (preview.width, preview.height) == (30, 20)


@pytest.mark.parametrize("make", [telling_jpeg, telling_png, telling_webp])
def test_a_turned_picture_has_the_size_that_people_see(tmp_path: Path, make: Callable[..., bytes]) -> None:
    # Orientation 6: what is stored left is shown on top.
    inspection = inspected(tmp_path, make(orientation=6))

    assert (inspection.width, inspection.height) == (20, 40)
    preview, image = preview_of(inspection)
    assert (preview.width, preview.height) == (20, 40)
    assert grey(image, 10, 4) < 30
    assert grey(image, 10, 36) > 220
    assert "exif" not in image.info


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_shown_small_by_its_first_frame(tmp_path: Path, form: str) -> None:
    inspection = inspected(tmp_path, animation(form, side=32))

    _, image = preview_of(inspection)
    assert getattr(image, "n_frames", 1) == 1
    assert abs(grey(image, 16, 16) - 10) < 6


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        *(("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("RGBA", "PNG")),
        *(("L", "JPEG"), ("CMYK", "JPEG"), ("P", "GIF"), ("RGBA", "WEBP"), ("RGBA", "AVIF")),
    ],
)
def test_every_kind_of_pixel_is_shown(tmp_path: Path, mode: str, form: str) -> None:
    image = picture(1_300, 650).convert("L").point(lambda value: value and 200)
    if mode == "I;16":
        image = image.convert("I").point(lambda value: value * 256).convert("I;16")
    _, shown = preview_of(inspected(tmp_path, encoded(image.convert(mode), form)))

    assert abs(grey(shown, 600, 300) - 200) < 12


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("options", [{}, {"icc_profile": PROFILE}])
@pytest.mark.parametrize(
    ("mode", "form"), [("RGBA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "AVIF"), ("RGB", "PNG")]
)
def test_what_is_transparent_stays_so(
    tmp_path: Path, mode: str, form: str, options: dict[str, bytes]
) -> None:
    image = Image.new(mode, (1_000, 500), (255, 0, 0, 0)[: len(mode)])
    image.paste((0, 0, 255, 255)[: len(mode)], (500, 0, 1_000, 500))
    key = {"transparency": (255, 0, 0)} if mode == "RGB" else {}

    _, shown = preview_of(inspected(tmp_path, encoded(image, form, **key, **options)))

    assert shown.mode == "RGBA"
    alpha = shown.getchannel("A")
    assert (grey(alpha, 10, 10), grey(alpha, 630, 10)) == (0, 255)
    assert shown.convert("RGB").tobytes()[-3:] == pytest.approx((0, 0, 255), abs=8)


def test_the_small_picture_is_in_the_colours_that_every_screen_knows(tmp_path: Path) -> None:
    swapped = PROFILE.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    reddish = Image.new("RGB", (50, 50), (200, 100, 50))

    _, shown = preview_of(inspected(tmp_path, encoded(reddish, "PNG", icc_profile=swapped)))

    red, green, _ = shown.convert("RGB").resize((1, 1)).tobytes()
    assert red < 110
    assert green > 190
    assert "icc_profile" not in shown.info


def test_a_colour_profile_of_garbage_is_none(tmp_path: Path) -> None:
    inspection = inspected(tmp_path, encoded(picture(), "PNG", icc_profile=b"garbage" * 20))

    assert inspection.kind == "IMAGE"


ROW = zlib.compress(b"\0" * 100)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(20_000, 20_000, ROW), "expected an image of at most 50 megapixels, got 20000 × 20000"),
        (
            png(2**31 - 1, 2**31 - 1, ROW),
            "expected an image of at most 50 megapixels, got 2147483647 × 2147483647",
        ),
        (png(16_385, 1, ROW), "expected sides of at most 16384 pixels, got 16385 × 1"),
        (bare_gif(10_000, 6_000, GIF_FRAME), "expected an image of at most 50 megapixels, got 10000 × 6000"),
        (
            # The screen is small; what is drawn on it is not.
            bare_gif(1, 1, GIF_FRAME, b"," + b"\0\0\0\0\x60\xea\x60\xea\0" + GIF_FRAME[10:]),
            "expected an image of at most 50 megapixels, got 60000 × 60000",
        ),
        (bare_gif(1, 1, *[GIF_FRAME] * 501), "expected an animation of at most 500 frames, got 501"),
        (
            bare_gif(3_000, 3_000, *[GIF_FRAME] * 200),
            "expected an animation of at most 1000 megapixels in all frames together, got 200 frames of 3000 × 3000",
        ),
    ],
)
def test_too_large_a_picture_is_refused_by_what_it_says_of_itself(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    assert refusal(tmp_path, content) == reason


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_every_format_is_held_to_the_limit_of_pixels(tmp_path: Path, form: str) -> None:
    content = encoded(picture(100, 51), form)

    assert inspected(tmp_path, content, MediaLimits(max_pixels=5_100)).kind == "IMAGE"
    for made in tmp_path.glob("source.*"):
        made.unlink()
    assert "got 100 × 51" in refusal(tmp_path, content, MediaLimits(max_pixels=5_099))


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP", "AVIF"])
def test_every_format_is_held_to_the_limit_of_frames(tmp_path: Path, form: str) -> None:
    content = animation(form, frames=4)

    assert inspected(tmp_path, content, MediaLimits(max_frames=4)).kind == "IMAGE"
    for made in tmp_path.glob("source.*"):
        made.unlink()
    assert refusal(tmp_path, content, MediaLimits(max_frames=3)).endswith("at most 3 frames, got 4")


def test_frames_are_counted_and_not_believed(tmp_path: Path) -> None:
    content = animation("PNG", frames=4)
    at = content.index(b"acTL")
    said = b"acTL" + (1).to_bytes(4, "big") + content[at + 8 : at + 12]
    lying = content[:at] + said + zlib.crc32(said).to_bytes(4, "big") + content[at + 16 :]
    assert len(lying) == len(content)

    assert refusal(tmp_path, lying, MediaLimits(max_frames=3)).endswith("at most 3 frames, got 4")


def test_a_file_too_large_for_a_picture_is_refused_unread(tmp_path: Path) -> None:
    content = encoded(picture(), "PNG")

    assert refusal(tmp_path, content, MediaLimits(max_image_bytes=len(content) - 1)) == (
        f"expected an image of at most {len(content) - 1} bytes, got {len(content)}"
    )


def test_a_picture_of_endless_scans_is_refused(tmp_path: Path) -> None:
    content = encoded(picture(), "JPEG", progressive=True)
    start = content.rindex(b"\xff\xda")
    scan = content[start:-2]
    assert inspected(tmp_path, content).kind == "IMAGE"
    for made in tmp_path.glob("source.*"):
        made.unlink()

    assert "could not be read as an image" in refusal(tmp_path, content[:-2] + scan * 200 + content[-2:])


def test_pixels_that_inflate_beyond_the_size_do_no_harm(tmp_path: Path) -> None:
    bomb = png(10, 10, zlib.compress(bytes(200_000_000), 9))
    assert len(bomb) < 250_000

    assert inspected(tmp_path, bomb).kind == "IMAGE"


def test_a_text_that_inflates_without_end_is_dropped_unread(tmp_path: Path) -> None:
    content = encoded(picture(), "PNG")
    end = content.index(b"IEND") - 4
    bomb = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))

    inspection = inspected(tmp_path, content[:end] + bomb + content[end:])

    assert inspection.cleaned is not None
    assert inspection.cleaned.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"garbage" * 20, "image/png"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0garbage" * 20, "image/jpeg"),
        (b"\xff\xd8\xff\xd9", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"GIF89a" + b"garbage" * 20, "image/gif"),
        (bare_gif(1, 1), "image/gif"),
        (bare_gif(1, 1, b",\0\0\0\0\1\0\1\0\0\2\2\xff\xff\0"), "image/gif"),
        (b"RIFF\x04\0\0\0WEBP", "image/webp"),
        (b"RIFF\x24\0\0\0WEBPVP8L" + b"garbage" * 20, "image/webp"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + b"garbage" * 20, "image/avif"),
        (png(10, 10, b"garbage"), "image/png"),
        (png(0, 10, ROW), "image/png"),
        (png(10, 10, ROW, depth=7, colour=5), "image/png"),
    ],
)
def test_what_begins_as_a_picture_and_is_none_is_refused(
    tmp_path: Path, content: bytes, media_type: str
) -> None:
    assert refusal(tmp_path, content) == f"the file begins as {media_type} but could not be read as an image"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
@pytest.mark.parametrize("left", [0.3, 0.9])
def test_half_a_picture_is_refused(tmp_path: Path, form: str, left: float) -> None:
    content = encoded(Image.effect_noise((200, 200), 80).convert("RGB"), form)

    assert "could not be read as an image" in refusal(tmp_path, content[: int(len(content) * left)])


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    content = bytearray(encoded(picture(), "PNG"))
    content[content.index(b"IDAT") + 6] ^= 1

    assert "could not be read as an image" in refusal(tmp_path, bytes(content))


def test_an_svg_is_a_file_and_never_a_picture(tmp_path: Path) -> None:
    inspection = inspected(
        tmp_path, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    )

    assert inspection == Inspection(media_type="image/svg+xml", kind="FILE")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", "application/octet-stream"),
        (b"%PDF-1.7 garbage", "application/pdf"),
        (b"hello", "text/plain"),
        (encoded(picture(), "BMP"), "image/bmp"),
        (encoded(picture(), "TIFF"), "image/tiff"),
    ],
)
def test_anything_else_is_a_file(tmp_path: Path, content: bytes, media_type: str) -> None:
    assert inspected(tmp_path, content) == Inspection(media_type=media_type, kind="FILE")


WHOLE = [
    *(telling_jpeg(orientation=6), telling_png(orientation=3), telling_webp(orientation=8), telling_gif()),
    *(telling_avif(), animation("PNG"), animation("WEBP"), encoded(picture(), "JPEG", progressive=True)),
]


@settings(deadline=None, max_examples=300)
@given(whole=st.sampled_from(WHOLE), data=st.data())
def test_a_damaged_picture_is_shown_or_refused(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(12, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if len(content) < 20:
            break
    source = tmp_path_factory.getbasetemp() / "damaged"
    source.write_bytes(content)
    try:
        inspection = inspect(source, voice=False, limits=LIMITS)
    except MediaRefused:
        return
    assert (inspection.preview is not None) == (inspection.kind == "IMAGE")
