"""The files of the demo's talk, drawn and written by code when it is seeded: pictures, a document, a recording."""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

A4 = (595, 842)
_VOICE_RATE = 16_000
#: 20 ms, as Opus likes it.
_FRAME_SAMPLES = 320
_SYLLABLE_S = 0.21


class DemoFile(NamedTuple):
    name: str
    make: Callable[[], bytes]
    voice: bool = False


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A plain document: on each page its lines, the first as a heading. ASCII without brackets and backslashes."""
    contents = [b"\n".join(_pdf_lines(lines)) for lines in pages]
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, content in enumerate(contents):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {A4[0]} {A4[1]}] /Contents {5 + 2 * index} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _pdf_file(objects)


def _pdf_lines(lines: Sequence[str]) -> Iterator[bytes]:
    y = A4[1] - 90
    for index, line in enumerate(lines):
        size = 12 if index else 22
        yield f"BT /F1 {size} Tf 64 {y} Td ({line}) Tj ET".encode("ascii")
        y -= 24 if index else 44


def _pdf_file(objects: Sequence[bytes]) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return out.getvalue()


def tiles(
    width: int, height: int, columns: int, tone: tuple[int, int, int], *, ribbed: bool = False
) -> bytes:
    """A JPEG of tiles beside each other, each a little lighter or darker than the last; `ribbed` ones do not slip."""
    # Only a demo that is seeded pays for what draws.
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), (214, 210, 203))
    draw = ImageDraw.Draw(image)
    side = width // columns
    for index in range(columns * (height // side + 1)):
        left, top = index % columns * side + 3, index // columns * side + 3
        shade = (index * 37 % 11 - 5) * 2
        colour = (tone[0] + shade, tone[1] + shade, tone[2] + shade)
        draw.rectangle((left, top, left + side - 6, top + side - 6), fill=colour)
        for vein in range(4):
            y = top + (index * 53 + vein * 97) % (side - 6)
            draw.line(
                (left, y, left + side - 6, y + side // 12), fill=tuple(part + 8 for part in colour), width=2
            )
        if ribbed:
            for x in range(left, left + side - 6, 14):
                draw.line((x, top, x, top + side - 6), fill=tuple(part - 22 for part in colour), width=3)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def voice(seconds: float) -> bytes:
    """Opus in Ogg: a hum that rises and falls as speech does."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as out:
        track = out.add_stream("libopus", rate=_VOICE_RATE, layout="mono")
        for number in range(int(seconds * _VOICE_RATE) // _FRAME_SAMPLES):
            frame = av.AudioFrame(format="s16", layout="mono", samples=_FRAME_SAMPLES)
            frame.planes[0].update(_hum(number * _FRAME_SAMPLES / _VOICE_RATE))
            frame.sample_rate, frame.pts = _VOICE_RATE, number * _FRAME_SAMPLES
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return buffer.getvalue()


def _hum(at_s: float) -> bytes:
    """One frame from `at_s` on: two tones, as loud as the syllable is here, and silent between the words."""
    syllable, within = divmod(at_s, _SYLLABLE_S)
    word = int(syllable) % 7
    loud = (
        0.0 if word == 6 else (0.45 + 0.5 * ((word * 3) % 5) / 5) * math.sin(math.pi * within / _SYLLABLE_S)
    )
    pitch = 2 * math.pi * (118 + word * 9) / _VOICE_RATE
    start = round(at_s * _VOICE_RATE)
    samples = (
        int(12_000 * loud * (math.sin(pitch * n) + 0.4 * math.sin(3 * pitch * n)))
        for n in range(start, start + _FRAME_SAMPLES)
    )
    return array("h", samples).tobytes()


_PROFORMA = (
    (
        "Proforma invoice PI-2207",
        "Formosa Steel Works",
        "To: Ortega Comercial, Veracruz",
        "50 t hot-dip galvanised steel coil, 0.8 x 1,200 mm, Z180, G300",
        "758.00 USD per t, CFR Veracruz",
        "Total: 37,900.00 USD",
        "30 % with the order, 70 % against copy of the bill of lading",
    ),
    (
        "Particulars",
        "HS code: 7210.49",
        "Coils of 5 to 7 t, inner diameter 508 mm",
        "Mill certificate EN 10204 3.1 is included",
        "Shipment: week 34, port of Kaohsiung",
    ),
)
_SAND, _STONE = (196, 178, 148), (170, 160, 146)

FILES = {
    "board": DemoFile("sample board.jpg", lambda: tiles(1_200, 800, 3, _SAND)),
    "matt": DemoFile("matt sand.jpg", lambda: tiles(900, 900, 2, _SAND)),
    "ribbed": DemoFile("R11 structured.jpg", lambda: tiles(900, 900, 2, _STONE, ribbed=True)),
    "proforma": DemoFile("Proforma PI-2207.pdf", lambda: pdf(_PROFORMA)),
    "spoken": DemoFile("Voice message.ogg", lambda: voice(6.4), voice=True),
}
