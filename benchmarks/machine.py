"""What the figures were measured on: processor, memory, kernel, versions, and what a sync to this disk costs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
import statistics
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_PACKAGES = (
    "picows",
    "uvicorn",
    "uvloop",
    "httptools",
    "msgspec",
    "websockets",
    "python-socketio",
    "pysqlite3",
)
_OPEN_FILES = 65_536


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
        "python": platform.python_version(),
        "node": _version("node"),
        "packages": {name: _package(name) for name in _PACKAGES},
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


def _field(path: Path, name: str) -> str:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def _version(program: str) -> str | None:
    try:
        return subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _package(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
