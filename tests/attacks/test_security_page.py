"""`docs/security.md` sends a reader to files and tests: they are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`([a-z0-9_/]+\.py)`", PAGE))
    assert len(named) > 20
    missing = [
        each for each in named if not ((ROOT / each).exists() or (ROOT / "src" / "stockent" / each).exists())
    ]
    assert not missing


def test_every_row_names_a_check_and_its_test() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| .*`.*\.py`", line)]
    assert len(rows) > 15
    for row in rows:
        *_, file, test = row.strip("|").split("|")
        assert ".py`" in file, row
        assert ".py`" in test or "the same" in test, row
