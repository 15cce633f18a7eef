"""Every rate and every count at a time, by name: the one table that is enforced, configured and written in the docs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Whose(StrEnum):
    USER = "user"
    CONNECTION = "connection"
    ADDRESS = "address"
    NODE = "node"


class Limit(StrEnum):
    """The names, as `RATE_LIMITS` and the docs write them."""

    #: An enumeration's own is a Python function: a third of the cost of a check.
    __hash__ = str.__hash__

    COMMANDS = "commands"
    REQUESTS = "requests"
    MESSAGES = "messages"
    CONVERSATIONS = "conversations"
    CHANGES = "changes"
    SIGNALS = "signals"
    SEARCHES = "searches"
    UPLOADS = "uploads"
    MISSES = "misses"
    CONNECTION_COMMANDS = "connection_commands"
    CONNECTION_BYTES = "connection_bytes"
    CONNECTION_REFUSALS = "connection_refusals"
    ADDRESS_CONNECTS = "address_connects"
    ADDRESS_SESSIONS = "address_sessions"
    ADDRESS_REQUESTS = "address_requests"
    ADDRESS_FAILURES = "address_failures"
    ADDRESS_MISSES = "address_misses"
    ADDRESS_OPEN_CONNECTIONS = "address_open_connections"
    ADDRESS_OPEN_SESSIONS = "address_open_sessions"
    NODE_CONNECTIONS = "node_connections"
    NODE_REQUESTS = "node_requests"


class Pace(NamedTuple):
    """`amount` in `period_s` in the long run, `burst` at once. Written `60/h:30`, `500/100s:1000`, `20/s`."""

    amount: int
    period_s: int
    burst: int

    @property
    def per_s(self) -> float:
        return self.amount / self.period_s

    def __str__(self) -> str:
        letter = next((letter for letter, unit_s in UNITS_S.items() if unit_s == self.period_s), None)
        return f"{self.amount}/{letter or f'{self.period_s}s'}:{self.burst}"


class Rate(NamedTuple):
    name: Limit
    whose: Whose
    pace: Pace
    counted: str
    beyond: str


class Cap(NamedTuple):
    """How many at a time. `most` None: worked out at start, from what the system allows."""

    name: Limit
    whose: Whose
    most: int | None
    counted: str
    beyond: str


_REFUSED = "`rate_limited`, 429"
RATES: tuple[Rate, ...] = (
    Rate(
        Limit.COMMANDS,
        Whose.USER,
        Pace(50, 1, 500),
        "socket commands of any kind, on all sockets together, unknown ones too",
        _REFUSED,
    ),
    Rate(Limit.REQUESTS, Whose.USER, Pace(100, 1, 1_000), "HTTP requests of any kind", _REFUSED),
    Rate(
        Limit.MESSAGES, Whose.USER, Pace(20, 1, 100), "messages sent, by socket and HTTP together", _REFUSED
    ),
    Rate(
        Limit.CONVERSATIONS,
        Whose.USER,
        Pace(120, 3_600, 60),
        "conversations created, also where they exist already, and first messages (`POST /api/messages`)",
        _REFUSED,
    ),
    Rate(
        Limit.CHANGES,
        Whose.USER,
        Pace(10, 1, 100),
        "edits, deletions, reactions, and changes of conversations and of their people",
        _REFUSED,
    ),
    Rate(
        Limit.SIGNALS,
        Whose.USER,
        Pace(30, 1, 200),
        "typing, presence, read and delivery marks, settings",
        _REFUSED,
    ),
    Rate(Limit.SEARCHES, Whose.USER, Pace(5, 1, 30), "searches", _REFUSED),
    Rate(Limit.UPLOADS, Whose.USER, Pace(60, 60, 100), "uploads announced", _REFUSED),
    Rate(
        Limit.MISSES,
        Whose.USER,
        Pace(30, 60, 60),
        "answers `not_found`: guessed ids",
        "every command and request of the user, until a miss is earned again: `rate_limited`, 429",
    ),
    Rate(Limit.CONNECTION_COMMANDS, Whose.CONNECTION, Pace(30, 1, 300), "commands of one socket", _REFUSED),
    Rate(
        Limit.CONNECTION_BYTES,
        Whose.CONNECTION,
        Pace(1_000_000, 1, 4_000_000),
        "bytes of one Socket.IO session; a frame or a POST counts as 256 at least",
        "the session ends, `flooding`, 1008",
    ),
    Rate(
        Limit.CONNECTION_REFUSALS,
        Whose.CONNECTION,
        Pace(5, 1, 300),
        "commands of one socket that were refused as `rate_limited`, `invalid` or `unknown_command`",
        "the server disconnects the socket",
    ),
    Rate(
        Limit.ADDRESS_CONNECTS,
        Whose.ADDRESS,
        Pace(100, 1, 1_000),
        "TCP connections opened by an address that is no trusted proxy",
        "the connection is cut",
    ),
    Rate(
        Limit.ADDRESS_SESSIONS,
        Whose.ADDRESS,
        Pace(50, 1, 500),
        "Socket.IO sessions opened, by WebSocket or polling",
        "429",
    ),
    Rate(
        Limit.ADDRESS_REQUESTS,
        Whose.ADDRESS,
        Pace(100, 1, 2_000),
        "requests without a token that holds: the page, the open routes, expired ones; `/healthz` is free",
        "429",
    ),
    Rate(
        Limit.ADDRESS_FAILURES,
        Whose.ADDRESS,
        Pace(2, 1, 60),
        "tokens that were not accepted, `auth_invalid`",
        "429 before a token is looked at, unless it was verified in the last minute",
    ),
    Rate(
        Limit.ADDRESS_MISSES,
        Whose.ADDRESS,
        Pace(10, 1, 600),
        "answers `not_found`, of all users of the address",
        "every command and request from the address: `rate_limited`, 429",
    ),
)
CAPS: tuple[Cap, ...] = (
    Cap(
        Limit.ADDRESS_OPEN_CONNECTIONS,
        Whose.ADDRESS,
        2_000,
        "TCP connections open, of an address that is no trusted proxy",
        "429 and closed; a few dozen beyond it, cut",
    ),
    Cap(Limit.ADDRESS_OPEN_SESSIONS, Whose.ADDRESS, 1_000, "Socket.IO sessions open", "429"),
    Cap(
        Limit.NODE_CONNECTIONS,
        Whose.NODE,
        None,
        "TCP connections open",
        "503 with `Retry-After` and closed; a few dozen beyond it, cut",
    ),
    Cap(
        Limit.NODE_REQUESTS,
        Whose.NODE,
        2_000,
        "HTTP requests being answered, polls not counted; `/healthz` is free",
        "`overloaded`, 503",
    ),
)
RATE_BY_NAME: Mapping[str, Rate] = {rate.name.value: rate for rate in RATES}
CAP_BY_NAME: Mapping[str, Cap] = {cap.name.value: cap for cap in CAPS}


def markdown_rates() -> str:
    """`RATES` and `CAPS` as the table of `docs/limits.md`."""
    rows = [f"| `{r.name}` | {r.whose} | `{r.pace}` | {r.counted} | {r.beyond} |" for r in RATES]
    rows += [f"| `{c.name}` | {c.whose} | {_most(c)} | {c.counted} | {c.beyond} |" for c in CAPS]
    return "\n".join(
        ["| name | whose | default | what is counted | beyond it |", "|---|---|---|---|---|", *rows]
    )


def _most(cap: Cap) -> str:
    return "from the limit of open files, see below" if cap.most is None else f"`{cap.most}`"
