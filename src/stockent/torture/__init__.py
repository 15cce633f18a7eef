"""`stockent torture`: is anything lost that was acknowledged? Called by the command line; exits non-zero if so.

A server is run as a child process, loaded by clients that keep the rules of docs/delivery.md, killed and disturbed.
What they did and saw is written to a history, and a checker judges that. All of it looks from outside and imports
nothing of the server.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from secrets import randbelow
from typing import TextIO

from . import report as reports
from .checker import Verdict, check
from .ending import Unsettled
from .examine import StoreUnreadable
from .history import HistoryError, Recorder, read
from .options import FAULTS, OptionError, Options
from .report import Report
from .run import Torture, loop_factory
from .server import SERVE, StartFailed
from .setting import SettingFailed

__all__ = ["FAULTS", "OptionError", "Options", "check_history", "run_torture"]

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130
INTERRUPTION = "interrupted: nothing was judged"
HISTORY_NAME = "history.jsonl"


def run_torture(
    options: Options,
    *,
    environ: Mapping[str, str] | None = None,
    out: TextIO | None = None,
    command: Sequence[str] = SERVE,
) -> int:
    """Run, check, and print the table; returns the exit code.

    0: no violation. 1: a violation, or the run could not be ended as meant. 2: the options cannot be. 130: interrupted;
    then nothing was judged. `command` starts the server.
    """
    report = Report(out or sys.stdout)
    try:
        options = options.checked()
    except OptionError as error:
        for problem in error.problems:
            report.fail(problem)
        return UNUSABLE
    if not options.seed:
        options = replace(options, seed=1 + randbelow(2**31))
    work = Path(tempfile.mkdtemp(prefix="stockent-torture-"))
    keeps = True
    try:
        code = _run_in(work, options, os.environ if environ is None else environ, report, command)
        keeps = code == FAILED
        return code
    except OSError as error:
        report.fail(f"{error.filename or work}: {error.strerror or error}")
        keeps = False
        return UNUSABLE
    finally:
        if keeps:
            report.fail(f"kept for you: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)


def check_history(path: Path, *, out: TextIO | None = None) -> int:
    """Judge a history that was kept; returns 0, or 1 with violations, or 2 if it is none."""
    report = Report(out or sys.stdout)
    try:
        verdict = check(read(path))
    except (HistoryError, OSError) as error:
        report.fail(f"{path}: {error}")
        return UNUSABLE
    report.verdict(verdict)
    if not verdict.whole:
        report.fail("the history has no end: what only the end shows was not judged")
    return FAILED if verdict.found or not verdict.whole else 0


def _run_in(
    work: Path, options: Options, environ: Mapping[str, str], report: Report, command: Sequence[str]
) -> int:
    data_dir = options.data_dir or work / "data"
    data_dir.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(options.history or work / HISTORY_NAME)
    torture = Torture(options, data_dir, recorder, environ, command, report.progress)
    report.begin(options.seed)
    begun = time.monotonic()
    try:
        failure = _run(torture)
    finally:
        recorder.close()
    took_s = time.monotonic() - begun
    verdict = None if failure == INTERRUPTION else _judge(recorder, report)
    report.table(reports.table(torture.figures, verdict, took_s=took_s))
    if options.json is not None:
        reports.write_json(options.json, options.seed, torture.figures, verdict, took_s)
    if verdict is not None:
        report.verdict(verdict)
    if failure:
        report.fail(failure)
    if verdict is None:
        return INTERRUPTED
    if failure:
        report.log(torture.server.tail)
    return FAILED if failure or verdict.found or not verdict.whole else 0


def _run(torture: Torture) -> str:
    """Returns why it could not be ended as meant; empty if it could."""
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_until_terminated(torture))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTION
    except StartFailed as error:
        return f"the server did not start: {error}"
    except (SettingFailed, Unsettled) as error:
        return str(error)
    except StoreUnreadable as error:
        return f"the store cannot be read: {error}"
    return ""


async def _until_terminated(torture: Torture) -> None:
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError, RuntimeError, ValueError):
        # Ctrl-C is the runner's; this one would else leave a server behind.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await torture.run()


def _judge(recorder: Recorder, report: Report) -> Verdict:
    report.step(f"checking {recorder.lines:,} lines of history")
    # Millions of small objects are made and kept, none of them in a cycle.
    gc.disable()
    try:
        return check(read(recorder.path))
    finally:
        gc.enable()
