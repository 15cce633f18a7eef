"""Carries what concerns rooms to every node, this one included. The in-process broker is the readable reference.

Between nodes only JSON travels, checked against `Broadcast`; a node drops what it does not understand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Protocol

import msgspec


class Action(StrEnum):
    EMIT = "emit"
    #: Every socket in `to` leaves the rooms in `args`.
    LEAVE = "leave"
    #: Every socket in `to` is disconnected.
    DISCONNECT = "disconnect"


#: Asked for by every event; see `packets.EVENT`.
EMIT = Action.EMIT


class Broadcast(msgspec.Struct, frozen=True):
    """One action on the sockets that are in any of the rooms `to` and in none of `except_rooms`.

    `to` empty means every socket of the namespace. `args` of an emit: the event's name, then its arguments; a
    `volatile` one is not kept for lost sockets.
    """

    action: Action
    namespace: str
    to: Sequence[str]
    args: Sequence[Any] = ()
    except_rooms: Sequence[str] = ()
    volatile: bool = False


Deliver = Callable[[Broadcast], None]


class Broker(Protocol):
    """Obligations of every implementation; `tests/socketio/test_broker.py` holds them against each.

    Order: what one node publishes reaches every node in the order of `publish`.
    Once: a node delivers each broadcast at most once. A lost one is possible between nodes; the store's log heals it.
    This node: `deliver` has run for this node's own sockets when `publish` returns.
    """

    async def start(self, deliver: Deliver) -> None:
        """Begin: `deliver` is called on the event loop, synchronously, for each broadcast."""
        ...

    def publish(self, broadcast: Broadcast) -> None:
        """Never blocks. Raises RuntimeError before `start` and after `stop`."""
        ...

    def hears_elsewhere(self, namespace: str, rooms: Sequence[str]) -> bool:
        """May a socket on another node be in one of the rooms? False only when that is certain."""
        ...

    async def ping(self) -> None:
        """Raises ConnectionError when the broker does not carry."""
        ...

    async def stop(self) -> None:
        """Idempotent; nothing is delivered after it."""
        ...


class LocalBroker:
    """One node: publishing is delivering."""

    def __init__(self) -> None:
        self._deliver: Deliver | None = None

    async def start(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def publish(self, broadcast: Broadcast) -> None:
        if self._deliver is None:
            raise RuntimeError("the broker is not running")
        self._deliver(broadcast)

    def hears_elsewhere(self, namespace: str, rooms: Sequence[str]) -> bool:
        return False

    async def ping(self) -> None:
        if self._deliver is None:
            raise ConnectionError("the broker is not running")

    async def stop(self) -> None:
        self._deliver = None
