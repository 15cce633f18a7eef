"""Compiles the load generator and the C floor into the git-ignored build folder, and finds the outside programs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE / "build"
LOADGEN = BUILD / "loadgen"
FLOOR = BUILD / "floor"
CROWD = BUILD / "crowd"
_COMPILER = "install a C compiler (Debian: apt-get install gcc libc6-dev)"
_FLAGS = ("-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror")
_CLIENT_PARTS = ("client.c", "websocket.c", "polling.c", "deflate.c", "http.c", "loop.c", "measure.c")
_PARTS = ("loadgen.c", "options.c", "traffic.c", "requests.c", "meter.c", "text.c", *_CLIENT_PARTS)
_CROWD_PARTS = ("crowd.c", *_CLIENT_PARTS)


class MissingError(Exception):
    """Something that the machine does not have; the text says what, and what would mend it."""


def program(name: str, remedy: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"{name} is not on this machine: {remedy}")
    return found


def compile_all() -> None:
    """Compile what is older than its sources. Raises MissingError without a compiler or when it fails."""
    headers = sorted(HERE.glob("*.h"))
    if _is_older(LOADGEN, [*_sources(_PARTS), *headers]):
        compile_loadgen(LOADGEN, zlib=has_zlib())
    if _is_older(CROWD, [*_sources(_CROWD_PARTS), *headers]):
        _compile(CROWD, _sources(_CROWD_PARTS))
    floor = HERE / "peers" / "floor.c"
    if _is_older(FLOOR, [floor]):
        _compile(FLOOR, [floor])


def compile_loadgen(target: Path, *, zlib: bool) -> None:
    """Without zlib it knows no compression, and says so when it is asked for."""
    _compile(target, _sources(_PARTS), *(("-DWITH_ZLIB", "-lz") if zlib else ()))


def has_zlib() -> bool:
    """Whether the compiler finds zlib's header (Debian: zlib1g-dev)."""
    command = [program("cc", _COMPILER), "-E", "-xc", "-"]
    return not subprocess.run(
        command, input=b"#include <zlib.h>", capture_output=True, check=False
    ).returncode


def _sources(parts: Sequence[str]) -> list[Path]:
    return [HERE / part for part in parts]


def _is_older(target: Path, sources: Sequence[Path]) -> bool:
    return not target.exists() or target.stat().st_mtime < max(path.stat().st_mtime for path in sources)


def _compile(target: Path, sources: Sequence[Path], *more: str) -> None:
    compiler = program("cc", _COMPILER)
    target.parent.mkdir(exist_ok=True)
    done = subprocess.run(
        [compiler, *_FLAGS, "-o", target, *sources, *more], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingError(f"cc could not compile {target.name}:\n{done.stderr}")
