"""The rule itself: a server that stalls, leaks, fails or loses something is caught, and a sound one is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import control, rule, target
from .offender import Offender
from .report import lines, markdown
from .rule import Arena, Result, RuleBroken, p99, slows


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    command = ("tests.attacks.launch", "faulty", "serve")
    with (
        target.serving(tmp_path_factory.mktemp("faulty"), *command) as served,
        control.talking(served) as talking,
    ):
        yield Arena(served, talking)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lost or leaked here stays so: nobody needs to wait ten seconds for it."""
    monkeypatch.setattr(rule, "SETTLE_TIMEOUT_S", 0.5)
    monkeypatch.setattr(rule, "GIVE_UP_S", 3.0)


async def judge(arena: Arena, fault: str) -> Result:
    async def ask(offender: Offender) -> str:
        return str((await offender.request("GET", f"/fault/{fault}")).status)

    return await arena.judge("a fault", fault, ask)


CAUGHT = {
    "stall": "loop_stalls_total running: 1 more",
    "leak_descriptors": "fds: ",
    "leak_tasks": "tasks: ",
    "leak_memory": "memory_bytes: ",
    "log_an_error": "something_broke",
    "print_a_traceback": "ZeroDivisionError",
    "fail": "http_answers_total GET other 500: 1 more",
    "lose_a_message": "never arrived",
}


@pytest.mark.parametrize("fault", CAUGHT)
async def test_a_server_that_breaks_the_rule_is_caught(faulty: Arena, fault: str) -> None:
    assert (await judge(faulty, "none")).answers == ["204"]
    with pytest.raises(RuleBroken, match=CAUGHT[fault]):
        await judge(faulty, fault)
    await judge(faulty, "none")


async def test_a_stall_is_told_with_its_length(faulty: Arena) -> None:
    """A turn just below the limit passes, and its bound stands in the result."""
    result = await judge(faulty, "none")
    assert 0 < result.own_ms <= 100
    assert result.late_ms <= 1000


def test_half_a_line_of_the_log_is_read_when_it_is_whole(faulty: Arena) -> None:
    served = faulty.target
    served.new_lines()
    with served.output.open("ab") as file:
        file.write(b'{"level": "error",')
        file.flush()
        assert served.new_lines() == []
        file.write(b' "event": "late"}\n')
    assert target.faults(served.new_lines()) == ['{"level": "error", "event": "late"}']


def test_what_people_wait_is_judged_by_enough_of_them_and_beyond_the_noise() -> None:
    calm = [2.0] * 1_000
    assert p99([float(each) for each in range(1, 201)]) == 198.0
    assert not slows(calm, [24.0] * 200)
    assert slows(calm, [26.0] * 200)
    assert not slows(calm, [26.0] * 50)
    assert not slows([20.0] * 1_000, [39.0] * 200)
    assert slows([20.0] * 1_000, [41.0] * 200)


def test_the_table_has_a_line_for_each_attack_with_the_worst_of_its_inputs() -> None:
    results = [
        Result("one", "a", ["400"], [1.0] * 200, [1.0] * 200, late_ms=5, own_ms=1, fds=2, runs=1),
        Result("one", "b", ["400", "413"], [1.0] * 200, [90.0] * 200, late_ms=1, own_ms=20, runs=1),
        Result("two | pipes", "", ["close"], [1.0], [1.0], runs=1),
    ]
    first, second = lines(results)
    assert (first.inputs, first.answers, first.late_ms, first.own_ms, first.fds) == (2, "400, 413", 5, 20, 2)
    assert (first.slows, second.slows) == (True, False)
    table = markdown([first, second]).splitlines()
    assert len(table) == 4
    assert "90.00 !" in table[2]
    assert "two \\| pipes" in table[3]
