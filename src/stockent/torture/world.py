"""What all devices of a run share: who is who, the clock, the history, and where the server is to be found."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from .figures import Figures
from .history import Line, Recorder
from .texts import client_id
from .wire import Reader

#: Newest messages of a conversation to which people react.
RECENT = 32
#: Of the connections, where the proxy is among the faults.
PROXIED_SHARE = 0.15


@dataclass(eq=False)
class Talk:
    """A conversation. `out` are those whom its owner removed."""

    c: str
    id: str
    canary: str
    users: list[str]
    group: bool
    out: set[str] = field(default_factory=set)
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=RECENT))

    @property
    def owner(self) -> str:
        return self.users[0]


class World:
    """`tokens`: user → token. `port` and `proxy_port` are set once something listens there."""

    def __init__(
        self,
        rng: Random,
        recorder: Recorder,
        tokens: dict[str, str],
        *,
        run: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rng = rng
        self.tokens = tokens
        self.figures = Figures()
        self.reader = Reader()
        self.talks: dict[str, Talk] = {}
        self.by_id: dict[str, Talk] = {}
        self.by_user: dict[str, list[Talk]] = {user: [] for user in tokens}
        self.port = 0
        self.proxy_port = 0
        #: Devices begin new things only while this holds; what they have begun they finish.
        self.loading = False
        #: Called with the moment of each acknowledged send.
        self.on_ack: Callable[[float], None] | None = None
        #: Called with the name of each device that is back, and the moment.
        self.on_back: Callable[[str, float], None] | None = None
        #: Called with the name of each device that stays away for a while.
        self.on_away: Callable[[str], None] | None = None
        self._recorder = recorder
        self._run = run
        self._clock = clock
        self._start = clock()
        self._commands = 0
        self._client_ids = 0

    def now(self) -> float:
        return round(self._clock() - self._start, 6)

    def write(self, line: Line) -> None:
        self._recorder.write(line)

    def next_command(self) -> int:
        self._commands += 1
        return self._commands

    def next_client_id(self) -> str:
        self._client_ids += 1
        return client_id(self._run, self._client_ids)

    def add(self, talk: Talk) -> None:
        self.talks[talk.c] = talk
        self.by_id[talk.id] = talk
        for user in talk.users:
            self.by_user[user].append(talk)

    def any_port(self, rng: Random) -> int:
        """The server's own, or now and then that of the proxy in between."""
        return self.proxy_port if self.proxy_port and rng.random() < PROXIED_SHARE else self.port
