"""Texts that want to be more than texts: what becomes an address is refused or dropped, all else comes back as it went.

What the page makes of them is told in `tests/browser/test_inert_texts.py`.
"""

from __future__ import annotations

import uuid

import pytest

from stockent.auth import mint
from stockent.messaging.models import MAX_CONTENT_CHARS, MAX_TITLE_CHARS, Profile
from tests.gateway.conftest import empty_store, place  # noqa: F401
from tests.gateway.files import fetch, upload
from tests.gateway.place import SECRET, Json, Place

ADDRESSES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "JaVa\tScript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    " javascript:alert(1)",
    "&#106;avascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload='alert(1)'/>",
    "vbscript:msgbox(1)",
    "blob:https://example.com/1",
    "file:///etc/passwd",
    "//evil.example/x",
    "/\\evil.example/x",
    "\\\\evil.example\\x",
    "https:\\\\evil.example",
    "https://a b",
    "https://example.com/\u202egnp.exe",
    "",
]
TEXTS = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "[a](javascript:alert(1))",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "invoice\u202egnp.exe",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)} %s %n \\u003cb\\u003e",
    "z" + "\u0301" * 150,
]


@pytest.mark.parametrize("field", ["url", "imageUrl"])
@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_of_a_subject_leads_to_the_web_or_nowhere(
    place: Place,  # noqa: F811
    field: str,
    address: str,
) -> None:
    ann = place.person("ann")
    subject = {"type": "product", "id": uuid.uuid4().hex, "title": "Yarn", field: "https://example.com/a?b=c"}
    body = {"participantIds": ["ben"], "subject": subject}
    made = await ann.done("POST", "/api/conversations", body, status=201)
    assert made["subject"][field] == "https://example.com/a?b=c"
    body = {"participantIds": ["ben"], "subject": {**subject, "id": "another", field: address}}
    await ann.refused("POST", "/api/conversations", body, status=422, code="invalid")


@pytest.mark.parametrize("address", ADDRESSES)
async def test_the_address_of_a_picture_in_a_token_leads_to_the_web_or_is_dropped(
    place: Place,  # noqa: F811
    address: str,
) -> None:
    for told, kept in (("https://example.com/a.png", "https://example.com/a.png"), (address, None)):
        token = mint(SECRET, Profile(id="ann", name="Ann", avatar_url=told), 60, now=place.clock.now)
        profile = await place.person("ann", token=token).done("GET", "/api/me")
        assert (profile["name"], profile["avatarUrl"]) == ("Ann", kept)


@pytest.mark.parametrize("text", TEXTS)
async def test_a_text_comes_back_as_json_and_as_it_went(place: Place, text: str) -> None:  # noqa: F811
    ann = place.person("ann")
    subject: Json = {"type": "product", "id": "yarn", "title": text, "data": {text[:20]: text}}
    group: Json = {"participantIds": ["ben"], "kind": "GROUP", "subject": subject, "title": text}
    made = await ann.done("POST", "/api/conversations", group, status=201)
    assert (made["title"], made["subject"]["title"], made["subject"]["data"]) == (text, text, subject["data"])
    sent = await place.send("ann", made["id"], text)
    assert sent["content"] == text
    got = await fetch(place.http, ann, f"/api/conversations/{made['id']}/messages")
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in got.headers["content-security-policy"]
    found = await ann.done("GET", "/api/conversations", params={"q": text[:60]})
    assert [each["title"] for each in found["items"]] in ([text], [])


@pytest.mark.parametrize("text", TEXTS)
async def test_the_name_of_a_file_breaks_out_of_no_header(place: Place, text: str) -> None:  # noqa: F811
    ann = place.person("ann")
    file = await upload(place.http, ann, b"<script>alert(1)</script>", f'{text}"\r\nX-Evil: 1.html')
    assert not set(file["name"]) & set('<>"\r\n/\\\u202e')
    got = await fetch(place.http, ann, file["url"])
    assert got.status == 200
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "html" not in got.headers["content-type"]
    assert "x-evil" not in got.headers


async def test_accents_without_end_are_too_many(place: Place) -> None:  # noqa: F811
    """And as many as fit are stored, searched and listed like any text."""
    ann, marks = place.person("ann"), "\u0301"
    cid = await place.conversation("ann", "ben")
    path = f"/api/conversations/{cid}/messages"
    for count, status, code in [(10_000, 422, "invalid"), (150_000, 413, "too_large")]:
        body = {"clientId": str(uuid.uuid4()), "content": "z" + marks * count}
        await ann.refused("POST", path, body, status=status, code=code)
    titled: Json = {"participantIds": ["ben"], "kind": "GROUP", "title": "z" + marks * MAX_TITLE_CHARS}
    await ann.refused("POST", "/api/conversations", titled, status=422, code="invalid")
    most = "z" + marks * (MAX_CONTENT_CHARS - 1)
    assert (await place.send("ann", cid, most))["content"] == most
    assert len((await ann.done("GET", "/api/search", params={"q": "z"}))["items"]) == 1
