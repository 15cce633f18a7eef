"""The demo as a child process and real people in a real Chromium: each person is a browser context of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, expect, sync_playwright

SCREENSHOTS = Path(__file__).resolve().parents[2] / "test-results" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
DESK = (1440, 900)
PHONE = (390, 844)

expect.set_options(timeout=10_000)


class Demo:
    """`stockent serve --demo` on one port. It can be killed and started again, as machines do."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stockent", "serve", "--demo", "--port", str(self.port)],
            env={**os.environ, "DATA_DIR": str(self._data_dir), "LOG_LEVEL": "warning"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if self.url in line:
                return
        raise RuntimeError("the demo ended before it listened")

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.communicate(timeout=20)
            self._process = None


class Person:
    """Somebody of the demo, signed in on a page of their own. Every line on the console is kept."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.console: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.console.append(str(error)))

    def open_conversation(self, name: str) -> None:
        self.page.get_by_role("link", name=re.compile(name)).click()
        expect(self.page.get_by_role("textbox", name="Message")).to_be_visible()

    def write(self, text: str) -> None:
        self.page.get_by_role("textbox", name="Message").fill(text)
        self.page.keyboard.press("Enter")

    def sees(self, text: str) -> None:
        expect(self.page.get_by_role("log").get_by_text(text)).to_be_visible()

    def said(self, text: str) -> Locator:
        """The message that says this."""
        return self.page.get_by_role("log").get_by_role("article").filter(has_text=text).last

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(f"{message.type}: {message.text}")


Enter = Callable[..., Person]


def silent(*people: Person) -> None:
    """Neither the content security policy nor the page had anything to complain of."""
    assert {person.name: person.console for person in people} == {person.name: [] for person in people}


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Not for the session: while it lives, its event loop counts as running, and no test could run another."""
    with sync_playwright() as playwright:
        yield playwright


def launched(playwright: Playwright, flags: list[str]) -> Browser:
    """The system's Chromium where there is one, else the one that Playwright brought."""
    system = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return playwright.chromium.launch(executable_path=system, args=flags)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launched(playwright, FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a demo has stored once it has started: filled once, and copied for each test."""
    data_dir = tmp_path_factory.mktemp("first-day")
    demo = Demo(data_dir)
    demo.start()
    demo.stop()
    return data_dir


@pytest.fixture
def demo(first_day: Path, tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(shutil.copytree(first_day, tmp_path, dirs_exist_ok=True))
    demo.start()
    yield demo
    demo.stop()


@pytest.fixture
def enter(browser: Browser, demo: Demo) -> Iterator[Enter]:
    with entering(browser, demo) as enter:
        yield enter


@contextmanager
def entering(browser: Browser, demo: Demo) -> Iterator[Enter]:
    """Sign in as somebody: `enter("Amira Haddad", size=PHONE, scheme="dark", path="/")`."""
    contexts: list[Any] = []

    def enter(
        name: str,
        *,
        size: tuple[int, int] = DESK,
        scheme: Any = "light",
        path: str = "/",
        same_browser_as: Person | None = None,
    ) -> Person:
        if same_browser_as is None:
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                color_scheme=scheme,
                has_touch=size == PHONE,
                reduced_motion="reduce",
            )
            contexts.append(context)
        else:
            context = same_browser_as.page.context
        person = Person(context.new_page(), name)
        person.page.goto(demo.url + path)
        person.page.get_by_role("button", name=re.compile(name)).click()
        # Everybody in the demo has talked with somebody: the list has come when a row has.
        expect(person.page.get_by_role("list").get_by_role("link").first).to_be_visible()
        return person

    yield enter
    for context in contexts:
        context.close()
