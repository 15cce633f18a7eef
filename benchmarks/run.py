"""The runner: every workload against every peer, interleaved, several rounds; prints a table and writes JSON.

Server and load generator each have a core of their own. The peers take turns within a round (A B A B), so that a
neighbour on the machine disturbs all of them and not the last one.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import machine, report
from .servers import PEERS, SERVER_CORE, Peer
from .toolchain import BUILD, LOADGEN, MissingError, compile_all, program
from .workloads import WORKLOADS, Workload

GENERATOR_CORE = 1
_RUN_TIMEOUT_S = 300
#: The server has time to take leave of the sockets that went.
_AFTER_PRIMING_S = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0; 1 when a result was not sound or a measurement failed; 2 when the machine cannot measure."""
    options = _options(arguments)
    try:
        _require_machine()
        compile_all()
    except MissingError as missing:
        print(f"benchmarks: {missing}", file=sys.stderr)
        return 2
    machine.raise_file_limit()
    # As an exception it ends the servers that run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    workloads = [workload for workload in WORKLOADS if workload.name in options.workloads]
    peers = _usable([peer for peer in PEERS if peer.name in options.peers])
    if not peers:
        return 2
    facts = machine.facts(BUILD)
    results, failures = _measure(workloads, peers, options)
    names = [peer.name for peer in peers]
    baseline = options.baseline if options.baseline in names else names[0]
    print(f"\nMedians (least – most); ×n: ratio to {baseline}\n")
    print(report.table(workloads, names, results, baseline))
    _write(options.output, facts, workloads, names, results, failures)
    print(f"\nall results: {options.output}")
    return 1 if failures else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    workloads, peers = [workload.name for workload in WORKLOADS], [peer.name for peer in PEERS]
    parser.add_argument(
        "--workloads", nargs="+", choices=workloads, default=workloads, metavar="W", help=", ".join(workloads)
    )
    parser.add_argument(
        "--peers", nargs="+", choices=peers, default=peers, metavar="P", help=", ".join(peers)
    )
    parser.add_argument(
        "--baseline", choices=peers, default="node", help="the peer that ratios refer to (node)"
    )
    parser.add_argument("--rounds", type=int, help="turns of each peer (3; with --quick 1)")
    parser.add_argument("--duration", type=float, help="seconds of one measurement (4; with --quick 1)")
    parser.add_argument(
        "--retries", type=int, default=2, help="more tries when a neighbour took the core (2)"
    )
    parser.add_argument(
        "--wait", type=float, default=0, help="seconds to wait for quiet cores before each turn (0)"
    )
    parser.add_argument("--quick", action="store_true", help="one short round, to see that all works")
    parser.add_argument("--output", type=Path, default=BUILD / "results.json", help="where the JSON goes")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.duration = options.duration or (1.0 if options.quick else 4.0)
    return options


def _require_machine() -> None:
    program("taskset", "install util-linux")
    if not {SERVER_CORE, GENERATOR_CORE} <= os.sched_getaffinity(0):
        raise MissingError(
            f"cores {SERVER_CORE} and {GENERATOR_CORE} are needed, one for the server, one for the load"
        )


def _usable(peers: Sequence[Peer]) -> list[Peer]:
    usable = []
    for peer in peers:
        try:
            peer.check()
            usable.append(peer)
        except MissingError as missing:
            print(f"skipping {peer.name}: {missing}", file=sys.stderr)
    return usable


def _measure(
    workloads: Sequence[Workload], peers: Sequence[Peer], options: argparse.Namespace
) -> tuple[dict[tuple[str, str], list[dict[str, Any]]], list[str]]:
    results: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    failures: list[str] = []
    turns = [
        (w, n, p)
        for w in workloads
        for n in range(options.rounds)
        for p in peers
        if not w.lively or p.name == "product"
    ]
    for count, (workload, number, peer) in enumerate(turns, start=1):
        label = f"[{count}/{len(turns)}] {workload.name} {peer.name} {number + 1}/{options.rounds}"
        try:
            result = _run_undisturbed(workload, peer, options)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            failures.append(f"{label}: {error}")
            print(f"{label}: FAILED: {error}", file=sys.stderr, flush=True)
            continue
        results[workload.name, peer.name].append(result)
        if not result["sound"]:
            failures.append(f"{label}: {result['faults']}")
        print(f"{label}: {_in_a_line(workload, result)}", file=sys.stderr, flush=True)
    return dict(results), failures


def _run_undisturbed(workload: Workload, peer: Peer, options: argparse.Namespace) -> dict[str, Any]:
    """The least disturbed of a few tries: chosen by what a neighbour took, never by the figure itself."""
    tries: list[dict[str, Any]] = []
    while len(tries) <= options.retries:
        if options.wait:
            machine.wait_until_quiet((SERVER_CORE, GENERATOR_CORE), timeout_s=options.wait)
        tries.append(run_once(workload, peer, quick=options.quick, duration_s=options.duration))
        if not tries[-1]["sound"] or not report.doubts(tries[-1]):
            return tries[-1]
    return min(tries, key=report.disturbance)


def run_once(workload: Workload, peer: Peer, *, quick: bool, duration_s: float) -> dict[str, Any]:
    """Start the peer, load it, stop it. Raises RuntimeError with the load generator's words when it gives up."""
    with peer.start(workload, workload.sized(quick=quick)) as target:
        command = ["taskset", "-c", str(GENERATOR_CORE), str(LOADGEN)]
        command += workload.arguments(quick=quick, duration_s=duration_s)
        command += ["--port", str(target.port), "--server-pid", target.server_pid, *target.arguments]
        if workload.primed:
            _load(command)
            time.sleep(_AFTER_PRIMING_S)
        return _load(command)


def _load(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_RUN_TIMEOUT_S, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-600:] or f"the load generator ended with {done.returncode}")
    if done.stderr:
        print(done.stderr.strip(), file=sys.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _in_a_line(workload: Workload, result: dict[str, Any]) -> str:
    values = [(figure, figure.of(result)) for figure in workload.figures]
    text = ", ".join(f"{f.name} {report.short(value)} {f.unit}" for f, value in values if value is not None)
    return "; ".join([text, *report.doubts(result)])


def _write(
    path: Path,
    facts: dict[str, Any],
    workloads: Sequence[Workload],
    peers: Sequence[str],
    results: report.Results,
    failures: Sequence[str],
) -> None:
    content = {
        "machine": facts,
        "summary": report.summary(workloads, peers, results),
        "failures": list(failures),
        "results": {f"{workload} {peer}": found for (workload, peer), found in results.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
