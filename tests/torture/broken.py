"""`stockent serve` with a store that acks before it commits: what the proof must find. Run as a module, by a test."""

from __future__ import annotations

import time
from typing import Any

from stockent.cli import main
from stockent.store.writer import Writer

#: What a disk may take; until then nobody but the memory knows what was acked.
COMMIT_TAKES_S = 0.02


def _ack_then_commit(self: Any, connection: Any, batch: Any) -> list[Any]:
    connection.execute("BEGIN IMMEDIATE")
    outcomes = list(self._work(connection, batch))
    self._loop.call_soon_threadsafe(self._answer, outcomes, self._traces)
    time.sleep(COMMIT_TAKES_S)
    connection.execute("COMMIT")
    return []


if __name__ == "__main__":
    Writer._transact = _ack_then_commit  # type: ignore[method-assign]
    main(["serve"])
