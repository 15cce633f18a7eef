"""The server under attack: a process of its own, as an operator runs it, with its figures and its log."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from stockent.auth import mint
from stockent.messaging.models import Profile, Role
from tests.socketio.serving import Endpoint

SECRET = "attacks-" + uuid.uuid5(uuid.NAMESPACE_DNS, "attacks").hex
ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 15.0
TOKEN_LIFE_S = 7_200
_PORT = re.compile(r"http://127\.0\.0\.1:([0-9]+)")

Json = dict[str, Any]
#: By name and the values of the labels.
Figures = dict[tuple[str, ...], float]


class Target:
    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self.output = output
        self._read_bytes = 0
        self.endpoint = Endpoint(self._await_port())

    @property
    def url(self) -> str:
        return self.endpoint.origin

    def token(self, user_id: str, role: Role | None = None) -> str:
        return mint(SECRET, Profile(id=user_id, name=user_id.title(), role=role), TOKEN_LIFE_S)

    def figures(self) -> Figures:
        """What `/metrics` tells, by a connection of its own that is closed again."""
        connection = http.client.HTTPConnection("127.0.0.1", self.endpoint.port, timeout=START_TIMEOUT_S)
        headers = {"Authorization": f"Bearer {self.token('root', Role.ADMIN)}", "Connection": "close"}
        try:
            connection.request("GET", "/metrics", headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        assert answer.status == 200, text
        return {
            (sample.name.removeprefix("stockent_"), *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def connections(self) -> int:
        """Of any protocol that it has not closed yet: those have an inode (proc(5))."""
        lines = Path(f"/proc/{self.process.pid}/net/tcp").read_text().splitlines()[1:]
        own = f":{self.endpoint.port:04X}"
        return sum(fields[1].endswith(own) and fields[9] != "0" for fields in map(str.split, lines))

    def new_lines(self) -> list[str]:
        """What it has written since the last call."""
        with self.output.open("rb") as file:
            file.seek(self._read_bytes)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read_bytes += len(whole) + len(newline)
        return whole.decode(errors="replace").splitlines()

    def _await_port(self) -> int:
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end and self.process.poll() is None:
            if found := _PORT.search(self.output.read_text()):
                return int(found[1])
            time.sleep(0.02)
        raise RuntimeError(f"the server did not start: {self.output.read_text()[-2000:]}")


@contextmanager
def serving(directory: Path, *command: str, data_dir: Path | None = None) -> Iterator[Target]:
    """Run `python -m` with this command, by default the server itself; stopped by SIGTERM, which it must obey."""
    output = directory / "output.txt"
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    settings = {
        "DATA_DIR": str(data_dir or directory / "data"),
        "JWT_SECRET": SECRET,
        "PORT": "0",
        "LOG_FORMAT": "json",
        # The rule is about what one input does; what a rate would keep away must be survived too.
        "RATE_LIMITS": "off",
    }
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *(command or ("stockent", "serve"))],
            cwd=ROOT,
            env=kept | settings,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Target(process, output)
    finally:
        process.terminate()
        try:
            code = process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    assert code == 0, output.read_text()[-2000:]


def faults(lines: list[str]) -> list[str]:
    """Lines of a log that no attack may cause: errors, tracebacks, and what is no line of the log at all."""
    return [line for line in lines if _is_fault(line)]


def _is_fault(line: str) -> bool:
    if not line.startswith("{"):
        return not line.startswith("StockENT Messaging listens")
    entry: Json = json.loads(line)
    return entry["level"] not in ("debug", "info", "warning") or "exception" in entry
