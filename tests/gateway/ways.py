"""The two ways in: the same act as an HTTP request and as a socket command, so that a test can demand one effect."""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from stockent.check.clients import Device, Person

Json = dict[str, Any]


class Way(Protocol):
    """Acts of one user. Each returns what the answer carries: the message, the read state, or nothing."""

    async def send(self, cid: str, content: str, client_id: str | None = None) -> Json: ...

    async def edit(self, cid: str, mid: str, content: str) -> Json: ...

    async def delete_message(self, cid: str, mid: str) -> Json: ...

    async def mark_read(self, cid: str, seq: int) -> Json: ...

    async def mark_delivered(self, positions: dict[str, int]) -> None: ...

    async def change_settings(self, **changes: bool) -> Json: ...

    async def close(self, cid: str) -> Json: ...

    async def reopen(self, cid: str) -> Json: ...

    async def delete(self, cid: str) -> None: ...


class OverHttp:
    """As a page does that has no socket yet, and as other services do."""

    def __init__(self, person: Person) -> None:
        self._person = person

    async def send(self, cid: str, content: str, client_id: str | None = None) -> Json:
        body = {"clientId": client_id or str(uuid.uuid4()), "content": content}
        answer = await self._person.request("POST", f"/api/conversations/{cid}/messages", body)
        assert answer.status in (200, 201), answer
        return dict(answer.body)

    async def edit(self, cid: str, mid: str, content: str) -> Json:
        path = f"/api/conversations/{cid}/messages/{mid}"
        return dict(await self._person.done("PATCH", path, {"content": content}))

    async def delete_message(self, cid: str, mid: str) -> Json:
        return dict(await self._person.done("DELETE", f"/api/conversations/{cid}/messages/{mid}"))

    async def mark_read(self, cid: str, seq: int) -> Json:
        return dict(await self._person.done("PUT", f"/api/conversations/{cid}/read", {"seq": seq}))

    async def mark_delivered(self, positions: dict[str, int]) -> None:
        await self._person.done("PUT", "/api/delivered", {"conversations": positions}, status=204)

    async def change_settings(self, **changes: bool) -> Json:
        return dict(await self._person.done("PATCH", "/api/me/settings", changes))

    async def close(self, cid: str) -> Json:
        return dict(await self._person.done("PATCH", f"/api/conversations/{cid}", {"status": "CLOSED"}))

    async def reopen(self, cid: str) -> Json:
        return dict(await self._person.done("PATCH", f"/api/conversations/{cid}", {"status": "ACTIVE"}))

    async def delete(self, cid: str) -> None:
        await self._person.done("DELETE", f"/api/conversations/{cid}", status=204)


class OverSocket:
    """As a connected client does."""

    def __init__(self, device: Device) -> None:
        self._device = device

    async def send(self, cid: str, content: str, client_id: str | None = None) -> Json:
        client_id = client_id or str(uuid.uuid4())
        ack = await self._device.done("send_message", conversationId=cid, clientId=client_id, content=content)
        return dict(ack["message"])

    async def edit(self, cid: str, mid: str, content: str) -> Json:
        ack = await self._device.done("edit_message", conversationId=cid, messageId=mid, content=content)
        return dict(ack["message"])

    async def delete_message(self, cid: str, mid: str) -> Json:
        ack = await self._device.done("delete_message", conversationId=cid, messageId=mid)
        return dict(ack["message"])

    async def mark_read(self, cid: str, seq: int) -> Json:
        ack = await self._device.done("mark_read", conversationId=cid, seq=seq)
        return {name: value for name, value in ack.items() if name != "ok"}

    async def mark_delivered(self, positions: dict[str, int]) -> None:
        await self._device.done("mark_delivered", conversations=positions)

    async def change_settings(self, **changes: bool) -> Json:
        return dict((await self._device.done("change_settings", **changes))["settings"])

    async def close(self, cid: str) -> Json:
        return dict((await self._device.done("close_conversation", conversationId=cid))["conversation"])

    async def reopen(self, cid: str) -> Json:
        return dict((await self._device.done("reopen_conversation", conversationId=cid))["conversation"])

    async def delete(self, cid: str) -> None:
        await self._device.done("delete_conversation", conversationId=cid)
