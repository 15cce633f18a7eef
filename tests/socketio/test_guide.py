"""The topic guide says what is so: each reason, and examples that are Python. Limits have a page of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stockent.socketio import Reason

GUIDE = Path(__file__).parents[2] / "docs" / "socketio.md"


@pytest.fixture(scope="module")
def guide() -> str:
    return GUIDE.read_text(encoding="utf-8")


def rows(guide: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without backquotes."""
    section = guide.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_every_reason_of_an_end_is_there(guide: str) -> None:
    written = {reason for reason, _, _ in rows(guide, "Ends and refusals")}

    assert written == {value for name, value in vars(Reason).items() if name.isupper()}


def test_the_examples_are_python(guide: str) -> None:
    examples = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)

    assert examples
    for example in examples:
        compile(example, str(GUIDE), "exec")
