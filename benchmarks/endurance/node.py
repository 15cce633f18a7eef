"""The product as a child process: started, killed, drained and started again on its port, and what /proc says of it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .. import product
from ..servers import SERVER_CORE
from ..toolchain import program

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0
SAMPLE_EVERY_S = 0.05
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

#: What is tried is the server without the limits that keep a single user or address from loading it like this.
_ENVIRONMENT = {"RATE_LIMITS": "off"}


@dataclass(frozen=True)
class Usage:
    at: float
    cpu_s: float
    waited_s: float
    resident_bytes: int
    files: int
    threads: int


class Node:
    """`factor` shortens every deadline of the server; 1 starts the plain product."""

    def __init__(
        self,
        folder: Path,
        *,
        factor: float = 1.0,
        prefix: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        count_reads: bool = False,
    ) -> None:
        self.folder = folder
        self.settings = product.Settings.fresh()
        self.port = self.settings.port
        self.factor = factor
        self.reads_file = folder / "reads" if count_reads else None
        self._prefix = prefix
        self._environment = {**_ENVIRONMENT, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "server.log"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def token(self, user_id: str) -> str:
        return self.settings.token(user_id)

    def start(self) -> None:
        """Begin to start it; `ready` tells when it is."""
        environment = {**os.environ, **self.settings.environment(self.folder / "data"), **self._environment}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._prefix,
                    program("taskset", "install util-linux"),
                    "-c",
                    str(SERVER_CORE),
                    *self._command(),
                ],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def _command(self) -> list[str]:
        if self.factor == 1.0 and self.reads_file is None:
            return [str(Path(sys.executable).parent / "stockent"), "serve"]
        reads = "-" if self.reads_file is None else str(self.reads_file)
        return [sys.executable, "-m", "benchmarks.endurance.launch", str(self.factor), reads, "serve"]

    async def ready(self) -> None:
        """Raises RuntimeError with the server's last words when it does not become ready."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not await asyncio.to_thread(product.is_ready, self.settings):
            if not self.is_alive or time.monotonic() > deadline:
                raise RuntimeError(
                    f"the server is not ready; its last words:\n{self.log.read_text()[-2000:]}"
                )
            await asyncio.sleep(0.02)

    def terminate(self) -> None:
        assert self._process is not None
        self._process.terminate()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()

    async def gone(self) -> int:
        """Its exit status, once it has ended."""
        assert self._process is not None
        try:
            return await asyncio.to_thread(self._process.wait, STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
            raise RuntimeError(f"the server did not end within {STOP_TIMEOUT_S:g} s of SIGTERM") from None

    def usage(self) -> Usage:
        folder = Path("/proc") / str(self.pid)
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        ran_or_waited = (folder / "schedstat").read_text().split()
        return Usage(
            at=time.monotonic(),
            cpu_s=(int(fields[11]) + int(fields[12])) / TICKS_PER_S,
            waited_s=int(ran_or_waited[1]) / 1e9,
            resident_bytes=int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
            files=sum(1 for _ in (folder / "fd").iterdir()),
            threads=int(fields[17]),
        )

    def proportional_bytes(self) -> int:
        """As `memory_bytes_of` in measure.c: walks the page tables."""
        for line in (Path("/proc") / str(self.pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        return self.usage().resident_bytes

    def held_ports(self, host: str = "127.0.0.1") -> set[int]:
        """The ports on `host` of the connections that it still holds: what it closed has no inode any more.

        Elsewhere the same numbers may be others' ports.
        """
        lines = (Path("/proc") / str(self.pid) / "net" / "tcp").read_text().splitlines()[1:]
        fields = [line.split() for line in lines]
        own = f":{self.port:04X}"
        # As proc(5) writes it: the bytes of the address, read as a number of this machine.
        peer = f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:"
        held = (f[2] for f in fields if f[1].endswith(own) and f[9] != "0" and f[2].startswith(peer))
        return {int(address.removeprefix(peer), 16) for address in held}

    def tracebacks(self) -> int:
        return self.log.read_text(errors="replace").count("Traceback")


class Peak:
    """The largest memory and number of files while it is watched."""

    def __init__(self) -> None:
        self.resident_bytes = 0
        self.files = 0


@asynccontextmanager
async def watching(node: Node) -> AsyncIterator[Peak]:
    peak = Peak()

    async def watch() -> None:
        while True:
            with suppress(OSError):
                usage = node.usage()
                peak.resident_bytes = max(peak.resident_bytes, usage.resident_bytes)
                peak.files = max(peak.files, usage.files)
            await asyncio.sleep(SAMPLE_EVERY_S)

    task = asyncio.create_task(watch())
    try:
        yield peak
    finally:
        task.cancel()


@asynccontextmanager
async def running(node: Node) -> AsyncIterator[Node]:
    """Started and ready; ended afterwards, whatever has been done to it meanwhile."""
    (node.folder / "data").mkdir(parents=True, exist_ok=True)
    node.start()
    try:
        await node.ready()
        yield node
    finally:
        if node.is_alive:
            node.terminate()
            await node.gone()
