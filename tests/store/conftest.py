"""Where a store lives. Another backend joins the suite by another `place`: tests ask for nothing else of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from stockent.messaging.ports import Store
from stockent.store import open_store


class SqlitePlace:
    """A file. Each `store` is a new life on the same data, so close one before opening the next."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "stockent.db"

    def store(self, clock: Callable[[], float] = time.time) -> Store:
        return open_store(f"sqlite:///{self.file}", clock=clock)


Place = SqlitePlace


@pytest.fixture(params=[SqlitePlace])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made: Place = request.param(tmp_path)
    return made


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    store = place.store()
    await store.open()
    yield store
    await store.close()
