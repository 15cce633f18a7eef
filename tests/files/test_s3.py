"""S3: links, labels, what the environment may not change, and a bucket that does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest

from stockent.files import S3Keys, parse_files_url
from stockent.files.s3 import MAX_EXPIRES_S, S3Blobs
from stockent.messaging.blobs import Label, StorageUnavailable
from tests.files.acts import MIB, PNG, new_id, published, staged, uploaded, whole
from tests.files.conftest import KEYS, bucket_on


@pytest.fixture
def files_url(s3_server: str) -> Iterator[str]:
    with bucket_on(s3_server, new_id()) as url:
        yield url


async def opened(files_url: str, data_dir: Path, keys: S3Keys = KEYS) -> S3Blobs:
    blobs = S3Blobs(parse_files_url(files_url), keys, data_dir, reserve_bytes=0)
    await blobs.open()
    return blobs


async def fetched(url: str, headers: dict[str, str] | None = None) -> tuple[int, Message, bytes]:
    def fetch() -> tuple[int, Message, bytes]:
        with urlopen(Request(url, headers=headers or {})) as answer:
            return answer.status, answer.headers, answer.read()

    return await asyncio.to_thread(fetch)


@pytest.mark.parametrize("size", [1_000, 9 * MIB])
async def test_a_link_gives_the_file_under_its_name_and_never_in_place(
    files_url: str, tmp_path: Path, size: int
) -> None:
    blobs = await opened(files_url, tmp_path)
    blob_id = await published(blobs, b"\x89" * size, Label("image/png", "Şişe 1.png"))
    url = await blobs.signed_url(blob_id, expires_s=300)
    assert url is not None
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["300"]
    status, headers, content = await fetched(url)
    assert (status, content) == (200, b"\x89" * size)
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"Sise 1.png\"; filename*=UTF-8''%C5%9Ei%C5%9Fe%201.png"
    )
    status, headers, content = await fetched(url, {"Range": "bytes=10-19"})
    assert (status, headers["Content-Range"], len(content)) == (206, f"bytes 10-19/{size}", 10)
    await blobs.close()


@pytest.mark.parametrize("active", ["text/html", "image/svg+xml", "text/javascript", "application/xhtml+xml"])
async def test_a_link_calls_what_a_browser_might_run_plain_bytes(
    files_url: str, tmp_path: Path, active: str
) -> None:
    blobs = await opened(files_url, tmp_path)
    blob_id = await published(blobs, b"<script>", Label(active, "page.html"))
    _, headers, _ = await fetched(await blobs.signed_url(blob_id, expires_s=60) or "")
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment;")
    await blobs.close()


async def test_where_browsers_cannot_reach_the_bucket_there_are_no_links(
    files_url: str, tmp_path: Path
) -> None:
    blobs = await opened(files_url.replace("&links=true", ""), tmp_path)
    assert await blobs.signed_url(await published(blobs, b"x"), expires_s=60) is None
    await blobs.close()


@pytest.mark.parametrize("expires_s", [0, -1, MAX_EXPIRES_S + 1])
async def test_a_link_cannot_live_for_ever(files_url: str, tmp_path: Path, expires_s: int) -> None:
    blobs = await opened(files_url, tmp_path)
    with pytest.raises(ValueError, match="expected 1 to"):
        await blobs.signed_url(new_id(), expires_s=expires_s)
    await blobs.close()


async def test_nothing_comes_from_the_environment(
    files_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "of-the-environment",
        "AWS_SESSION_TOKEN": "of-the-environment",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_REGION": "of-the-environment",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    }.items():
        monkeypatch.setenv(name, value)
    blobs = await opened(files_url, tmp_path)
    url = await blobs.signed_url(await published(blobs, b"x"), expires_s=60)
    assert url is not None
    assert url.startswith(parse_files_url(files_url).endpoint)
    assert "of-the-environment" not in url
    assert parse_qs(urlsplit(url).query)["X-Amz-Credential"][0].startswith("access/")
    await blobs.close()


async def test_a_session_token_goes_with_keys_that_are_lent(files_url: str, tmp_path: Path) -> None:
    blobs = await opened(files_url, tmp_path, S3Keys("access", "secret", "lent"))
    url = await blobs.signed_url(new_id(), expires_s=60)
    assert parse_qs(urlsplit(url or "").query)["X-Amz-Security-Token"] == ["lent"]
    await blobs.close()


async def test_two_prefixes_of_one_bucket_do_not_see_each_other(files_url: str, tmp_path: Path) -> None:
    one = await opened(files_url, tmp_path / "one")
    other = await opened(files_url.replace("some/prefix", "some/pre"), tmp_path / "other")
    blob_id = await published(one, b"x")
    assert [blob.id async for blob in one.list_blobs()] == [blob_id]
    assert [blob.id async for blob in other.list_blobs()] == []
    assert await other.size(blob_id) is None
    await one.close()
    await other.close()


async def test_a_bucket_that_is_not_there_is_told_at_the_start(files_url: str, tmp_path: Path) -> None:
    name = parse_files_url(files_url).bucket
    missing = S3Blobs(parse_files_url(files_url.replace(name, "no-such-bucket")), KEYS, tmp_path)
    with pytest.raises(StorageUnavailable):
        await missing.open()
    await missing.close()


async def test_while_the_bucket_does_not_answer_uploads_go_on_and_nothing_is_lost(
    files_url: str, tmp_path: Path, free_port: int
) -> None:
    place = parse_files_url(files_url)
    before = await opened(files_url, tmp_path)
    blob_id = await published(before, b"stored")
    await before.close()
    cut_off = S3Blobs(
        place._replace(endpoint=f"http://127.0.0.1:{free_port}"), KEYS, tmp_path, reserve_bytes=0
    )
    upload_id, other_id = await uploaded(cut_off, b"staged"), new_id()
    for refused in (
        cut_off.ping(),
        cut_off.size(blob_id),
        cut_off.publish(upload_id, other_id, PNG),
        cut_off.delete(blob_id),
    ):
        with pytest.raises(StorageUnavailable) as refusal:
            await refused
        assert str(free_port) not in str(refusal.value)
    assert await staged(cut_off, upload_id) == b"staged"
    await cut_off.close()
    after = await opened(files_url, tmp_path)
    await after.publish(upload_id, other_id, PNG)
    assert await whole(after, other_id) == b"staged"
    assert await whole(after, blob_id) == b"stored"
    await after.close()


class Hesitant:
    """A bucket that accepts one object, when it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.answered = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"PUT ")
        await reader.readexactly(len(b"staged"))
        self.asked.set()
        await self.may_answer.wait()
        self.answered = True
        writer.write(b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("end", ["cancel", "close"])
async def test_a_file_that_is_being_sent_is_sent_to_its_end(files_url: str, tmp_path: Path, end: str) -> None:
    before = await opened(files_url, tmp_path)
    upload_id = await uploaded(before, b"staged")
    await before.close()
    bucket = Hesitant()
    server = await asyncio.start_server(bucket.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    place = parse_files_url(files_url)._replace(endpoint=f"http://127.0.0.1:{port}")
    blobs = S3Blobs(place, KEYS, tmp_path, reserve_bytes=0)
    publishing = asyncio.create_task(blobs.publish(upload_id, new_id(), PNG))
    await bucket.asked.wait()
    if end == "cancel":
        publishing.cancel()
        waiting = publishing
    else:
        waiting = asyncio.create_task(blobs.close())
    await asyncio.wait([waiting], timeout=0)
    waited = not waiting.done()
    bucket.may_answer.set()
    await asyncio.wait([waiting, publishing])
    assert waited
    assert bucket.answered
    await blobs.close()
    server.close()
    await server.wait_closed()
    assert publishing.cancelled() == (end == "cancel")
    after = await opened(files_url, tmp_path)
    assert await after.offset(upload_id) is None, "published as a whole"
    await after.close()
