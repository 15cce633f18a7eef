"""What a run shows: a bar on a terminal, lines elsewhere, one table, and figures as JSON."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec

from stockent.torture.checker import Verdict, Violation
from stockent.torture.figures import Figures
from stockent.torture.report import Report, table, write_json

SOUND = Verdict(True, {}, [], 900, 0, 12, 5, 2)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def figures() -> Figures:
    made = Figures(rounds=5, kills=4, acked=1_000, load_s=2.0)
    made.faults.update({"kill": 4, "cut": 3})
    made.recovery.first_ack_s += [1.0, 3.0]
    return made


def test_a_terminal_sees_a_bar_that_the_next_line_replaces() -> None:
    out = Terminal()
    report = Report(out)
    report.progress(0.5, figures())
    report.step("checking")
    shown = out.getvalue()
    assert "████████████░░░░░░░░░░░░  50%  1,000 acked, round 5, 4 kills, 3 other faults" in shown
    assert "\r\x1b[K" in shown.split("faults")[1]


def test_elsewhere_progress_is_told_now_and_then_without_control_characters() -> None:
    out = io.StringIO()
    report = Report(out)
    report.progress(0.5, figures())
    assert out.getvalue() == ""
    report.table(table(figures(), SOUND, took_s=4.0))
    assert "\x1b" not in out.getvalue()


def test_the_table_tells_what_was_done_and_what_was_found() -> None:
    rows = table(figures(), SOUND._replace(found={"I1": 4, "I7": 3}, lost=2), took_s=4.0)
    assert (rows["kills"], rows["faults"]) == ("4", "cut 3, kill 4")
    assert (rows["lost"], rows["duplicated"], rows["other violations"]) == ("2", "0", "5")
    assert rows["kill to first ack"] == "median 2.00 s, worst 3.00 s, of 2"
    assert rows["kill to all back"] == "not measured"
    assert rows["throughput"] == "250 acked/s in all, 500 while the server lived"


def test_without_a_verdict_nothing_is_claimed() -> None:
    assert "lost" not in table(figures(), None, took_s=4.0)


def test_a_violation_is_told_in_words() -> None:
    out = io.StringIO()
    Report(out).verdict(SOUND._replace(found={"I1": 7}, violations=[Violation("I1", "m1 is not there")]))
    lines = out.getvalue().splitlines()
    assert any(line.startswith("✗ I1 ") and line.endswith(": 7 violations") for line in lines)
    assert any(line.startswith("✓ I2 ") for line in lines)
    assert "I1: m1 is not there" in lines


def test_the_figures_are_json_too(tmp_path: Path) -> None:
    write_json(tmp_path / "figures.json", 3, figures(), SOUND, 4.0)
    written = msgspec.json.decode((tmp_path / "figures.json").read_bytes())
    assert (written["seed"], written["acked"], written["lost"], written["violations"]) == (3, 1_000, 0, {})
    assert written["firstAckSeconds"] == {"count": 2, "median": 2.0, "worst": 3.0}
