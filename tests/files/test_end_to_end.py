"""A whole server over each storage: files are uploaded, sent, read by the other and removed, by links where so set."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from stockent.messaging.attachments import LINK_EXPIRES_S
from tests.files.acts import new_id
from tests.files.conftest import KEYS, bucket_on
from tests.gateway.files import append, begin, fetch, upload
from tests.gateway.place import Place, open_place
from tests.media.making import encoded, picture

PNG = encoded(picture(), "PNG")
WAYS = ["folder", "bucket with links", "bucket without links"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def server(way: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if way == "folder":
        async with open_place(tmp_path) as place:
            yield place
        return
    with bucket_on(request.getfixturevalue("s3_server"), new_id()) as with_links:
        files_url = with_links if way == WAYS[1] else with_links.replace("links=true", "links=false")
        async with open_place(
            tmp_path,
            FILES_URL=files_url,
            AWS_ACCESS_KEY_ID=KEYS.access_key_id,
            AWS_SECRET_ACCESS_KEY=KEYS.secret_access_key,
        ) as place:
            yield place


async def test_a_file_goes_from_one_to_the_other(server: Place, way: str, tmp_path: Path) -> None:
    ann, ben, eve = (server.person(name) for name in ("ann", "ben", "eve"))
    cid = await server.conversation("ann", "ben")
    content = os.urandom(6_000_000)
    attachments = [
        await upload(server.http, ann, content, "Şişe list.bin"),
        await upload(server.http, ann, PNG, "yarn.png"),
    ]
    body = {"clientId": str(uuid.uuid4()), "attachments": [each["id"] for each in attachments]}
    sent = await ann.done("POST", f"/api/conversations/{cid}/messages", body, status=201)
    for attachment, expected in zip(sent["attachments"], (content, PNG), strict=True):
        got = await fetch(server.http, ben, attachment["url"], follow=True)
        assert (got.status, got.content) == (200, expected)
        part = await fetch(server.http, ben, attachment["url"], follow=True, Range="bytes=10-19")
        assert (part.status, part.content) == (206, expected[10:20])
        first = await fetch(server.http, ben, attachment["url"])
        if way == "bucket with links":
            assert first.status == 302
            assert "no-store" in first.headers["cache-control"]
            assert parse_qs(urlsplit(first.headers["location"]).query)["X-Amz-Expires"] == [
                str(LINK_EXPIRES_S)
            ]
        else:
            assert first == got
        for stranger in (eve, server.person("nobody")):
            refused = await fetch(server.http, stranger, attachment["url"])
            assert refused.status == 404
            assert "location" not in refused.headers
    small = await fetch(server.http, ben, sent["attachments"][1]["thumbnailUrl"], follow=True)
    assert small.headers["content-type"] == "image/webp"
    async with server.http.head(
        ben.url + attachments[0]["url"], headers={"Authorization": f"Bearer {ben.token}"}
    ) as head:
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(content)))
    kept_here = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert bool(kept_here) == (way == "folder")
    assert not [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]
    await ann.done("DELETE", f"/api/conversations/{cid}/messages/{sent['id']}")
    assert (await fetch(server.http, ben, attachments[0]["url"])).status == 404
    assert await server.node.sweeper.remove_unshown() == 2
    assert await server.node.sweeper.remove_orphans() == 0


async def test_a_page_may_load_from_where_links_lead_and_from_nowhere_else(server: Place, way: str) -> None:
    async with server.http.get(server.url + "/healthz") as answer:
        policy = dict(
            each.strip().split(" ", 1) for each in answer.headers["Content-Security-Policy"].split(";")
        )
    location = None
    if way == "bucket with links":
        ann = server.person("ann")
        attachment = await upload(server.http, ann, b"text", "a.txt")
        link = urlsplit((await fetch(server.http, ann, attachment["url"])).headers["location"])
        location = f"{link.scheme}://{link.netloc}"
    for directive in ("img-src", "media-src", "connect-src"):
        origins = [each for each in policy[directive].split() if each.startswith("http://")]
        assert origins == ([location] if location else [])
    assert policy["script-src"] == "'self'"


async def test_readiness_asks_the_storage_too(server: Place, way: str, tmp_path: Path) -> None:
    nobody = server.person("nobody")
    assert (await nobody.request("GET", "/readyz")).status == 200
    (tmp_path / "uploads").rename(tmp_path / "mislaid")
    answer = await nobody.request("GET", "/readyz")
    assert (answer.status, answer.body["code"]) == (503, "store_unavailable")
    state = await ann_cannot_begin(server)
    (tmp_path / "mislaid").rename(tmp_path / "uploads")
    assert (await nobody.request("GET", "/readyz")).status == 200
    assert state == 503
    ann = server.person("ann")
    again = await begin(ann, 3)
    assert (await append(server.http, ann, again["id"], 0, b"abc"))["ready"]


async def ann_cannot_begin(server: Place) -> int:
    body = {"clientId": str(uuid.uuid4()), "name": "a", "sizeBytes": 3}
    return (await server.person("ann").request("POST", "/api/attachments", body)).status
