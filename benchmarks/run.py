"""The runner: every workload against every peer, interleaved, several rounds; prints tables and writes JSON.

Server and load generator each have a core of their own. The peers take turns within a round (A B A B), so that a
neighbour on the machine disturbs all of them and not the last one.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import goals, growth, machine, page, report, results
from .loading import GENERATOR_CORE as GENERATOR_CORE
from .loading import load
from .progress import clock
from .results import Result, Results
from .servers import PEERS, SERVER_CORE, Peer, prepare_http
from .toolchain import BUILD, MissingError, compile_all, program
from .workloads import WORKLOADS, Workload, turns

#: The server has time to take leave of the sockets that went.
_AFTER_PRIMING_S = 1.0
#: Of all measurements, the share that may be made anew because of neighbours: else a run would know no end.
_REPEATED_SHARE = 0.15
_BY_NAME = {workload.name: workload for workload in WORKLOADS}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0; 1 when a result was not sound or a measurement failed; 2 when the machine cannot measure."""
    options = _options(arguments)
    # As an exception it ends the servers that run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        found = _kept(options) or _Run(options).measured()
        _tell(found, options)
    except (MissingError, results.UnreadableError, page.PageError) as problem:
        print(f"benchmarks: {problem}", file=sys.stderr)
        return 2
    return 1 if found.failures else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    workloads, peers = list(_BY_NAME), [peer.name for peer in PEERS]
    parser.add_argument("--workloads", nargs="+", choices=workloads, metavar="W", help=", ".join(workloads))
    parser.add_argument(
        "--peers", nargs="+", choices=peers, default=peers, metavar="P", help=", ".join(peers)
    )
    parser.add_argument("--rounds", type=int, help="turns of each peer (3; with --quick 1)")
    parser.add_argument("--duration", type=float, help="seconds of one measurement (2; with --quick 0.7)")
    parser.add_argument(
        "--quick", action="store_true", help="one short round of a part, to see that all works"
    )
    parser.add_argument(
        "--full", action="store_true", help="the store of 10,000,000 messages too: 6 GB, 5 minutes"
    )
    parser.add_argument(
        "--retries", type=int, default=2, help="more tries when a neighbour took the core (2)"
    )
    parser.add_argument(
        "--wait", type=float, default=0, help="seconds to wait for quiet cores before each turn (0)"
    )
    parser.add_argument("--output", type=Path, default=BUILD / "results.json", help="where the JSON goes")
    parser.add_argument("--render", type=Path, metavar="JSON", help="measure nothing, show these results")
    parser.add_argument(
        "--merge", nargs="+", type=Path, metavar="JSON",
        help="measure nothing, show these results: each workload from the last file that has it",
    )  # fmt: skip
    parser.add_argument("--write-docs", action="store_true", help="put figures and pictures into docs/")
    parser.add_argument(
        "--goals", action=argparse.BooleanOptionalAction, default=True, help="hold them against the goals"
    )
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.duration = options.duration or (0.7 if options.quick else 2.0)
    return options


def _kept(options: argparse.Namespace) -> Results | None:
    paths = options.merge or ([options.render] if options.render else [])
    return results.merged([results.load(path) for path in paths]) if paths else None


def _tell(found: Results, options: argparse.Namespace) -> None:
    print(f"\nTimes as good, least – most of the rounds\n\n{report.ratio_table(WORKLOADS, found)}")
    print(f"\nMedians, least – most\n\n{report.figure_table(WORKLOADS, found)}")
    if (growth_table := report.growth_table(WORKLOADS, found)) is not None:
        print(f"\nGrowth, ms\n\n{growth_table}")
    if options.goals:
        print(f"\nGoals\n\n{goals.table(found)}")
    if not options.render:
        results.save(found, options.output, summary=report.summary(WORKLOADS, found))
        print(f"\nall results: {options.output}")
    if options.write_docs:
        page.write(found)


class _Run:
    """One run: what it measures, in which order, and how far it is."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._results = Results()
        _require_machine()
        compile_all()
        machine.raise_file_limit()
        self._peers = _usable([peer for peer in PEERS if peer.name in options.peers])
        workloads = [workload for workload in WORKLOADS if _is_wanted(workload, options)]
        self._turns = list(turns(workloads, list(self._peers), options.rounds))
        if not self._turns:
            raise MissingError("nothing to measure: none of these peers takes part in any of these workloads")
        self._repeats_left = int(len(self._turns) * _REPEATED_SHARE)
        names = list(dict.fromkeys(workload.name for workload, _, _ in self._turns))
        run = {"rounds": options.rounds, "duration_s": options.duration, "workloads": names}
        self._results.runs.append({"facts": machine.facts(BUILD), **run})

    def measured(self) -> Results:
        """What fails is among the results' failures, and does not end the run."""
        self._fill_stores()
        estimates = [self._estimate_s(workload) for workload, _, _ in self._turns]
        _say(f"{len(self._turns)} measurements, about {clock(sum(estimates))} minutes")
        begun = time.monotonic()
        for count, (workload, number, name) in enumerate(self._turns, start=1):
            line = self._measure(workload, number, self._peers[name])
            spent, done_s = time.monotonic() - begun, sum(estimates[:count])
            left = clock(sum(estimates[count:]) * spent / done_s)
            _say(f"[{count}/{len(self._turns)}, {left} left] {workload.name} {name} {number + 1}: {line}")
        return self._results

    def _fill_stores(self) -> None:
        """Before the first measurement; a store for which there is no room fails its workload only."""
        for workload in dict.fromkeys(workload for workload, _, _ in self._turns):
            if workload.stored:
                try:
                    growth.stored(workload.stored)
                except growth.StorageError as error:
                    self._results.failures.append(f"{workload.name}: {error}")
                    self._turns = [turn for turn in self._turns if turn[0] is not workload]

    def _measure(self, workload: Workload, number: int, peer: Peer) -> str:
        label = f"{workload.name} {peer.name} {number + 1}"
        try:
            result = self._undisturbed(workload, peer)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            self._results.failures.append(f"{label}: {error}")
            return f"FAILED: {error}"
        self._results.add(workload.name, peer.name, number, result)
        if not result["sound"]:
            self._results.failures.append(f"{label}: {report.faults(result)}")
        return _in_a_line(workload, result)

    def _undisturbed(self, workload: Workload, peer: Peer) -> Result:
        """The least disturbed of a few tries: chosen by what a neighbour took, never by the figure itself."""
        tries: list[Result] = []
        while True:
            if self._options.wait:
                machine.wait_until_quiet((SERVER_CORE, GENERATOR_CORE), timeout_s=self._options.wait)
            result = run_once(workload, peer, quick=self._options.quick, duration_s=self._options.duration)
            tries.append(result)
            # Lively people are neighbours on purpose.
            if workload.lively or not result["sound"] or not report.disturbed(result):
                return result
            if len(tries) > self._options.retries or not self._repeats_left:
                return min(tries, key=report.disturbance)
            self._repeats_left -= 1

    def _estimate_s(self, workload: Workload) -> float:
        return workload.estimate_s(quick=self._options.quick, duration_s=self._options.duration)


def run_once(workload: Workload, peer: Peer, *, quick: bool, duration_s: float) -> Result:
    """Start the peer, load it, stop it. Raises RuntimeError with the load generator's words when it gives up."""
    if workload.stored:
        return growth.run_once(workload, quick=quick, duration_s=duration_s)
    with peer.start(workload, workload.sized(quick=quick)) as target:
        arguments = workload.arguments(quick=quick, duration_s=duration_s)
        if workload.requests:
            arguments += ["--file", str(prepare_http(target, workload.requests))]
        else:
            arguments += map(workload.texted, target.arguments)
        if workload.primed:
            load(arguments, port=target.port, server_pid=target.server_pid)
            time.sleep(_AFTER_PRIMING_S)
        return load(arguments, port=target.port, server_pid=target.server_pid)


def _is_wanted(workload: Workload, options: argparse.Namespace) -> bool:
    if options.workloads:
        return workload.name in options.workloads
    if options.quick:
        return workload.in_quick
    return workload.in_default or options.full


def _require_machine() -> None:
    program("taskset", "install util-linux")
    if not {SERVER_CORE, GENERATOR_CORE} <= os.sched_getaffinity(0):
        raise MissingError(
            f"cores {SERVER_CORE} and {GENERATOR_CORE} are needed, one for the server, one for the load"
        )


def _usable(peers: Sequence[Peer]) -> dict[str, Peer]:
    usable = {}
    for peer in peers:
        try:
            peer.check()
            usable[peer.name] = peer
        except MissingError as missing:
            _say(f"skipping {peer.name}: {missing}")
    return usable


def _in_a_line(workload: Workload, result: Result) -> str:
    values = [(figure, figure.of(result)) for figure in workload.figures]
    text = ", ".join(f"{f.name} {report.short(value)} {f.unit}" for f, value in values if value is not None)
    return "; ".join([text, *report.doubts(result)])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
