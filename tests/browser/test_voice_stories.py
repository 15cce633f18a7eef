"""Voice messages, told by two people in a real Chromium with a microphone in which somebody hums."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect

from .conftest import DESK, FLAGS, PHONE, Demo, Enter, entering, launched, silent
from .sharing import last_article, speaking, talking

pytestmark = pytest.mark.browser

MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def hearing_browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser with a microphone, in which somebody hums."""
    browser = launched(playwright, [*FLAGS, *MICROPHONE, "--autoplay-policy=no-user-gesture-required"])
    yield browser
    browser.close()


@pytest.fixture
def enter_hearing(hearing_browser: Browser, demo: Demo) -> Iterator[Enter]:
    with entering(hearing_browser, demo) as enter:
        yield enter


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_voice_message_is_recorded_heard_and_played_faster(
    enter_hearing: Enter, size: tuple[int, int], scheme: str
) -> None:
    jonas, amira = talking(enter_hearing, size=size, scheme=scheme)
    name = f"{size[0]}-{scheme}"
    voice = jonas.page.get_by_role("group", name="Voice message", exact=True).last
    voice.get_by_role("button", name="Record a voice message").click()
    # Not one second only: that may pass between two looks.
    expect(voice.get_by_role("timer")).to_have_text(re.compile("0:0[2-9]"))
    expect(amira.page.get_by_text(re.compile("recording", re.IGNORECASE)).first).to_be_visible()
    jonas.screenshot(f"voice-recording-{name}")
    voice.get_by_role("button", name="Stop recording").click()
    review = voice.get_by_role("group", name=re.compile("Your recording"))
    review.get_by_role("button", name="Play").click()
    expect(review.get_by_role("button", name="Pause")).to_be_visible()
    jonas.screenshot(f"voice-review-{name}")

    # Nobody loses it by a wrong click.
    jonas.page.go_back()
    question = jonas.page.get_by_role("alertdialog", name=re.compile("Leave without sending"))
    question.get_by_role("button", name="Cancel").click()
    voice.get_by_role("button", name="Send the voice message").click()

    said = last_article(amira).get_by_role("group", name=re.compile(r"Voice message, 0:0\d"))
    expect(said).to_be_visible()
    said.get_by_role("button", name="Speed 1×").click()
    said.get_by_role("button", name="Play").click()
    expect(said.get_by_role("slider", name="Position")).not_to_have_attribute("aria-valuenow", "0")
    expect(said.get_by_role("button", name="Speed 1.5×")).to_be_visible()
    amira.screenshot(f"voice-playing-{name}")
    expect(said.get_by_role("button", name="Play")).to_be_visible()
    jonas.screenshot(f"voice-sent-{name}")
    if size == DESK:
        row = jonas.page.get_by_role("link", name=re.compile("Amira Haddad")).first
        expect(row).to_contain_text(re.compile(r"You: Voice message, 0:0\d"))
    silent(jonas, amira)


def test_a_voice_message_of_nothing_is_refused(demo: Demo, enter: Enter) -> None:
    jonas = enter("Jonas Weber")
    body = {
        "clientId": "00000000-0000-4000-8000-000000000001",
        "name": "v.webm",
        "sizeBytes": 0,
        "voice": True,
    }
    answer = jonas.page.request.post(f"{demo.url}/api/attachments", data=body, headers=speaking(jonas))
    assert answer.status == 422
    assert "at least 1 byte" in answer.text()
