"""Files as people send them, made by code: pictures, a document, and what only claims to be one."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

COLOURS = ((196, 120, 86), (72, 121, 150), (118, 146, 92), (214, 180, 96))
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>document.title = 'owned'</script></svg>"


def picture(folder: Path, name: str, *, size: tuple[int, int] = (1200, 800), tone: int = 0) -> Path:
    """A JPEG with something to look at."""
    image = Image.new("RGB", size, COLOURS[tone % len(COLOURS)])
    draw = ImageDraw.Draw(image)
    for step in range(0, max(size), 80):
        draw.line([(step, 0), (step - size[1], size[1])], fill=(255, 255, 255), width=6)
    draw.ellipse([size[0] // 3, size[1] // 4, size[0] * 2 // 3, size[1] * 3 // 4], fill=(250, 248, 240))
    path = folder / name
    image.save(path, "JPEG", quality=88)
    return path


def noise(folder: Path, name: str, size_bytes: int) -> Path:
    """A file of no known kind that no network makes shorter."""
    path = folder / name
    block = bytes((index * 31 + (index >> 8) * 17 + 3) % 251 for index in range(65_536))
    path.write_bytes((block * (size_bytes // len(block) + 1))[:size_bytes])
    return path


def pdf(folder: Path, name: str, words: str) -> Path:
    """Two pages of A4 with a line of text each."""
    pages = [f"BT /F1 28 Tf 72 760 Td ({words}, page {number}) Tj ET".encode() for number in (1, 2)]
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R 5 0 R] /Count 2 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % content
            for content in (6, 7)
        ),
        *(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page) for page in pages),
    ]
    out = BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    path = folder / name
    path.write_bytes(out.getvalue())
    return path


def broken_png(folder: Path, name: str) -> Path:
    """It begins as a picture and is none."""
    path = folder / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2_000))
    return path


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
