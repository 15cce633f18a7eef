"""What people do with the page, told in a real Chromium against a real server. Each ends by looking for noise."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import PHONE, Demo, Enter, Person, silent

pytestmark = pytest.mark.browser


def test_two_people_talk_live(enter: Enter) -> None:
    jonas = enter("Jonas Weber")
    amira = enter("Amira Haddad", size=PHONE, scheme="dark")
    jonas.open_conversation("Amira Haddad")
    amira.open_conversation("Jonas Weber")

    jonas.page.get_by_role("textbox", name="Message").press_sequentially("Could you confirm")
    expect(amira.page.get_by_text("Jonas is typing")).to_be_visible()
    jonas.write("Could you confirm the shipping date?")

    amira.sees("Could you confirm the shipping date?")
    expect(amira.page.get_by_text("Jonas is typing")).to_be_hidden()
    expect(_last_article(jonas).get_by_text("Read", exact=True)).to_be_visible()
    amira.write("The 28th, on the direct line.\nI will send the booking today.")
    jonas.sees("The 28th, on the direct line.")

    jonas.screenshot("talk-desk-light")
    amira.screenshot("talk-phone-dark")
    silent(jonas, amira)


def test_a_message_elsewhere_is_counted_and_read_when_seen(enter: Enter) -> None:
    jonas = enter("Jonas Weber")
    jonas_again = enter("Jonas Weber", same_browser_as=jonas)
    elena = enter("Elena Rossi")
    jonas.open_conversation("Katrin Vogel")
    elena.open_conversation("Jonas Weber")
    unread_before = _unread_in_title(jonas)

    elena.write("The truck can come on Tuesday at seven.")

    row = jonas.page.get_by_role("link", name=re.compile("Elena Rossi"))
    expect(row).to_contain_text("The truck can come on Tuesday")
    expect(row).to_have_accessible_name(re.compile(r"1 unread"))
    expect(jonas.page.get_by_role("region", name="Notifications")).to_contain_text("The truck can come")
    expect(jonas.page).to_have_title(re.compile(rf"^\({unread_before + 1}\)"))
    expect(jonas_again.page).to_have_title(re.compile(rf"^\({unread_before + 1}\)"))
    jonas.screenshot("elsewhere-desk-light")

    jonas.page.bring_to_front()
    row.click()
    jonas.sees("The truck can come on Tuesday at seven.")

    expect(row).not_to_have_accessible_name(re.compile(r"unread"))
    for person in (jonas, jonas_again):
        _expect_unread_in_title(person, unread_before)
    silent(jonas, jonas_again, elena)


def test_one_edits_and_deletes_what_one_wrote(enter: Enter) -> None:
    jonas, lin = enter("Jonas Weber"), enter("Lin Mei-hua")
    jonas.open_conversation("Lin Mei-hua")
    lin.open_conversation("Jonas Weber")
    jonas.write("We need 25 t of the 0.8 mm coil.")
    lin.sees("We need 25 t of the 0.8 mm coil.")

    jonas.page.get_by_role("textbox", name="Message").press("ArrowUp")
    editor = jonas.page.get_by_role("textbox", name="Edit message")
    expect(editor).to_have_value("We need 25 t of the 0.8 mm coil.")
    editor.fill("We need 30 t of the 0.8 mm coil.")
    editor.press("Enter")
    lin.sees("We need 30 t of the 0.8 mm coil.")
    expect(_last_article(lin)).to_contain_text("edited", ignore_case=True)

    _last_article(jonas).hover()
    _last_article(jonas).get_by_role("button", name="Message actions").click()
    jonas.page.get_by_role("menuitem", name="Delete for everyone").click()

    for person in (jonas, lin):
        expect(_last_article(person)).to_contain_text("Message deleted")
        expect(person.page.get_by_text("30 t")).to_have_count(0)
    silent(jonas, lin)


def test_what_is_written_while_the_server_is_dead_arrives_once_it_lives(demo: Demo, enter: Enter) -> None:
    jonas, elena = enter("Jonas Weber"), enter("Elena Rossi")
    jonas.open_conversation("Elena Rossi")
    elena.open_conversation("Jonas Weber")

    demo.kill()
    expect(jonas.page.get_by_text(re.compile("connecting", re.IGNORECASE)).first).to_be_visible()
    jonas.write("Written while nobody listened.")
    jonas.sees("Written while nobody listened.")
    jonas.screenshot("waiting-desk-light")
    demo.start()

    elena.page.get_by_role("log").get_by_text("Written while nobody listened.").wait_for(timeout=30_000)
    for person in (jonas, elena):
        expect(person.page.get_by_role("log").get_by_text("Written while nobody listened.")).to_have_count(1)
    expect(_last_article(jonas).get_by_text("Read", exact=True)).to_be_visible()
    jonas.console = [line for line in jonas.console if "ERR_CONNECTION_REFUSED" not in line]
    elena.console = [line for line in elena.console if "ERR_CONNECTION_REFUSED" not in line]
    silent(jonas, elena)


def test_a_conversation_is_started_closed_reopened_and_deleted(enter: Enter) -> None:
    carlos, priya = enter("Carlos Ortega"), enter("Priya Nair")
    carlos.page.get_by_role("button", name="New conversation").click()
    dialog = carlos.page.get_by_role("dialog", name="New conversation")
    dialog.get_by_role("searchbox", name="Find a person").fill("priya")
    dialog.get_by_role("button", name=re.compile("Priya Nair")).click()
    carlos.screenshot("start-desk-light")
    dialog.get_by_role("textbox", name=re.compile("Message")).fill("Do you ship panels to Veracruz?")
    dialog.get_by_role("button", name="Send").click()
    carlos.sees("Do you ship panels to Veracruz?")

    row = priya.page.get_by_role("link", name=re.compile("Do you ship panels to Veracruz"))
    expect(row).to_have_accessible_name(re.compile("1 unread"))
    row.click()
    priya.sees("Do you ship panels to Veracruz?")

    _choose(carlos, "Close conversation")
    reopen = priya.page.get_by_role("button", name=re.compile("Reopen"))
    expect(reopen).to_be_visible()
    expect(priya.page.get_by_role("textbox", name="Message")).to_have_count(0)
    reopen.click()
    expect(carlos.page.get_by_role("textbox", name="Message")).to_be_visible()

    _choose(carlos, "Delete conversation")
    carlos.page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(priya.page.get_by_role("main")).to_contain_text(re.compile("deleted", re.IGNORECASE))
    expect(priya.page.get_by_role("link", name=re.compile("Veracruz"))).to_have_count(0)
    priya.screenshot("deleted-while-open-desk-light")
    silent(carlos, priya)


def test_on_a_phone_list_and_thread_take_turns_and_nothing_scrolls_sideways(enter: Enter) -> None:
    amira = enter("Amira Haddad", size=(320, 640))
    _fits(amira)
    amira.open_conversation("Jonas Weber")
    _fits(amira)
    expect(amira.page.get_by_role("searchbox")).to_be_hidden()

    amira.page.go_back()

    expect(amira.page.get_by_role("searchbox")).to_be_visible()
    amira.page.go_forward()
    expect(amira.page.get_by_role("textbox", name="Message")).to_be_visible()
    amira.screenshot("thread-320-light")
    silent(amira)


def test_a_link_to_a_message_opens_there_and_an_unknown_one_says_so(enter: Enter) -> None:
    jonas = enter("Jonas Weber")
    jonas.open_conversation("Amira Haddad")
    address = jonas.page.url

    jonas.page.goto(address + "?m=1")
    expect(jonas.page.get_by_role("log").get_by_text("Good morning Ms Haddad")).to_be_in_viewport()

    jonas.page.goto(address[:-6] + "000000")
    expect(jonas.page.get_by_role("main")).to_contain_text(re.compile("not|available", re.IGNORECASE))
    jonas.screenshot("unknown-link-desk-light")
    # A 404 is the expected answer to a guess, and a browser notes it.
    jonas.console = [line for line in jonas.console if "404" not in line]
    silent(jonas)


def test_everything_is_within_reach_of_the_keyboard(enter: Enter) -> None:
    jonas = enter("Jonas Weber", scheme="dark")
    keyboard = jonas.page.keyboard

    expect(jonas.page.get_by_role("link", name=re.compile("Elena Rossi"))).to_be_visible()
    keyboard.press("/")
    expect(jonas.page.get_by_role("searchbox")).to_be_focused()
    keyboard.type("Amira")
    expect(jonas.page.get_by_role("link", name=re.compile("Elena Rossi"))).to_have_count(0)
    keyboard.press("Escape")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(jonas.page.get_by_role("textbox", name="Message")).to_be_focused()
    keyboard.press("Escape")
    keyboard.press("?")
    expect(jonas.page.get_by_role("dialog", name=re.compile("shortcuts", re.IGNORECASE))).to_be_visible()
    jonas.screenshot("shortcuts-desk-dark")
    keyboard.press("Escape")
    expect(jonas.page.get_by_role("dialog")).to_have_count(0)
    silent(jonas)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_markup_in_a_message_stays_text(enter: Enter, scheme: str) -> None:
    jonas, amira = enter("Jonas Weber", scheme=scheme), enter("Amira Haddad", scheme=scheme)
    jonas.open_conversation("Amira Haddad")
    amira.open_conversation("Jonas Weber")
    hostile = '<img src=x onerror="document.title=1"> [a](javascript:alert(1)) <script>alert(2)</script>'

    jonas.write(hostile)

    amira.sees(hostile)
    assert amira.page.locator("main img[src='x'], main script").count() == 0
    assert amira.page.locator("a[href^='javascript']").count() == 0
    jonas.screenshot(f"thread-desk-{scheme}")
    silent(jonas, amira)


def _last_article(person: Person) -> Any:
    return person.page.get_by_role("log").get_by_role("article").last


def _choose(person: Person, item: str) -> None:
    person.page.get_by_role("button", name="More about this conversation").click()
    person.page.get_by_role("menuitem", name=item).click()


def _unread_in_title(person: Person) -> int:
    match = re.match(r"\((\d+)\)", person.page.title())
    return int(match[1]) if match else 0


def _expect_unread_in_title(person: Person, count: int) -> None:
    expect(person.page).to_have_title(re.compile(rf"^\({count}\)" if count else r"^(?!\()"))


def _fits(person: Person) -> None:
    width = person.page.evaluate("document.documentElement.scrollWidth")
    assert width <= person.page.evaluate("window.innerWidth"), f"the page is {width} px wide"
