"""The search of the embedded store, measured: `python -m benchmarks.search_store --help`.

Fills a store with messages in several languages, indexes them as the running server would, and asks a mix of searches
as people with few and with many conversations. `sends` measures the other side: what sending costs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from stockent.messaging.models import ConversationKind, MessageType
from stockent.messaging.ports import NewConversation, NewMessage
from stockent.store import open_store
from stockent.store.connect import connect_writer, sqlite3
from stockent.store.ids import rfc3339
from stockent.store.search_indexing import SLICE, TIDY_PAGES

from . import filling
from .filling import BEGUN_S, SPAN_S, Talk
from .texts import Language, languages, texts

MESSAGES = 1_000_000
PER_CONVERSATION = 20
#: Who asks: conversations, the share of them that are groups, and messages in each.
ASKERS = {
    "few": (5, 0.4, 200),
    "some": (100, 0.2, 50),
    "many": (5_000, 0.02, 20),
    "groups": (1_000, 1.0, 20),
}


def fill(path: Path, messages: int, chance: random.Random) -> None:
    """Make a store with so many messages, two years of them, and the people of `ASKERS` among thousands."""
    names = dict(enumerate(ASKERS, start=1))
    filling.fill(
        path, list(_talks(messages, chance)), texts(random.Random(1)), chance, names=names, files_every=40
    )


def _talks(messages: int, chance: random.Random) -> Iterator[Talk]:
    scale = messages / MESSAGES
    others = range(len(ASKERS) + 1, 20_000)
    left = messages
    for me, (count, groups, each) in enumerate(ASKERS.values(), start=1):
        for number in range(max(1, int(count * scale)) if count > 100 else count):
            extra = 3 if number < count * scale * groups else 0
            people = (me, *chance.sample(others, 1 + extra))
            left -= each
            yield Talk(people, each)
    while left > 0:
        extra = 4 if chance.random() < 0.1 else 0
        count = min(left, 1 + int(chance.expovariate(1 / PER_CONVERSATION)))
        left -= count
        yield Talk(tuple(chance.sample(others, 2 + extra)), count)


def index(path: Path, slice_size: int) -> None:
    """Index it as the writer does when it has nothing else to do, without its pauses, and print what that took."""
    connection = connect_writer(path)
    before = _size_bytes(connection)
    [(total,)] = connection.execute("SELECT count(*) FROM messages")
    took = []
    each = begun = time.perf_counter()
    worked = time.process_time()
    for _ in filling.index(connection, slice_size):
        took.append((time.perf_counter() - each) * 1000)
        each = time.perf_counter()
    spent, worked = time.perf_counter() - begun, time.process_time() - worked
    begun = time.perf_counter()
    filling.tidy(connection, TIDY_PAGES)
    tidied = time.perf_counter() - begun
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    after = _size_bytes(connection)
    connection.close()
    cost_us = worked / total * 1e6
    print(
        f"indexed {total:,} messages in {spent:.1f} s: {total / spent:,.0f}/s, {cost_us:.1f} us of CPU each"
    )
    print(f"rewritten in one piece in {tidied:.1f} s")
    print(f"a slice of {slice_size}: {_spread(took)} ms")
    print(f"the store {before / 1e6:,.0f} MB, its index {(after - before) / 1e6:,.0f} MB")


def _size_bytes(connection: sqlite3.Connection) -> int:
    [(pages,)] = connection.execute("PRAGMA page_count")
    [(free,)] = connection.execute("PRAGMA freelist_count")
    [(size,)] = connection.execute("PRAGMA page_size")
    return int((pages - free) * size)


async def searches(path: Path, count: int, chance: random.Random) -> None:
    """Ask one after the other, through the store as a request would, and print how long the answers took."""
    from stockent.messaging.commands import SearchMessages
    from stockent.messaging.searching import checked

    spoken, shares = languages(random.Random(1))  # the words that `fill` used
    store = open_store(f"sqlite:///{path}")
    await store.open()
    kinds = _kinds(spoken, shares, chance)
    took: dict[str, list[float]] = {}
    empty = 0
    for number in range(count):
        kind = list(kinds)[number % len(kinds)]
        asker = list(ASKERS)[number // len(kinds) % len(ASKERS)]
        query = checked(SearchMessages(**kinds[kind]()))
        begun, worked = time.perf_counter(), time.process_time()
        page = await store.search(query, user_id=asker)
        spent, worked = (time.perf_counter() - begun) * 1000, (time.process_time() - worked) * 1000
        empty += not page.items
        took.setdefault("CPU time of all", []).append(worked)
        took.setdefault(f"CPU asker: {asker}", []).append(worked)
        for label in ("all", f"kind: {kind}", f"asker: {asker}"):
            took.setdefault(label, []).append(spent)
    await store.close()
    print(f"{count} searches, {empty} without a match; ms")
    for label, times in took.items():
        print(f"  {label:28} {_spread(times)}")


def _kinds(
    spoken: Sequence[Language], shares: Sequence[int], chance: random.Random
) -> dict[str, Callable[[], dict[str, Any]]]:
    def word(*, language: Language | None = None, common: bool = False) -> str:
        language = language or chance.choices(spoken, shares)[0]
        if common:
            return language.words[chance.randrange(5)]
        return chance.choices(language.words, cum_weights=language.weights)[0]

    def day() -> str:
        return rfc3339(BEGUN_S + chance.random() * SPAN_S)[:10]

    english, chinese = spoken[0], spoken[-1]
    return {
        "a very common word": lambda: {"q": f'"{word(common=True)}"'},
        "a word": lambda: {"q": f'"{word()}"'},
        "a word, newest": lambda: {"q": f'"{word()}"', "sort": "newest"},
        "two words": lambda: {"q": f'"{word(language=english)}" {word(language=english)}'},
        "three common words": lambda: {"q": " ".join(word(language=english, common=True) for _ in range(3))},
        "a phrase": lambda: {"q": f'"{word(language=english, common=True)} {word(language=english)}"'},
        "two letters": lambda: {"q": word(language=english)[:2]},
        "three letters": lambda: {"q": word(language=english)[:3]},
        "four letters": lambda: {"q": word(language=english)[:4]},
        "Chinese": lambda: {"q": word(language=chinese) + word(language=chinese)},
        "one excluded": lambda: {
            "q": f"{word(language=english, common=True)} -{word(language=english, common=True)}"
        },
        "a word before a day": lambda: {"q": f'"{word()}"', "before": day()},
        "a word after a day": lambda: {"q": f'"{word()}"', "after": day()},
        "from somebody": lambda: {"q": word(common=True), "sender": f"user-{chance.randrange(5, 20_000)}"},
        "from me, a word": lambda: {"q": word(common=True), "sender": "many"},
        "with attachments": lambda: {"q": word(common=True), "has_attachments": True},
        "attachments only": lambda: {"has_attachments": True},
        "days only": lambda: {"after": day()},
    }


async def sends(folder: Path, seconds: float, tasks: int) -> None:
    """So many people, each sending the next message when the last one is stored; prints messages a second."""
    store = open_store(f"sqlite:///{folder / 'sends.db'}")
    await store.open()
    talks = []
    for number in range(tasks // 2):
        people = (f"a{number}", f"b{number}")
        new = NewConversation(people[0], people, None, None, ConversationKind.DIRECT)
        created = await store.create_conversation(new)
        talks += [(created.conversation.id, person) for person in people]
    written = texts(random.Random(1))
    prepared = [next(written) for _ in range(20_000)]
    deadline = time.perf_counter() + seconds
    took: list[float] = []

    async def speak(conversation_id: str, person: str, number: int) -> None:
        while time.perf_counter() < deadline:
            number += 1
            text = prepared[number % len(prepared)]
            begun = time.perf_counter()
            await store.send(NewMessage(conversation_id, person, str(uuid.uuid4()), MessageType.TEXT, text))
            took.append((time.perf_counter() - begun) * 1000)

    begun, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(speak(*talk, number * 97) for number, talk in enumerate(talks)))
    spent = time.perf_counter() - begun
    await store.close()
    each = (time.process_time() - worked) / len(took) * 1e6
    print(
        f"{len(took) / spent:,.0f} messages/s, {tasks} at a time, {each:.1f} us of CPU each; ms: {_spread(took)}"
    )


def _spread(times: Sequence[float]) -> str:
    ordered = sorted(times)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)]
    return f"p50 {at[0]:.2f}, p95 {at[1]:.2f}, p99 {at[2]:.2f}, most {ordered[-1]:.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search_store", description=__doc__)
    parser.add_argument("what", choices=["all", "fill", "index", "search", "sends"])
    parser.add_argument(
        "--folder", type=Path, help="where the store is kept; by default one that is removed again"
    )
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--searches", type=int, default=1_000)
    parser.add_argument("--slice", type=int, default=SLICE)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--tasks", type=int, default=500)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="search-store-"))
    path = folder / "search.db"
    try:
        if given.what in ("all", "fill"):
            begun = time.perf_counter()
            fill(path, given.messages, random.Random(1))
            print(f"filled {given.messages:,} messages in {time.perf_counter() - begun:.1f} s")
        if given.what in ("all", "index"):
            index(path, given.slice)
        if given.what in ("all", "search"):
            asyncio.run(searches(path, given.searches, random.Random(2)))
        if given.what in ("all", "sends"):
            asyncio.run(sends(folder, given.seconds, given.tasks))
    finally:
        if given.folder is None:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
