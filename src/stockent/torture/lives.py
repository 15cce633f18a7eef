"""The lives of the server: each begins with `ready`, has its faults, and ends by a kill or a drain; then the file is
examined, and the next one begins. What it costs to come back is measured here."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from . import history
from .device import Device
from .examine import examine
from .faults import Faults
from .figures import Recovery
from .server import Server
from .world import World

#: From `ready` to the end of a life.
LEAST_LIFE_S, MOST_LIFE_S = 0.1, 3.0
#: Of the lives that may end either way, those that end by a drain.
TERM_SHARE = 0.15
#: Each restart earns so many seconds for checking the whole file, and spends what that takes: a file that has grown
#: large is checked whole at some of the restarts only. What it counts is counted at each.
WHOLE_CHECK_S = 0.5


class Comeback:
    """From a sudden death to the first ack after it, and until everybody is back, however many deaths that takes."""

    def __init__(self, recovery: Recovery) -> None:
        self.listens = False
        self._recovery = recovery
        self._unacked_since: float | None = None
        self._died_at = 0.0
        self._missing: set[str] = set()

    def died(self, now: float, names: set[str]) -> None:
        self.listens = False
        self._died_at = now
        self._missing = names
        if self._unacked_since is None:
            self._unacked_since = now

    def waited(self, seconds: float) -> None:
        """Time that is not the server's."""
        self._died_at += seconds
        if self._unacked_since is not None:
            self._unacked_since += seconds

    def acked(self, now: float) -> None:
        if self._unacked_since is not None and self.listens:
            self._recovery.first_ack_s.append(now - self._unacked_since)
            self._unacked_since = None

    def excuse(self, name: str) -> None:
        """Who stays away of themselves is not waited for."""
        self._missing.discard(name)

    def back(self, name: str, now: float) -> None:
        if self._missing and self.listens:
            self._missing.discard(name)
            if not self._missing:
                self._recovery.all_resumed_s.append(now - self._died_at)


class Lives:
    def __init__(
        self,
        world: World,
        server: Server,
        devices: Sequence[Device],
        data_dir: Path,
        rng: Random,
        kinds: frozenset[str],
    ) -> None:
        self.number = 0
        self._world = world
        self._server = server
        self._devices = devices
        self._data_dir = data_dir
        self._rng = rng
        self._kinds = kinds
        self._faults = Faults(world, server, devices, rng, kinds)
        self._credit_s = 0.0
        self._whole_took_s = 0.0
        self._comeback = Comeback(world.figures.recovery)
        world.on_ack = self._comeback.acked
        world.on_back = self._comeback.back
        world.on_away = self._comeback.excuse

    async def begin(self) -> None:
        """Raises `StartFailed`."""
        self.number += 1
        self._note("started")
        await self._server.start()
        self._world.port = self._server.port
        self._note("ready")
        self._comeback.listens = True

    async def suffer(self) -> None:
        """Load and faults for as long as this life is given."""
        figures = self._world.figures
        self._world.loading = True
        for device in self._devices:
            device.pump()
        begun = time.monotonic()
        going_on = asyncio.create_task(self._faults.go_on())
        try:
            await asyncio.sleep(self._rng.uniform(LEAST_LIFE_S, MOST_LIFE_S))
        finally:
            figures.load_s += time.monotonic() - begun
            going_on.cancel()
            with suppress(asyncio.CancelledError):
                await going_on

    async def end(self) -> None:
        """By one of the faults that end it, or by a drain where none is wanted."""
        kills = "kill" in self._kinds and not ("term" in self._kinds and self._rng.random() < TERM_SHARE)
        if not kills:
            if "term" in self._kinds:
                self._faults.note("term")
            await self.drain()
            return
        self._world.figures.kills += 1
        self._faults.note("kill")
        here = {device.name for device in self._devices if not device.is_away}
        self._comeback.died(self._world.now(), here)
        await self._server.end(signal.SIGKILL)
        self._note("killed")

    async def drain(self) -> None:
        self._comeback.listens = False
        code = await self._server.end(signal.SIGTERM)
        self._note("drained" if code == 0 else f"ended with code {code}")

    async def examine(self, *, whole: bool = False) -> None:
        """Between two lives."""
        self._credit_s += WHOLE_CHECK_S
        whole = whole or self._credit_s >= self._whole_took_s
        begun = time.monotonic()
        problems = await asyncio.to_thread(examine, self._data_dir, whole=whole)
        took_s = time.monotonic() - begun
        if whole:
            self._whole_took_s = took_s
            self._credit_s -= took_s
            self._world.figures.whole_examinations += 1
        self._comeback.waited(took_s)
        self._world.write(
            history.Examined(t=self._world.now(), life=self.number, whole=whole, problems=problems)
        )

    def _note(self, what: str) -> None:
        self._world.write(history.Life(t=self._world.now(), life=self.number, what=what))
