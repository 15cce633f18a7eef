"""One server and one pair of healthy people for all attacks; the rule is applied to each by `under_attack`.

`--measure SECONDS` repeats each attack for that long, so that what people wait meanwhile can be told, and fails the run
when that more than doubles. `--report PATH` writes the table.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from . import control, report, target
from .rule import Arena, Attack, Result

CALM_S = 3.0
#: While it is measured, the offender gives way to those whom it attacks, as if it came from another machine.
NICENESS = 10

UnderAttack = Callable[[Attack], Awaitable[None]]
_RESULTS: pytest.StashKey[list[Result]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--measure", type=float, default=0.0, metavar="SECONDS")
    parser.addoption("--report", type=Path, default=None, metavar="PATH")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RESULTS] = []


@pytest.fixture(scope="session")
def results(pytestconfig: pytest.Config) -> list[Result]:
    return pytestconfig.stash[_RESULTS]


@pytest.fixture(scope="session")
def measured_s(pytestconfig: pytest.Config) -> float:
    return float(pytestconfig.getoption("--measure", 0.0))


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory, measured_s: float) -> Iterator[Arena]:
    """The server as it is."""
    with (
        target.serving(tmp_path_factory.mktemp("target")) as served,
        control.talking(served) as talking,
    ):
        if measured_s:
            os.nice(NICENESS)
        yield Arena(served, talking, measured_s=measured_s)


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory, measured_s: float) -> Iterator[Arena]:
    """The server with shorter deadlines: the code is the same, and nobody waits 45 seconds for a test."""
    command = ("tests.attacks.launch", "hurried", "serve")
    with (
        target.serving(tmp_path_factory.mktemp("hurried"), *command) as served,
        control.talking(served) as talking,
    ):
        yield Arena(served, talking, measured_s=measured_s)


@pytest.fixture
def under_attack(request: pytest.FixtureRequest, results: list[Result], measured_s: float) -> UnderAttack:
    """Call it with an attack. The row of the table is the first line of the test's docstring."""
    name = "hurried" if "hurried" in request.fixturenames else "arena"
    chosen: Arena = request.getfixturevalue(name)
    row = (request.function.__doc__ or request.function.__name__).split("\n")[0].rstrip(".")
    given = request.node.callspec.id if hasattr(request.node, "callspec") else ""

    async def judge(attack: Attack) -> None:
        if measured_s:
            await chosen.be_calm(CALM_S if not results else 0.2)
        results.append(await chosen.judge(row, given, attack))

    return judge


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    results = config.stash[_RESULTS]
    found = report.lines(results)
    if not config.getoption("--measure", 0.0) or not found:
        return
    terminalreporter.section("attacks")
    terminalreporter.write_line(report.markdown(found))
    path: Path | None = config.getoption("--report", None)
    if path is not None:
        report.write(path, results)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Only where it was measured: what people wait belongs to a benchmark, not to a test."""
    measured = session.config.getoption("--measure", 0.0)
    results = session.config.stash[_RESULTS]
    if measured and any(line.slows for line in report.lines(results)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
