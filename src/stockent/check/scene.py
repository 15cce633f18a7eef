"""What the steps of the check share: three people, their five sockets, and the conversation they have made so far."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .clients import POLLING, WEBSOCKET, Device, Heard, Person
from .failures import StepFailed
from .hearing import Hearing, topic
from .passes import Issuer, meet

Json = dict[str, Any]


@dataclass
class Scene:
    """Attributes without a default are set by the step that makes them; steps name the ones they need.

    Each of the two who talk has one socket with the conversation in view (`..._view`), which joins its room, and one
    elsewhere (`..._else`), which does not. Both transports are on both sides of that.
    """

    url: str
    http: aiohttp.ClientSession
    issuer: Issuer | None
    buyer: Person = field(init=False)
    seller: Person = field(init=False)
    outsider: Person = field(init=False)
    buyer_view: Device = field(init=False)
    buyer_else: Device = field(init=False)
    seller_view: Device = field(init=False)
    seller_else: Device = field(init=False)
    outsider_socket: Device = field(init=False)
    conversation_id: str = field(init=False)
    group_id: str = field(init=False)
    first: Json = field(init=False)
    second: Json = field(init=False)
    #: The first file that was sent: its bytes, and the Attachment.
    content: bytes = field(init=False, repr=False)
    file: Json = field(init=False)
    epoch: str = ""
    #: Unread messages that the seller had before the check; a demo's people have some.
    unread_before: int = 0
    made: set[str] = field(default_factory=set)
    devices: list[Device] = field(default_factory=list)

    async def sign_in(self) -> None:
        self.buyer, self.seller, self.outsider, self.issuer = await meet(self.url, self.http, self.issuer)

    async def connect(self) -> None:
        """All sockets at once; each hears `ready`, which names its user."""
        self.buyer_view = Device(self.buyer, "open thread", WEBSOCKET)
        self.buyer_else = Device(self.buyer, "second device", POLLING)
        self.seller_view = Device(self.seller, "open thread", POLLING)
        self.seller_else = Device(self.seller, "second device", WEBSOCKET)
        self.outsider_socket = Device(self.outsider, "socket", WEBSOCKET)
        self.devices = [
            self.buyer_view,
            self.buyer_else,
            self.seller_view,
            self.seller_else,
            self.outsider_socket,
        ]
        await asyncio.gather(*(device.connect() for device in self.devices))

    async def listen(self) -> Hearing:
        """Everything that any of the sockets hears from here on, of what the check has made."""
        return await Hearing.begin(self.devices, self.made)

    def concerns(self, heard: Heard) -> bool:
        return topic(heard) in self.made

    @property
    def everybody(self) -> Sequence[Device]:
        """The connected sockets of those who take part, in the room or not."""
        return [device for device in self.devices if device.connected and device.person is not self.outsider]

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.conversation_id}"

    async def unread_of(self, person: Person) -> tuple[int, int]:
        """Unread messages in the conversation and in all, as `GET /api/unread` counts them."""
        unread = await person.done("GET", "/api/unread")
        return unread["conversations"].get(self.conversation_id, 0), unread["total"]

    async def leave_nothing(self) -> None:
        """Close the sockets, and delete what a failed run has left."""
        await asyncio.gather(*(device.close() for device in self.devices))
        for conversation_id in self.made:
            for person in (self.buyer, self.seller):
                await person.request("DELETE", f"/api/conversations/{conversation_id}")


def message(content: str, client_id: str | None = None) -> Json:
    """The body of a send; each gets a `clientId` of its own."""
    return {"clientId": client_id or str(uuid.uuid4()), "content": content}


def only(payloads: Sequence[Any]) -> Any:
    [payload] = payloads
    return payload


def seqs(entries: Sequence[Json]) -> Iterator[int]:
    return (entry["seq"] for entry in entries)


def ascending(what: str, entries: Sequence[Json]) -> None:
    positions = list(seqs(entries))
    if positions != sorted(set(positions)):
        raise StepFailed(f"{what}: oldest first, none twice", str(positions))
