"""What people do with files on the page, for the stories of them."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Route, expect

from .conftest import DESK, Enter, Person


def talking(enter: Enter, *, size: tuple[int, int] = DESK, scheme: str = "light") -> tuple[Person, Person]:
    """The buyer and the seller, each looking at their conversation."""
    jonas = enter("Jonas Weber", size=size, scheme=scheme)
    amira = enter("Amira Haddad", size=size, scheme=scheme)
    jonas.open_conversation("Amira Haddad")
    amira.open_conversation("Jonas Weber")
    return jonas, amira


def held(person: Person, addresses: str) -> list[Route]:
    """Requests that wait until they are let go."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    person.page.route(addresses, hold)
    return held


def choose_files(person: Person, paths: list[Path]) -> None:
    person.page.get_by_label("Files to attach").set_input_files(paths)


_TRANSFER = """async ({ files, texts }) => {
  const transfer = new DataTransfer();
  for (const { name, type, content } of files) {
    const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  for (const [type, text] of Object.entries(texts)) transfer.setData(type, text);
  return transfer;
}"""


def transfer(person: Person, paths: list[Path], texts: dict[str, str]) -> Any:
    files = [
        {"name": path.name, "type": "image/jpeg", "content": base64.b64encode(path.read_bytes()).decode()}
        for path in paths
    ]
    return person.page.evaluate_handle(_TRANSFER, {"files": files, "texts": texts})


def drop(person: Person, paths: list[Path]) -> None:
    given = transfer(person, paths, {})
    person.page.get_by_role("log").dispatch_event("dragenter", {"dataTransfer": given})
    veil = person.page.get_by_text("Drop to attach")
    expect(veil).to_be_visible()
    veil.dispatch_event("drop", {"dataTransfer": given})


def paste(person: Person, path: Path, **texts: str) -> None:
    types = {"html": "text/html", "text": "text/plain"}
    given = transfer(person, [path], {types[name]: text for name, text in texts.items()})
    box = person.page.get_by_role("textbox", name="Message")
    box.evaluate(
        "(box, clipboardData) => { box.focus(); "
        "box.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })); }",
        given,
    )


def last_article(person: Person) -> Locator:
    return person.page.get_by_role("log").get_by_role("article").last


def pictures(person: Person) -> Locator:
    return last_article(person).get_by_role("button", name=re.compile("^Open picture"))


def drawn(pictures: Locator) -> None:
    """Their pixels have come."""
    images = pictures.first.locator("xpath=descendant-or-self::img")
    expect(images.last).to_have_js_property("complete", value=True)
    assert images.last.evaluate("(image) => image.naturalWidth") > 0


def speaking(person: Person) -> dict[str, str]:
    token = person.page.evaluate("sessionStorage.getItem('stockent.demo.token')")
    return {"Authorization": f"Bearer {token}"}
