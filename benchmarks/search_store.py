"""The search of the embedded store, measured: `python -m benchmarks.search_store --help`.

Fills a store with messages in several languages, indexes them as the running server would, and asks a mix of searches
as people with few and with many conversations. `sends` measures the other side: what sending costs.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from stockent.messaging.models import ConversationKind, MessageType
from stockent.messaging.ports import NewConversation, NewMessage
from stockent.store import migrate, open_store, search_index
from stockent.store.connect import connect_writer, sqlite3
from stockent.store.ids import hex_ms, rfc3339
from stockent.store.search_indexing import SLICE, TIDY_PAGES

MESSAGES = 1_000_000
PER_CONVERSATION = 20
SPAN_S = 2 * 365 * 86_400
BEGUN_S = 1_700_000_000
#: Who asks: conversations, the share of them that are groups, and messages in each.
ASKERS = {
    "few": (5, 0.4, 200),
    "some": (100, 0.2, 50),
    "many": (5_000, 0.02, 20),
    "groups": (1_000, 1.0, 20),
}
_SPOKEN = {
    "en": (50, "price sample order container shipment invoice payment delivery quality steel cotton yarn tonne"
           " offer please confirm could you send the of for and to we is with our by this week port customs"
           " certificate origin discount quantity minimum lead time packing pallet today tomorrow thanks"
           " regards meeting"),
    "tr": (15, "fiyat numune sipariş konteyner sevkiyat fatura ödeme teslimat kalite çelik pamuk iplik ton"
           " teklif lütfen teyit eder misiniz için ve bir bu hafta liman gümrük sertifika menşe indirim"
           " miktar en az süre ambalaj bugün yarın teşekkürler saygılar ılık İzmir İstanbul Ankara görüşme"),
    "de": (10, "Preis Muster Auftrag Behälter Lieferung Rechnung Zahlung Qualität Stahl Baumwolle Garn Tonne"
           " Angebot bitte bestätigen könnten Sie für und der die das wir mit Größe Straße Zürich München"
           " heute morgen Grüße Zoll"),
    "es": (10, "precio muestra pedido contenedor envío factura pago entrega calidad acero algodón hilo tonelada"
           " oferta por favor confirmar podría usted para y el la de con año mañana gracias saludos aduana"
           " certificado"),
    "ru": (5, "цена образец заказ контейнер отгрузка счёт оплата доставка качество сталь хлопок пряжа тонна"
           " предложение пожалуйста подтвердите для и мы с сегодня завтра спасибо"),
    "zh": (10, "价格 样品 订单 集装箱 发货 发票 付款 交货 质量 钢 棉 纱 吨 报价 请 确认 能否 的 和 我们 本周"
           " 港口 海关 证书 原产地 折扣 数量 最低 包装 今天 明天 谢谢"),
}  # fmt: skip
_ENDINGS = ["", "s", "er", "ing", "ler", "lar", "den", "e", "en", "a", "os", "ы", "ом"]
_SYLLABLES = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]


class Language(NamedTuple):
    words: Sequence[str]
    weights: Sequence[float]
    glue: str


class Talk(NamedTuple):
    """A conversation to fill: its key, its people's keys, and how many messages it gets."""

    key: int
    people: tuple[int, ...]
    messages: int


def languages(chance: random.Random) -> tuple[list[Language], list[int]]:
    """Common words as people use them, and a long tail of names, codes and inflected forms, by Zipf's law."""
    made, shares = [], []
    for name, (share, common) in _SPOKEN.items():
        words = common.split()
        chance.shuffle(words)
        if name == "zh":
            tail = ["".join(chance.choices("".join(words), k=2)) for _ in range(3_000)]
        else:
            stems = ["".join(chance.choices(_SYLLABLES, k=chance.choice((2, 2, 3, 4)))) for _ in range(4_000)]
            tail = [stem + chance.choice(_ENDINGS) for stem in stems]
            tail += [word + ending for word in words for ending in _ENDINGS[1:5]]
            tail += [f"{chance.choice('ABCKPX')}{chance.choice('OQRT')}-{n}" for n in range(1_000, 3_000)]
            chance.shuffle(tail)
        words += tail
        cumulative = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
        made.append(Language(words, cumulative, "" if name == "zh" else " "))
        shares.append(share)
    return made, shares


def texts(chance: random.Random) -> Iterator[str]:
    """Messages without end: 11 words on average, most short, few long."""
    spoken, shares = languages(chance)
    while True:
        for language in chance.choices(spoken, shares, k=1_000):
            count = min(80, 1 + int(chance.expovariate(1 / 11)))
            words = chance.choices(language.words, cum_weights=language.weights, k=count)
            yield language.glue.join(words) + chance.choice([".", "", "?", " 👍", "!"])


def fill(path: Path, messages: int, chance: random.Random) -> None:
    """Make a store with so many messages, two years of them, and the people of `ASKERS` among thousands."""
    migrate(f"sqlite:///{path}")
    connection = connect_writer(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    talks = list(_talks(messages, chance))
    _insert_people(connection, talks)
    turns = [talk for talk in talks for _ in range(talk.messages)]
    chance.shuffle(turns)
    seqs: dict[int, int] = {}
    connection.executemany(_INSERT, _rows(turns, seqs, chance))
    connection.executemany(
        "UPDATE conversations SET last_seq = ?2, last_message_seq = ?2 WHERE key = ?1", seqs.items()
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()


def _talks(messages: int, chance: random.Random) -> Iterator[Talk]:
    scale = messages / MESSAGES
    keys = itertools.count(1)
    others = range(len(ASKERS) + 1, 20_000)
    left = messages
    for me, (count, groups, each) in enumerate(ASKERS.values(), start=1):
        for number in range(max(1, int(count * scale)) if count > 100 else count):
            extra = 3 if number < count * scale * groups else 0
            people = (me, *chance.sample(others, 1 + extra))
            left -= each
            yield Talk(next(keys), people, each)
    while left > 0:
        extra = 4 if chance.random() < 0.1 else 0
        count = min(left, 1 + int(chance.expovariate(1 / PER_CONVERSATION)))
        left -= count
        yield Talk(next(keys), tuple(chance.sample(others, 2 + extra)), count)


def _insert_people(connection: sqlite3.Connection, talks: Sequence[Talk]) -> None:
    begun = rfc3339(BEGUN_S)
    names = dict(enumerate(ASKERS, start=1))
    people = sorted({person for talk in talks for person in talk.people})
    connection.executemany(
        "INSERT INTO users (key, id, name) VALUES (?, ?, ?)",
        ((key, names.get(key, f"user-{key}"), f"Person {key}") for key in people),
    )
    connection.executemany(
        "INSERT INTO conversations (key, id, kind, status, activity, updated_at, created_at, identity, creator_key)"
        " VALUES (?, ?, ?, 'ACTIVE', 1, ?, ?, ?, ?)",
        (
            (talk.key, f"{talk.key:032x}", "DIRECT" if len(talk.people) == 2 else "GROUP", begun, begun,
             f"i{talk.key}", talk.people[0])
            for talk in talks
        ),
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO participants (conversation_key, user_key) VALUES (?, ?)",
        ((talk.key, person) for talk in talks for person in talk.people),
    )


def _rows(turns: Sequence[Talk], seqs: dict[int, int], chance: random.Random) -> Iterator[tuple[Any, ...]]:
    written = texts(chance)
    for number, talk in enumerate(turns, start=1):
        seqs[talk.key] = seq = seqs.get(talk.key, 0) + 1
        at_s = BEGUN_S + SPAN_S * number / len(turns)
        message_id = f"{hex_ms(at_s)}{seq:012x}{number:012x}"
        kind = "FILE" if number % 40 == 0 else "TEXT"
        yield (number, talk.key, seq, seq, chance.choice(talk.people), f"{number:032x}",
               f"{number:032x}", message_id, kind, next(written), rfc3339(at_s))  # fmt: skip


_INSERT = """
    INSERT INTO messages (key, conversation_key, seq, updated_seq, sender_key, client_key, client_id, id, type, content,
        created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def index(path: Path, slice_size: int) -> None:
    """Index it as the writer does when it has nothing else to do, without its pauses, and print what that took."""
    connection = connect_writer(path)
    before = _size_bytes(connection)
    marks = search_index.begin(connection)
    took = []
    begun, worked = time.perf_counter(), time.process_time()
    total = marks.low
    while marks.low:
        each = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        search_index.add_older(connection, marks, slice_size)
        connection.execute("COMMIT")
        took.append((time.perf_counter() - each) * 1000)
    spent, worked = time.perf_counter() - begun, time.process_time() - worked
    begun, first = time.perf_counter(), True
    while not search_index.tidy(connection, TIDY_PAGES, first=first):
        first = False
    tidied = time.perf_counter() - begun
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    after = _size_bytes(connection)
    connection.close()
    each = worked / total * 1e6
    print(f"indexed {total:,} messages in {spent:.1f} s: {total / spent:,.0f}/s, {each:.1f} us of CPU each")
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

    spoken, shares = languages(random.Random(1))  # the words that `fill` used with the same seed
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
