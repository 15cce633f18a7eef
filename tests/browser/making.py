"""Files as people send them, made by code: pictures, a document, and what only claims to be one."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from stockent import demo_files

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
    """Two pages with a line of text each."""
    return written(folder, name, demo_files.pdf([[f"{words}, page {number}"] for number in (1, 2)]))


def broken_png(folder: Path, name: str) -> Path:
    """It begins as a picture and is none."""
    return written(folder, name, b"\x89PNG\r\n\x1a\n" + bytes(2_000))


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
