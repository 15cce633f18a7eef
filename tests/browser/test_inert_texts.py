"""Texts that want to be markup, script or another direction, shown by the page: they are read, and nothing runs."""

from __future__ import annotations

import json
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from stockent.auth import mint
from stockent.demo_story import PEOPLE
from stockent.messaging.models import Profile

from .conftest import PHONE, Demo, Enter, Person, silent

pytestmark = pytest.mark.browser

Json = dict[str, Any]
RUN = "window.owned=1"
MESSAGES = [
    f'<img src=x onerror="{RUN}">',
    f"<script>{RUN}</script>",
    f'"><svg onload={RUN}>',
    f"[press](javascript:{RUN})",
    f"javascript:{RUN}",
    f"JaVa\tScript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    f'https://example.com/"onmouseover="{RUN}',
    f"**<b onclick={RUN}>bold</b>** `</code><img src=x onerror={RUN}>`",
    f"{{{{constructor.constructor('{RUN}')()}}}} ${{{RUN}}}",
    "the invoice\u202egnp.exe",
    "\u2067\u2066" * 200 + "isolates",
    "z" + "\u0301" * 4_900 + " accents",
    "\U000e0041" * 2_000 + "tags",
    "﷽" * 1_000,
]
NAME = f"<img src=x onerror={RUN}> Mallory \u202egnp"
TITLE = f"<script>{RUN}</script> <img src=x onerror={RUN}>"
FILE = f"<img src=x onerror={RUN}>\u202egnp.txt"


class Mallory:
    """Somebody of the demo's server who uses the API alone, with a name that the host platform let pass."""

    def __init__(self, demo: Demo, data_dir: Path) -> None:
        secret = (data_dir / "demo-secret").read_text().strip()
        self._url = demo.url
        self._token = mint(secret, Profile(id="mallory", name=NAME, company_name=TITLE), 600)

    def ask(self, method: str, path: str, body: object, kind: str = "application/json") -> Json:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        request = urllib.request.Request(self._url + path, content, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(json.load(answer))

    def talk_to(self, user_id: str) -> None:
        subject = {
            "type": "product",
            "id": "evil",
            "title": TITLE,
            "url": f"https://example.com/'onclick='{RUN}",
            "imageUrl": "/favicon.svg",
            "data": {"price": f"<img src=x onerror={RUN}>"},
        }
        group = {"participantIds": [user_id], "kind": "GROUP", "title": TITLE, "subject": subject}
        path = f"/api/conversations/{self.ask('POST', '/api/conversations', group)['id']}/messages"
        for content in MESSAGES:
            self.ask("POST", path, {"clientId": str(uuid.uuid4()), "content": content})
        script = f"<script>{RUN}</script>".encode()
        announced = {"clientId": str(uuid.uuid4()), "name": FILE, "sizeBytes": len(script)}
        file = self.ask("POST", "/api/attachments", announced)
        self.ask("PATCH", f"/api/attachments/{file['id']}?offset=0", script, "application/octet-stream")
        sent = {"clientId": str(uuid.uuid4()), "content": "the file", "attachments": [file["id"]]}
        self.ask("POST", path, sent)


def assert_nothing_ran(person: Person) -> None:
    page = person.page
    assert page.evaluate("window.owned") is None
    assert (
        page.locator("[onerror], [onload], [onclick], [onmouseover], img[src='x'], iframe, object").count()
        == 0
    )
    schemes = page.locator("a[href]").evaluate_all(
        "(links) => [...new Set(links.map((link) => link.protocol))]"
    )
    assert set(schemes) <= {"http:", "https:"}


@pytest.mark.parametrize("size", [(1440, 900), PHONE], ids=["desk", "phone"])
def test_texts_of_an_attacker_are_read_and_do_nothing(
    enter: Enter, demo: Demo, tmp_path: Path, size: tuple[int, int]
) -> None:
    amira = enter("Amira Haddad", size=size)
    [user_id] = [person.id for person in PEOPLE if person.name == "Amira Haddad"]
    Mallory(demo, tmp_path).talk_to(user_id)
    row = amira.page.get_by_role("list").get_by_role("link").filter(has_text=TITLE)
    expect(row).to_be_visible()
    assert_nothing_ran(amira)

    row.click()
    expect(amira.page.get_by_role("textbox", name="Message")).to_be_visible()
    amira.sees("the file")
    log = amira.page.get_by_role("log")
    log.hover()
    amira.page.mouse.wheel(0, -100_000)
    expect(log.get_by_text(MESSAGES[0], exact=True)).to_be_in_viewport()
    assert_nothing_ran(amira)
    amira.write("Still here.")
    amira.sees("Still here.")
    assert_nothing_ran(amira)
    silent(amira)
