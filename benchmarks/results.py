"""What was measured, as it is kept in a file: every single result, by workload, peer and round."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FORMAT = 2

#: The load generator's, as it came.
Result = dict[str, Any]


class UnreadableError(Exception):
    """A file that holds no results; the text says what was expected."""


@dataclass
class Results:
    """`runs`: of each the machine's facts, the workloads that it measured, `rounds` and `duration_s`."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    found: dict[str, dict[str, dict[int, Result]]] = field(default_factory=dict)

    def add(self, workload: str, peer: str, number: int, result: Result) -> None:
        self.found.setdefault(workload, {}).setdefault(peer, {})[number] = result

    def of(self, workload: str, peer: str) -> dict[int, Result]:
        """By round; a round that failed is missing."""
        return self.found.get(workload, {}).get(peer, {})


def save(results: Results, path: Path, **more: Any) -> None:
    """`more`: what else a reader of the file may want; it is not read again."""
    found = {
        workload: {
            peer: [{"round": number, **result} for number, result in by_round.items()]
            for peer, by_round in by_peer.items()
        }
        for workload, by_peer in results.found.items()
    }
    content = {
        "format": _FORMAT,
        "runs": results.runs,
        "failures": results.failures,
        **more,
        "results": found,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


def load(path: Path) -> Results:
    """Raises UnreadableError."""
    try:
        content = json.loads(path.read_text())
        if content["format"] != _FORMAT:
            raise UnreadableError(f"{path}: expected results of format {_FORMAT}, got {content['format']}")
        results = Results(content["runs"], content["failures"])
        for workload, by_peer in content["results"].items():
            for peer, found in by_peer.items():
                for result in found:
                    results.add(workload, peer, result["round"], result)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"{path}: expected results as `--output` writes them: {error!r}") from error
    return results


def merged(parts: Sequence[Results]) -> Results:
    """Each workload whole from the last part that measured it: its peers are compared within one run."""
    whole = Results()
    for part in parts:
        whole.found.update(part.found)
    for part in parts:
        whole.failures += part.failures
        for run in part.runs:
            shown = [name for name in run["workloads"] if part.found.get(name) is whole.found.get(name, ())]
            if shown:
                whole.runs.append({**run, "workloads": shown})
    return whole
