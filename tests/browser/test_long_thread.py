"""A conversation of 100,000 messages: the page draws a few of them, and holds the reader's place whatever comes."""

from __future__ import annotations

import random
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from stockent.messaging.models import Attachment, AttachmentKind
from stockent.store.connect import connect_writer
from stockent.store.documents import encode_text
from stockent.store.ids import hex_ms, rfc3339

from .conftest import Demo, Enter, Person, silent

pytestmark = pytest.mark.browser

MESSAGES = 100_000
UNREAD = 60
PICTURE_EVERY = 9
ROWS_DRAWN = 100
#: How far a message that one looks at may move by itself.
SLACK_PX = 3
STEP_PX = 600
STEPS = 120
BEGUN_S = 1_700_000_000
SPACING_S = 300
WORDS = [
    "price",
    "sample",
    "order",
    "container",
    "shipment",
    "invoice",
    "payment",
    "delivery",
    "steel",
    "port",
]


@pytest.fixture(scope="module")
def long_store(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's store, in which Jonas and Lin have talked for a year."""
    data_dir = shutil.copytree(first_day, tmp_path_factory.mktemp("long"), dirs_exist_ok=True)
    _fill(next(data_dir.glob("*.db")))
    return data_dir


@pytest.fixture
def demo(long_store: Path, tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(shutil.copytree(long_store, tmp_path / "data"))
    demo.start()
    yield demo
    demo.stop()


def test_it_opens_at_the_first_unread_and_leads_to_the_latest(enter: Enter) -> None:
    jonas = enter("Jonas Weber")
    jonas.page.get_by_role("link", name=re.compile("Lin Mei-hua")).click()

    expect(jonas.page.get_by_text("New", exact=True)).to_be_in_viewport()
    expect(_message(jonas, MESSAGES - UNREAD + 1)).to_be_in_viewport()
    latest = jonas.page.get_by_role("button", name=re.compile(r"^\d+ new$"))
    expect(latest).not_to_have_text(f"{UNREAD} new")
    assert 0 < int(latest.inner_text().split()[0]) < UNREAD, (
        "what is on screen has been read, what is below not"
    )
    jonas.screenshot("long-unread-desk-light")
    latest.click()

    expect(_message(jonas, MESSAGES)).to_be_in_viewport()
    expect(latest).to_have_count(0)
    expect(jonas.page.get_by_role("link", name=re.compile("Lin Mei-hua"))).not_to_have_accessible_name(
        re.compile("unread")
    )
    silent(jonas)


def test_scrolling_up_through_pages_moves_nothing_but_what_is_scrolled(demo: Demo, enter: Enter) -> None:
    jonas = _at(enter("Jonas Weber"), demo.url, MESSAGES)
    asked: list[str] = []
    jonas.page.on("request", lambda request: asked.append(request.url) if "before=" in request.url else None)

    for _ in range(STEPS):
        seq, before = _seen(jonas.page)
        _scroll(jonas.page, -STEP_PX)
        assert _top(jonas.page, seq) == pytest.approx(before + STEP_PX, abs=SLACK_PX), f"message {seq}"
        assert _rows(jonas) < ROWS_DRAWN
    assert len(asked) > 12, "more pages than are held at once, so that the far side was dropped"

    for _ in range(STEPS - 10):
        seq, before = _seen(jonas.page, last=True)
        _scroll(jonas.page, STEP_PX)
        assert _top(jonas.page, seq) == pytest.approx(before - STEP_PX, abs=SLACK_PX), f"message {seq}"
        assert _rows(jonas) < ROWS_DRAWN
    silent(jonas)


def test_a_link_leads_anywhere_in_it_and_news_move_nothing(demo: Demo, enter: Enter) -> None:
    jonas, lin = enter("Jonas Weber"), enter("Lin Mei-hua")
    jonas = _at(jonas, demo.url, MESSAGES // 2)
    assert _rows(jonas) < ROWS_DRAWN
    jonas.screenshot("long-middle-desk-light")
    seq, before = _seen(jonas.page)

    lin.page.get_by_role("link", name=re.compile("Jonas Weber")).click()
    lin.write("One more thing.")
    lin.sees("One more thing.")

    new = jonas.page.get_by_role("button", name=f"{UNREAD + 1} new")
    expect(new).to_be_visible()
    assert _top(jonas.page, seq) == pytest.approx(before, abs=SLACK_PX)
    new.click()
    expect(jonas.page.get_by_role("log").get_by_text("One more thing.")).to_be_in_viewport()

    _at(jonas, demo.url, 2)
    silent(jonas, lin)


def _at(person: Person, url: str, seq: int) -> Person:
    """By the link of that message."""
    path = person.page.get_by_role("link", name=re.compile("Lin Mei-hua")).get_attribute("href")
    person.page.goto(f"{url}{path}?m={seq}")
    expect(_message(person, seq)).to_be_in_viewport()
    _settled(person.page)
    return person


def _message(person: Person, seq: int) -> Locator:
    return person.page.get_by_role("log").get_by_text(f"No. {seq}:")


def _rows(person: Person) -> int:
    return person.page.locator(".log-row").count()


def _seen(page: Page, *, last: bool = False) -> tuple[int, float]:
    """The first message, or the last, that is wholly in view; and where its top is."""
    found: Any = page.evaluate(
        """(last) => {
            const frame = document.querySelector('.log').getBoundingClientRect();
            const seen = [...document.querySelectorAll('.log article')].filter((each) => {
                const box = each.getBoundingClientRect();
                return box.top >= frame.top && box.bottom <= frame.bottom && /No\\. \\d+:/.test(each.textContent);
            });
            const one = last ? seen.at(-1) : seen[0];
            return [Number(/No\\. (\\d+):/.exec(one.textContent)[1]), one.getBoundingClientRect().top];
        }""",
        last,
    )
    return int(found[0]), float(found[1])


def _top(page: Page, seq: int) -> float:
    return float(
        page.evaluate(
            """(seq) => [...document.querySelectorAll('.log article')]
                .find((each) => each.textContent.includes(`No. ${seq}:`)).getBoundingClientRect().top""",
            seq,
        )
    )


def _scroll(page: Page, by_px: int) -> None:
    page.evaluate("(by) => { document.querySelector('.log').scrollTop += by; }", by_px)
    _settled(page)


def _settled(page: Page) -> None:
    """Nothing is on its way, and what came has been drawn."""
    frames = """() => new Promise((done) => {
        let left = 4;
        const next = () => (left-- ? requestAnimationFrame(next) : done());
        next();
    })"""
    page.evaluate(frames)
    page.wait_for_selector(".log:not([data-loading])")
    page.evaluate(frames)


def _fill(path: Path) -> None:
    connection = connect_writer(path)
    (conversation,) = connection.execute(
        "SELECT a.conversation_key FROM participants AS a JOIN participants AS b USING (conversation_key)"
        " WHERE a.user_key = (SELECT key FROM users WHERE id = 'jonas')"
        " AND b.user_key = (SELECT key FROM users WHERE id = 'lin')"
    ).fetchone()
    people = [
        connection.execute("SELECT key FROM users WHERE id = ?", (name,)).fetchone()[0]
        for name in ("jonas", "lin")
    ]
    connection.execute("BEGIN")
    (begun,) = connection.execute(
        "SELECT last_seq FROM conversations WHERE key = ?", (conversation,)
    ).fetchone()
    connection.executemany(_INSERT, _messages(conversation, people, begun))
    connection.execute(
        "UPDATE conversations SET last_seq = ?2, last_message_seq = ?2, updated_at = ?3 WHERE key = ?1",
        (conversation, MESSAGES, rfc3339(BEGUN_S + MESSAGES * SPACING_S)),
    )
    connection.execute(
        "UPDATE participants SET read_seq = ?3, unread = ?4 WHERE conversation_key = ?1 AND user_key = ?2",
        (conversation, people[0], MESSAGES - UNREAD, UNREAD),
    )
    connection.execute(
        "UPDATE participants SET read_seq = ?3, unread = 0 WHERE conversation_key = ?1 AND user_key = ?2",
        (conversation, people[1], MESSAGES),
    )
    connection.execute("COMMIT")
    connection.close()


def _messages(conversation: int, people: list[int], begun: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(7)
    for seq in range(begun + 1, MESSAGES + 1):
        at_s = BEGUN_S + seq * SPACING_S
        unread = seq > MESSAGES - UNREAD
        words = " ".join(chance.choices(WORDS, k=min(120, 1 + int(chance.expovariate(1 / 12)))))
        client_id = uuid.UUID(int=seq, version=4)
        yield (
            conversation, seq, seq, people[1] if unread else chance.choice(people), client_id.hex, str(client_id),
            f"{hex_ms(at_s)}{seq:012x}{seq:012x}", *_shown(seq, words), rfc3339(at_s),
        )  # fmt: skip


def _shown(seq: int, words: str) -> tuple[str, str, str | None]:
    """Type, content and what the row carries besides: every now and then a picture, high or wide."""
    if seq % PICTURE_EVERY:
        return "TEXT", f"No. {seq}: {words}", None
    width, height = (600, 800) if seq % 2 else (800, 600)
    picture = Attachment(
        id=f"picture-{seq}",
        kind=AttachmentKind.IMAGE,
        name="yarn.svg",
        media_type="image/svg+xml",
        size_bytes=4_000,
        url=f"/demo/cotton-yarn.svg?{seq}",
        width=width,
        height=height,
    )
    return "IMAGE", f"No. {seq}: {words}", encode_text({"attachments": [picture]})


_INSERT = """
    INSERT INTO messages (conversation_key, seq, updated_seq, sender_key, client_key, client_id, id, type, content,
        extra, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
