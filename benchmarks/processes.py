"""Starts what is measured: a command on a core of its own, perhaps as another user, and ends it by its own id."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from .toolchain import program

STOP_TIMEOUT_S = 10.0


def pinned(command: Sequence[str], core: int) -> list[str]:
    return [program("taskset", "install util-linux"), "-c", str(core), *command]


class As(TypedDict, total=False):
    """Arguments of `subprocess`."""

    user: int
    group: int
    extra_groups: tuple[int, ...]


def as_account(account: pwd.struct_passwd | None) -> As:
    """How a command runs as this user; None: as who we are."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}


@contextmanager
def running(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    core: int,
    account: pwd.struct_passwd | None = None,
    end: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[str]]:
    """The command on this core, what it prints on stderr in `log`; told to end by the signal `end` at the end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as errors:
        process = subprocess.Popen(
            pinned(command, core),
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            **as_account(account),
        )
    try:
        yield process
    finally:
        process.send_signal(end)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
