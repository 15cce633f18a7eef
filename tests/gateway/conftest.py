"""Fixtures of the gateway's tests: a node of the test's own, and a migrated store to copy, made once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from engineio.payload import Payload  # type: ignore[import-untyped]

from stockent.store import migrate

from .place import Place, open_place


@pytest.fixture(autouse=True)
def bursts_over_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll may bring more packets than the 16 at which python-engineio ends the connection unless told otherwise."""
    monkeypatch.setattr(Payload, "max_decode_packets", 1_000)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty-store") / "stockent.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
async def place(tmp_path: Path, empty_store: Path) -> AsyncIterator[Place]:
    async with open_place(tmp_path, empty_store) as opened:
        yield opened
