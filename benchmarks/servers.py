"""The servers that are compared, each started afresh for one measurement, pinned to its core, on a free port."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import product
from .toolchain import BUILD, FLOOR, HERE, MissingError, program
from .workloads import Workload

SERVER_CORE = 0
LIVELY_CORE = 1
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 10.0
_PEERS = HERE / "peers"
_BARE = ("--packet", '["say","{room}","{text}"]', "--event", "message")


@dataclass(frozen=True)
class Target:
    """A server that answers, and how the load generator is to speak with it."""

    pid: int
    port: int
    arguments: Sequence[str]


Start = Callable[[Workload, int], AbstractContextManager[Target]]


@dataclass(frozen=True)
class Peer:
    """`check` raises MissingError when the machine cannot run it."""

    name: str
    about: str
    start: Start
    check: Callable[[], None]


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    """The command on the server's core, what it prints on stderr in `log`, terminated at the end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    pinned = [program("taskset", "install util-linux"), "-c", str(SERVER_CORE), *command]
    with log.open("w") as errors:
        process = subprocess.Popen(
            pinned, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _announced_port(process: subprocess.Popen[str], log: Path) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("listening "):
        raise RuntimeError(f"the server did not start; its last words:\n{log.read_text()[-2000:]}")
    return int(line.split()[1])


def _bare(name: str, command: Callable[[], Sequence[str]]) -> Start:
    @contextmanager
    def start(workload: Workload, _sockets: int) -> Iterator[Target]:
        log = BUILD / "logs" / f"{name}.log"
        join = ("--join", "join") if workload.joins else ()
        with running(command(), {}, log) as process:
            yield Target(process.pid, _announced_port(process, log), (*_BARE, *join))

    return start


@contextmanager
def _product(workload: Workload, sockets: int) -> Iterator[Target]:
    data_root = Path(os.environ.get("BENCHMARK_DATA_DIR", BUILD))
    log = BUILD / "logs" / "product.log"
    stockent = Path(sys.executable).parent / "stockent"
    settings = product.Settings.fresh()
    data_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="data-", dir=data_root) as data:
        environment = settings.environment(Path(data))
        with running([str(stockent), "serve"], environment, log) as process:
            _wait_until_ready(process, settings, log)
            identities = Path(data) / "identities"
            identities.write_text(product.identities(settings, workload, sockets))
            with _livening(workload, settings.port, identities):
                yield Target(process.pid, settings.port, product.arguments(workload, identities))


@contextmanager
def _livening(workload: Workload, port: int, identities: Path) -> Iterator[None]:
    """People who do more than to send, if the workload has some, on the core that is not the server's."""
    if not workload.lively:
        yield
        return
    command = [program("taskset", "install util-linux"), "-c", str(LIVELY_CORE)]
    command += [sys.executable, "-m", "benchmarks.lively", str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.writelines(line + "\n" for line in identities.read_text().splitlines()[: workload.lively])
    process.stdin.close()
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError("the lively people ended before the measurement")
    finally:
        process.terminate()
        print(f"beside it: {process.stdout.readline().strip()}", file=sys.stderr)
        process.wait(_STOP_TIMEOUT_S)


def _wait_until_ready(process: subprocess.Popen[str], settings: product.Settings, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not product.is_ready(settings):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(
                f"stockent serve did not become ready; its last words:\n{log.read_text()[-2000:]}"
            )
        time.sleep(0.05)


def _anywhere() -> None:
    return None


def _needs_module(name: str, remedy: str) -> Callable[[], None]:
    def check() -> None:
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise MissingError(f"the Python module {name} is not there: {remedy}")

    return check


def _needs_node() -> None:
    program("node", "install Node.js 18 or newer")
    if (_PEERS / "node_modules" / "socket.io").exists():
        return
    npm = program("npm", "install it with Node.js")
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund"], cwd=_PEERS, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingError(f"npm ci failed in {_PEERS}:\n{done.stderr[-1000:]}")


def _python(script: str) -> Callable[[], Sequence[str]]:
    return lambda: [sys.executable, str(_PEERS / script)]


PEERS: tuple[Peer, ...] = (
    Peer(
        "product",
        "stockent serve: each message durable in SQLite before its ack",
        _product,
        _needs_module("stockent.server", "pip install -e ."),
    ),
    Peer(
        "engine",
        "stockent.socketio alone",
        _bare("engine", _python("engine.py")),
        _needs_module("stockent.socketio", "pip install -e ."),
    ),
    Peer(
        "node", "socket.io on Node.js", _bare("node", lambda: ["node", str(_PEERS / "node.js")]), _needs_node
    ),
    Peer(
        "python-socketio",
        "python-socketio on uvicorn",
        _bare("python-socketio", _python("python_socketio_peer.py")),
        _needs_module("websockets", "pip install websockets"),
    ),
    Peer("floor", "C, epoll, one send() for each delivery", _bare("floor", lambda: [str(FLOOR)]), _anywhere),
)
