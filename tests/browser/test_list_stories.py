"""What people do beside the thread: keep order, find, make groups, see who is there. Each ends by looking for noise."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .conftest import PHONE, Enter, Person
from .conftest import silent as _silent
from .test_stories import _fits

pytestmark = pytest.mark.browser

NARROW = (320, 640)


def test_pinned_muted_archived_and_marked_unread_is_so_in_every_tab_of_one_person(enter: Enter) -> None:
    jonas = enter("Jonas Weber")
    again = enter("Jonas Weber", same_browser_as=jonas)
    elena = enter("Elena Rossi")
    oil = "Elena Rossi"

    _keep(jonas, "Priya Nair", "Pin")
    for tab in (jonas, again):
        expect(_rows(tab).first).to_have_accessible_name(re.compile(r"Priya Nair.*Pinned"))
    _keep(jonas, oil, "Mute…")
    dialog = jonas.page.get_by_role("dialog", name="Mute this conversation")
    expect(dialog.get_by_role("button", name="For 1 hour")).to_be_focused()
    dialog.get_by_role("button", name="Until I turn it on again").click()
    expect(_row(again, oil)).to_have_accessible_name(re.compile("Muted"))
    _keep(again, "Katrin Vogel", "Mark as unread", by="key")
    expect(_row(jonas, "Katrin Vogel")).to_have_accessible_name(re.compile("marked as unread"))
    expect(_row(again, "Katrin Vogel")).to_be_focused()
    _keep(jonas, "Shipment Alexandria", "Mark as read")
    expect(_row(again, "Shipment Alexandria")).not_to_have_accessible_name(re.compile("unread"))
    jonas.screenshot("list-kept-desk-light")

    _keep(jonas, oil, "Archive")
    for tab in (jonas, again):
        expect(_row(tab, oil)).to_have_count(0)
    jonas.page.get_by_role("button", name="Undo").click()
    expect(_row(again, oil)).to_be_visible()
    _keep(jonas, oil, "Archive")
    expect(_row(again, oil)).to_have_count(0)
    jonas.page.get_by_role("button", name=re.compile("^Archived")).click()
    expect(_row(jonas, oil)).to_be_visible()
    jonas.screenshot("list-archived-desk-light")

    title = jonas.page.title()
    elena.open_conversation("Jonas Weber")
    elena.write("The labels are printed.")

    expect(_row(again, oil)).to_have_accessible_name(re.compile(r"The labels are printed.*1 unread"))
    expect(_row(jonas, oil)).to_have_count(0)
    expect(jonas.page.get_by_role("region", name="Notifications")).not_to_contain_text("labels")
    assert jonas.page.title() == title
    _silent(jonas, again, elena)


def test_the_list_is_kept_by_key_on_a_desk_and_by_long_press_on_a_phone(enter: Enter) -> None:
    jonas = enter("Jonas Weber", scheme="dark")
    jonas.page.keyboard.press("/")
    jonas.page.keyboard.press("Escape")
    jonas.page.keyboard.press("ArrowDown")
    first = _rows(jonas).first
    expect(first).to_be_focused()
    jonas.page.keyboard.press(".")
    expect(jonas.page.get_by_role("menuitem", name="Pin")).to_be_visible()
    jonas.screenshot("row-menu-desk-dark")
    jonas.page.keyboard.press("Escape")
    expect(first).to_be_focused()
    expect(jonas.page.get_by_role("menu")).to_have_count(0)

    amira = enter("Amira Haddad", size=PHONE)
    row = _row(amira, "Shipment Alexandria")
    box = row.bounding_box()
    assert box is not None
    touch = amira.page.context.new_cdp_session(amira.page)
    point = {"x": box["x"] + 80, "y": box["y"] + 30}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(amira.page.get_by_role("menuitem", name="Leave group")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    amira.screenshot("row-menu-phone-light")
    amira.page.get_by_role("menuitem", name="Pin", exact=True).click()
    expect(row).to_have_accessible_name(re.compile("Pinned"))
    assert amira.page.url.endswith("/")
    _silent(jonas, amira)


def test_the_list_shows_all_that_is_about_one_subject(enter: Enter) -> None:
    carlos = enter("Carlos Ortega")
    _keep(carlos, "Elena Rossi", "Show all about Extra virgin olive oil, 5 l tin", by="mouse")
    expect(_rows(carlos)).to_have_count(1)
    carlos.screenshot("list-subject-desk-light")
    carlos.page.get_by_role("button", name=re.compile("Show more than Extra virgin")).click()
    expect(_row(carlos, "Lin Mei-hua")).to_be_visible()

    carlos.open_conversation("Lin Mei-hua")
    details = carlos.page.get_by_role("complementary", name="Details")
    details.get_by_role("button", name="Show all about this").click()
    expect(_rows(carlos)).to_have_count(1)
    _silent(carlos)


def test_one_finds_a_message_that_is_not_loaded_and_goes_there(enter: Enter) -> None:
    jonas, deniz = enter("Jonas Weber"), enter("Deniz Aydın")
    deniz.page.get_by_role("button", name="New conversation").click()
    dialog = deniz.page.get_by_role("dialog", name="New conversation")
    dialog.get_by_role("searchbox").fill("jonas")
    dialog.get_by_role("button", name=re.compile("Jonas Weber")).click()
    dialog.get_by_role("textbox", name="Message").fill(
        "İstanbul'daki fabrika: ödeme koşulları değişti, “peşin ödeme” yok."
    )
    dialog.get_by_role("button", name="Send").click()
    deniz.sees("peşin ödeme")
    for number in range(70):
        deniz.write(f"Palette {number} ist geladen.")
    deniz.sees("Palette 69 ist geladen.")
    expect(_row(jonas, "Deniz Aydın")).to_contain_text("Palette 69")
    jonas.open_conversation("Deniz Aydın")

    jonas.page.keyboard.press("Control+k")
    box = jonas.page.get_by_role("searchbox", name="Search")
    expect(box).to_be_focused()
    box.fill('istanbul "odeme kosullari"')
    found = jonas.page.get_by_role("region", name="Messages found")
    expect(found.get_by_role("link")).to_have_count(1)
    expect(found.locator("mark").first).to_have_text(re.compile("İstanbul"))
    expect(found.locator("mark").nth(1)).to_have_text("ödeme koşulları")
    jonas.screenshot("search-desk-light")
    jonas.page.keyboard.press("ArrowDown")
    expect(found.get_by_role("link")).to_be_focused()
    jonas.page.keyboard.press("Enter")

    expect(jonas.page.get_by_role("log").get_by_text("ödeme koşulları")).to_be_in_viewport()
    expect(jonas.page).to_have_url(re.compile(r"\?m=\d+$"))
    box.click()
    box.fill("PALETTE")
    expect(jonas.page.get_by_text("Palette 69 ist geladen.").first).to_be_visible()
    more = jonas.page.get_by_role("region", name="Messages found").get_by_role("link")
    expect(more).to_have_count(20)
    more.last.scroll_into_view_if_needed()
    jonas.page.get_by_role("button", name=re.compile("Show more|Loading")).scroll_into_view_if_needed()
    expect(more).not_to_have_count(20)
    jonas.page.keyboard.press("Escape")
    box.click()
    expect(jonas.page.get_by_role("button", name='istanbul "odeme kosullari"')).to_be_visible()
    _silent(jonas, deniz)


def test_filters_narrow_a_search_and_nothing_found_says_so(enter: Enter) -> None:
    jonas = enter("Jonas Weber", size=PHONE, scheme="dark")
    jonas.page.get_by_role("searchbox").click()
    jonas.screenshot("search-empty-phone-dark")
    jonas.page.get_by_role("searchbox").fill("steel")
    expect(jonas.page.get_by_role("region", name="Conversations found").get_by_role("link")).to_have_count(1)
    jonas.page.get_by_role("searchbox").fill("price")
    found = jonas.page.get_by_role("region", name="Messages found").get_by_role("link")
    expect(found).to_have_count(2)
    jonas.screenshot("search-phone-dark")
    jonas.page.get_by_role("button", name="From").click()
    jonas.page.get_by_role("menuitem", name="Me", exact=True).click()
    expect(found.filter(has_text="You")).to_have_count(2)
    jonas.page.get_by_role("button", name="Date").click()
    jonas.page.get_by_role("menuitem", name="Today").click()
    expect(jonas.page.get_by_role("heading", name="Nothing found")).to_be_visible()
    jonas.screenshot("search-nothing-phone-dark")
    jonas.page.get_by_role("button", name="Today").click()
    jonas.page.get_by_role("menuitem", name="Choose dates…").click()
    expect(jonas.page.get_by_label("From", exact=True)).to_be_visible()
    _fits(jonas)
    found.first.click()
    expect(jonas.page.get_by_role("log")).to_be_visible()
    jonas.page.go_back()
    expect(found).to_have_count(2)

    jonas.page.get_by_role("searchbox").fill("-nothing")
    expect(jonas.page.get_by_text("The search did not work")).to_be_visible()
    jonas.console = [line for line in jonas.console if "422" not in line]
    _silent(jonas)


@pytest.mark.parametrize("shown", [False, True], ids=["hidden", "shown"])
def test_who_is_added_to_a_group_sees_its_past_only_where_the_group_says_so(
    enter: Enter, shown: bool
) -> None:
    jonas, katrin = enter("Jonas Weber"), enter("Katrin Vogel")
    _make_group(jonas, "Spring fair", ["Katrin Vogel"], shown=shown)
    jonas.write("Between the two of us.")
    _row(katrin, "Spring fair").click()
    katrin.sees("Between the two of us.")

    elena = enter("Elena Rossi", size=PHONE, scheme="dark")
    _details(jonas).get_by_role("button", name="Add people").click()
    dialog = jonas.page.get_by_role("dialog", name="Add people")
    dialog.get_by_role("searchbox").fill("elena")
    dialog.get_by_role("checkbox", name=re.compile("Elena Rossi")).check()
    jonas.screenshot(f"group-add-desk-light-{'shown' if shown else 'hidden'}")
    dialog.get_by_role("button", name="Add", exact=True).click()
    _row(elena, "Spring fair").click()
    jonas.write("Welcome, Elena.")

    elena.sees("Welcome, Elena.")
    past = elena.page.get_by_role("log").get_by_text("Between the two of us.")
    expect(past).to_have_count(1 if shown else 0)
    _silent(jonas, katrin, elena)


def test_a_group_is_renamed_left_by_its_owner_and_dead_to_who_is_removed(enter: Enter) -> None:
    jonas, katrin, elena = enter("Jonas Weber"), enter("Katrin Vogel"), enter("Elena Rossi", size=PHONE)
    _make_group(jonas, "Spring fair", ["Katrin Vogel", "Elena Rossi"])
    details = _details(jonas)
    details.get_by_role("button", name="Rename the group").click()
    details.get_by_role("textbox", name="Name of the group").fill("Autumn fair")
    jonas.page.keyboard.press("Enter")
    _row(elena, "Autumn fair").click()
    jonas.write("The stand is booked.")
    elena.sees("The stand is booked.")
    jonas.screenshot("group-details-desk-light")
    elena.page.get_by_role("button", name="Show details").click()
    elena.screenshot("group-details-phone-light")
    _fits(elena)
    elena.page.get_by_role("button", name="Close").click()

    details.get_by_role("button", name="What to do with Elena Rossi").click()
    jonas.page.get_by_role("menuitem", name="Remove from the group").click()
    jonas.page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()

    expect(elena.page.get_by_role("main")).to_contain_text(re.compile("not available|any more"))
    jonas.write("She cannot read this.")
    _row(katrin, "Autumn fair").click()
    katrin.sees("She cannot read this.")
    elena.page.get_by_role("button", name="Back to your conversations").click()
    expect(_row(elena, "Jonas Weber")).to_be_visible()
    expect(_row(elena, "Autumn fair")).to_have_count(0)
    assert elena.page.get_by_text("She cannot read this.").count() == 0

    details.get_by_role("button", name="Leave group").click()
    asking = jonas.page.get_by_role("alertdialog", name="Leave this group?")
    expect(asking).to_contain_text("whoever has been in it longest becomes one")
    jonas.screenshot("group-leave-desk-light")
    asking.get_by_role("button", name="Leave group").click()
    expect(_row(jonas, "Autumn fair")).to_have_count(0)
    expect(_details(katrin).get_by_role("listitem").filter(has_text="Katrin Vogel")).to_contain_text("Owner")
    _silent(jonas, katrin, elena)


def test_one_sees_who_is_there_and_not_who_hides_it(enter: Enter) -> None:
    jonas, elena = enter("Jonas Weber"), enter("Elena Rossi")
    jonas.open_conversation("Elena Rossi")
    there = _details(jonas).get_by_role("listitem").filter(has_text="Elena Rossi")
    expect(there).to_contain_text("online")
    expect(_row(jonas, "Elena Rossi")).to_have_accessible_name(re.compile("^online|online Elena"))
    jonas.screenshot("presence-desk-light")

    _settings(elena).get_by_role("switch", name="Show when I am here").click()
    expect(there).not_to_contain_text("online")
    elena.screenshot("settings-desk-light")
    expect(_row(jonas, "Elena Rossi")).not_to_have_accessible_name(re.compile("online"))
    elena.page.get_by_role("switch", name="Show when I am here").click()
    expect(there).to_contain_text("online")

    elena.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    elena.page.close()
    expect(there).to_contain_text("last seen", timeout=20_000)
    _silent(jonas)


def test_who_does_nothing_for_minutes_is_away(enter: Enter) -> None:
    jonas, elena = enter("Jonas Weber", scheme="dark"), enter("Elena Rossi")
    jonas.open_conversation("Elena Rossi")
    there = _details(jonas).get_by_role("listitem").filter(has_text="Elena Rossi")
    expect(there).to_contain_text("online")
    elena.page.clock.install()
    elena.page.reload()
    expect(_row(elena, "Jonas Weber")).to_be_visible()
    elena.page.clock.fast_forward("05:01")
    expect(there).to_contain_text("away", timeout=20_000)
    jonas.screenshot("presence-away-desk-dark")
    elena.page.mouse.move(200, 200)
    expect(there).to_contain_text("online")
    _silent(jonas)


def test_without_read_receipts_reading_is_not_told(enter: Enter) -> None:
    jonas, elena = enter("Jonas Weber"), enter("Elena Rossi", size=PHONE, scheme="dark")
    _settings(elena).get_by_role("switch", name="Send read receipts").click()
    elena.screenshot("settings-phone-dark")
    _fits(elena)
    elena.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    jonas.open_conversation("Elena Rossi")
    jonas.write("Is the truck loaded?")
    elena.open_conversation("Jonas Weber")
    elena.sees("Is the truck loaded?")
    elena.write("Yes, it left at noon.")
    jonas.sees("Yes, it left at noon.")
    expect(jonas.page.get_by_role("log").get_by_text("Read", exact=True)).to_have_count(0)
    _silent(jonas, elena)


def test_drafts_and_typing_show_in_the_list(enter: Enter) -> None:
    jonas = enter("Jonas Weber")
    again = enter("Jonas Weber", same_browser_as=jonas)
    amira = enter("Amira Haddad")
    jonas.open_conversation("Elena Rossi")
    jonas.page.get_by_role("textbox", name="Message").fill("Could you also")
    expect(_row(again, "Elena Rossi")).to_contain_text("Draft: Could you also")

    amira.open_conversation("Shipment Alexandria")
    amira.page.get_by_role("textbox", name="Message").press_sequentially("The stamp")
    for tab in (jonas, again):
        expect(_row(tab, "Shipment Alexandria")).to_contain_text("Amira is typing…")
    again.screenshot("list-draft-typing-desk-light")
    amira.write("The stamp is on the EUR.1.")
    expect(_row(again, "Shipment Alexandria")).to_contain_text("Amira: The stamp is on the EUR.1.")
    jonas.page.get_by_role("textbox", name="Message").fill("")
    expect(_row(again, "Elena Rossi")).not_to_contain_text("Draft")
    _silent(jonas, again, amira)


def test_nothing_beside_the_thread_scrolls_sideways_on_the_smallest_phone(enter: Enter) -> None:
    jonas = enter("Jonas Weber", size=NARROW)
    _fits(jonas)
    jonas.screenshot("list-320-light")
    for open_it in ("New conversation", "Signed in as Jonas Weber"):
        jonas.page.get_by_role("button", name=open_it).click()
        _fits(jonas)
        jonas.page.keyboard.press("Escape")
    jonas.page.get_by_role("button", name="New conversation").click()
    jonas.page.get_by_text("Group", exact=True).click()
    jonas.screenshot("start-group-320-light")
    _fits(jonas)
    jonas.page.keyboard.press("Escape")
    jonas.page.get_by_role("searchbox").click()
    jonas.screenshot("search-320-light")
    _fits(jonas)
    _silent(jonas)


def _rows(person: Person) -> Locator:
    return person.page.get_by_role("navigation", name="Conversations").locator("a[data-conversation]")


def _row(person: Person, name: str) -> Locator:
    return _rows(person).filter(has_text=name)


def _keep(person: Person, name: str, item: str, *, by: str = "right click") -> None:
    row = _row(person, name)
    if by == "key":
        row.focus()
        person.page.keyboard.press(".")
    elif by == "mouse":
        row.hover()
        person.page.get_by_role("button", name=re.compile(f"^More about {name}")).click()
    else:
        row.click(button="right")
    person.page.get_by_role("menuitem", name=item, exact=True).click()


def _details(person: Person) -> Locator:
    return person.page.get_by_role("complementary", name="Details")


def _settings(person: Person) -> Any:
    person.page.get_by_role("button", name=re.compile("^Signed in as")).click()
    person.page.get_by_role("menuitem", name="Settings").click()
    return person.page.get_by_role("dialog", name="Settings")


def _make_group(person: Person, title: str, people: list[str], *, shown: bool = False) -> None:
    person.page.get_by_role("button", name="New conversation").click()
    dialog = person.page.get_by_role("dialog", name="New conversation")
    dialog.get_by_text("Group", exact=True).click()
    dialog.get_by_role("textbox", name=re.compile("Name")).fill(title)
    for name in people:
        dialog.get_by_role("checkbox", name=re.compile(name)).check()
    if shown:
        dialog.get_by_role("switch", name="New members see earlier messages").check()
    person.screenshot("start-group-desk-light")
    dialog.get_by_role("button", name="Create group").click()
    expect(person.page.get_by_role("textbox", name="Message")).to_be_visible()
