"""Every scenario runs, small, and finds what must hold at any size; and the program tells a goal that is missed."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from ..toolchain import compile_all
from . import figures, raw, run
from .figures import Figure, at_least, at_most, none_of, told
from .run import main, play
from .scenarios import SCENARIOS
from .stage import Scale

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None or shutil.which("taskset") is None, reason="needs a C compiler and taskset"
)


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_a_small_run_loses_nothing_and_leaves_nothing_behind(scenario: str, tmp_path: Path) -> None:
    compile_all()
    found, failures = await play([scenario], Scale.SMOKE, root=tmp_path)
    assert not failures
    # Times of so small a run mean nothing; that nothing was lost does.
    wrong = [figure for figure in found[scenario] if figure.goal == "0" and not figure.met]
    assert not wrong
    assert any(figure.goal == "0" and "healthy pair" in figure.name for figure in found[scenario])


def test_asking_whether_a_silent_peer_has_closed_waits_for_nothing() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(0.001)
        assert not raw.is_closed(near), "a wait would have ended in a timeout, which counts as closed"
        far.sendall(b"still here")
        assert not raw.is_closed(near)
        far.close()
        assert raw.is_closed(near)


def test_goals_are_met_and_missed_at_their_bounds() -> None:
    assert at_most("a", 15.0, "KB", 15).met
    assert not at_most("a", 15.1, "KB", 15).met
    assert at_least("b", 100, "%", 100).met
    assert not at_least("b", 99.9, "%", 100).met
    assert none_of("c", 0).met
    assert not none_of("c", 1).met
    assert not at_most("what could not be measured", None, "s", 10).met
    assert told("d", None, "s").met


def test_the_table_names_every_figure_and_the_missed_ones_are_told() -> None:
    found = {"idle": [none_of("dropped", 3), told("memory", 1234.5, "MB"), at_most("CPU", 1.53, "%", 5)]}
    assert figures.missed(found) == ["idle: dropped"]
    lines = figures.table(found).splitlines()
    assert lines[2:] == [
        "| idle | dropped | 3 | 0 | **fail** |",
        "| idle | memory | 1,234 MB |  |  |",
        "| idle | CPU | 1.53 % | ≤ 5 | pass |",
    ]


@pytest.mark.parametrize("holds", [True, False])
def test_the_program_writes_what_it_found_and_its_status_says_whether_all_was_met(
    holds: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(_stage: object) -> list[Figure]:
        return [none_of("lost", 0 if holds else 1)]

    monkeypatch.setattr(run, "SCENARIOS", {"idle": scenario})
    data, table = tmp_path / "found.json", tmp_path / "found.md"
    monkeypatch.setattr(os, "sched_setaffinity", lambda _pid, _cores: None)
    status = main(["idle", "--smoke", "--json", str(data), "--markdown", str(table)])
    assert status == (0 if holds else 1)
    assert json.loads(data.read_text())["missed"] == ([] if holds else ["idle: lost"])
    assert ("pass" if holds else "**fail**") in table.read_text()
