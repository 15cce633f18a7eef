"""The servers that are compared, each started afresh for one measurement, pinned to its core, on a free port."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import postgres, product, replaced, requests
from .processes import STOP_TIMEOUT_S, pinned, running
from .toolchain import BUILD, FLOOR, HERE, MissingError, program
from .workloads import Workload

SERVER_CORE = 0
LIVELY_CORE = 1
_START_TIMEOUT_S = 20.0
_PEERS = HERE / "peers"
_BARE = ("--packet", '["say","{room}","{text}"]', "--event", "message")
_JWT_SECRET_BYTES = 32


@dataclass(frozen=True)
class Target:
    """A server that answers, and how the load generator is to speak with it.

    `pids`: the processes that serve; their children count too. `folder` is gone when the server is. `fill` stores the
    data set of the HTTP workloads, and may be called once.
    """

    pids: Sequence[int]
    port: int
    arguments: Sequence[str]
    folder: Path
    fill: Callable[[], Sequence[requests.Person]] | None = None

    @property
    def server_pid(self) -> str:
        """As the load generator takes it."""
        return ",".join(map(str, self.pids))


Start = Callable[[Workload, int], AbstractContextManager[Target]]


@dataclass(frozen=True)
class Peer:
    """`check` raises MissingError when the machine cannot run it."""

    name: str
    about: str
    start: Start
    check: Callable[[], None]


def prepare_http(target: Target, kind: requests.Kind) -> Path:
    """Store what this kind of request asks for; returns the load generator's file of requests."""
    if target.fill is None:
        raise RuntimeError("this peer has no HTTP API")
    path = target.folder / f"requests-{kind}"
    path.write_text(requests.file_of(kind, target.fill()))
    return path


def _announced_port(process: subprocess.Popen[str], log: Path) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("listening "):
        raise RuntimeError(f"the server did not start; its last words:\n{log.read_text()[-2000:]}")
    return int(line.split()[1])


def _bare(name: str, command: Callable[[], Sequence[str]], *, deflates_if_told: bool = False) -> Start:
    @contextmanager
    def start(workload: Workload, _sockets: int) -> Iterator[Target]:
        log = BUILD / "logs" / f"{name}.log"
        join = ("--join", "join") if workload.joins else ()
        deflate = ("--deflate",) if deflates_if_told and workload.deflate else ()
        with _folder() as folder, running((*command(), *deflate), {}, log, core=SERVER_CORE) as process:
            yield Target([process.pid], _announced_port(process, log), (*_BARE, *join), folder)

    return start


def _data_root() -> Path:
    """Where whatever is durable lies: for all on the same disk."""
    return Path(os.environ.get("BENCHMARK_DATA_DIR", BUILD))


@contextmanager
def _folder() -> Iterator[Path]:
    _data_root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="data-", dir=_data_root()) as folder:
        yield Path(folder)


@contextmanager
def serving(settings: product.Settings, data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """The product on the store in this folder, ready."""
    log = BUILD / "logs" / "product.log"
    stockent = Path(sys.executable).parent / "stockent"
    with running([str(stockent), "serve"], settings.environment(data_dir), log, core=SERVER_CORE) as process:
        _wait_until_ready(process, settings, log)
        yield process


@contextmanager
def _product(workload: Workload, sockets: int) -> Iterator[Target]:
    settings = product.Settings.fresh()
    with _folder() as folder:
        people = product.fill(folder, settings) if workload.requests else []
        with serving(settings, folder) as process:
            identities = folder / "identities"
            identities.write_text(product.identities(settings, workload, sockets))
            with _livening(workload, settings.port, identities):
                arguments = product.arguments(workload, identities)
                yield Target([process.pid], settings.port, arguments, folder, lambda: people)


@contextmanager
def _replaced(workload: Workload, sockets: int) -> Iterator[Target]:
    """Node.js and PostgreSQL share the server's core: all that serves has one, as the product has with its store."""
    secret = secrets.token_hex(_JWT_SECRET_BYTES)
    postgres_log, log = BUILD / "logs" / "postgres.log", BUILD / "logs" / "replaced.log"
    deflate = ("--deflate",) if workload.deflate else ()
    command = ("node", str(_PEERS / "replaced" / "main.js"), *deflate)
    with _folder() as folder, postgres.running(_data_root(), postgres_log, core=SERVER_CORE) as database:
        replaced.create_schema(database)
        with running(command, replaced.environment(database, secret), log, core=SERVER_CORE) as process:
            settings = product.Settings(_announced_port(process, log), secret)
            identities = folder / "identities"
            identities.write_text(replaced.identities(database, settings.token, workload, sockets))
            arguments = product.arguments(workload, identities)
            pids = [process.pid, database.pid]
            yield Target(
                pids, settings.port, arguments, folder, lambda: replaced.fill(database, settings.token)
            )


@contextmanager
def _livening(workload: Workload, port: int, identities: Path) -> Iterator[None]:
    """People who do more than to send, if the workload has some, on the core that is not the server's."""
    if not workload.lively:
        yield
        return
    command = pinned([sys.executable, "-m", "benchmarks.lively", str(port)], LIVELY_CORE)
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
        process.wait(STOP_TIMEOUT_S)


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
    program("node", "install Node.js 20 or newer")
    if _installed_as_locked():
        return
    npm = program("npm", "install it with Node.js")
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund"], cwd=_PEERS, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingError(f"npm ci failed in {_PEERS}:\n{done.stderr[-1000:]}")


def _installed_as_locked() -> bool:
    """npm writes a lock file of what it installed; that of an older version lacks what came since."""
    installed = _PEERS / "node_modules" / ".package-lock.json"
    if not installed.exists():
        return False
    wanted: dict[str, Any] = json.loads((_PEERS / "package-lock.json").read_text())["packages"]
    found: dict[str, Any] = json.loads(installed.read_text())["packages"]
    return all(found.get(name) == about for name, about in wanted.items() if name)


def _needs_node_and_postgres() -> None:
    postgres.check()
    _needs_node()


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
        "replaced",
        "socket.io, Express and PostgreSQL: each message a SELECT, INSERT and UPDATE before its ack",
        _replaced,
        _needs_node_and_postgres,
    ),
    Peer(
        "engine",
        "stockent.socketio alone",
        # Compresses for whoever asks for it.
        _bare("engine", _python("engine.py")),
        _needs_module("stockent.socketio", "pip install -e ."),
    ),
    Peer(
        "node",
        "socket.io on Node.js",
        _bare("node", lambda: ["node", str(_PEERS / "node.js")], deflates_if_told=True),
        _needs_node,
    ),
    Peer(
        "python-socketio",
        "python-socketio on uvicorn",
        _bare("python-socketio", _python("python_socketio_peer.py"), deflates_if_told=True),
        _needs_module("websockets", "pip install websockets"),
    ),
    Peer(
        "floor",
        "C, epoll, one send() for each delivery",
        _bare("floor", lambda: [str(FLOOR)]),
        _anywhere,
    ),
)
