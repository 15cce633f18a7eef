"""A store with files of a person, without a server, and the settings that name them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stockent.config import Settings
from stockent.files import open_blobs
from stockent.messaging.attachments import thumbnail_id
from stockent.messaging.blobs import Blobs, Label
from stockent.messaging.models import Attachment, AttachmentKind
from stockent.messaging.ports import Extras, NewUpload, Store
from stockent.store import open_store
from tests.files.acts import in_chunks
from tests.store.acts import new_client_id, opened, say

PICTURE = Label("image/png", "a.png")


def settings_of(data_dir: Path, **environ: str) -> Settings:
    return Settings.load({"DATA_DIR": str(data_dir)} | environ, keyless=True)


class World:
    """A store, its files, and what was put into them: contents of blobs by id."""

    def __init__(self, data_dir: Path) -> None:
        self.settings = settings_of(data_dir)
        self.store: Store = open_store(self.settings.database_url)
        self.blobs: Blobs = open_blobs(None, None, data_dir)
        self.contents: dict[str, bytes] = {}
        self.cid = ""

    @property
    def data_dir(self) -> Path:
        return self.settings.data_dir

    async def open(self) -> None:
        await self.store.open()
        await self.blobs.open()
        self.cid = await opened(self.store, "ann", "bob")

    async def close(self) -> None:
        await self.store.close()
        await self.blobs.close()

    async def say(self, content: str = "hello") -> None:
        await say(self.store, self.cid, "ann", content)

    async def file(self, *, show: bool = True) -> str:
        """A finished file with a thumbnail, which a message shows; returns its id."""
        content, small = os.urandom(3_000), os.urandom(300)
        new = NewUpload("ann", new_client_id(), "a.png", len(content), voice=False)
        begun = await self.store.begin_upload(new, max_unsent=100, max_unsent_bytes=10**9)
        file_id = begun.upload.id
        await self.blobs.begin(file_id)
        await self.blobs.append(file_id, 0, in_chunks(content), limit_bytes=len(content))
        source = self.data_dir / "small"
        source.write_bytes(small)
        await self.blobs.put(thumbnail_id(file_id), source, Label("image/webp"))
        source.unlink()
        judged = Attachment(
            id=file_id,
            kind=AttachmentKind.IMAGE,
            name="a.png",
            media_type="image/png",
            size_bytes=len(content),
            url=f"/{file_id}",
        )
        await self.store.judge_upload(file_id, judged, thumbnail_type="image/webp")
        await self.blobs.publish(file_id, file_id, PICTURE)
        await self.store.finish_upload(file_id)
        if show:
            await say(self.store, self.cid, "ann", "", extras=Extras(attachment_ids=(file_id,)))
        self.contents |= {file_id: content, thumbnail_id(file_id): small}
        return file_id

    async def erase(self, file_id: str) -> None:
        """As a server does it: the row first."""
        await self.store.remove_upload(file_id, owner_id="ann")
        await self.blobs.delete(file_id)
        await self.blobs.delete(thumbnail_id(file_id))
        for blob_id in (file_id, thumbnail_id(file_id)):
            self.contents.pop(blob_id)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "data").mkdir(mode=0o700)
    world = World(tmp_path / "data")
    await world.open()
    yield world
    await world.close()


def files_in(folder: Path) -> dict[str, bytes]:
    """Contents by id, of what lies in a folder of files."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
