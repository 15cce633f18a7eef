"""What two people do with each other's messages, told in a real Chromium against a real server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from .conftest import PHONE, Demo, Enter, Person, silent

pytestmark = pytest.mark.browser

GROUP = "Shipment Alexandria"


def test_reactions_are_given_counted_named_and_taken_back(enter: Enter) -> None:
    jonas, amira = enter("Jonas Weber"), enter("Amira Haddad", size=PHONE, scheme="dark")
    jonas.open_conversation("Amira Haddad")
    amira.open_conversation("Jonas Weber")
    jonas.write("The letter of credit is open.")
    amira.sees("The letter of credit is open.")

    _long_press(amira.said("letter of credit"))
    amira.screenshot("thread-menu-phone-dark")
    amira.page.get_by_role("menuitemcheckbox", name="React with 🎉").tap()

    pill = jonas.said("letter of credit").get_by_role("button", name="🎉 1, by Amira Haddad")
    expect(pill).to_have_attribute("aria-pressed", "false")
    pill.hover()
    expect(pill.get_by_text("Amira Haddad")).to_be_visible()
    pill.click()
    mine = jonas.said("letter of credit").get_by_role("button", name="🎉 2, by You and Amira Haddad")
    expect(mine).to_have_attribute("aria-pressed", "true")

    jonas.said("letter of credit").get_by_role("button", name="React", exact=True).hover()
    expect(jonas.page.get_by_role("toolbar", name="React")).to_be_visible()
    jonas.screenshot("thread-react-desk-light")
    jonas.page.get_by_role("toolbar", name="React").get_by_role("button", name="More emoji").click()
    jonas.page.get_by_role("searchbox", name="Search emoji").fill("ship")
    expect(jonas.page.get_by_role("gridcell").first).to_be_visible()
    jonas.screenshot("thread-picker-desk-light")
    jonas.page.keyboard.press("Enter")
    expect(jonas.page.get_by_role("dialog", name="Emoji")).to_have_count(0)
    expect(
        amira.said("letter of credit").get_by_role("button", name=re.compile("1, by Jonas Weber"))
    ).to_be_visible()

    mine.click()
    expect(amira.said("letter of credit").get_by_role("button", name="🎉 1, by You")).to_be_visible()
    amira.screenshot("thread-reacted-phone-dark")
    silent(jonas, amira)


def test_a_reply_quotes_and_leads_to_what_it_answers(enter: Enter) -> None:
    jonas, amira = enter("Jonas Weber"), enter("Amira Haddad", size=PHONE)
    jonas.open_conversation("Amira Haddad")
    amira.open_conversation("Jonas Weber")
    for number in range(1, 31):
        jonas.write(f"Position {number} of the packing list")
        jonas.sees(f"Position {number} of the packing list")
    amira.sees("Position 30 of the packing list")

    _last(amira).scroll_into_view_if_needed()
    _swipe(amira, amira.said("Position 30"))
    expect(amira.page.get_by_text("In reply to")).to_be_attached()
    amira.screenshot("thread-replying-phone-light")
    amira.write("This one is missing in the scan.")
    quote = _last(jonas).get_by_role("button", name=re.compile("In reply to You Position 30"))
    expect(quote).to_be_visible()

    first = jonas.page.get_by_role("log").get_by_text("Good morning Ms Haddad")
    jonas.page.get_by_role("log").hover()
    jonas.page.mouse.wheel(0, -100_000)
    expect(first).to_be_in_viewport()
    jonas.page.get_by_role("article", name="You").filter(has_text="Good morning Ms Haddad").hover()
    jonas.page.get_by_role("article", name="You").filter(has_text="Good morning Ms Haddad").get_by_role(
        "button", name="Reply"
    ).click()
    jonas.page.get_by_role("textbox", name="Message").fill("As I asked here.")
    jonas.page.reload()
    expect(jonas.page.get_by_role("textbox", name="Message")).to_have_value("As I asked here.")
    expect(jonas.page.locator("form").get_by_text("In reply to")).to_be_attached()
    jonas.page.get_by_role("textbox", name="Message").press("Enter")
    jonas.sees("As I asked here.")

    _last(jonas).get_by_role("button", name=re.compile("In reply to")).click()
    expect(first).to_be_in_viewport()
    expect(jonas.page.locator("[data-marked='true']").get_by_text("Good morning Ms Haddad")).to_be_visible()
    jonas.screenshot("thread-jumped-desk-light")
    expect(jonas.page.locator("[data-marked='true']")).to_have_count(0)
    jonas.page.get_by_role("button", name="Back to where you were").click()
    expect(_last(jonas)).to_be_in_viewport()
    expect(jonas.page.get_by_role("button", name="Back to where you were")).to_have_count(0)
    silent(jonas, amira)


def test_a_message_is_forwarded_to_several_and_says_so(enter: Enter) -> None:
    jonas, elena = enter("Jonas Weber", scheme="dark"), enter("Elena Rossi")
    jonas.open_conversation("Lin Mei-hua")
    elena.open_conversation("Jonas Weber")
    jonas.write("Coils arrive **on Monday**.")
    jonas.sees("on Monday")

    _choose(jonas, "on Monday", "Forward")
    dialog = jonas.page.get_by_role("dialog", name="Forward")
    expect(dialog.get_by_role("searchbox", name="Find a conversation")).to_be_focused()
    dialog.get_by_role("checkbox", name=re.compile("Katrin Vogel")).first.check()
    dialog.get_by_role("searchbox").fill("Elena")
    dialog.get_by_role("checkbox", name=re.compile("Elena Rossi")).check()
    jonas.screenshot("thread-forward-desk-dark")
    dialog.get_by_role("button", name="Forward").click()

    elena.sees("on Monday")
    expect(_last(elena)).to_contain_text("Forwarded")
    expect(_last(elena).locator("strong")).to_have_text("on Monday")
    jonas.page.get_by_role("region", name="Notifications").get_by_role("button", name="Open").click()
    expect(jonas.page.get_by_role("heading", level=1)).to_contain_text("Katrin")
    jonas.sees("on Monday")
    silent(jonas, elena)


def test_every_text_that_a_message_had_can_be_read(enter: Enter) -> None:
    jonas, lin = enter("Jonas Weber"), enter("Lin Mei-hua")
    jonas.open_conversation("Lin Mei-hua")
    lin.open_conversation("Jonas Weber")
    jonas.write("We need 25 t.")
    lin.sees("We need 25 t.")
    for text in ("We need 30 t.", "We need 35 t."):
        jonas.page.get_by_role("textbox", name="Message").press("ArrowUp")
        jonas.page.get_by_role("textbox", name="Edit message").fill(text)
        jonas.page.keyboard.press("Enter")
        lin.sees(text)

    _last(lin).get_by_role("button", name="edited").click()
    versions = lin.page.get_by_role("dialog", name="Edits of this message").get_by_role("listitem")
    expect(versions).to_have_count(3)
    expect(versions.nth(0)).to_contain_text("We need 35 t.")
    expect(versions.nth(2)).to_contain_text("We need 25 t.")
    lin.screenshot("thread-versions-desk-light")
    silent(jonas, lin)


def test_a_deletion_can_be_undone_for_a_while_and_then_leaves_only_its_place(enter: Enter) -> None:
    jonas, lin = enter("Jonas Weber"), enter("Lin Mei-hua")
    jonas.open_conversation("Lin Mei-hua")
    lin.open_conversation("Jonas Weber")
    jonas.write("The offer is 700 a tonne.")
    lin.sees("The offer is 700 a tonne.")

    _choose(jonas, "700 a tonne", "Delete for everyone")
    expect(_last(jonas)).to_contain_text("Deleting…")
    jonas.screenshot("thread-deleting-desk-light")
    _last(jonas).get_by_role("button", name="Undo").click()
    jonas.sees("The offer is 700 a tonne.")
    expect(
        jonas.page.get_by_role("region", name="Notifications").get_by_role("button", name="Undo")
    ).to_have_count(0)

    _choose(jonas, "700 a tonne", "Delete for everyone")
    jonas.page.get_by_role("region", name="Notifications").get_by_role("button", name="Undo").click()
    jonas.sees("The offer is 700 a tonne.")
    lin.sees("The offer is 700 a tonne.")

    _choose(jonas, "700 a tonne", "Delete for everyone")
    for person in (jonas, lin):
        expect(_last(person)).to_contain_text("Message deleted")
        expect(person.page.get_by_role("main").get_by_text("700 a tonne")).to_have_count(0)
    silent(jonas, lin)


def test_ticks_tell_sent_delivered_and_read_and_nothing_that_is_kept_private(
    demo: Demo, enter: Enter
) -> None:
    jonas = enter("Jonas Weber")
    jonas.open_conversation("Elena Rossi")
    jonas.write("Is the oil bottled?")
    expect(_fate(jonas)).to_contain_text("Sent")

    elena = enter("Elena Rossi")
    expect(_fate(jonas)).to_contain_text("Delivered")
    elena.open_conversation("Jonas Weber")
    expect(_fate(jonas)).to_contain_text("Read")
    expect(_fate(jonas)).to_have_attribute("title", re.compile(r"Read, .*\d{4}"))
    jonas.screenshot("thread-read-desk-light")

    token = elena.page.evaluate("sessionStorage.getItem('stockent.demo.token')")
    kept = elena.page.request.patch(
        demo.url + "/api/me/settings",
        headers={"authorization": f"Bearer {token}"},
        data={"sendReadReceipts": False},
    )
    assert kept.ok, kept.text()
    jonas.write("And labelled?")
    elena.sees("And labelled?")
    elena.write("It is.")
    jonas.sees("It is.")
    expect(_fate(jonas)).to_contain_text("Delivered")
    silent(jonas, elena)


def test_in_a_group_one_sees_who_has_read_and_who_not_yet(enter: Enter) -> None:
    katrin, amira, jonas = enter("Katrin Vogel"), enter("Amira Haddad"), enter("Jonas Weber", size=PHONE)
    for person in (katrin, amira, jonas):
        person.open_conversation(GROUP)
    amira.page.get_by_role("link", name=re.compile("Jonas Weber")).first.click()
    expect(amira.page.get_by_role("heading", level=1)).to_contain_text("Jonas Weber")

    katrin.write("The customs broker asks for the *packing* list.")
    expect(_fate(katrin)).to_have_text(re.compile("Read by 1"))
    _fate(katrin).click()
    dialog = katrin.page.get_by_role("dialog", name="Who has read this")
    expect(dialog.get_by_role("region", name="Read")).to_contain_text("Jonas Weber")
    expect(dialog.get_by_role("region", name="Delivered")).to_contain_text("Amira Haddad")
    katrin.screenshot("thread-readers-desk-light")
    katrin.page.keyboard.press("Escape")

    amira.page.get_by_role("link", name=re.compile(GROUP)).click()
    expect(_fate(katrin)).to_have_text(re.compile("Read by all"))
    silent(katrin, amira, jonas)


def test_who_is_named_in_a_group_sees_it_and_everybody_sees_who_writes(enter: Enter) -> None:
    katrin, amira, jonas = (
        enter("Katrin Vogel"),
        enter("Amira Haddad", size=PHONE, scheme="dark"),
        enter("Jonas Weber"),
    )
    for person in (katrin, amira, jonas):
        person.open_conversation(GROUP)

    katrin.page.get_by_role("textbox", name="Message").press_sequentially("Dear @am")
    expect(amira.page.get_by_text("Katrin is typing")).to_be_visible()
    jonas.page.get_by_role("textbox", name="Message").press_sequentially("Wait")
    expect(
        amira.page.get_by_text(re.compile("(Katrin and Jonas|Jonas and Katrin) are typing"))
    ).to_be_visible()
    expect(katrin.page.get_by_role("option", name=re.compile("Amira Haddad"))).to_be_visible()
    katrin.screenshot("thread-mention-desk-light")
    katrin.page.keyboard.press("Enter")
    katrin.page.keyboard.type("please send the list")
    katrin.page.keyboard.press("Enter")

    expect(_last(amira)).to_contain_text("Dear @Amira Haddad please send the list")
    expect(_last(amira)).to_have_attribute("data-named", "true")
    expect(_last(amira).locator(".mention[data-own='true']")).to_have_text("@Amira Haddad")
    expect(_last(jonas).locator(".mention")).to_have_attribute("data-own", "false")
    expect(_last(jonas)).to_have_attribute("data-named", "false")
    amira.screenshot("thread-named-phone-dark")
    silent(katrin, amira, jonas)


def test_what_happens_to_a_group_is_told_in_the_readers_words(demo: Demo, enter: Enter) -> None:
    katrin, jonas = enter("Katrin Vogel"), enter("Jonas Weber")
    katrin.open_conversation(GROUP)
    path = katrin.page.get_by_role("link", name=re.compile(GROUP)).get_attribute("href")
    assert path is not None
    token = katrin.page.evaluate("sessionStorage.getItem('stockent.demo.token')")
    renamed = katrin.page.request.patch(
        f"{demo.url}/api/conversations/{path.removeprefix('/c/')}",
        headers={"authorization": f"Bearer {token}"},
        data={"title": "Container DM-40917"},
    )
    assert renamed.ok, renamed.text()

    katrin.sees("You named the group “Container DM-40917”.")
    expect(katrin.page.get_by_role("heading", level=1)).to_have_text("Container DM-40917")
    row = jonas.page.get_by_role("link", name=re.compile("Container DM-40917"))
    expect(row).to_have_accessible_name(re.compile("1 unread"))
    expect(jonas.page.get_by_role("region", name="Notifications").get_by_role("group")).to_have_count(0)
    row.click()
    jonas.sees("Katrin Vogel named the group “Container DM-40917”.")
    jonas.screenshot("thread-system-desk-light")
    silent(katrin, jonas)


def test_formatting_is_typed_pasted_and_copied(enter: Enter) -> None:
    jonas, amira = enter("Jonas Weber"), enter("Amira Haddad", scheme="dark")
    jonas.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    jonas.open_conversation("Amira Haddad")
    amira.open_conversation("Jonas Weber")

    box = jonas.page.get_by_role("textbox", name="Message")
    box.press_sequentially("Price ")
    jonas.page.keyboard.press("Control+b")
    jonas.page.keyboard.type("fixed")
    jonas.page.keyboard.press("Enter")
    expect(_last(amira).locator("strong")).to_have_text("fixed")

    jonas.page.evaluate(
        """() => navigator.clipboard.write([new ClipboardItem({
            'text/html': new Blob(['<ul><li>one <em>carton</em></li><li>two</li></ul>'], {type: 'text/html'}),
            'text/plain': new Blob(['one carton two'], {type: 'text/plain'}),
        })])"""
    )
    box.focus()
    jonas.page.keyboard.press("Control+v")
    jonas.page.keyboard.press("Enter")
    expect(_last(amira).locator("li")).to_have_text(["one carton", "two"])
    expect(_last(amira).locator("li em")).to_have_text("carton")
    amira.screenshot("thread-formatted-desk-dark")

    _choose(jonas, "one carton", "Copy text")
    expect(jonas.page.get_by_role("region", name="Notifications")).to_contain_text("Text copied")
    box.focus()
    jonas.page.keyboard.press("Control+v")
    expect(box).to_have_value(re.compile(r"^- one [_*]carton[_*]\n- two$"))
    silent(jonas, amira)


def test_messages_are_walked_and_answered_by_keys(enter: Enter) -> None:
    jonas, amira = enter("Jonas Weber"), enter("Amira Haddad")
    jonas.open_conversation("Amira Haddad")
    amira.open_conversation("Jonas Weber")
    for text in ("First of three", "Second of three", "Third of three"):
        jonas.write(text)
        amira.sees(text)
    keyboard = jonas.page.keyboard

    _last(jonas).focus()
    keyboard.press("ArrowUp")
    expect(jonas.said("Second of three")).to_be_focused()
    jonas.screenshot("thread-focus-desk-light")
    keyboard.press("+")
    expect(jonas.page.get_by_role("toolbar", name="React").get_by_role("button").first).to_be_focused()
    keyboard.press("Enter")
    expect(
        amira.said("Second of three").get_by_role("button", name=re.compile("1, by Jonas Weber"))
    ).to_be_visible()
    expect(jonas.said("Second of three")).to_be_focused()
    keyboard.press("r")
    expect(jonas.page.get_by_role("textbox", name="Message")).to_be_focused()
    keyboard.type("About the second")
    keyboard.press("Enter")
    expect(
        _last(amira).get_by_role("button", name=re.compile("In reply to Jonas Weber Second of three"))
    ).to_be_visible()

    jonas.said("Third of three").focus()
    keyboard.press("Delete")
    expect(amira.page.get_by_text("Third of three")).to_have_count(0)
    jonas.said("First of three").focus()
    keyboard.press("Escape")
    expect(jonas.page.get_by_role("textbox", name="Message")).to_be_focused()
    silent(jonas, amira)


def _last(person: Person) -> Locator:
    return person.page.get_by_role("log").get_by_role("article").last


def _fate(person: Person) -> Locator:
    return person.page.locator(".said-fate")


def _choose(person: Person, text: str, item: str) -> None:
    person.said(text).hover()
    person.said(text).get_by_role("button", name="Message actions").click()
    person.page.get_by_role("menuitem", name=item).click()


def _long_press(said: Locator) -> None:
    """The finger rests until the menu is there: the page's own clock decides how long that is."""
    bubble = said.locator(".bubble")
    touch = {"pointerType": "touch", "bubbles": True, "isPrimary": True}
    bubble.dispatch_event("pointerdown", touch)
    expect(said.page.get_by_role("menu")).to_be_visible()
    bubble.dispatch_event("pointerup", touch)


def _swipe(person: Person, said: Locator) -> None:
    """With a real finger, by the browser's own protocol."""
    box = said.locator(".bubble").bounding_box()
    assert box is not None
    x, y = box["x"] + 20, box["y"] + box["height"] / 2
    session = person.page.context.new_cdp_session(person.page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        session.send(
            "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + 10 * step, "y": y}]}
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
