"""After the last fault: all that is open is finished, every view is settled, everybody leaves, and what the store and
the API say at the end is written down beside what was heard."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence

from . import history, wire
from .device import Device
from .requests import NoAnswer, Requests
from .server import Footprint, Server
from .view import View
from .world import World

#: Until every outbox is empty and every view is settled.
QUIET_TIMEOUT_S = 90.0
LEAVE_TIMEOUT_S = 5.0
#: "Back at baseline within 10 s": descriptors are waited for as long.
REST_TIMEOUT_S = 10.0
#: The number of descriptors has settled when it was the same for so long.
STEADY_S = 1.0
POLL_S = 0.05
MAX_PAGE = 200
#: Requests at a time while the final views are read.
READERS = 12
MOST_TRIES = 5
_TASKS = re.compile(rb"^stockent_tasks ([0-9.e+]+)", re.MULTILINE)


class Unsettled(Exception):
    """The devices did not come to rest; the text says who."""


class Crowd:
    """The devices and their lives: they come and they leave."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self.devices = devices
        self._living: dict[str, asyncio.Task[None]] = {}

    def come(self) -> None:
        for device in self.devices:
            self._living[device.name] = asyncio.create_task(device.live())

    async def leave(self) -> None:
        """Say goodbye; who gets no answer to that is cut off."""
        for device in self.devices:
            device.leave()
        living = set(self._living.values())
        if not living:
            return
        self._living.clear()
        _, left = await asyncio.wait(living, timeout=LEAVE_TIMEOUT_S)
        if left:
            for device in self.devices:
                device.cut()
            _, left = await asyncio.wait(left, timeout=LEAVE_TIMEOUT_S)
        for task in left:
            task.cancel()
        if left:
            raise Unsettled(f"{len(left)} devices could not be brought to an end")
        for task in living:
            task.result()

    def raise_failures(self) -> None:
        """A mistake of our own in a device ends the run, and is not taken for silence."""
        for task in self._living.values():
            if task.done():
                task.result()

    async def fall_silent(self) -> None:
        """Begin nothing more, and wait until all that was begun is answered. Raises `Unsettled`."""
        deadline = time.monotonic() + QUIET_TIMEOUT_S
        while busy := [device.name for device in self.devices if not device.is_idle]:
            self.raise_failures()
            if time.monotonic() > deadline:
                raise Unsettled(f"not at rest after {QUIET_TIMEOUT_S:g} s: {', '.join(busy[:10])}")
            for device in self.devices:
                device.pump()
            await asyncio.sleep(POLL_S)

    async def settle(self, world: World) -> None:
        """Let every device resume once more, and write down where its views stand. Raises `Unsettled`."""
        for device in self.devices:
            device.resume(device.views)
        await self.fall_silent()
        for device in self.devices:
            for c, view in sorted(device.views.items()):
                world.write(_settled(world, device, c, view))


def _settled(world: World, device: Device, c: str, view: View) -> history.Settled:
    return history.Settled(t=world.now(), k=device.k, c=c, n=view.n, unread=view.unread)


async def rest(world: World, requests: Requests, server: Server, watcher: str, life: int, turn: int) -> None:
    """Everybody left: wait until the descriptors are steady, and write down what the process holds."""
    await requests.close()
    try:
        footprint = await _steady(server)
    except OSError:
        return
    tasks = await _tasks(world, requests, watcher)
    world.write(
        history.Rest(
            t=world.now(),
            life=life,
            turn=turn,
            fds=footprint.fds,
            rss_kb=footprint.rss_kb,
            threads=footprint.threads,
            tasks=tasks,
        )
    )


async def _steady(server: Server) -> Footprint:
    deadline = time.monotonic() + REST_TIMEOUT_S
    footprint, since = server.footprint(), time.monotonic()
    while (now := time.monotonic()) < deadline and now - since < STEADY_S:
        await asyncio.sleep(POLL_S)
        latest = server.footprint()
        if latest.fds != footprint.fds:
            since = now
        footprint = latest
    return footprint


async def _tasks(world: World, requests: Requests, watcher: str) -> int:
    """As `/metrics` tells; -1 where there is none."""
    try:
        _, answer = await requests.ask(world.port, watcher, "GET", "/metrics")
    except NoAnswer:
        return -1
    found = _TASKS.search(answer)
    return -1 if found is None else int(float(found[1]))


async def read_views(world: World, requests: Requests) -> None:
    """Every participant reads all of their conversations over HTTP, from the first message to the last."""
    jobs = iter(sorted(world.tokens))

    async def work() -> None:
        for user in jobs:
            await _read_user(world, requests, user)

    await asyncio.gather(*(work() for _ in range(READERS)))


async def _read_user(world: World, requests: Requests, user: str) -> None:
    cursor: str | None = ""
    while cursor is not None:
        answer = await _get(world, requests, user, f"/api/conversations?limit={MAX_PAGE}&cursor={cursor}")
        page = wire.decode_conversations(answer)
        for conversation in page.items:
            c = world.by_id[conversation.id].c
            read = next(each.read_seq for each in conversation.participants if each.user_id == user)
            world.write(
                history.Counted(
                    t=world.now(), u=user, c=c, seq=conversation.seq, unread=conversation.unread, read=read
                )
            )
            await _read_conversation(world, requests, user, c, conversation.id)
        cursor = page.next_cursor


async def _read_conversation(
    world: World, requests: Requests, user: str, c: str, conversation_id: str
) -> None:
    after = 0
    while True:
        path = f"/api/conversations/{conversation_id}/messages?after={after}&limit={MAX_PAGE}"
        messages = wire.decode_messages(await _get(world, requests, user, path)).items
        if not messages:
            return
        after = messages[-1].seq
        world.write(
            history.Seen(
                t=world.now(),
                u=user,
                c=c,
                seqs=[message.seq for message in messages],
                digests=[message.digest() for message in messages],
            )
        )


async def _get(world: World, requests: Requests, user: str, path: str) -> bytes:
    """Raises `Unsettled`: nothing disturbs any more, so an answer is expected."""
    for _ in range(MOST_TRIES):
        try:
            status, answer = await requests.ask(world.port, world.tokens[user], "GET", path)
        except NoAnswer:
            continue
        if status == 200:
            return answer
        raise Unsettled(f"GET {path} by {user}: expected 200, got {status}")
    raise Unsettled(f"GET {path} by {user}: no answer")
