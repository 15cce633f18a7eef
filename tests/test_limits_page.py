"""`docs/limits.md` has every limit of the system, by its name and with its default."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stockent.config import DEFAULTS, Settings
from stockent.descriptors import connections_within
from stockent.rates import Limit
from stockent.server import limits
from stockent.socketio import Limits

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "stockent"
PAGE = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
#: Parts that serve nobody: what they bound is their own.
_NOT_SERVING = ("check/", "store/migrations/", "demo", "cli", "weak_secrets", "torture/")
#: Not limits of what is accepted or kept, though called so.
_OTHER = {"MAX_SHOWN_CHARS", "MAX_AGE_S", "MAX_EXPIRY", "MAX_PORT", "MAX_SAMPLES"}
#: The same limit under the name by which the page has it.
_ELSEWHERE = {
    "config.MAX_ATTACHMENT_MB": "MAX_ATTACHMENT_MB",
    "messaging/models.MAX_ATTACHMENTS": "MAX_ATTACHMENTS",
    "http/conversations.MAX_SEQ": "messaging/models.MAX_SEQ",
    "files/s3.MAX_EXPIRES_S": "messaging/attachments.LINK_EXPIRES_S",
}


def rows() -> Iterator[list[str]]:
    for line in PAGE.splitlines():
        if line.startswith("| `"):
            yield [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]


def documented() -> Mapping[str, str]:
    """Name → default, of what the code has as a constant: `package/module.NAME`."""
    return {row[0]: row[1] for row in rows() if re.fullmatch(r"[a-z0-9_/]+\.[A-Z0-9_]+", row[0])}


def constants() -> Iterator[str]:
    """Every public `MAX_…` of a module."""
    for path in sorted(SOURCE.rglob("*.py")):
        module = path.relative_to(SOURCE).with_suffix("").as_posix()
        if module.startswith(_NOT_SERVING):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign):
                names = [
                    each.id
                    for target in node.targets
                    for each in ast.walk(target)
                    if isinstance(each, ast.Name)
                ]
                yield from (f"{module}.{name}" for name in names if name.startswith("MAX_"))


def number(text: str) -> float | None:
    return None if text == "none" else float(text.replace(",", ""))


@pytest.mark.parametrize("name", sorted(documented()))
def test_a_constant_of_the_page_has_that_value(name: str) -> None:
    module, _, constant = name.rpartition(".")
    value = getattr(importlib.import_module("stockent." + module.replace("/", ".")), constant)
    assert number(documented()[name]) == value


def test_every_constant_that_bounds_something_is_on_the_page() -> None:
    wanted = {_ELSEWHERE.get(name, name) for name in constants() if name.rpartition(".")[2] not in _OTHER}
    assert len(wanted) > 60
    assert wanted - {row[0] for row in rows()} == set()


def test_every_limit_of_a_connection_is_there_with_both_defaults_and_in_order() -> None:
    fields = {field.name: field.default for field in dataclasses.fields(Limits)}
    here = limits(Settings.load({"JWT_SECRET": "b8c1f0aa53e94c61a7d2e4960f31d58c"}))
    written = [(row[0], number(row[1]), number(row[2])) for row in rows() if row[0] in fields]
    assert written == [(name, alone, getattr(here, name)) for name, alone in fields.items()]


def test_every_rate_is_there_once() -> None:
    names = [row[0] for row in rows()]
    for limit in Limit:
        assert names.count(limit) == 1


@pytest.mark.parametrize("name", ["MAX_ATTACHMENTS", "MAX_ATTACHMENT_MB"])
def test_a_setting_of_the_page_has_that_default(name: str) -> None:
    (row,) = (row for row in rows() if row[0] == name)
    assert row[1] == DEFAULTS[name]


def test_connections_within_a_limit_of_open_files_are_as_many_as_it_says() -> None:
    section = PAGE.partition("### How many connections")[2].partition("\n## ")[0]
    written = re.findall(r"^\| ([0-9,]+)[^|]* \| ([0-9,]+) \|$", section, re.MULTILINE)
    assert len(written) == 4
    for descriptors, connections in written:
        assert connections_within(int(descriptors.replace(",", ""))) == int(connections.replace(",", ""))


def test_the_example_of_the_setting_is_one() -> None:
    (example,) = re.findall(r'^RATE_LIMITS="(.*)"$', PAGE, re.MULTILINE)
    Settings.load({"JWT_SECRET": "b8c1f0aa53e94c61a7d2e4960f31d58c", "RATE_LIMITS": example})
