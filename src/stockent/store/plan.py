"""The order of work within one batch: like with like, so that sends and read marks run as sets.

Operations of one conversation keep the order in which they were handed over. Operations of different conversations
were under way at the same time, so any order of theirs is a true one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

import msgspec


class Kind(IntEnum):
    """Also the order of work within a stage."""

    PROFILE = 0
    SEND = 1
    MARK = 2
    DELIVERED = 3
    #: Makes a search find what was sent before it.
    INDEX = 4
    OTHER = 5


class Operation(msgspec.Struct, frozen=True, eq=False):
    """`argument`: a Profile, a NewMessage, a ReadMark, DeliveryMarks, for `OTHER` what takes the transaction and does
    the work; `INDEX` has none.

    `conversation_id` is None for what may touch any conversation: it stands after all that came before it and before
    all that comes after. What concerns a user more than a conversation has a key of its own: it stands in nobody's way.
    """

    kind: Kind
    conversation_id: str | None
    argument: Any
    future: asyncio.Future[Any]


class Stage:
    __slots__ = ("by_kind",)

    def __init__(self) -> None:
        self.by_kind: tuple[list[Operation], ...] = tuple([] for _ in Kind)


def plan(operations: Iterable[Operation]) -> list[Stage]:
    """Each operation goes to the earliest stage in which its conversation's earlier ones are done before it."""
    stages = [Stage()]
    reached: dict[str, tuple[int, Kind]] = {}
    floor = (0, Kind.PROFILE)
    for operation in operations:
        kind, conversation_id = operation.kind, operation.conversation_id
        if conversation_id is None:
            position, _ = floor = (len(stages) - 1, Kind.OTHER)
        else:
            position, last_kind = max(reached.get(conversation_id, floor), floor)
            if kind < last_kind:
                position += 1
                if position == len(stages):
                    stages.append(Stage())
            reached[conversation_id] = (position, kind)
        stages[position].by_kind[kind].append(operation)
    return stages
