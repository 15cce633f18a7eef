"""A server whose syncs and sends are written down in the order in which they happen, and what that order has to be."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).with_name("watch.c")
needs_watch = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler"
)


class Watch:
    """The library, its log, and the file that makes syncs fail."""

    def __init__(self, folder: Path) -> None:
        self._library = folder / "watch.so"
        self._log = folder / "watch.log"
        self.fail = folder / "watch.fail"
        command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", str(SOURCE), "-o", str(self._library)]
        subprocess.run([*command, "-ldl"], check=True)

    @property
    def environ(self) -> dict[str, Any]:
        return {
            "LD_PRELOAD": str(self._library),
            "WATCH_LOG": str(self._log),
            "WATCH_FAIL": str(self.fail),
        }

    def lines(self) -> list[str]:
        return self._log.read_text().splitlines()


def sent_unsynced(lines: Iterable[str]) -> set[str]:
    """Marks that were sent to anybody before the store's log was synced with them in it."""
    written: set[str] = set()
    synced: set[str] = set()
    found: set[str] = set()
    for line in lines:
        kind, _, mark = line.partition(" ")
        if kind == "W":
            written.add(mark)
        elif kind == "S":
            synced |= written
        elif mark not in synced:
            found.add(mark)
    return found


def sent(lines: Iterable[str]) -> set[str]:
    return {line[2:] for line in lines if line.startswith("O ")}
