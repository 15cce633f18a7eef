"""The runner of the scenarios: progress on standard error, the table on standard output, status 1 for a missed goal."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import machine
from ..run import GENERATOR_CORE
from ..servers import SERVER_CORE
from ..toolchain import BUILD, MissingError, compile_all, program
from . import figures
from .scenarios import SCENARIOS
from .stage import Scale, Stage

ROOT = BUILD / "endurance"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0; 1 when a goal was missed or a scenario failed; 2 when the machine cannot do it."""
    options = _options(arguments)
    try:
        program("taskset", "install util-linux")
        if not {SERVER_CORE, GENERATOR_CORE} <= os.sched_getaffinity(0):
            raise MissingError(
                f"cores {SERVER_CORE} and {GENERATOR_CORE} are needed, one for the server, one for the load"
            )
        compile_all()
    except MissingError as missing:
        print(f"endurance: {missing}", file=sys.stderr)
        return 2
    machine.raise_file_limit()
    # As an exception it ends the servers that run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Driver and server shall not be on one core; what it starts says itself where it belongs.
    os.sched_setaffinity(0, {GENERATOR_CORE})
    facts = machine.facts(ROOT)
    found, failures = asyncio.run(play(options.scenarios, Scale[options.scale.upper()]))
    missed = [*figures.missed(found), *failures]
    print(_markdown(facts, options.scale, found))
    for each in missed:
        print(f"MISSED {each}", file=sys.stderr)
    if options.markdown:
        options.markdown.write_text(_markdown(facts, options.scale, found))
    if options.json:
        data = {"machine": facts, "scale": options.scale, "figures": figures.as_data(found), "missed": missed}
        options.json.write_text(json.dumps(data, indent=1) + "\n")
    return 1 if missed else 0


async def play(
    names: Sequence[str], scale: Scale, *, root: Path = ROOT
) -> tuple[dict[str, Sequence[figures.Figure]], list[str]]:
    """Each scenario after the other; one that breaks is told and does not keep the next from running."""
    found: dict[str, Sequence[figures.Figure]] = {}
    failures: list[str] = []
    for name in names:
        stage = Stage(name, scale, root)
        try:
            found[name] = await SCENARIOS[name](stage)
        except Exception as error:  # noqa: BLE001 # told, with its traceback; the others still run
            traceback.print_exc()
            failures.append(f"{name}: {error}")
            continue
        goals = [each for each in found[name] if each.goal is not None]
        stage.say(f"{sum(each.met for each in goals)} of {len(goals)} goals met")
    return found, failures


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endurance", description=__doc__)
    names = list(SCENARIOS)
    parser.add_argument(
        "scenarios", nargs="*", choices=[*names, []], default=[], metavar="scenario", help=", ".join(names)
    )
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--quick", dest="scale", action="store_const", const="quick", help="smaller, and deadlines cut"
    )
    sizes.add_argument(
        "--smoke", dest="scale", action="store_const", const="smoke", help="a few sockets: does it run?"
    )
    parser.add_argument("--json", type=Path, metavar="PATH", help="write everything there")
    parser.add_argument("--markdown", type=Path, metavar="PATH", help="write the table there")
    options = parser.parse_args(arguments)
    options.scale = options.scale or "full"
    options.scenarios = options.scenarios or names
    return options


def _markdown(facts: dict[str, Any], scale: str, found: dict[str, Sequence[figures.Figure]]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if version)
    about = (
        f"{facts['date']}, {scale} size, on {facts['cores']} cores of {facts['processor']}, {facts['memory_gb']} GB, "
        f"Linux {facts['kernel']}, {versions}. Appending 4 KB and `fdatasync` takes "
        f"{facts['fsync_ms']} ms."
    )
    return f"{about}\n\n{figures.table(found)}\n"


if __name__ == "__main__":
    sys.exit(main())
