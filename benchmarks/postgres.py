"""PostgreSQL for a peer that needs it: a fresh cluster with its default settings, so durable, for one measurement.

It listens on a Unix socket that only its own user may reach. Everything that it leaves behind is removed at the end.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .toolchain import MissingError

_PROGRAMS = ("initdb", "postgres", "pg_isready", "psql")
_REMEDY = "install it (Debian: apt-get install postgresql)"
_START_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Database:
    """`pid` is the postmaster's; `environment` is what libpq and node-postgres read to find it."""

    pid: int
    environment: Mapping[str, str]


def check() -> None:
    """Raises MissingError when the machine has no PostgreSQL, or no user whom it may run as."""
    _folder()
    _account()


@contextmanager
def running(data_root: Path, log: Path, *, core: int) -> Iterator[Database]:
    """A cluster of its own under `data_root`, on this core with all its processes, stopped at the end."""
    programs, account = _folder(), _account()
    data_root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        data = _owned(stack, account, data_root)
        # Not beside the data: the path of a Unix socket has at most 107 bytes.
        sockets = _owned(stack, account, None)
        _initialise(programs, data, account)
        environment = {"PGHOST": str(sockets), "PGUSER": "benchmark", "PGDATABASE": "postgres"}
        command = [str(programs / "postgres"), "-D", str(data), "-k", str(sockets), "-c", "listen_addresses="]
        process = stack.enter_context(
            # SIGINT: a fast shutdown, which does not wait for clients.
            processes.running(command, {}, log, core=core, account=account, end=signal.SIGINT)
        )
        database = Database(process.pid, environment)
        _wait_until_ready(programs, process, database, log)
        yield database


def execute(database: Database, sql: str, **variables: int) -> list[list[str]]:
    """Run statements by psql; its `:name` are the variables. Returns the rows of those that have some."""
    command = [str(_folder() / "psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
    command += [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
    done = subprocess.run(
        command,
        input=sql,
        env={**os.environ, **database.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"psql: {done.stderr.strip()[-1000:]}")
    return [line.split("\t") for line in done.stdout.splitlines()]


def version() -> str | None:
    """As `postgres --version` says it; None where there is none."""
    try:
        command = [str(_folder() / "postgres"), "--version"]
    except MissingError:
        return None
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _folder() -> Path:
    """Where PostgreSQL's programs are: Debian keeps the server's off the PATH, a folder for each version."""
    for folder in _folders():
        if all((folder / name).exists() for name in _PROGRAMS):
            return folder
    raise MissingError(f"PostgreSQL ({', '.join(_PROGRAMS)}) is not on this machine: {_REMEDY}")


def _folders() -> Iterator[Path]:
    found = shutil.which("initdb")
    if found:
        yield Path(found).resolve().parent
    with suppress(OSError, subprocess.CalledProcessError):
        told = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        yield Path(told.stdout.strip())
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(packaged, key=lambda path: (len(path.parent.name), path.parent.name), reverse=True)


def _account() -> pwd.struct_passwd | None:
    """Whom it runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise MissingError("PostgreSQL does not run as root, and there is no user postgres or nobody: add one")


def _owned(stack: ExitStack, account: pwd.struct_passwd | None, parent: Path | None) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postgres-", dir=parent)))
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _initialise(programs: Path, data: Path, account: pwd.struct_passwd | None) -> None:
    command = [str(programs / "initdb"), "-D", str(data), "-U", "benchmark", "--auth=trust"]
    # Nothing is in it yet that a lost sync could lose; what comes later is synced as always.
    command += ["--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(
        command,
        cwd=data,
        capture_output=True,
        text=True,
        check=False,
        **processes.as_account(account),
    )
    if done.returncode:
        place = (
            "" if account is None else f" (may {account.pw_name} enter it? BENCHMARK_DATA_DIR names another)"
        )
        raise RuntimeError(f"initdb failed in {data}{place}:\n{done.stderr[-1000:]}")


def _wait_until_ready(programs: Path, process: subprocess.Popen[str], database: Database, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    ask = [str(programs / "pg_isready"), "-q"]
    while subprocess.run(ask, env={**os.environ, **database.environment}, check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"postgres did not become ready; its last words:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)
