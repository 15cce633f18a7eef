"""A process that sends for ever and prints each acknowledged message, made to be killed: see `test_faults.py`."""

from __future__ import annotations

import asyncio
import sys

from stockent.store import open_store
from tests.store.acts import opened, say

CALLERS = 20


async def main(database_url: str) -> None:
    store = open_store(database_url)
    await store.open()
    cids = [await opened(store, "ann", f"u{n}") for n in range(5)]

    async def send_for_ever(caller: int) -> None:
        while True:
            message = (await say(store, cids[caller % 5], "ann", str(caller))).message
            sys.stdout.write(f"{message.conversation_id} {message.seq} {message.id}\n")
            sys.stdout.flush()

    await asyncio.gather(*(send_for_ever(caller) for caller in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
