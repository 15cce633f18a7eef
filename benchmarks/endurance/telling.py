"""One line to a child process, one line back: how crowd.c and control.py are driven."""

from __future__ import annotations

import asyncio


async def tell(process: asyncio.subprocess.Process, text: str, *, who: str) -> bytes:
    """The answer. Raises RuntimeError when the process has ended; what it said last is on standard error."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{text}\n".encode())
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"{who} ended; see its last words above")
    return line
