"""What must be back where it was soon after an attack: file descriptors, and most of the memory."""

from __future__ import annotations

import asyncio
import time

from .node import Node, Usage

WITHIN_S = 10.0
#: Connections that tell the health or set a scene come and go beside.
TOLERATED_FILES = 3


async def files_kept(node: Node, before: Usage, *, beside: int = 0) -> int:
    """How many file descriptors are still open after 10 seconds, or when none is. `beside`: those that may stay."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        kept = node.usage().files - before.files - beside
        if kept <= TOLERATED_FILES or time.monotonic() >= deadline:
            return max(0, kept) if kept > TOLERATED_FILES else 0
        await asyncio.sleep(0.1)
