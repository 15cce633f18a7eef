"""What a client does to bring a file here, over the API alone."""

from __future__ import annotations

from typing import Any

import httpx

from tests.http.conftest import client_id

RAW = {"content-type": "application/octet-stream"}
Json = dict[str, Any]


async def begun(person: httpx.AsyncClient, size_bytes: int, name: str = "a.bin", **more: Any) -> Json:
    body = {"clientId": client_id(), "name": name, "sizeBytes": size_bytes, **more}
    answer = await person.post("/api/attachments", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def part(person: httpx.AsyncClient, upload_id: str, offset: int, content: bytes) -> httpx.Response:
    return await person.patch(f"/api/attachments/{upload_id}?offset={offset}", content=content, headers=RAW)


async def sent_parts(
    person: httpx.AsyncClient, content: bytes, name: str = "a.bin", **more: Any
) -> httpx.Response:
    """The answer to the last part."""
    upload = await begun(person, len(content), name, **more)
    size = upload["maxChunkBytes"]
    for at in range(0, len(content), size):
        answer = await part(person, upload["id"], at, content[at : at + size])
    return answer


async def uploaded(person: httpx.AsyncClient, content: bytes, name: str = "a.bin", **more: Any) -> Json:
    """The Attachment of a finished upload."""
    answer = await sent_parts(person, content, name, **more)
    assert answer.status_code == 200, answer.text
    state = answer.json()
    assert (state["ready"], state["offset"], state["sizeBytes"]) == (True, len(content), len(content))
    return dict(state["attachment"])


async def send(
    person: httpx.AsyncClient, cid: str, *attachment_ids: str, content: str = ""
) -> httpx.Response:
    body = {"clientId": client_id(), "content": content, "attachments": list(attachment_ids)}
    return await person.post(f"/api/conversations/{cid}/messages", json=body)


async def shown(
    person: httpx.AsyncClient, cid: str, content: bytes, name: str = "a.bin", **more: Any
) -> Json:
    """The message that shows a file."""
    attachment = await uploaded(person, content, name, **more)
    answer = await send(person, cid, attachment["id"])
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
