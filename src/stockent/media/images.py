"""Pictures: judged by their structure, stripped of what they tell, and made small for showing.

Called by `inspect` only. The order is what makes it safe: the walk over the structure finds the size and the frames,
the limits decide, the metadata goes; only then is a decoder of pixels let at what is left.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from .formats import gif, heif, jpeg, png, webp
from .formats.skeleton import Malformed, Skeleton
from .models import Inspection, MediaLimits, MediaRefused, Preview, cleaned_path, preview_path

PREVIEW_SIDE = 640
PREVIEW_TYPE = "image/webp"
_PREVIEW_QUALITY = 80
#: How much larger than the preview a picture may be left by the quick first step of shrinking it.
_REDUCING_GAP = 2.0

_WALKS: dict[str, Callable[[memoryview], Skeleton]] = {
    "image/jpeg": jpeg.walk,
    "image/png": png.walk,
    "image/gif": gif.walk,
    "image/webp": webp.walk,
}
_DECODERS = {
    "image/jpeg": JpegImagePlugin.JpegImageFile.format,
    "image/png": PngImagePlugin.PngImageFile.format,
    "image/gif": GifImagePlugin.GifImageFile.format,
    "image/webp": WebPImagePlugin.WebPImageFile.format,
    "image/avif": AvifImagePlugin.AvifImageFile.format,
}
IMAGE_TYPES = frozenset(_DECODERS) if AvifImagePlugin.SUPPORTED else frozenset(_WALKS)
#: Not shown by browsers, but what phones make, and full of places: stripped, and kept as a file.
STRIPPED_TYPES = frozenset({"image/heic", "image/heif", "image/avif"}) - IMAGE_TYPES

_ORIENTATION = 0x0112
_SIDEWAYS = range(5, 9)


def inspect_image(source: Path, media_type: str, limits: MediaLimits) -> Inspection:
    """Raises `MediaRefused`."""
    _check_bytes(source, limits)
    try:
        cleaned = _stripped(source, media_type, limits)
    except Malformed as error:
        raise _unreadable(media_type) from error
    (width, height), still = _decoded(cleaned or source, media_type, limits)
    target = preview_path(source)
    target.write_bytes(_encoded(still))
    return Inspection(
        media_type=media_type,
        kind="IMAGE",
        width=width,
        height=height,
        preview=Preview(path=target, media_type=PREVIEW_TYPE, width=still.width, height=still.height),
        cleaned=cleaned,
    )


def inspect_stripped(source: Path, media_type: str, limits: MediaLimits) -> Inspection:
    """A picture that is kept as a file: without its metadata where that can be found, else as it is."""
    cleaned = None
    if source.stat().st_size <= limits.max_image_bytes:
        with suppress(Malformed):
            cleaned = _stripped(source, media_type, limits)
    return Inspection(media_type=media_type, kind="FILE", cleaned=cleaned)


def _check_bytes(source: Path, limits: MediaLimits) -> None:
    size = source.stat().st_size
    if size > limits.max_image_bytes:
        raise MediaRefused(f"expected an image of at most {limits.max_image_bytes:,} bytes, got {size:,}")


def _stripped(source: Path, media_type: str, limits: MediaLimits) -> Path | None:
    """The file without metadata, None if it has none. Raises `Malformed`, and `MediaRefused` beyond the limits."""
    data = memoryview(source.read_bytes())
    if media_type in _WALKS:
        skeleton = _WALKS[media_type](data)
        _check_size(skeleton.width, skeleton.height, skeleton.frames, limits)
        parts = skeleton.parts if skeleton.differs_from(data) else None
    else:
        blanked = heif.blanked(data)
        parts = None if blanked == data else [blanked]
    if parts is None:
        return None
    cleaned = cleaned_path(source)
    with cleaned.open("wb") as file:
        file.writelines(parts)
    return cleaned


def _check_size(width: int, height: int, frames: int, limits: MediaLimits) -> None:
    if width * height > limits.max_pixels:
        raise MediaRefused(
            f"expected an image of at most {limits.max_pixels / 1_000_000:g} megapixels, got {width} × {height}"
        )
    if max(width, height) > limits.max_side:
        raise MediaRefused(f"expected sides of at most {limits.max_side} pixels, got {width} × {height}")
    if frames > limits.max_frames:
        raise MediaRefused(f"expected an animation of at most {limits.max_frames} frames, got {frames}")
    if frames > 1 and frames * width * height > limits.max_animation_pixels:
        raise MediaRefused(
            f"expected an animation of at most {limits.max_animation_pixels / 1_000_000:g} megapixels in all frames"
            f" together, got {frames} frames of {width} × {height}"
        )


def _decoded(path: Path, media_type: str, limits: MediaLimits) -> tuple[tuple[int, int], Image.Image]:
    """The size as people see it, and the small still picture of the first frame."""
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Pillow's own guard, should it see another size in the file than the walk did.
        Image.MAX_IMAGE_PIXELS = limits.max_pixels
        try:
            with Image.open(file, formats=[_DECODERS[media_type]]) as image:
                size = image.size
                _check_size(*size, getattr(image, "n_frames", 1), limits)
                if image.getexif().get(_ORIENTATION, 1) in _SIDEWAYS:
                    size = size[1], size[0]
                return size, _small(image)
        except (MediaRefused, MemoryError):
            raise
        except Exception as error:  # a decoder at a hostile file may raise anything
            raise _unreadable(media_type) from error


def _small(image: Image.Image) -> Image.Image:
    """Upright, at most `PREVIEW_SIDE` on each side, in sRGB, with nothing of the original but pixels."""
    prepared = _resizable(image)
    prepared.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)
    small = _srgb(ImageOps.exif_transpose(prepared))
    small.info = {}
    return small


def _resizable(image: Image.Image) -> Image.Image:
    """In a mode whose values can be averaged: not a palette's numbers, not single bits, nothing over 8 bits."""
    if image.mode in ("RGBA", "LA", "CMYK") or (
        image.mode in ("RGB", "L") and not image.has_transparency_data
    ):
        return image
    if image.mode.startswith("I"):
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _srgb(image: Image.Image) -> Image.Image:
    plain = "RGBA" if image.has_transparency_data else "RGB"
    profile: Any = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        # A profile that makes no sense is no profile.
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            if converted := ImageCms.profileToProfile(image, source, target, outputMode=plain):
                return converted
    return image.convert(plain)


def _encoded(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "WEBP", quality=_PREVIEW_QUALITY)
    return buffer.getvalue()


def _unreadable(media_type: str) -> MediaRefused:
    return MediaRefused(f"the file begins as {media_type} but could not be read as an image")
