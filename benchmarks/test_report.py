"""From results to tables, goals, pictures and the page: without measuring anything."""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from stockent.messaging.models import MAX_CONTENT_CHARS

from . import goals, page, plot, report, results, run
from .report import Subject
from .results import Result, Results, UnreadableError
from .workloads import WORKLOADS, Figure, Workload, turns

_BY_NAME = {workload.name: workload for workload in WORKLOADS}
FACTS = {
    "date": "2026-11-24 12:00 UTC",
    "processor": "Z80",
    "cores": 2,
    "memory_gb": 24.0,
    "kernel": "6.18",
    "versions": {"Python": "3.11.7", "Node.js": None},
    "fsync_ms": 0.27,
}
SPEED = {"product": 1.5, "replaced": 0.2, "engine": 2.5, "node": 1.0, "python-socketio": 0.3, "floor": 3.0}


def result(workload: Workload, speed: float) -> Result:
    """A sound one, each figure of which is `speed` times as good as 100."""
    made: Result = {"sound": True, "faults": {}}
    for figure in workload.figures:
        inside: dict[str, Any] = made
        for key in figure.path[:-1]:
            inside = inside.setdefault(key, {})
        inside[figure.path[-1]] = 100 * figure.unit_size * (speed if figure.more_is_better else 1 / speed)
    return made


def measured(*names: str, rounds: int = 3) -> Results:
    """In the second round everything is twice as fast, in the third half as fast: a noisy machine."""
    made = Results()
    for name in names or _BY_NAME:
        for peer in _BY_NAME[name].peers:
            for number, noise in enumerate((1.0, 2.0, 0.5)[:rounds]):
                made.add(name, peer, number, result(_BY_NAME[name], SPEED[peer] * noise))
    run_of = {"facts": FACTS, "rounds": rounds, "duration_s": 2.5, "workloads": list(names or _BY_NAME)}
    made.runs.append(run_of)
    return made


def figure_of(workload: str, name: str) -> Figure:
    return next(figure for figure in _BY_NAME[workload].figures if figure.name == name)


def test_ratios_are_taken_round_by_round() -> None:
    found = measured("pairs-500")
    messages = figure_of("pairs-500", "messages")
    own = report.spread(report.values(found, Subject("pairs-500", "product", messages)).values())
    assert own == pytest.approx((150, 75, 300))
    ratio = report.times_as_good(found, _BY_NAME["pairs-500"], messages, "product")
    assert ratio == pytest.approx((1.5, 1.5, 1.5))


def test_a_round_that_one_of_two_lacks_is_in_no_ratio() -> None:
    found = measured("pairs-500")
    del found.found["pairs-500"]["node"][1]
    found.add("pairs-500", "product", 2, result(_BY_NAME["pairs-500"], 1.0))
    messages = figure_of("pairs-500", "messages")
    pairs = report.paired(
        found, Subject("pairs-500", "product", messages), Subject("pairs-500", "node", messages)
    )
    assert pairs == pytest.approx([1.5, 2.0])


def test_of_times_less_is_better() -> None:
    ratio = report.times_as_good(
        measured("single"), _BY_NAME["single"], figure_of("single", "ack p50"), "engine"
    )
    assert ratio == pytest.approx((2.5, 2.5, 2.5))


def test_the_tables_have_each_peer_and_each_workload() -> None:
    found = measured()
    ratios, figures = report.ratio_table(WORKLOADS, found), report.figure_table(WORKLOADS, found)
    head = ratios.splitlines()[0]
    assert all(f"| {peer} |" in head for peer in SPEED if peer != "node")
    for workload in WORKLOADS:
        assert (f"| {workload.about} |" in figures) == (not workload.stored)
    assert "| fan-out to 100 | deliveries, /s | node | 1.50 | 2.50 | 0.20 | 0.30 | 3.00 |" in ratios
    assert "| 150.0 (75.0 – 300.0) |" in figures


def test_growth_is_the_largest_store_by_the_smallest() -> None:
    found = measured("growth-1e3", "growth-1e5")
    for number in range(3):
        found.add("growth-1e5", "product", number, result(_BY_NAME["growth-1e5"], SPEED["product"] / 2))
    table = report.growth_table(WORKLOADS, found)
    assert table is not None
    assert "| 100,000 by 1,000 |" in table.splitlines()[0]
    assert "| send p50, ms | 66.7 (33.3 – 133.3) | 133.3 | 2.00 (1.00 – 4.00) |" in table
    assert report.growth_table(WORKLOADS, measured("single")) is None


@pytest.mark.parametrize(("speed", "met"), [(4.9, False), (5.1, True)])
def test_a_goal_against_a_peer_is_met_by_the_median_of_the_ratios(speed: float, met: bool) -> None:
    found = measured("pairs-500")
    for number, noise in enumerate((1.0, 2.0, 0.5)):
        value = result(_BY_NAME["pairs-500"], SPEED["replaced"] * speed * noise)
        found.add("pairs-500", "product", number, value)
    goal = next(each for each in goals.GOALS if each.about == "500 pairs, product: messages")
    ratio = goal.measured(found)
    assert ratio is not None
    assert ratio.median == pytest.approx(speed)
    assert goal.is_met(ratio) is met
    assert f"| ≥ 5 × replaced | {speed:.2f} × | {'yes' if met else '**no**'} |" in goals.table(found, [goal])


@pytest.mark.parametrize(("ms", "met"), [(0.59, True), (0.61, False)])
def test_a_goal_for_a_time_is_at_most(ms: float, met: bool) -> None:
    found = measured("single", rounds=1)
    found.add("single", "product", 0, result(_BY_NAME["single"], 100 / ms))
    goal = next(each for each in goals.GOALS if each.wanted == "≤ 0.6 ms")
    spread = goal.measured(found)
    assert spread is not None
    assert goal.is_met(spread) is met


def test_a_goal_of_which_nothing_is_known_is_not_called_missed() -> None:
    table = goals.table(measured("single"))
    assert "| fan-out to 100, engine: deliveries | ≥ 2 × node | not measured | – |" in table
    assert len(table.splitlines()) == len(goals.GOALS) + 2


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    found = measured("single", "http-list")
    found.failures.append("connect node 1: refused")
    results.save(found, tmp_path / "r.json", summary=report.summary(WORKLOADS, found))
    again = results.load(tmp_path / "r.json")
    assert report.figure_table(WORKLOADS, again) == report.figure_table(WORKLOADS, found)
    assert (again.runs, again.failures) == (found.runs, found.failures)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', '{"format": 2, "results": {"single": 3}}'])
def test_a_file_that_holds_no_results_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(UnreadableError, match=r"other\.json: expected results"):
        results.load(path)


def test_of_merged_runs_the_last_has_a_workload_for_itself() -> None:
    old, new = measured("single", "pairs-500"), measured("single", rounds=1)
    before = copy.deepcopy(old)
    new.runs[0]["facts"] = {**FACTS, "date": "2026-12-01 12:00 UTC"}
    both = results.merged([old, new])
    assert len(both.of("single", "product")) == 1
    assert len(both.of("pairs-500", "product")) == 3
    assert [(part["facts"]["date"][:10], part["workloads"]) for part in both.runs] == [
        ("2026-11-24", ["pairs-500"]),
        ("2026-12-01", ["single"]),
    ]
    assert old == before


def test_the_page_gets_the_figures_between_its_markers(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text(f"# Above\n{page.BEGIN}\nold\n{page.END}\nbelow\n")
    page.write(measured(), tmp_path)
    text = path.read_text()
    assert text.startswith(f"# Above\n{page.BEGIN}\n")
    assert text.endswith(f"\n{page.END}\nbelow\n")
    assert "old" not in text
    for part in ("2026-11-24 12:00 UTC", "2 cores of Z80", "Python 3.11.7", "images/performance-dark.svg"):
        assert part in text
    page.write(measured(), tmp_path)
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["", page.BEGIN, f"{page.END} {page.BEGIN}", f"{page.BEGIN}{page.END}" * 2])
def test_a_page_without_its_markers_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "performance.md"
    path.write_text(text)
    with pytest.raises(page.PageError, match=r"performance\.md: expected one line <!-- figures:begin"):
        page.write(measured("single"), tmp_path)
    assert path.read_text() == text
    assert not (tmp_path / "images").exists()


def test_this_project_s_page_has_the_markers() -> None:
    text = (page.DOCS / "performance.md").read_text()
    assert page.replaced(text, "new", page.DOCS)


def test_the_picture_names_every_peer_and_workload_as_text_and_is_always_the_same(tmp_path: Path) -> None:
    paths = plot.write(measured(), tmp_path)
    first = [path.read_bytes() for path in paths]
    assert [path.name for path in paths] == ["performance-light.svg", "performance-dark.svg"]
    for path in paths:
        said = " ".join(ET.parse(path).getroot().itertext())
        for name in ("product", "engine", "replaced", "python-socketio", "floor", "Node.js", "Express"):
            assert name in said
        for workload in WORKLOADS:
            compared = len(workload.peers) > 1
            assert (workload.about in said) == compared, workload.name
    assert [path.read_bytes() for path in plot.write(measured(), tmp_path)] == first


def test_a_picture_of_a_part_shows_that_part(tmp_path: Path) -> None:
    [light, _] = plot.write(measured("http-list"), tmp_path)
    said = " ".join(ET.parse(light).getroot().itertext())
    assert "list of 30" in said
    assert "Node.js" not in said


def test_kept_results_are_shown_without_measuring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, name in zip(parts, ("single", "http-list"), strict=True):
        results.save(measured(name), path)
    assert run.main(["--render", str(parts[0])]) == 0
    printed = capsys.readouterr().out
    assert "one message at a time" in printed
    assert "HTTP: list of 30 conversations | requests, /s" not in printed
    assert run.main(["--merge", *map(str, parts), "--output", str(tmp_path / "both.json"), "--no-goals"]) == 0
    assert "Goals" not in capsys.readouterr().out
    assert set(results.load(tmp_path / "both.json").found) == {"single", "http-list"}
    assert run.main(["--render", str(tmp_path / "none.json")]) == 2
    assert "none.json: expected results" in capsys.readouterr().err


def test_compared_peers_and_stores_take_turns_within_a_round() -> None:
    chosen = [_BY_NAME[name] for name in ("single", "growth-1e3", "growth-1e5")]
    order = [(w.name, number, peer) for w, number, peer in turns(chosen, ["product", "node"], 2)]
    assert order == [
        ("single", 0, "product"), ("single", 0, "node"), ("single", 1, "product"), ("single", 1, "node"),
        ("growth-1e3", 0, "product"), ("growth-1e5", 0, "product"),
        ("growth-1e3", 1, "product"), ("growth-1e5", 1, "product"),
    ]  # fmt: skip


def test_doubts_name_what_disturbed_a_measurement() -> None:
    calm = {"sound": True, "generator": {"idle_share": 0.4, "waited_share": 0.01, "cpu_share": 0.6}}
    assert report.doubts(calm) == []
    assert not report.disturbed(calm)
    shared = {**calm, "server": {"waited_share": 0.3, "cpu_share": 0.6}}
    assert report.doubts(shared) == ["a neighbour took 30% of the server's core"]
    assert report.disturbed(shared)
    stood = {**calm, "longest_silence_ms": 900.0}
    assert report.doubts(stood) == ["nothing came for 900 ms"]
    lost = {**calm, "sound": False, "faults": {"lost": 2, "refused": 0}}
    assert report.doubts(lost) == ["not sound: {'lost': 2}"]


@pytest.mark.parametrize("workload", [w for w in WORKLOADS if w.mode == "fanout"], ids=lambda w: w.name)
def test_a_text_has_as_many_bytes_as_its_workload_says(workload: Workload) -> None:
    arguments = workload.arguments(quick=False, duration_s=1)
    own = int(arguments[arguments.index("--payload") + 1])
    filler = workload.texted("{text}").removeprefix("{text}")
    assert own + len(filler.encode()) == workload.text_bytes
    assert own + len(filler) <= MAX_CONTENT_CHARS
    assert not set('"\\{}~@') & set(filler)
