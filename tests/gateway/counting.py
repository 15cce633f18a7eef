"""Counts what the store runs for one act, and reads what `docs/performance.md` says of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from stockent.store.sqlite import Role, SqliteStore
from tests.waiting import poll_until

from .place import Place

GUIDE = Path(__file__).parents[2] / "docs" / "performance.md"
_ROW = re.compile(r"\| `([^`]+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|")
_BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class Cost(NamedTuple):
    """`reads`: snapshots, each a way to a reader's thread and back; `commits`: batches. Brackets are no statements."""

    reads: int
    queries: int
    commits: int
    statements: int

    def row(self, name: str) -> str:
        return f"| `{name}` | {' | '.join(map(str, self))} |"


NOTHING = Cost(0, 0, 0, 0)


def documented() -> dict[str, Cost]:
    return {name: Cost(*map(int, figures)) for name, *figures in _ROW.findall(GUIDE.read_text())}


class Counted:
    def __init__(self) -> None:
        self.told: list[tuple[Role, str]] = []

    @property
    def cost(self) -> Cost:
        words = [(role, sql.split()[0].upper()) for role, sql in self.told]
        run = [role for role, word in words if word not in _BRACKETS]
        return Cost(
            words.count(("reader", "BEGIN")),
            run.count("reader"),
            words.count(("writer", "COMMIT")),
            run.count("writer"),
        )


@asynccontextmanager
async def counting(place: Place) -> AsyncIterator[Counted]:
    """What the block, which must await all that it began, has the store run."""
    store = place.node.domain.store
    assert isinstance(store, SqliteStore)
    # What a change costs depends on whether its message is indexed already.
    await poll_until(lambda: not store.is_indexing)
    counted = Counted()
    store.trace(lambda role, sql: counted.told.append((role, sql)))
    try:
        yield counted
    finally:
        store.trace(None)
