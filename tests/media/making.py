"""Files for the tests, made when they are needed: pictures that tell too much, recordings, and broken ones of each."""

from __future__ import annotations

import io
import math
import struct
import zlib
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
from PIL import Image, PngImagePlugin

#: Stands in whatever tells too much; it must not be found in what is kept.
CANARY = b"41.0082N-28.9784E"

_ORIENTATION, _MAKE, _GPS = 0x0112, 0x010F, 0x8825


def told(*, orientation: int = 1) -> Image.Exif:
    """EXIF with a camera and a place."""
    exif = Image.Exif()
    exif[_MAKE] = CANARY.decode()
    if orientation != 1:
        exif[_ORIENTATION] = orientation
    exif.get_ifd(_GPS)[0x001D] = CANARY.decode()
    return exif


def picture(width: int = 40, height: int = 20, mode: str = "RGB") -> Image.Image:
    """Left half black, right half white, so that a turned one can be told."""
    image = Image.new(mode, (width, height), "black")
    image.paste("white", (width // 2, 0, width, height))
    return image


def grey(image: Image.Image, x: int, y: int) -> int:
    return image.convert("L").tobytes()[y * image.width + x]


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def telling_jpeg(*, orientation: int = 1) -> bytes:
    return encoded(
        picture(),
        "JPEG",
        exif=told(orientation=orientation),
        comment=CANARY,
        xmp=CANARY,
        quality=95,
        subsampling=0,
    )


def telling_png(*, orientation: int = 1) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", CANARY.decode())
    text.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    text.add_text("Zipped", CANARY.decode(), zip=True)
    return encoded(picture(), "PNG", exif=told(orientation=orientation), pnginfo=text)


def telling_webp(*, orientation: int = 1) -> bytes:
    return encoded(picture(), "WEBP", exif=told(orientation=orientation), xmp=CANARY, lossless=True)


def telling_avif() -> bytes:
    return encoded(picture(64, 32), "AVIF", exif=told(), xmp=CANARY, quality=90)


def telling_gif() -> bytes:
    return animation("GIF", comment=CANARY, loop=0)


def animation(form: str, frames: int = 3, side: int = 16, **options: Any) -> bytes:
    """Frames of different greys."""
    images = [Image.new("L", (side, side), 10 + 60 * number % 240) for number in range(frames)]
    return encoded(images[0], form, save_all=True, append_images=images[1:], duration=100, **options)


def png_chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(width: int, height: int, pixels: bytes, *, depth: int = 8, colour: int = 0) -> bytes:
    """A PNG that says this size and holds these filtered, compressed rows, whether they go together or not."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [png_chunk(b"IHDR", header), png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b"")]
    )


def bare_gif(width: int, height: int, *blocks: bytes) -> bytes:
    """A GIF of this screen, with two colours and these blocks."""
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0x80, 0, 0)
        + b"\0\0\0\xff\xff\xff"
        + b"".join(blocks)
        + b";"
    )


#: One pixel.
GIF_FRAME = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"


def tone(at_s: float) -> float:
    return math.sin(2 * math.pi * 220 * at_s) / 2


def recording(
    path: Path,
    form: str,
    seconds: float,
    *,
    codec: str = "libopus",
    layout: str = "mono",
    sound: Callable[[float], float] = tone,
    holes: Sequence[tuple[float, float]] = (),
    streams: int = 1,
    **metadata: str,
) -> Path:
    """A recording as a browser's recorder makes it. `holes` are (at, length) in seconds: nothing is recorded there."""
    rate = 48_000
    with av.open(path, "w", format=form) as out:
        out.metadata.update(metadata)
        tracks: list[Any] = [out.add_stream(codec, rate=rate, layout=layout) for _ in range(streams)]
        for track in tracks:
            for frame in (*_frames(seconds, rate, sound), None):
                for packet in track.encode(frame):
                    late_s = sum(length for at_s, length in holes if at_s <= packet.pts * packet.time_base)
                    packet.pts += int(late_s / packet.time_base)
                    packet.dts = packet.pts
                    out.mux(packet)
    return path


def _frames(seconds: float, rate: int, sound: Callable[[float], float]) -> list[av.AudioFrame]:
    frames = []
    for start in range(0, int(seconds * rate), 960):
        samples = array("h", (int(32_767 * sound((start + n) / rate)) for n in range(960)))
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
        frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate = rate
        frame.pts = start
        frames.append(frame)
    return frames


def video(path: Path, form: str = "webm") -> Path:
    """A short one, with sound."""
    with av.open(path, "w", format=form) as out:
        seen: Any = out.add_stream("mpeg4" if form == "mp4" else "libvpx", rate=10)
        seen.width, seen.height, seen.pix_fmt = 32, 32, "yuv420p"
        heard = out.add_stream("libopus", rate=48_000, layout="mono")
        frame = av.VideoFrame(32, 32, "yuv420p")
        out.mux(seen.encode(frame))
        out.mux(seen.encode(None))
        for piece in _frames(0.2, 48_000, tone):
            out.mux(heard.encode(piece))
        out.mux(heard.encode(None))
    return path
