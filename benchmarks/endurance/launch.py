"""`stockent` with its deadlines shortened: `python -m benchmarks.endurance.launch FACTOR READS serve`.

A heartbeat that takes 45 seconds to fail cannot be tried in a short run. Every duration of the Socket.IO limits and of
HTTP bodies is multiplied by FACTOR; all else is the product. With READS the reads of the store are counted, and their
number is written to that file at the end; "-" counts none.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from stockent import cli, server
from stockent.http import bodies, streams
from stockent.store.sqlite import SqliteStore


def shorten(factor: float) -> None:
    durations = {
        name: value * factor
        for name, value in asdict(server.LIMITS).items()
        if name.endswith("_s") and not name.endswith("_per_s")
    }
    server.LIMITS = replace(server.LIMITS, **durations)
    bodies.BODY_TIMEOUT_S *= factor
    streams.IDLE_TIMEOUT_S *= factor
    streams.PART_TIMEOUT_S *= factor


def count_reads(path: Path) -> None:
    """Each read is one snapshot, and begins with BEGIN on a reader's connection."""
    reads = 0

    def tell(role: str, sql: str) -> None:
        nonlocal reads
        if role == "reader" and sql == "BEGIN":
            reads += 1

    class Counted(SqliteStore):
        async def open(self) -> None:
            await super().open()
            self.trace(tell)

        async def close(self) -> None:
            path.write_text(str(reads))
            await super().close()

    def open_counted(url: str) -> Any:
        return Counted(Path(url.removeprefix("sqlite:///")))

    vars(server)["open_store"] = open_counted


def main() -> None:
    factor, reads, *arguments = sys.argv[1:]
    shorten(float(factor))
    if reads != "-":
        count_reads(Path(reads))
    cli.main(arguments, prog_name="stockent")


if __name__ == "__main__":
    main()
