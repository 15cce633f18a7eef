"""The guides name files and functions; what they name is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: `path/of/file.py:Name` or `path/of/file.py:Class.method`.
_NAMED = re.compile(r"`([a-z_/]+\.py):([A-Za-z_.]+)`")
#: `path/of/test_file.py::test_name`, below `tests`.
_TEST = re.compile(r"`([a-z_/]+\.py)::(test_[a-z0-9_]+)`")


@pytest.mark.parametrize("guide", ["data-flow.md", "delivery.md", "search.md"])
def test_every_call_that_a_guide_names_exists(guide: str) -> None:
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    named = set(_NAMED.findall(text))
    assert guide != "data-flow.md" or len(named) > 20
    missing = [f"{path}:{name}" for path, name in sorted(named) if name not in _names_in(path)]
    assert not missing


def test_every_test_that_a_guide_names_exists() -> None:
    text = (ROOT / "docs" / "delivery.md").read_text(encoding="utf-8")
    named = set(_TEST.findall(text))
    assert len(named) > 30
    missing = [f"{path}::{name}" for path, name in sorted(named) if f"def {name}(" not in _text(path)]
    assert not missing


def _text(path: str) -> str:
    file = ROOT / "tests" / path
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / "src" / "stockent" / path).read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{each.name}"
                for each in node.body
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return found
