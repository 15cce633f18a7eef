"""A process that uploads and publishes for ever and prints each step that it was told of, made to be killed."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from pathlib import Path

from stockent.files import open_blobs, parse_files_url
from stockent.messaging.blobs import Blobs
from tests.files.acts import LIMIT_BYTES, PNG, in_chunks, new_id
from tests.files.conftest import KEYS

UPLOADERS = 4
SIZE_BYTES = 300_000


def content_of(file_id: str) -> bytes:
    """What the upload of this id is, and the blob of the same id."""
    return hashlib.shake_128(file_id.encode()).digest(SIZE_BYTES)


def say(step: str, file_id: str, size_bytes: int) -> None:
    sys.stdout.write(f"{step} {file_id} {size_bytes}\n")
    sys.stdout.flush()


async def upload_for_ever(blobs: Blobs, scratch: Path) -> None:
    while True:
        file_id = new_id()
        content = content_of(file_id)
        half = SIZE_BYTES // 2
        await blobs.begin(file_id)
        end = await blobs.append(file_id, 0, in_chunks(content[:half]), limit_bytes=LIMIT_BYTES)
        say("staged", file_id, end)
        end = await blobs.append(file_id, end, in_chunks(content[half:]), limit_bytes=LIMIT_BYTES)
        say("staged", file_id, end)
        await blobs.publish(file_id, file_id, PNG)
        say("published", file_id, end)
        source = scratch / file_id
        copy_id = new_id()
        source.write_bytes(content_of(copy_id))
        await blobs.put(copy_id, source, PNG)
        say("published", copy_id, SIZE_BYTES)
        source.unlink()


async def main(data_dir: Path, files_url: str) -> None:
    place = parse_files_url(files_url) if files_url else None
    blobs = open_blobs(place, KEYS, data_dir)
    await blobs.open()
    await asyncio.gather(*(upload_for_ever(blobs, data_dir.parent) for _ in range(UPLOADERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
