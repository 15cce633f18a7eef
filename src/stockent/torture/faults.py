"""What goes wrong while a server lives: it is paused, connections are cut, clients read slowly or crash."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Sequence
from random import Random

from . import history
from .device import Device
from .server import Server
from .world import World

#: Between two faults.
LEAST_QUIET_S, MOST_QUIET_S = 0.05, 0.9
LEAST_PAUSE_S, MOST_PAUSE_S = 0.05, 0.8
LEAST_SLOW_S, MOST_SLOW_S = 0.3, 2.0
LEAST_AWAY_S, MOST_AWAY_S = 1.0, 8.0
HALF_SHARE = 0.4


class Faults:
    """`kinds` are those of `options.FAULTS` that do not end the server's life."""

    def __init__(
        self, world: World, server: Server, devices: Sequence[Device], rng: Random, kinds: Collection[str]
    ) -> None:
        self._world = world
        self._server = server
        self._devices = devices
        self._rng = rng
        does: dict[str, Callable[[], Awaitable[None]]] = {
            "pause": self._pause,
            "cut": self._cut,
            "slow": self._slow,
            "away": self._away,
            "crash": self._crash,
        }
        self._does = [does[kind] for kind in sorted(does) if kind in kinds]

    async def go_on(self) -> None:
        """One after the other until it is cancelled; the server is left running."""
        rng = self._rng
        while self._does:
            await asyncio.sleep(rng.uniform(LEAST_QUIET_S, MOST_QUIET_S))
            await rng.choice(self._does)()

    def note(self, what: str) -> None:
        self._world.figures.faults[what] += 1
        self._world.write(history.Fault(t=self._world.now(), what=what))

    async def _pause(self) -> None:
        self.note("pause")
        self._server.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(self._rng.uniform(LEAST_PAUSE_S, MOST_PAUSE_S))
        finally:
            self._server.send(signal.SIGCONT)

    async def _cut(self) -> None:
        """One connection, some, or all at once."""
        rng = self._rng
        count = rng.choice((1, 1, max(1, len(self._devices) // 5), len(self._devices)))
        self.note("mass cut" if count == len(self._devices) > 1 else "cut")
        for device in rng.sample(self._devices, count):
            device.cut(half=rng.random() < HALF_SHARE)

    async def _slow(self) -> None:
        rng = self._rng
        for device in rng.sample(self._devices, min(len(self._devices), rng.randint(1, 3))):
            self.note("slow")
            device.pause()
            after_s = rng.uniform(LEAST_SLOW_S, MOST_SLOW_S)
            asyncio.get_running_loop().call_later(after_s, device.resume_reading)

    async def _away(self) -> None:
        self.note("away")
        self._rng.choice(self._devices).stay_away(self._rng.uniform(LEAST_AWAY_S, MOST_AWAY_S))

    async def _crash(self) -> None:
        self.note("crash")
        self._rng.choice(self._devices).crash()
