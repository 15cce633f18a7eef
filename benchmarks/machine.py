"""What the figures were measured on: processor, memory, kernel, versions, and what a sync to this disk costs."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stockent.store.connect import sqlite3

from . import postgres
from .toolchain import HERE

_PACKAGES = (
    *("picows", "uvicorn", "uvloop", "httptools", "litestar", "msgspec"),
    *("python-socketio", "websockets"),
)
_NODE_PACKAGES = ("socket.io", "express", "pg")
_NODE_MODULES = HERE / "peers" / "node_modules"
_OPEN_FILES = 65_536
_QUIET_MOMENT_S = 0.5
_QUIET_SHARE = 0.85


def raise_file_limit() -> int:
    """Let this process and its children open as many files as the system allows; returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in ((max(soft, _OPEN_FILES), max(hard, _OPEN_FILES)), (hard, hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, wanted)
        except (ValueError, OSError):
            continue
        return wanted[0]
    return soft


def facts(data_dir: Path) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _field(Path("/proc/cpuinfo"), "model name"),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "versions": _versions(),
        "fsync_ms": sync_cost_ms(data_dir),
        "load_average": os.getloadavg()[0],
    }


def sync_cost_ms(folder: Path, *, times: int = 50) -> float:
    """Median of appending 4 KB and fdatasync: the least that one durable commit can cost here."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sync-probe"
    spent = []
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            spent.append((time.perf_counter() - begun) * 1000)
    path.unlink()
    return round(statistics.median(spent), 4)


def wait_until_quiet(cores: Collection[int], *, timeout_s: float) -> bool:
    """Wait until nobody has used these cores for a moment. Returns False when it stayed busy for `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        before = _idle_s(cores)
        time.sleep(_QUIET_MOMENT_S)
        if min(_idle_s(cores)[core] - before[core] for core in cores) >= _QUIET_MOMENT_S * _QUIET_SHARE:
            return True
        if time.monotonic() >= deadline:
            return False


def _idle_s(cores: Collection[int]) -> dict[int, float]:
    """Seconds that each core has idled or waited for a disk since the start (proc(5), /proc/stat)."""
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    by_name = {
        fields[0]: (int(fields[4]) + int(fields[5])) / ticks_per_s for fields in lines if len(fields) > 5
    }
    return {core: by_name[f"cpu{core}"] for core in cores}


def _field(path: Path, name: str) -> str:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def _versions() -> dict[str, str | None]:
    """By name, of what the figures depend on; None for what is not there."""
    return {
        "stockent-messaging": _said("git", "-C", str(HERE), "describe", "--always", "--dirty"),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: _package(name) for name in _PACKAGES},
        "Node.js": _said("node", "--version"),
        **{name: _node_package(name) for name in _NODE_PACKAGES},
        "PostgreSQL": postgres.version(),
    }


def _said(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _node_package(name: str) -> str | None:
    try:
        about: dict[str, str] = json.loads((_NODE_MODULES / name / "package.json").read_text())
    except OSError:
        return None
    return about["version"]


def _package(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
