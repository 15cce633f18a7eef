"""What a run is asked for, checked. Called by the command line; every problem is told at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

#: What may be done to the server, the network and the clients; `cut` includes dropping everybody at once.
FAULTS: dict[str, str] = {
    "kill": "SIGKILL at a random moment, and a restart",
    "term": "SIGTERM, a drain, and a restart",
    "pause": "SIGSTOP, and SIGCONT after a while",
    "cut": "TCP resets, also in the middle of a frame, of one, some or all connections",
    "proxy": "a proxy that cuts responses at a random byte",
    "slow": "clients that stop reading for a while",
    "away": "clients that stay away, for longer than a gap can be told",
    "crash": "clients that come back with their outbox only",
}
DEFAULT_DURATION_S = 45.0
MAX_USERS, MAX_CONVERSATIONS, MAX_CONNECTIONS = 1_000, 5_000, 2_000
#: Of one user: one GET brings them all, and one `resume` names them.
MAX_CONVERSATIONS_OF_USER = 400


class OptionError(Exception):
    """One sentence for each option that cannot be."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Options:
    """The run goes on until every goal that is given is reached: `rounds`, `kills`, `messages`, `duration_s`."""

    rounds: int | None = None
    kills: int | None = None
    messages: int | None = None
    duration_s: float | None = None
    users: int = 20
    conversations: int = 30
    connections: int = 30
    window: int = 16
    polling: float = 0.2
    seed: int = 0
    faults: frozenset[str] = frozenset(FAULTS)
    data_dir: Path | None = None
    history: Path | None = None
    json: Path | None = None

    def checked(self) -> Options:
        """Itself, with the default goal where there is none. Raises `OptionError`."""
        problems = [*self._ranges(), *self._contradictions()]
        if problems:
            raise OptionError(problems)
        if (self.rounds, self.kills, self.messages, self.duration_s) == (None, None, None, None):
            return replace(self, duration_s=DEFAULT_DURATION_S)
        return self

    def _ranges(self) -> list[str]:
        ranges: tuple[tuple[str, float | None, float, float], ...] = (
            ("--rounds", self.rounds, 1, 1_000_000),
            ("--kills", self.kills, 1, 1_000_000),
            ("--messages", self.messages, 1, 1_000_000_000),
            ("--duration", self.duration_s, 1, 7 * 86_400),
            ("--users", self.users, 3, MAX_USERS),
            ("--conversations", self.conversations, 2, MAX_CONVERSATIONS),
            ("--connections", self.connections, 1, MAX_CONNECTIONS),
            ("--window", self.window, 1, 64),
            ("--polling", self.polling, 0, 1),
        )
        return [
            f"{name}: expected a number from {least:,} to {most:,}, got {value}"
            for name, value, least, most in ranges
            if value is not None and not least <= value <= most
        ]

    def _contradictions(self) -> list[str]:
        problems = []
        if unknown := sorted(self.faults - FAULTS.keys()):
            problems.append(f"--faults: expected some of {', '.join(FAULTS)}, got {', '.join(unknown)}")
        if self.kills is not None and "kill" not in self.faults:
            problems.append("--kills: expected kill to be among --faults")
        if self.data_dir is not None and self.data_dir.exists() and any(self.data_dir.iterdir()):
            problems.append(f"--data-dir: expected an empty or a new directory, got {self.data_dir}")
        return problems
