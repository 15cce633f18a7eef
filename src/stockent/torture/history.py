"""What happened, one JSON line an event, in the order of real time: written by the run, read by the checker.

Names are short because a long run writes millions of lines. `u7` is a user, `u7.1` one of their devices, `u7.1.3` the
third connection of that device (`u7.1.h` its HTTP requests), `c12` a conversation. `t` is in seconds since the start
of the run, by a clock that never goes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

FORMAT = 1
#: Lines are gathered up to this size before they are written.
BUFFER_BYTES = 1 << 20


class HistoryError(Exception):
    """The file is not a history, or has a line that is none; the text names the line."""


class Line(msgspec.Struct, tag_field="e", omit_defaults=True, gc=False, kw_only=True):
    """`k` is a connection, `c` a conversation, `u` a user, `q` the number of a command."""

    t: float = 0.0


class Run(Line, tag="run"):
    """The first line."""

    format: int
    seed: int
    command: str = ""


class Opened(Line, tag="conversation"):
    """A conversation, who takes part from the beginning, and the word that each of its texts holds."""

    c: str
    id: str
    canary: str
    users: list[str]


class Invoke(Line, tag="invoke"):
    """A command is given: `w` says which, `i` is the `clientId` and `d` the digest of what is sent."""

    q: int
    k: str
    w: str
    c: str = ""
    i: str = ""
    d: int = 0


class Ok(Line, tag="ok"):
    """Its answer: message `m` in the version `v` with the digest `d`, or the position `p`."""

    q: int
    m: int = 0
    v: int = 0
    d: int = 0
    p: int = 0


class Fail(Line, tag="fail"):
    """It was refused."""

    q: int
    code: str


class Unknown(Line, tag="unknown"):
    """It has no answer: the connection was `lost`, or lived and was `silent`."""

    q: int
    why: str


class Heard(Line, tag="heard"):
    """News of the conversation at position `p`, about message `m` in version `v` with digest `d`.

    `n` is where the device's view stands after it; 0 if it has none. `gap`: it came as an answer, not as an event.
    """

    k: str
    c: str
    p: int
    m: int = 0
    v: int = 0
    d: int = 0
    n: int = 0
    gap: bool = False


class Applied(Line, tag="applied"):
    """What was put aside is applied: the view stands at `n`."""

    k: str
    c: str
    n: int


class Loaded(Line, tag="loaded"):
    """The view begins anew at `n`, as the answer to command `q`, or as an event brought it (0)."""

    k: str
    c: str
    n: int
    q: int = 0


class GivenUp(Line, tag="given up"):
    """The gap is too long to be told: there is no view until it is loaded anew."""

    k: str
    c: str


class Left(Line, tag="left"):
    """The user was removed at position `p`, or heard that the conversation is gone (0)."""

    k: str
    c: str
    p: int = 0


class Forgot(Line, tag="forgot"):
    """The device crashed: only its outbox is left."""

    k: str


class Page(Line, tag="page"):
    """A page of history: message, version, digest."""

    k: str
    c: str
    rows: list[tuple[int, int, int]]


class Mark(Line, tag="mark"):
    """The connection hears that `u` read up to `p`."""

    k: str
    c: str
    u: str
    p: int


class Canary(Line, tag="canary"):
    """The canary `x` came over this connection, for the first time."""

    k: str
    x: str


class Connected(Line, tag="connected"):
    k: str
    epoch: str


class Gone(Line, tag="gone"):
    k: str


class Nonsense(Line, tag="nonsense"):
    """What came over the connection is not what the contract has."""

    k: str
    text: str


class Settled(Line, tag="settled"):
    """The end of a device's view, when nobody writes any more."""

    k: str
    c: str
    n: int
    unread: int


class Fault(Line, tag="fault"):
    what: str


class Life(Line, tag="life"):
    """A server process: `what` is `started`, `ready` or how it ended."""

    life: int
    what: str


class Rest(Line, tag="rest"):
    """What the process holds when all clients have left it, for the `turn`-th time in this life.

    `tasks` is -1 where the server does not tell.
    """

    life: int
    turn: int
    fds: int
    rss_kb: int
    threads: int
    tasks: int = -1


class Examined(Line, tag="examined"):
    """The file of the store, read while no server ran. `whole`: with SQLite's integrity check."""

    life: int
    whole: bool
    problems: list[str] = []


class Stored(Line, tag="stored"):
    """Rows of the store: seq, version, sender, clientId, digest. `last` is the conversation's last position."""

    c: str
    last: int
    rows: list[tuple[int, int, str, str, int]]


class Changes(Line, tag="changes"):
    """The other positions of the log: seq, and the message that changed, or 0."""

    c: str
    rows: list[tuple[int, int]]


class Membership(Line, tag="membership"):
    """At position `p` people came and went."""

    c: str
    p: int
    came: list[str] = []
    went: list[str] = []


class Member(Line, tag="member"):
    """A participant as the store has them; `recount` is what a count of the messages gives for `unread`."""

    c: str
    u: str
    read: int
    unread: int
    recount: int
    visible_after: int = 0


class Seen(Line, tag="seen"):
    """A part of a participant's final view over HTTP, by seq."""

    u: str
    c: str
    seqs: list[int]
    digests: list[int]


class Counted(Line, tag="counted"):
    """What the server tells the user of the conversation at the end."""

    u: str
    c: str
    seq: int
    unread: int
    read: int


class End(Line, tag="end"):
    """The last line; without it the run was cut off and the final views may be missing."""

    whole: bool


AnyLine = (
    Run
    | Opened
    | Invoke
    | Ok
    | Fail
    | Unknown
    | Heard
    | Applied
    | Loaded
    | GivenUp
    | Left
    | Forgot
    | Page
    | Mark
    | Canary
    | Connected
    | Gone
    | Nonsense
    | Settled
    | Fault
    | Life
    | Rest
    | Examined
    | Stored
    | Changes
    | Membership
    | Member
    | Seen
    | Counted
    | End
)
_decode = msgspec.json.Decoder(AnyLine).decode


class Recorder:
    """Appends lines to a file; a path that cannot be written raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._file: BinaryIO = path.open("wb")
        self._buffer = bytearray()
        self._encode_into = msgspec.json.Encoder().encode_into

    def write(self, line: Line) -> None:
        buffer = self._buffer
        self._encode_into(line, buffer, -1)
        buffer += b"\n"
        self.lines += 1
        if len(buffer) > BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        self._file.write(self._buffer)
        self._file.flush()
        self._buffer.clear()

    def close(self) -> None:
        if not self._file.closed:
            self.flush()
            self._file.close()


def read(path: Path) -> Iterator[Line]:
    """Every line of a history. Raises `HistoryError`, and OSError."""
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            try:
                line = _decode(text)
            except msgspec.MsgspecError as error:
                raise HistoryError(f"line {number}: {error}") from None
            if number == 1 and (not isinstance(line, Run) or line.format != FORMAT):
                raise HistoryError(f"line 1: expected a run of format {FORMAT}")
            yield line
