"""One run, from an empty directory to a whole history: the setting, the lives of the server, the ending."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from . import history, setting
from .acts import act
from .device import Device
from .ending import Crowd, read_views, rest
from .examine import contents
from .figures import Figures
from .lives import Lives
from .options import Options
from .proxy import Proxy
from .requests import Requests
from .server import Server
from .world import World

#: Every so many rounds one is of another kind: everybody leaves, twice, and what the server holds is compared.
REST_EVERY = 20
REST_LOAD_S = 1.0
#: How often overdue answers are looked for, and the progress is told.
TICK_S = 0.5

Progress = Callable[[float, Figures], None]


class Torture:
    """`command` starts the server; `on_progress` gets the share of the goals that is reached."""

    def __init__(
        self,
        options: Options,
        data_dir: Path,
        recorder: history.Recorder,
        environ: Mapping[str, str],
        command: Sequence[str],
        on_progress: Progress,
    ) -> None:
        secret = secrets.token_urlsafe(48)
        self._options = options
        self._data_dir = data_dir
        self._on_progress = on_progress
        self._rng = Random(options.seed)
        self._watcher = setting.watcher_token(secret)
        self.world = World(
            Random(self._rng.random()),
            recorder,
            setting.tokens(secret, options.users),
            run=options.seed,
        )
        self.server = Server(data_dir, secret, environ, command)
        self._requests = Requests()
        self._proxy = Proxy(Random(self._rng.random()), lambda: self.world.port)
        self._crowd = Crowd(list(self._devices()))
        self._lives = Lives(self.world, self.server, self._crowd.devices, data_dir, self._rng, options.faults)

    @property
    def figures(self) -> Figures:
        return self.world.figures

    async def run(self) -> None:
        """Raises `StartFailed`, `SettingFailed`, `Unsettled`; whatever happens, nothing is left running."""
        command = f"stockent torture --seed {self._options.seed}"
        self.world.write(history.Run(t=0.0, format=history.FORMAT, seed=self._options.seed, command=command))
        ticking = asyncio.create_task(self._tick())
        try:
            await self._proxy.start()
            await self._live_and_die()
            await self._finish()
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            self.server.send(signal.SIGCONT)
            await self.server.end(signal.SIGKILL)
            self.world.loading = False
            await self._crowd.leave()
            await self._proxy.stop()
            await self._requests.close()
            self.figures.faults["cut by proxy"] += self._proxy.cuts
            self.figures.server_errors = self.server.errors
            self.figures.outbox_left = sum(len(device.outbox) for device in self._crowd.devices)

    async def _live_and_die(self) -> None:
        lives, figures = self._lives, self.figures
        await lives.begin()
        await setting.converse(self.world, self._requests, self._options)
        if "proxy" in self._options.faults:
            self.world.proxy_port = self._proxy.port
        self._crowd.come()
        begun = time.monotonic()
        while True:
            figures.rounds += 1
            if figures.rounds % REST_EVERY == 0:
                await self._round_of_rest()
            await lives.suffer()
            self._crowd.raise_failures()
            if self._reached(time.monotonic() - begun) >= 1:
                return
            await lives.end()
            await lives.examine()
            await lives.begin()

    async def _finish(self) -> None:
        world, lives = self.world, self._lives
        world.loading = False
        world.proxy_port = 0
        await self._crowd.fall_silent()
        await self._round_of_rest()
        await self._crowd.fall_silent()
        await self._crowd.settle(world)
        await self._crowd.leave()
        await lives.drain()
        await lives.examine(whole=True)
        names = {talk.id: talk.c for talk in world.talks.values()}
        for line in contents(self._data_dir, names, world.now()):
            world.write(line)
        await lives.begin()
        await read_views(world, self._requests)
        await lives.drain()
        world.write(history.End(t=world.now(), whole=True))

    async def _round_of_rest(self) -> None:
        """Load, leave, measure; the same again. The first time warms up what is kept on purpose."""
        for turn in (1, 2):
            await self._load_without_faults()
            await self._crowd.leave()
            await rest(self.world, self._requests, self.server, self._watcher, self._lives.number, turn)
            self._crowd.come()

    async def _load_without_faults(self) -> None:
        self.world.loading = True
        for device in self._crowd.devices:
            device.pump()
        await asyncio.sleep(REST_LOAD_S)
        self.world.loading = False
        await self._crowd.fall_silent()
        self.figures.load_s += REST_LOAD_S

    def _devices(self) -> list[Device]:
        options = self._options
        users = sorted(self.world.tokens)
        pollers = round(options.polling * options.connections)
        found = []
        for number in range(options.connections):
            name = f"{users[number % len(users)]}.{number // len(users) + 1}"
            found.append(
                Device(
                    self.world,
                    self._requests,
                    name,
                    Random(f"{options.seed}/{name}"),
                    act,
                    polling=number * pollers // options.connections
                    != (number + 1) * pollers // options.connections,
                    window=options.window,
                )
            )
        return found

    def _reached(self, elapsed_s: float) -> float:
        """The share of the goal that is farthest."""
        options, figures = self._options, self.figures
        goals = (
            (options.rounds, figures.rounds),
            (options.kills, figures.kills),
            (options.messages, figures.acked),
            (options.duration_s, elapsed_s),
        )
        return min(done / goal for goal, done in goals if goal is not None)

    async def _tick(self) -> None:
        begun = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            now = self.world.now()
            for device in self._crowd.devices:
                device.look_for_silence(now)
                device.pump()
            self._on_progress(min(1.0, self._reached(time.monotonic() - begun)), self.figures)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
