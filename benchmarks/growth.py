"""Does it stay as fast as it fills? The product beside stores of 10³, 10⁵ and 10⁷ messages.

`python -m benchmarks.growth MESSAGES` only fills the store, checks it and says where it is. In each store sits somebody
with 100 conversations, among them a long one with a tenth of all messages, and somebody with 10,000.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from stockent.store.migrate import newest_revision
from stockent.torture.examine import examine

from . import filling, product, servers
from .filling import Talk
from .loading import load
from .progress import Bar
from .results import Result
from .texts import english
from .toolchain import BUILD
from .workloads import GROWTH_ACTS, Workload

#: Of what is filled here; another one makes stores anew.
_VERSION = 1
_FOLDER = BUILD / "growth"
#: Measured: a message with its indexes and its words, and a store without any.
_BYTES_A_MESSAGE, _BYTES_AT_LEAST = 480, 30_000_000
#: Larger stores are served where they lie, and keep what is sent to them: a few thousand messages of many.
_COPIED_UPTO_BYTES = 500_000_000
_TEXTS = 20_000
FEW, MANY = "few", "many"
_CONVERSATIONS = {FEW: 100, MANY: 10_000}
_KEYS = {FEW: 1, MANY: 2}
_FIRST_OTHER, _OTHERS = 3, 20_000
_A_TALK = 20
#: The newest conversations of both have messages in every store, and of these every fifth is unread, by so many.
_SPOKEN, _EACH, _UNREAD_EVERY, _UNREAD = 100, 4, 5, 2
#: Requests for older pages: from so many places.
_DEEP_PAGES = 200
_PAGE, _LISTED = 50, 30


class StorageError(Exception):
    """There is no room, or what was filled is not whole."""


class _Act(NamedTuple):
    """One thing that is measured: how the load generator is called, but for its file, and what is in that."""

    arguments: Sequence[str]
    lines: Sequence[str]


def talks(messages: int, chance: random.Random) -> Iterator[Talk]:
    """The long one first, then the other conversations of `FEW`, those of `MANY`, and everybody else's."""
    others = range(_FIRST_OTHER, _FIRST_OTHER + _OTHERS)
    left = messages
    for name, count in _CONVERSATIONS.items():
        for number in range(count):
            mine = messages // 10 if name == FEW and number == 0 else _EACH
            mine = min(mine, left) if number < _SPOKEN or left > messages // 2 else 0
            left -= mine
            unread = _UNREAD if number < _SPOKEN and number % _UNREAD_EVERY == 1 else 0
            yield Talk((_KEYS[name], chance.choice(others)), mine, min(unread, mine))
    while left > 0:
        mine = min(left, 1 + int(chance.expovariate(1 / _A_TALK)))
        left -= mine
        yield Talk(tuple(chance.sample(others, 2)), mine)


def stored(messages: int, folder: Path = _FOLDER) -> Path:
    """The data directory of a store with so many messages, made now if it is not there.

    Raises StorageError, with what is needed, before the disk is full.
    """
    home = folder / f"{messages}-{newest_revision()}-{_VERSION}"
    if home.exists():
        return home
    _require_room(folder, _BYTES_AT_LEAST + messages * _BYTES_A_MESSAGE)
    unfinished = home.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    bar = Bar(f"a store of {messages:,}")
    chance = random.Random(messages)
    path = unfinished / product.STORE
    names = {key: name for name, key in _KEYS.items()}
    written = itertools.cycle(list(itertools.islice(english(random.Random(1)), _TEXTS)))
    filling.fill(path, list(talks(messages, chance)), written, chance, names=names, tell=bar)
    filling.index_all(path, bar)
    bar("check", 0, 1)
    if problems := examine(unfinished, whole=True):
        raise StorageError(f"{path} is not whole: {problems[0]}")
    bar("check", 1, 1)
    unfinished.rename(home)
    return home


def _require_room(folder: Path, needed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed * 1.1:
        raise StorageError(
            f"{folder}: {needed * 1.1 / 1e9:.1f} GB are needed there, {free / 1e9:.1f} GB are free; "
            "leave the workload out (--workloads), or make room"
        )


def run_once(workload: Workload, *, quick: bool, duration_s: float) -> Result:
    """Serve the workload's store and do each of `GROWTH_ACTS` in turn; its results by its name, and one verdict."""
    settings = product.Settings.fresh()
    with _served(stored(workload.stored)) as data, servers.serving(settings, data) as process:
        acts = _acts(settings, data)
        found: Result = {}
        for name in GROWTH_ACTS:
            path = data / "load"
            path.write_text("".join(line + "\n" for line in acts[name].lines))
            arguments = [*acts[name].arguments, "--file", str(path)]
            arguments += ["--duration", str(duration_s / 2), "--warmup", "0.1" if quick else "0.3"]
            found[name] = load(arguments, port=settings.port, server_pid=str(process.pid))
            path.unlink()
    return {**found, **_verdict(found)}


def _verdict(found: Result) -> Result:
    """Of all acts: the worst of each, where `report.doubts` looks."""
    return {
        "sound": all(each["sound"] for each in found.values()),
        "faults": {f"{name}: {fault}": n for name, each in found.items() for fault, n in each["faults"].items()},
        **{
            part: max((each[part] for each in found.values()), key=lambda usage: usage.get("waited_share", 0.0))
            for part in ("generator", "server")
        },
    }  # fmt: skip


@contextmanager
def _served(home: Path) -> Iterator[Path]:
    """A copy, which may change, or the store itself if it is large."""
    if (home / product.STORE).stat().st_size > _COPIED_UPTO_BYTES:
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="data-", dir=home.parent) as folder:
        copied = Path(shutil.copy(home / product.STORE, folder))
        with copied.open("rb") as file:
            # Else the disk is busy with it while it is measured.
            os.fsync(file.fileno())
        yield Path(folder)


def _acts(settings: product.Settings, data: Path) -> dict[str, _Act]:
    few, many = settings.token(FEW), settings.token(MANY)
    long, partner, last = _long_one(data)
    page = f"/api/conversations/{long}/messages?limit={_PAGE}"
    step = max(1, (last - _PAGE) // _DEEP_PAGES)
    http = ("http", "--sockets", "1")
    talk = (
        "single",
        "--join",
        "join_conversation",
        "--packet",
        product.PACKET,
        "--event",
        "message_received",
    )

    def get(token: str, *paths: str) -> _Act:
        return _Act(http, [f"GET\t{path}\t{token}\t-" for path in paths])

    deep = [f"{page}&before={before}" for before in range(_PAGE + 1, last + 1, step)]
    random.Random(1).shuffle(deep)
    return {
        "send": _Act(talk, [f"{few} {long}", f"{settings.token(partner)} {long}"]),
        "history": get(few, page),
        "deep history": get(few, *deep),
        "list": get(few, f"/api/conversations?limit={_LISTED}"),
        "unread": get(few, "/api/unread"),
        "list of 10,000": get(many, f"/api/conversations?limit={_LISTED}"),
        "unread of 10,000": get(many, "/api/unread"),
    }


def _long_one(data: Path) -> tuple[str, str, int]:
    """Its id, who else is in it, and its last position."""
    with filling.reading(data / product.STORE) as connection:
        [(partner, last)] = connection.execute(
            "SELECT u.id, c.last_seq FROM conversations c JOIN participants p ON p.conversation_key = c.key"
            " JOIN users u ON u.key = p.user_key WHERE c.key = 1 AND p.user_key <> ?",
            (_KEYS[FEW],),
        )
    return filling.conversation_id(1), str(partner), int(last)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("messages", type=int, help="at least 1,000")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help=f"where stores are kept ({_FOLDER})")
    given = parser.parse_args()
    if given.messages < 1_000:
        parser.error(f"expected at least 1,000 messages, got {given.messages}")
    begun = time.monotonic()
    try:
        home = stored(given.messages, given.folder)
    except StorageError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    size = (home / product.STORE).stat().st_size
    print(f"{home}: {size / 1e6:,.0f} MB, {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
