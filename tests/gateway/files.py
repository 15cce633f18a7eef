"""What a person of these tests does to bring a file to a running server, and to have it."""

from __future__ import annotations

import io
import uuid
from typing import Any, NamedTuple

import aiohttp

from stockent.check.clients import Person

Json = dict[str, Any]
CHUNK_BYTES = 4 * 1024 * 1024


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    content: bytes


async def begin(person: Person, size_bytes: int, name: str = "a.bin", *, voice: bool = False) -> Json:
    body = {"clientId": str(uuid.uuid4()), "name": name, "sizeBytes": size_bytes, "voice": voice}
    return dict(await person.done("POST", "/api/attachments", body, status=201))


async def append(
    http: aiohttp.ClientSession, person: Person, upload_id: str, offset: int, content: bytes
) -> Json:
    url = f"{person.url}/api/attachments/{upload_id}?offset={offset}"
    headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/octet-stream"}
    async with http.patch(url, data=io.BytesIO(content), headers=headers) as answer:
        body = dict(await answer.json(content_type=None))
        assert answer.status == 200, body
        return body


async def upload(http: aiohttp.ClientSession, person: Person, content: bytes, name: str = "a.bin") -> Json:
    """The Attachment."""
    state = await begin(person, len(content), name)
    for at in range(0, len(content), CHUNK_BYTES):
        state = await append(http, person, state["id"], at, content[at : at + CHUNK_BYTES])
    assert state["ready"]
    return dict(state["attachment"])


async def fetch(
    http: aiohttp.ClientSession, person: Person, url: str, *, follow: bool = False, **headers: str
) -> Got:
    async with http.get(
        person.url + url,
        headers={"Authorization": f"Bearer {person.token}", **headers},
        allow_redirects=follow,
    ) as answer:
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Got(answer.status, named, await answer.read())
