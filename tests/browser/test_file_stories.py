"""Files, told by two people in a real Chromium against a real server. Each ends by looking for noise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from . import making
from .conftest import DESK, PHONE, Demo, Enter, silent
from .sharing import choose_files, drawn, drop, held, last_article, paste, pictures, speaking, talking

pytestmark = pytest.mark.browser

THREE = ("board front.jpg", "board back.jpg", "pallet.jpg")
#: Three parts, so that there is a middle to be interrupted in.
LONG_BYTES = 10_000_000
PARTS = "**/api/attachments/*?offset=*"


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_pictures_are_dropped_sent_and_looked_at(
    enter: Enter, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    jonas, amira = talking(enter, size=size, scheme=scheme)
    paths = [making.picture(tmp_path, name, tone=tone) for tone, name in enumerate(THREE)]
    name = f"{size[0]}-{scheme}"

    drop(jonas, paths)
    tray = jonas.page.get_by_role("list", name="Files to send")
    expect(tray.get_by_role("listitem")).to_have_count(3)
    expect(tray.get_by_role("progressbar")).to_have_count(0)
    jonas.screenshot(f"files-tray-{name}")
    jonas.write("The board as it left the kiln.")

    for person in (jonas, amira):
        expect(pictures(person)).to_have_count(3)
        drawn(pictures(person))
        expect(last_article(person)).to_contain_text("The board as it left the kiln.")
    expect(tray).to_have_count(0)
    expect(last_article(jonas).get_by_text("Read", exact=True)).to_be_visible()
    jonas.screenshot(f"files-sent-{name}")

    pictures(amira).nth(0).click()
    lightbox = amira.page.get_by_role("dialog", name="Pictures")
    expect(lightbox).to_be_visible()
    for key, place in (
        ("ArrowRight", "2 of 3"),
        ("End", "3 of 3"),
        ("ArrowRight", "3 of 3"),
        ("Home", "1 of 3"),
    ):
        amira.page.keyboard.press(key)
        expect(lightbox.get_by_role("status")).to_contain_text(place)
    drawn(lightbox.get_by_role("img", name="board front.jpg"))
    amira.screenshot(f"files-lightbox-{name}")
    amira.page.keyboard.press("Escape")
    expect(lightbox).to_have_count(0)
    silent(jonas, amira)


def test_nothing_moves_while_pictures_come(enter: Enter, tmp_path: Path) -> None:
    jonas, amira = talking(enter)
    waiting = held(amira, "**/thumbnail")
    choose_files(jonas, [making.picture(tmp_path, "tall.jpg", size=(600, 900))])
    jonas.write("Look at the glaze.")

    expect(pictures(amira)).to_have_count(1)
    text = last_article(amira).get_by_text("Look at the glaze.")
    expect(text).to_be_in_viewport()
    before = text.bounding_box()
    for route in waiting:
        route.continue_()
    amira.page.unroute("**/thumbnail")
    drawn(pictures(amira))

    assert text.bounding_box() == before
    silent(jonas, amira)


def test_a_document_is_previewed_and_found_among_the_shared_files(enter: Enter, tmp_path: Path) -> None:
    jonas, amira = talking(enter)
    choose_files(amira, [making.pdf(tmp_path, "Proforma PI-2207.pdf", "Proforma invoice")])
    amira.page.get_by_role("button", name="Send").click()

    card = last_article(jonas).get_by_role("group", name="Proforma PI-2207.pdf")
    expect(card).to_contain_text("PDF document")
    row = amira.page.get_by_role("link", name=re.compile("Jonas Weber")).first
    expect(row).to_contain_text("You: Proforma PI-2207.pdf")
    card.get_by_role("button", name="Preview Proforma PI-2207.pdf").click()
    dialog = jonas.page.get_by_role("dialog", name="Proforma PI-2207.pdf")
    expect(dialog.get_by_role("group", name=re.compile("Page 1 of 2"))).to_contain_text(
        "Proforma invoice, page 1"
    )
    jonas.screenshot("files-pdf-1440-light")
    jonas.page.keyboard.press("Escape")

    shared = jonas.page.get_by_role("region", name="Shared files")
    shared.get_by_role("tab", name="Files").click()
    expect(shared.get_by_role("group", name="Proforma PI-2207.pdf")).to_be_visible()
    jonas.screenshot("files-shared-1440-light")
    with jonas.page.expect_download() as download:
        shared.get_by_role("link", name="Download Proforma PI-2207.pdf").click()
    assert download.value.suggested_filename == "Proforma PI-2207.pdf"
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    silent(jonas, amira)


def test_what_cannot_be_sent_says_why_and_the_rest_goes(enter: Enter, tmp_path: Path) -> None:
    jonas, amira = talking(enter)
    choose_files(
        jonas,
        [
            making.noise(tmp_path, "film.mov", 30_000_000),
            making.broken_png(tmp_path, "torn.png"),
            making.written(tmp_path, "nothing.txt", b""),
            making.written(tmp_path, "photo.jpg", b"<!doctype html><script>alert(1)</script>"),
            making.written(tmp_path, "drawing.svg", making.SVG),
        ],
    )
    tray = jonas.page.get_by_role("list", name="Files to send")

    expect(tray.get_by_role("listitem").filter(has_text="film.mov")).to_contain_text(
        "30 MB is more than the 25 MB"
    )
    expect(tray.get_by_role("listitem").filter(has_text="nothing.txt")).to_contain_text("This file is empty.")
    expect(tray.get_by_role("listitem").filter(has_text="torn.png")).to_contain_text(
        "could not be read as an image"
    )
    jonas.screenshot("files-refused-1440-light")
    jonas.write("Two of these are what they are.")

    # What lies about its type, and what could run, is a file to save and nothing else.
    last = last_article(amira)
    expect(last.get_by_role("group", name="photo.jpg")).to_contain_text("Code")
    expect(last.get_by_role("group", name="drawing.svg")).to_be_visible()
    expect(last.get_by_role("button", name=re.compile("Preview|Open picture"))).to_have_count(0)
    expect(last.get_by_role("link")).to_have_count(2)
    assert amira.page.title().find("owned") == -1
    expect(tray.get_by_role("listitem")).to_have_count(3)
    for _ in range(3):
        tray.get_by_role("button", name=re.compile("^Remove")).first.click()
    expect(tray).to_have_count(0)
    expect(jonas.page.get_by_role("textbox", name="Message")).to_be_focused()
    # The refusal is an answer that a browser notes.
    jonas.console = [line for line in jonas.console if "422" not in line]
    silent(jonas, amira)


def test_too_many_files_are_counted_out(enter: Enter, tmp_path: Path) -> None:
    jonas, _ = talking(enter)
    choose_files(jonas, [making.written(tmp_path, f"{number}.txt", b"text") for number in range(12)])
    expect(jonas.page.get_by_role("region", name="Notifications")).to_contain_text(
        "2 files were left out: a message holds at most 10."
    )
    expect(jonas.page.get_by_role("list", name="Files to send").get_by_role("listitem")).to_have_count(10)
    silent(jonas)


def test_an_upload_goes_on_after_the_server_died_in_its_middle(
    demo: Demo, enter: Enter, tmp_path: Path
) -> None:
    jonas, amira = talking(enter)
    long = making.noise(tmp_path, "catalogue.bin", LONG_BYTES)
    second: list[Route] = []

    def hold_the_second_part(route: Route) -> None:
        if "offset=0" in route.request.url or second:
            route.continue_()
        else:
            second.append(route)

    jonas.page.route(PARTS, hold_the_second_part)
    with jonas.page.expect_request(
        lambda request: "offset=" in request.url and "offset=0" not in request.url
    ):
        choose_files(jonas, [long])
        jonas.write("All articles of the year.")
    expect(last_article(jonas).get_by_role("progressbar", name="Upload")).to_be_visible()
    jonas.screenshot("files-progress-1440-light")

    demo.kill()
    second[0].abort()
    expect(jonas.page.get_by_text(re.compile("connecting", re.IGNORECASE)).first).to_be_visible()
    demo.start()

    card = last_article(amira).get_by_role("group", name="catalogue.bin")
    card.wait_for(timeout=60_000)
    with amira.page.expect_download() as download:
        card.get_by_role("link", name="Download catalogue.bin").click()
    assert Path(download.value.path()).read_bytes() == long.read_bytes()
    for person in (jonas, amira):
        person.console = [
            line
            for line in person.console
            if "ERR_CONNECTION_REFUSED" not in line and "ERR_FAILED" not in line
        ]
    silent(jonas, amira)


def test_an_answer_that_is_lost_after_the_last_byte_loses_nothing(enter: Enter, tmp_path: Path) -> None:
    jonas, amira = talking(enter)
    cut: list[str] = []

    def carry_out_and_cut(route: Route) -> None:
        if cut:
            route.continue_()
            return
        cut.append(route.request.url)
        route.fetch()
        route.abort()

    jonas.page.route(PARTS, carry_out_and_cut)
    choose_files(jonas, [making.picture(tmp_path, "sample.jpg")])
    jonas.page.get_by_role("button", name="Send").click()

    drawn(pictures(amira))
    assert cut
    jonas.console = [line for line in jonas.console if "ERR_FAILED" not in line]
    silent(jonas, amira)


def test_a_message_that_still_uploads_can_be_taken_back(enter: Enter, tmp_path: Path) -> None:
    jonas, _ = talking(enter)
    waiting = held(jonas, PARTS)
    choose_files(jonas, [making.picture(tmp_path, "wrong.jpg")])
    jonas.write("Not meant for you.")

    last_article(jonas).get_by_role("button", name="Cancel").click()

    expect(jonas.page.get_by_role("textbox", name="Message")).to_have_value("Not meant for you.")
    tray = jonas.page.get_by_role("list", name="Files to send")
    tray.get_by_role("button", name="Cancel wrong.jpg").click()
    expect(tray).to_have_count(0)
    for route in waiting:
        route.abort()
    jonas.console = [line for line in jonas.console if "ERR_FAILED" not in line]
    silent(jonas)


def test_a_message_whose_file_is_refused_goes_back_to_the_composer(enter: Enter, tmp_path: Path) -> None:
    jonas, amira = talking(enter)
    waiting = held(jonas, "**/api/attachments")
    choose_files(jonas, [making.broken_png(tmp_path, "torn.png"), making.picture(tmp_path, "good.jpg")])
    jonas.write("Front and back.")
    expect(last_article(jonas).get_by_role("progressbar", name="Upload")).to_be_visible()
    for route in waiting:
        route.continue_()
    jonas.page.unroute("**/api/attachments")

    failed = last_article(jonas).get_by_role("alert")
    expect(failed).to_contain_text("could not be read as an image")
    jonas.screenshot("files-failed-1440-light")
    failed.get_by_role("button", name="Edit").click()

    expect(jonas.page.get_by_role("textbox", name="Message")).to_have_value("Front and back.")
    tray = jonas.page.get_by_role("list", name="Files to send")
    tray.get_by_role("button", name="Remove torn.png").click()
    jonas.page.get_by_role("button", name="Send").click()
    expect(last_article(amira)).to_contain_text("Front and back.")
    expect(pictures(amira)).to_have_count(1)
    jonas.console = [line for line in jonas.console if "422" not in line]
    silent(jonas, amira)


def test_a_full_storage_is_told_and_nothing_is_lost(enter: Enter, tmp_path: Path) -> None:
    jonas, amira = talking(enter)
    full = [True]

    def refuse_while_full(route: Route) -> None:
        if not full[0]:
            route.continue_()
            return
        route.fulfill(
            status=507,
            content_type="application/problem+json",
            json={
                "type": "about:blank",
                "title": "Storage full",
                "status": 507,
                "detail": "there is no room for files now; what came before is kept",
                "code": "storage_full",
                "retryable": True,
            },
        )

    jonas.page.route(PARTS, refuse_while_full)
    choose_files(jonas, [making.picture(tmp_path, "sample.jpg")])
    item = jonas.page.get_by_role("list", name="Files to send").get_by_role("listitem")
    expect(item).to_contain_text("There is no room for files now")
    full[0] = False
    item.get_by_role("button", name="Try sample.jpg again").click()
    expect(item.get_by_role("progressbar")).to_have_count(0)
    jonas.page.get_by_role("button", name="Send").click()

    drawn(pictures(amira))
    jonas.console = [line for line in jonas.console if "507" not in line]
    silent(jonas, amira)


def test_a_picture_is_pasted_but_formatted_text_stays_text(enter: Enter, tmp_path: Path) -> None:
    jonas, _ = talking(enter)
    tray = jonas.page.get_by_role("list", name="Files to send")
    path = making.picture(tmp_path, "image.png")

    paste(jonas, path, html="<b>strong</b> words", text="strong words")
    expect(jonas.page.get_by_role("textbox", name="Message")).to_have_value("**strong** words")
    expect(tray).to_have_count(0)
    paste(jonas, path)

    expect(tray.get_by_role("listitem")).to_contain_text("Pasted")
    silent(jonas)


def test_files_are_nobody_elses(enter: Enter, demo: Demo, tmp_path: Path) -> None:
    jonas, amira = talking(enter)
    elena = enter("Elena Rossi")
    with amira.page.expect_response(lambda answer: answer.url.endswith("/thumbnail")) as response:
        choose_files(jonas, [making.picture(tmp_path, "secret.jpg")])
        jonas.page.get_by_role("button", name="Send").click()
    address = response.value.url
    for kind in ("thumbnail", "content"):
        url = address.replace("thumbnail", kind)
        assert amira.page.request.get(url, headers=speaking(amira)).status == 200
        assert elena.page.request.get(url, headers=speaking(elena)).status == 404
        assert elena.page.request.get(url).status == 401
    silent(jonas, amira, elena)
