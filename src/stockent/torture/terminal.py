"""What connects a device with the server: one connection after the other, and the commands on it with their answers.

It reconnects with backoff and jitter, tells the history of every command and of its end, and knows nothing of
conversations: see `device`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

from . import history, wire
from .links import Link, LinkFailed, PollingLink, WebSocketLink
from .requests import NoAnswer, Requests
from .wire import Ack, Read
from .world import Talk, World

#: A command on a living connection that has no answer by then hangs; a connection without `ready` is given up.
SILENCE_S = 20.0
BACKOFF_S, MAX_BACKOFF_S = 0.03, 0.4


class Pending(NamedTuple):
    """A command under way. `about` is what its answer is for: a draft, or the views that were named."""

    name: str
    since: float
    talk: Talk | None
    about: Any
    done: Callable[[int, Pending, Ack], None]


class Terminal(ABC):
    """`k` names the present connection in the history. `is_up`: what stands on it has caught up."""

    def __init__(self, world: World, requests: Requests, name: str, rng: Random, *, polling: bool) -> None:
        self.world = world
        self.requests = requests
        self.name = name
        self.user = name.partition(".")[0]
        self.rng = rng
        self.k = f"{name}.0"
        self.is_up = False
        #: HTTP requests under way.
        self.asking = 0
        self.pending: dict[int, Pending] = {}
        self._polling = polling
        self._token = world.tokens[self.user]
        self._link: Link | None = None
        self._number = 0
        self._canaries: set[bytes] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving = asyncio.Event()
        self._away_until = 0.0
        self._gone = asyncio.Event()
        self._linked_at = 0.0
        self._mistake: BaseException | None = None

    @abstractmethod
    def pump(self) -> None:
        """There is room for more commands."""

    @abstractmethod
    def on_event(self, read: Read) -> None: ...

    @abstractmethod
    def on_end(self) -> None:
        """The connection is gone, and what was under way on it is unknown."""

    @property
    def is_connected(self) -> bool:
        return self._link is not None and not self._gone.is_set()

    @property
    def number(self) -> int:
        """Of the present connection."""
        return self._number

    # coming, going, and what is done to it

    async def live(self) -> None:
        """Connect, again and again, until `leave`."""
        backoff_s = BACKOFF_S
        self._leaving.clear()
        while not self._leaving.is_set():
            if await self._connect():
                await self._gone.wait()
                backoff_s = BACKOFF_S if self.is_up else backoff_s
                self._end()
            if self._mistake is not None:
                raise self._mistake
            with suppress(TimeoutError):
                async with asyncio.timeout(max(backoff_s * (0.5 + self.rng.random()), self._away_s)):
                    await self._leaving.wait()
            backoff_s = min(2 * backoff_s, MAX_BACKOFF_S)

    def leave(self) -> None:
        """Say goodbye and stay away; `live` ends."""
        self._leaving.set()
        if self._link is not None:
            self._link.close()

    def cut(self, *, half: bool = False) -> None:
        """The network fails; `half`: in the middle of a frame."""
        if self._link is not None:
            ping = wire.command(0, "leave_conversation", {"conversationId": "half a frame"})
            self._link.cut(half=ping if half else None)

    def stay_away(self, seconds: float) -> None:
        """The lid is closed: the connection fails, and nothing is tried for so long."""
        self._away_until = self.world.now() + seconds
        if self.world.on_away is not None:
            self.world.on_away(self.name)
        self.cut()

    @property
    def is_away(self) -> bool:
        return self._away_s > 0

    @property
    def _away_s(self) -> float:
        return self._away_until - self.world.now()

    def pause(self) -> None:
        """Read nothing until `resume_reading`."""
        if self._link is not None:
            self._link.pause()

    def resume_reading(self) -> None:
        if self._link is not None:
            self._link.resume()

    def look_for_silence(self, now: float) -> None:
        """Give up a connection on which an answer is overdue."""
        if self._link is None or self._gone.is_set():
            return
        overdue = [q for q, pending in self.pending.items() if now - pending.since > SILENCE_S]
        for q in overdue:
            self._unknown(q, self.pending.pop(q), "silent")
        if overdue or (not self.is_up and now - self._linked_at > SILENCE_S):
            self.cut()

    async def _connect(self) -> bool:
        self._number += 1
        self.k = f"{self.name}.{self._number}"
        self._gone.clear()
        link_type: type[PollingLink] | type[WebSocketLink] = PollingLink if self._polling else WebSocketLink
        early: list[bytes] = []
        number = self._number
        hear: Callable[[bytes], None] = early.append

        def hearing(packet: bytes) -> None:
            if number != self._number or self._gone.is_set():
                return
            try:
                hear(packet)
            except Exception as error:  # noqa: BLE001  # a mistake here, which no link must swallow
                self._mistake = error
                self._gone.set()

        def gone() -> None:
            if number == self._number:
                self._gone.set()

        try:
            self._link = await link_type.connect(self.world.any_port(self.rng), hearing, gone)
        except LinkFailed:
            return False
        self._linked_at = self.world.now()
        hear = self._hear
        for packet in early:
            hearing(packet)
        if self._leaving.is_set():
            self._link.close()
        return True

    def _end(self) -> None:
        self._link = None
        self.is_up = False
        for q, pending in self.pending.items():
            self._unknown(q, pending, "lost")
        self.pending.clear()
        self.on_end()
        self.world.write(history.Gone(t=self.world.now(), k=self.k))

    def _unknown(self, q: int, pending: Pending, why: str) -> None:
        self.world.figures.unknown[pending.name] += 1
        self.world.write(history.Unknown(t=self.world.now(), q=q, why=why))

    # packets

    def _hear(self, packet: bytes) -> None:
        kind = packet[:2]
        try:
            if kind == wire.EVENT:
                self._on_event(self.world.reader.event(packet))
            elif kind == wire.ACK:
                self._on_ack(*wire.read_ack(packet), packet)
            elif packet == wire.PING:
                self._send(wire.PONG)
            elif kind[:1] == wire.OPEN:
                self._send(wire.CONNECT + wire.encode({"token": self._token, "recovery": False}))
            elif kind in (wire.CONNECT_ERROR, wire.DISCONNECT):
                self._scan(wire.canaries_in(packet))
                self.cut()
        except ValueError as error:
            text = f"{error}: {packet[:200].decode(errors='replace')}"
            self.world.write(history.Nonsense(t=self.world.now(), k=self.k, text=text))
            self.cut()

    def _send(self, packet: bytes) -> None:
        if self._link is not None:
            self._link.send(packet)

    def _scan(self, canaries: tuple[bytes, ...], k: str = "") -> None:
        for canary in canaries:
            if canary not in self._canaries:
                self._canaries.add(canary)
                self.world.write(history.Canary(t=self.world.now(), k=k or self.k, x=canary.decode()))

    def _on_event(self, read: Read) -> None:
        self.world.figures.heard += 1
        self._scan(read.canaries)
        self.on_event(read)

    def _on_ack(self, q: int, ack: Ack, packet: bytes) -> None:
        pending = self.pending.pop(q, None)
        if pending is None:
            raise ValueError(f"an ack for {q}, which is not open")
        self._scan(wire.canaries_in(packet))
        if ack.ok:
            self.world.figures.done[pending.name] += 1
        else:
            self._refused(q, pending, ack)
        pending.done(q, pending, ack)
        self.pump()

    def _refused(self, q: int, pending: Pending, ack: Ack) -> None:
        code = "" if ack.error is None else ack.error.code
        self.world.figures.refused[code] += 1
        self.world.write(history.Fail(t=self.world.now(), q=q, code=code))

    # commands

    def command(
        self,
        name: str,
        argument: Any,
        done: Callable[[int, Pending, Ack], None] | None = None,
        *,
        talk: Talk | None = None,
        about: Any = None,
        client_id: str = "",
        digest: int = 0,
        as_name: str = "",
    ) -> None:
        """Give it, and call `done` with its ack, whatever that says. `as_name` is its name in the history."""
        world = self.world
        q, now = world.next_command(), world.now()
        world.write(
            history.Invoke(
                t=now,
                q=q,
                k=self.k,
                w=as_name or name,
                c="" if talk is None else talk.c,
                i=client_id,
                d=digest,
            )
        )
        self.pending[q] = Pending(as_name or name, now, talk, about, done or self._noted)
        self._send(wire.command(q, name, argument))

    def _noted(self, q: int, pending: Pending, ack: Ack) -> None:
        """Nothing more to do than to write down the answer."""
        if not ack.ok:
            return
        message = ack.message
        if message is None:
            self.world.write(history.Ok(t=self.world.now(), q=q, p=ack.read_seq))
        else:
            self.world.write(
                history.Ok(t=self.world.now(), q=q, m=message.seq, v=message.updated_seq, d=message.digest())
            )

    def note_ok(self, q: int) -> None:
        self.world.write(history.Ok(t=self.world.now(), q=q))

    # requests

    def begin_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (mistake := task.exception()) is not None:
            self._mistake = mistake
            self._gone.set()

    async def ask(
        self, name: str, method: str, path: str, body: Any = None, **invoked: Any
    ) -> tuple[int, int, bytes]:
        """A request as a command: its number, status and body. Raises `NoAnswer`. Refusals are noted here."""
        world = self.world
        q, k = world.next_command(), f"{self.name}.h"
        world.write(history.Invoke(t=world.now(), q=q, k=k, w=name, **invoked))
        self.asking += 1
        try:
            status, answer = await self.requests.ask(
                world.any_port(self.rng), self._token, method, path, body
            )
        except NoAnswer as error:
            world.figures.unknown[name] += 1
            world.write(history.Unknown(t=world.now(), q=q, why=str(error)))
            raise
        finally:
            self.asking -= 1
        self._scan(wire.canaries_in(answer), k)
        if status >= 400:
            code = wire.decode_problem(answer).code
            world.figures.refused[code] += 1
            world.write(history.Fail(t=world.now(), q=q, code=code))
        else:
            world.figures.done[name] += 1
        return q, status, answer
