"""What every scenario is given: its size, a folder of its own, and a way to say how far it is."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

from .figures import Figure
from .node import Node, running

T = TypeVar("T")


class Scale(IntEnum):
    """`SMOKE` only shows that all works: its figures mean nothing."""

    FULL = 0
    QUICK = 1
    SMOKE = 2


#: What the deadlines of the server are multiplied by, where a scenario waits for them.
SHORTENED = {Scale.FULL: 1.0, Scale.QUICK: 0.2, Scale.SMOKE: 0.02}


@dataclass(frozen=True)
class Stage:
    scenario: str
    scale: Scale
    root: Path
    quiet: bool = False

    def of(self, full: T, quick: T, smoke: T) -> T:
        return (full, quick, smoke)[self.scale]

    def say(self, text: str) -> None:
        if not self.quiet:
            print(f"{time.strftime('%H:%M:%S')} {self.scenario}: {text}", file=sys.stderr, flush=True)

    @property
    def factor(self) -> float:
        return SHORTENED[self.scale]

    @asynccontextmanager
    async def node(self, **options: Any) -> AsyncIterator[Node]:
        """A server of one's own, with a store of its own, as `Node` takes the options."""
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{self.scenario}-", dir=self.root) as folder:
            async with running(Node(Path(folder), **options)) as node:
                yield node


Play = Callable[[Stage], Awaitable[Sequence[Figure]]]
