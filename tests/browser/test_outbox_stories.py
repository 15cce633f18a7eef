"""What is written is sent once, whatever becomes of the network, the page, the tab and the server meanwhile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Route, expect

from . import making
from .conftest import PHONE, Demo, Enter, Person, silent
from .sharing import choose_files, last_article

pytestmark = pytest.mark.browser

PARTS = re.compile(r"/api/attachments/[^/?]+\?offset=")
LONG_BYTES = 9_000_000
NOISE_OF_LOSS = ("ERR_CONNECTION_RE", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "ERR_ABORTED")


def test_what_is_written_offline_survives_a_reload_and_arrives_once(enter: Enter) -> None:
    jonas, elena = enter("Jonas Weber"), enter("Elena Rossi")
    jonas.open_conversation("Elena Rossi")
    elena.open_conversation("Jonas Weber")
    context = jonas.page.context

    context.set_offline(True)
    expect(_bar(jonas)).to_contain_text("You are offline")
    for text in ("First, from the train.", "Second, from the tunnel."):
        jonas.write(text)
        expect(jonas.said(text)).to_contain_text("Waiting to be sent")
    jonas.screenshot("offline-desk-light")
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        jonas.page.reload()
    context.set_offline(False)
    jonas.page.reload()

    _said_once("First, from the train.", elena, jonas)
    _said_once("Second, from the tunnel.", elena, jonas)
    texts = elena.page.get_by_role("log").get_by_role("article").all_inner_texts()
    places = [
        next(n for n, said in enumerate(texts) if text in said) for text in ("First, from", "Second, from")
    ]
    assert places == sorted(places)
    expect(_bar(jonas)).to_have_count(0)
    _silent_but_for_losses(jonas, elena)


def test_a_tab_that_is_closed_leaves_its_message_to_another(enter: Enter) -> None:
    jonas = enter("Jonas Weber", size=PHONE, scheme="dark")
    again = enter("Jonas Weber", same_browser_as=jonas)
    elena = enter("Elena Rossi")
    for tab in (jonas, again):
        tab.open_conversation("Elena Rossi")
    elena.open_conversation("Jonas Weber")

    jonas.page.context.set_offline(True)
    again.write("From the tab that closes.")
    expect(jonas.said("From the tab that closes.")).to_contain_text("Waiting to be sent")
    expect(_bar(jonas)).to_contain_text("You are offline")
    jonas.screenshot("offline-phone-dark")
    again.page.close()
    jonas.page.context.set_offline(False)

    _said_once("From the tab that closes.", elena, jonas)
    _silent_but_for_losses(jonas, elena)


def test_a_tab_that_crashes_leaves_its_message_to_the_next(enter: Enter) -> None:
    jonas, elena = enter("Jonas Weber"), enter("Elena Rossi")
    jonas.open_conversation("Elena Rossi")
    elena.open_conversation("Jonas Weber")

    jonas.page.context.set_offline(True)
    jonas.write("From the tab that crashes.")
    expect(jonas.said("From the tab that crashes.")).to_contain_text("Waiting to be sent")
    _crash(jonas)
    jonas.page.context.set_offline(False)
    again = enter("Jonas Weber", same_browser_as=jonas)
    again.open_conversation("Elena Rossi")

    _said_once("From the tab that crashes.", elena, again)
    _silent_but_for_losses(again, elena)


def test_both_write_while_the_server_dies_and_all_of_it_arrives_once(demo: Demo, enter: Enter) -> None:
    jonas, elena = enter("Jonas Weber"), enter("Elena Rossi")
    katrin = enter("Katrin Vogel")
    jonas.open_conversation("Katrin Vogel")
    katrin.open_conversation("Jonas Weber")
    elena.open_conversation("Jonas Weber")
    written: list[tuple[Person, str]] = []

    for number in range(3):
        for person in (jonas, katrin, elena):
            text = f"{person.name.split()[0]} wrote number {number}."
            person.write(text)
            written.append((person, text))
        if number < 2:
            demo.kill()
            demo.start()

    for person, text in written:
        readers = (elena,) if person is elena else (jonas, katrin)
        _said_once(text, *readers)
    row = jonas.page.get_by_role("link", name=re.compile("Elena Rossi"))
    expect(row).to_have_accessible_name(re.compile("3 unread"))
    row.click()
    for number in range(3):
        jonas.sees(f"Elena wrote number {number}.")
    expect(row).not_to_have_accessible_name(re.compile("unread"))
    _silent_but_for_losses(jonas, katrin, elena)


def test_an_upload_goes_on_where_it_was_after_a_reload(enter: Enter, tmp_path: Path) -> None:
    jonas, elena = enter("Jonas Weber"), enter("Elena Rossi")
    jonas.open_conversation("Elena Rossi")
    elena.open_conversation("Jonas Weber")
    long = making.noise(tmp_path, "catalogue.bin", LONG_BYTES)
    held = True

    def hold_all_but_the_first(route: Route) -> None:
        if "offset=0" in route.request.url or not held:
            route.continue_()

    jonas.page.route(PARTS, hold_all_but_the_first)
    with jonas.page.expect_request(lambda request: _is_later_part(request.url)):
        choose_files(jonas, [long])
        jonas.write("All articles of the year.")
    expect(last_article(jonas).get_by_role("progressbar", name="Upload")).to_be_visible()
    after: list[str] = []
    jonas.page.on("request", lambda request: after.append(request.url) if "offset=" in request.url else None)
    # Not by taking the route away: what it holds would go on, and might be done before the reload.
    held = False
    jonas.page.reload()

    card = last_article(elena).get_by_role("group", name="catalogue.bin")
    card.wait_for(timeout=60_000)
    with elena.page.expect_download() as download:
        card.get_by_role("link", name="Download catalogue.bin").click()
    assert Path(download.value.path()).read_bytes() == long.read_bytes()
    assert after
    assert all(_is_later_part(url) for url in after), "it begins anew"
    _silent_but_for_losses(jonas, elena)


def test_signing_out_in_one_tab_signs_out_all_and_nobody_else_sends_what_waits(enter: Enter) -> None:
    jonas = enter("Jonas Weber")
    again = enter("Jonas Weber", same_browser_as=jonas)
    elena = enter("Elena Rossi")
    again.open_conversation("Elena Rossi")
    elena.open_conversation("Jonas Weber")
    again.page.context.set_offline(True)
    again.write("For when I am back.")
    expect(again.said("For when I am back.")).to_contain_text("Waiting to be sent")

    _sign_out(jonas)
    expect(again.page.get_by_role("textbox", name="Message")).to_have_count(0)
    jonas.page.context.set_offline(False)
    for tab in (jonas, again):
        tab.page.goto(elena.page.url.split("/c/")[0])
    jonas.page.get_by_role("button", name=re.compile("Priya Nair")).click()
    expect(jonas.page.get_by_role("list").get_by_role("link").first).to_be_visible()
    expect(elena.page.get_by_role("log").get_by_text("For when I am back.")).to_have_count(0)
    again.page.get_by_role("button", name=re.compile("Jonas Weber")).click()

    _said_once("For when I am back.", elena)
    _silent_but_for_losses(jonas, again, elena)


def _bar(person: Person) -> Any:
    return person.page.get_by_role("region", name="Connection")


def _said_once(text: str, *readers: Person) -> None:
    for reader in readers:
        said = reader.page.get_by_role("log").get_by_text(text)
        said.first.wait_for(timeout=30_000)
        expect(said).to_have_count(1)
        expect(reader.said(text)).not_to_contain_text("Waiting")


def _crash(person: Person) -> None:
    """As a renderer that runs out of memory."""
    with person.page.expect_event("crash"), pytest.raises(Error, match="crash"):
        person.page.goto("chrome://crash")
    person.page.close()


def _sign_out(person: Person) -> None:
    person.page.get_by_role("button", name=re.compile("^Signed in as")).click()
    person.page.get_by_role("menuitem", name="Sign out").click()


def _is_later_part(url: str) -> bool:
    return "offset=" in url and "offset=0" not in url


def _silent_but_for_losses(*people: Person) -> None:
    for person in people:
        person.console = [
            line for line in person.console if not any(noise in line for noise in NOISE_OF_LOSS)
        ]
    silent(*people)
