"""What `stockent torture` is asked for: wrong options are named, and nothing is begun."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from stockent.cli import main
from stockent.torture import FAULTS, OptionError, Options, run_torture
from stockent.torture.options import DEFAULT_DURATION_S


def test_without_a_goal_a_run_takes_its_usual_time() -> None:
    assert Options().checked().duration_s == DEFAULT_DURATION_S
    assert Options(kills=3).checked().duration_s is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (Options(rounds=0), "--rounds: expected a number from 1 to 1,000,000, got 0"),
        (Options(users=2), "--users: expected a number from 3"),
        (Options(connections=99_999), "--connections: expected a number from 1 to 2,000"),
        (Options(polling=1.5), "--polling: expected a number from 0 to 1, got 1.5"),
        (Options(window=65), "--window: expected a number from 1 to 64"),
        (Options(faults=frozenset({"flood"})), "--faults: expected some of kill, term, .*, got flood"),
        (Options(kills=1, faults=frozenset({"cut"})), "--kills: expected kill to be among --faults"),
    ],
)
def test_an_option_that_cannot_be_is_named(options: Options, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        options.checked()


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "stockent.db").write_text("somebody's")
    with pytest.raises(OptionError, match="--data-dir: expected an empty or a new directory"):
        Options(data_dir=tmp_path).checked()


def test_all_problems_are_told_at_once() -> None:
    out = io.StringIO()
    assert run_torture(Options(rounds=0, users=1), out=out) == 2
    assert "--rounds" in out.getvalue()
    assert "--users" in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--kills", "many"], "'many' is not a valid integer"),
        (["--duration", "soon"], "expected a time such as 30s or 15m, got 'soon'"),
        (["--faults", "kill,flood"], "got flood"),
        (["--check-history", "/nowhere/history.jsonl"], "No such file"),
        (["--rounds", "1", "--history", "/nowhere/history.jsonl"], "/nowhere/history.jsonl"),
    ],
)
def test_the_command_line_refuses_with_a_sentence(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(main, ["torture", *arguments])
    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output


def test_the_help_tells_each_fault() -> None:
    result = CliRunner().invoke(main, ["torture", "--help"])
    assert result.exit_code == 0
    for kind in FAULTS:
        assert f"{kind} " in result.output
