"""The proof itself: a short run against the real server finds nothing, against a broken one it finds what is broken."""

from __future__ import annotations

import asyncio
import fcntl
import io
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stockent.torture import Options, check_history, history, run_torture
from stockent.torture.checker import check
from stockent.torture.history import Line, read
from tests.waiting import poll_until

from . import spoiling

KILLS = 4
MESSAGES = 10_000


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, dict[str, Any], Path]:
    """One short run for all tests here: its exit code, what it printed, its figures, its history."""
    folder = tmp_path_factory.mktemp("proof")
    out = io.StringIO()
    options = Options(
        kills=KILLS,
        rounds=KILLS + 2,
        messages=MESSAGES,
        seed=20,
        history=folder / "history.jsonl",
        json=folder / "figures.json",
    )
    code = run_torture(options, out=out)
    return (
        code,
        out.getvalue(),
        msgspec.json.decode((folder / "figures.json").read_bytes()),
        options.history or folder,
    )


def test_a_server_that_is_killed_and_disturbed_loses_nothing(
    proof: tuple[int, str, dict[str, Any], Path],
) -> None:
    code, printed, figures, _ = proof
    assert code == 0, printed
    assert figures["violations"] == {}
    assert (figures["lost"], figures["duplicated"], figures["gaps"], figures["orderViolations"]) == (
        0,
        0,
        0,
        0,
    )
    assert figures["serverErrors"] == 0


def test_the_faults_were_real(proof: tuple[int, str, dict[str, Any], Path]) -> None:
    _, printed, figures, _ = proof
    assert figures["acked"] >= MESSAGES
    assert figures["kills"] >= KILLS
    assert figures["faults"].keys() >= {"kill", "cut by proxy"}
    assert figures["unknownSends"] > 0, "no kill met a send under way"
    assert figures["repeats"] > 0
    assert figures["firstAckSeconds"]["count"] > 0
    assert {"send_message", "send_over_http", "edit_message", "mark_read", "resume"} <= figures["done"].keys()
    assert "not_found" in figures["refused"], "no stranger tried a door"
    assert "kill to first ack" in printed


def test_its_history_is_judged_the_same_from_the_file(proof: tuple[int, str, dict[str, Any], Path]) -> None:
    assert check_history(proof[3], out=io.StringIO()) == 0


def drop_an_acked_message(lines: list[Line]) -> None:
    sends = {
        line.q: line.i for line in lines if isinstance(line, history.Invoke) and line.w == "send_message"
    }
    acked = [line for line in lines if isinstance(line, history.Ok) and line.q in sends]
    client_id = sends[acked[len(acked) // 2].q]
    for line in lines:
        if isinstance(line, history.Stored):
            line.rows = [row for row in line.rows if row[3] != client_id]


def store_a_message_twice(lines: list[Line]) -> None:
    stored = spoiling.last(lines, history.Stored)
    _, _, *same = stored.rows[0]
    stored.rows.append((stored.last + 1, stored.last + 1, *same))  # type: ignore[arg-type]


def leave_out_an_event(lines: list[Line]) -> None:
    heard = [line for line in lines if isinstance(line, history.Heard) and line.n == line.p and not line.gap]
    spoiling.drop(lines, heard[len(heard) // 2])


def swap_two_acks(lines: list[Line]) -> None:
    """The first and a late message of a conversation change their places, in acks and store alike."""
    stored = spoiling.of(lines, history.Stored, c="c1")
    plain = [row for row in stored.rows if row[0] == row[1]]
    first, late = plain[0], plain[-1]
    places = {first[3]: late[0], late[3]: first[0]}
    names = {line.q: line.i for line in lines if isinstance(line, history.Invoke) and line.i in places}
    for line in lines:
        if isinstance(line, history.Ok) and line.q in names:
            line.m = line.v = places[names[line.q]]


def change_what_one_heard(lines: list[Line]) -> None:
    heard = [line for line in lines if isinstance(line, history.Heard) and line.d]
    heard[len(heard) // 3].d ^= 1


def leak_to_a_stranger(lines: list[Line]) -> None:
    talk = spoiling.of(lines, history.Opened)
    connected = next(
        line
        for line in lines
        if isinstance(line, history.Connected) and line.k.partition(".")[0] not in talk.users
    )
    spoiling.after(lines, connected, history.Canary(k=connected.k, x=talk.canary))


def let_a_mark_fall(lines: list[Line]) -> None:
    mark = [line for line in lines if isinstance(line, history.Mark)][-1]
    spoiling.after(lines, mark, history.Mark(k=mark.k, c=mark.c, u=mark.u, p=mark.p - 1))


def leave_a_command_open(lines: list[Line]) -> None:
    spoiling.drop(lines, spoiling.last(lines, history.Ok))


@pytest.mark.parametrize(
    ("spoil", "invariant"),
    [
        (drop_an_acked_message, "I1"),
        (store_a_message_twice, "I2"),
        (leave_out_an_event, "I3"),
        (swap_two_acks, "I4"),
        (change_what_one_heard, "I5"),
        (leak_to_a_stranger, "I6"),
        (let_a_mark_fall, "I7"),
        (leave_a_command_open, "I8"),
    ],
)
def test_a_real_history_that_is_spoiled_is_found_out(
    proof: tuple[int, str, dict[str, Any], Path], spoil: Callable[[list[Line]], None], invariant: str
) -> None:
    lines = list(read(proof[3]))
    spoil(lines)
    assert invariant in check(lines).found


def test_a_server_that_acks_before_it_commits_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept for reading lies where pytest tidies up."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    out = io.StringIO()
    options = Options(
        kills=4,
        connections=12,
        users=8,
        conversations=8,
        seed=3,
        faults=frozenset({"kill"}),
        json=tmp_path / "figures.json",
    )
    code = run_torture(options, out=out, command=(sys.executable, "-m", "tests.torture.broken"))
    figures = msgspec.json.decode((tmp_path / "figures.json").read_bytes())
    assert code == 1, out.getvalue()
    assert figures["lost"] > 0, out.getvalue()
    assert "is not in the store" in out.getvalue()
    [kept] = tmp_path.glob("stockent-torture-*")
    assert check_history(kept / "history.jsonl", out=io.StringIO()) == 1


_INTERRUPTIBLE = """
import signal, sys
from stockent.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main(["torture", "--duration", "300s", "--connections", "6", "--data-dir", sys.argv[1]])
"""


async def test_an_interrupted_run_ends_with_the_table_so_far_and_leaves_no_server(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _INTERRUPTIBLE,
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    lock = tmp_path / "stockent.db.lock"
    await poll_until(lock.exists, 60)
    process.send_signal(signal.SIGINT)
    printed, _ = await process.communicate()
    assert process.returncode == 130
    assert b"rounds " in printed
    assert b"interrupted: nothing was judged" in printed
    assert b"Traceback" not in printed
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
