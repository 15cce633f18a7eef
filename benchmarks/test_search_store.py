"""The measuring of the search measures what it says: a small run of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.search_store import ASKERS, fill, index, searches, sends
from stockent.store.connect import connect_reader


async def test_a_filled_store_is_indexed_and_searched_by_every_asker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "search.db"
    fill(path, 10_000, random.Random(1))
    connection = connect_reader(path)
    [(messages, least)] = connection.execute("SELECT count(*), min(length(content)) FROM messages")
    assert (messages, least > 0) == (10_000, True)
    connection.close()
    index(path, 500)
    await searches(path, 144, random.Random(2))
    printed = capsys.readouterr().out
    assert "indexed 10,000 messages" in printed
    assert "144 searches" in printed
    for asker in ASKERS:
        assert f"asker: {asker}" in printed


async def test_sending_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await sends(tmp_path, 0.2, 10)
    assert "messages/s, 10 at a time" in capsys.readouterr().out
