"""What `Server` keeps of one connection: its sockets, what it sent that waits, and what is being worked on."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, NamedTuple

from .limits import Limits
from .namespace import Socket
from .packets import Decoder, Packet


class Ack(NamedTuple):
    socket: Socket
    id: int
    event: str
    value: Any


class Run:
    """A packet that is being worked on. `ack`: what its client is to be told once it is done."""

    __slots__ = ("ack", "is_done", "overlaps", "task")

    def __init__(self, *, overlaps: bool) -> None:
        self.overlaps = overlaps
        self.is_done = False
        self.ack: Ack | None = None
        self.task: asyncio.Task[None] | None = None


class Session:
    """The Socket.IO state of one connection."""

    __slots__ = ("decoder", "inbox", "paused", "running", "sockets")

    def __init__(self, limits: Limits) -> None:
        self.decoder = Decoder(limits)
        self.sockets: dict[str, Socket] = {}
        self.inbox: deque[Packet] | None = None
        #: In the order of their packets, which is the order of their acks: several only where all of them overlap.
        #: Not a deque, which takes 0.6 KB of each idle connection.
        self.running: list[Run] = []
        self.paused = False
