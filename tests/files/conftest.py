"""Where blobs live. Another backend joins the suite by another `Place`: tests ask for nothing else of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

from stockent.files import S3Keys, parse_files_url
from stockent.files.folder import FolderBlobs
from stockent.files.s3 import S3Blobs
from stockent.messaging.blobs import Blobs
from tests.files.acts import new_id

KEYS = S3Keys("access", "secret")


class Place(Protocol):
    """Each `blobs` is a new life on the same data, so close one before opening the next."""

    data_dir: Path
    #: None for the default.
    files_url: str | None

    def blobs(self, *, reserve_bytes: int = 0) -> Blobs: ...


class FolderPlace:
    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.files_url: str | None = None

    def blobs(self, *, reserve_bytes: int = 0) -> Blobs:
        return FolderBlobs(self.data_dir, reserve_bytes=reserve_bytes)


class BucketPlace:
    def __init__(self, data_dir: Path, files_url: str) -> None:
        self.data_dir = data_dir
        self.files_url: str | None = files_url
        self._place = parse_files_url(files_url)

    def blobs(self, *, reserve_bytes: int = 0) -> Blobs:
        return S3Blobs(self._place, KEYS, self.data_dir, reserve_bytes=reserve_bytes)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The origin of a server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@contextmanager
def bucket_on(s3_server: str, name: str) -> Iterator[str]:
    """The FILES_URL of a new bucket."""
    with urlopen(Request(f"{s3_server}/{name}", method="PUT")):
        yield f"s3://{name}/some/prefix?endpoint={s3_server}&links=true"


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    data_dir = tmp_path / "data"
    if request.param == "folder":
        yield FolderPlace(data_dir)
        return
    with bucket_on(request.getfixturevalue("s3_server"), new_id()) as files_url:
        yield BucketPlace(data_dir, files_url)


@pytest.fixture
async def blobs(place: Place) -> AsyncIterator[Blobs]:
    blobs = place.blobs()
    await blobs.open()
    yield blobs
    await blobs.close()
