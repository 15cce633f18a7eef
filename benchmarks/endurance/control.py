"""The healthy pair beside each fault: one speaks at a steady rate, the other listens, a third socket probes the loop.

A process of its own, so that what attacks the server does not disturb the measuring: `python -m
benchmarks.endurance.control`, its configuration as the first line of its input, then a command a line. It never gives
up: what was not acknowledged is sent again with the same clientId, and who was cut off comes back and catches up.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .voice import Gone, Refused, Voice

PROBE_EVERY_S = 0.01
RETRY_S = 0.1
#: Unfinished messages of the pair; a schedule that is further behind is not kept.
MAX_UNFINISHED = 5_000
#: For what is still under way at the end.
FINISH_S = 30.0
IDLE = "idle"


@dataclass
class Phase:
    ack_s: list[float] = field(default_factory=list)
    receipt_s: list[float] = field(default_factory=list)
    probe_s: list[float] = field(default_factory=list)
    #: The same without the time in which the server was ready to run and another process had its core.
    stall_s: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        parts = {
            "ack_ms": self.ack_s,
            "receipt_ms": self.receipt_s,
            "probe_ms": self.probe_s,
            "stall_ms": self.stall_s,
        }
        return {name: _quantiles(values) for name, values in parts.items()}


def _quantiles(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    ordered = sorted(values)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    found = {
        name: ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for name, share in at.items()
    }
    return {**found, "count": len(ordered)}


class Pair:
    """Latencies count from the moment when a message was due, so a stall of the server cannot hide."""

    def __init__(self, port: int, speaker: str, listener: str, conversation_id: str, rate: float) -> None:
        self._port = port
        self._tokens = {"speaker": speaker, "listener": listener, "probe": speaker}
        self._conversation_id = conversation_id
        self._every_s = 1 / rate
        self._voices: dict[str, Voice] = {}
        self._opening = {name: asyncio.Lock() for name in self._tokens}
        self.phases: dict[str, Phase] = {}
        self.phase = IDLE
        self.server_pid = 0
        self._acked: dict[str, int] = {}
        self._heard: dict[str, int] = {}
        self._seq = 0
        self._due: dict[str, tuple[float, str]] = {}
        self.faults: Counter[str] = Counter()
        self._sending: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        for name in self._tokens:
            await self._voice(name)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._speak())
            tasks.create_task(self._listen())
            tasks.create_task(self._probe())

    async def finish(self) -> dict[str, Any]:
        """Wait for what is under way, and hold what was acknowledged against what was heard."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_S):
                while self._sending or self._acked.keys() - self._heard.keys():
                    await asyncio.sleep(0.02)
        return {
            "phases": {name: phase.summary() for name, phase in self.phases.items() if name != IDLE},
            "acked": len(self._acked),
            "unanswered": len(self._sending),
            "missed": len(self._acked.keys() - self._heard.keys()),
            "unequal": sum(self._heard.get(key, seq) != seq for key, seq in self._acked.items()),
            "gaps": self._seq - len(self._heard),
            "refused": self.faults["refused"],
            "unsent": self.faults["unsent"],
            "reconnects": self.faults["reconnects"],
            "repeats": self.faults["repeats"],
        }

    # sending

    async def _speak(self) -> None:
        due = time.monotonic()
        while True:
            due += self._every_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self.phase == IDLE:
                due = time.monotonic()
            elif len(self._sending) >= MAX_UNFINISHED:
                self.faults["unsent"] += 1
            else:
                task = asyncio.create_task(self._send(str(uuid.uuid4()), due, self.phase))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _send(self, client_id: str, due: float, phase: str) -> None:
        self._due[client_id] = due, phase
        message = {"conversationId": self._conversation_id, "clientId": client_id, "content": "steady"}
        first = True
        while True:
            self.faults["repeats"] += not first
            first = False
            try:
                voice = await self._voice("speaker")
                ack = await voice.command("send_message", message)
            except Gone:
                await asyncio.sleep(RETRY_S)
            except Refused as refusal:
                if not refusal.retryable:
                    self.faults["refused"] += 1
                    return
                await asyncio.sleep(refusal.retry_after_s)
            else:
                self._acked[client_id] = int(ack["message"]["seq"])
                self._in(phase).ack_s.append(time.monotonic() - due)
                return

    # hearing

    async def _listen(self) -> None:
        while True:
            voice = await self._voice("listener")
            await voice.gone.wait()

    def _hear(self, name: str, payload: Any) -> None:
        if name == "message_received":
            self._take(payload)

    def _take(self, message: dict[str, Any]) -> None:
        client_id, seq = message["clientId"], int(message["seq"])
        known = self._heard.setdefault(client_id, seq)
        if known != seq:
            self.faults["refused"] += 1
        self._seq = max(self._seq, seq)
        due = self._due.pop(client_id, None)
        if due is not None:
            self._in(due[1]).receipt_s.append(time.monotonic() - due[0])

    # probing

    async def _probe(self) -> None:
        """A WebSocket ping is answered by the server's event loop alone: how long it takes is how long that stood."""
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            if self.phase == IDLE:
                continue
            phase = self.phase
            try:
                voice = await self._voice("probe")
                begun, waited = time.monotonic(), self._waited_s()
                await (await voice.socket.ping())
                took = time.monotonic() - begun
                self._in(phase).probe_s.append(took)
                self._in(phase).stall_s.append(max(0.0, took - max(0.0, self._waited_s() - waited)))
            except Exception:  # noqa: BLE001 # gone: whatever the library says of it, the next turn comes back
                await asyncio.sleep(RETRY_S)

    def _waited_s(self) -> float:
        """How long the loop's thread has stood ready while another process had its core (proc(5), schedstat).

        Less all that the server's own other threads ran: what these take from the loop is the server's own fault.
        """
        waited = 0
        try:
            for task in Path(f"/proc/{self.server_pid}/task").iterdir():
                ran, stood = map(int, (task / "schedstat").read_text().split()[:2])
                waited += stood if task.name == str(self.server_pid) else -ran
        except OSError:
            return 0.0
        return waited / 1e9

    # connections

    async def _voice(self, name: str) -> Voice:
        async with self._opening[name]:
            voice = self._voices.get(name)
            if voice is not None and not voice.gone.is_set():
                return voice
            self.faults["reconnects"] += voice is not None
            while True:
                try:
                    voice = await self._open(name)
                except (Gone, Refused):
                    await asyncio.sleep(RETRY_S)
                else:
                    self._voices[name] = voice
                    return voice

    async def _open(self, name: str) -> Voice:
        hear = self._hear if name == "listener" else lambda _name, _payload: None
        voice = await Voice.open(self._port, self._tokens[name], hear)
        if name == "listener":
            argument = {"conversationId": self._conversation_id, "afterSeq": self._contiguous()}
            joined = await voice.command("join_conversation", argument)
            for entry in joined["events"]:
                self._hear(entry["event"], entry["payload"])
        return voice

    def _contiguous(self) -> int:
        """The position up to which nothing is missing."""
        heard = set(self._heard.values())
        seq = 0
        while seq + 1 in heard:
            seq += 1
        return seq

    def _in(self, phase: str) -> Phase:
        return self.phases.setdefault(phase, Phase())


async def _main() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    pair = Pair(**json.loads(await reader.readline()))
    await pair.begin()
    running = asyncio.create_task(pair.run())
    print("ready", flush=True)
    while command := (await reader.readline()).decode().split():
        if command[0] == "finish":
            pair.phase = IDLE
            print(json.dumps(await pair.finish()), flush=True)
            break
        pair.phase, pair.server_pid = command[1], int(command[2])
        print("ok", flush=True)
    running.cancel()


def main() -> None:
    # It must not wait for what loads the server beside it, nor for its own collector.
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    gc.freeze()
    gc.set_threshold(100_000)
    asyncio.run(_main())


if __name__ == "__main__":
    main()
