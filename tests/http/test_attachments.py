"""Files over HTTP: what is refused, what becomes of what is kept, and that nothing of it runs in this origin."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from stockent.messaging.attachments import MAX_CHUNK_BYTES
from tests.files.test_faults import files_at_most
from tests.http.conftest import CANARY, Talk, Web, assert_problem, client_id
from tests.http.uploading import RAW, begun, part, send, sent_parts, shown, uploaded
from tests.media import making
from tests.media.making import encoded, picture, recording, telling_jpeg, telling_png, telling_webp

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(document.cookie)</script></svg>"
HTML = b"<!doctype html><script>alert(document.cookie)</script>"


def stored(web: Web) -> list[Path]:
    """All files that the server keeps, staged or not."""
    folders = [web.settings.files_dir / name for name in ("uploads", "files")]
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


# uploading


async def test_a_file_of_several_parts_is_announced_sent_and_read_back(web: Web, talk: Talk) -> None:
    content = os.urandom(MAX_CHUNK_BYTES + 100_000)
    upload = await begun(talk.ana, len(content), "stock list.bin")
    assert upload == {
        "id": upload["id"],
        "offset": 0,
        "sizeBytes": len(content),
        "ready": False,
        "attachment": None,
        "maxChunkBytes": MAX_CHUNK_BYTES,
    }
    first = (await part(talk.ana, upload["id"], 0, content[:MAX_CHUNK_BYTES])).json()
    assert first == {**upload, "offset": MAX_CHUNK_BYTES}
    assert (await talk.ana.get(f"/api/attachments/{upload['id']}")).json() == first
    done = (await part(talk.ana, upload["id"], MAX_CHUNK_BYTES, content[MAX_CHUNK_BYTES:])).json()
    assert done["attachment"] == {
        "id": upload["id"],
        "kind": "FILE",
        "name": "stock list.bin",
        "mediaType": "application/octet-stream",
        "sizeBytes": len(content),
        "url": f"/api/attachments/{upload['id']}/content",
        "width": None,
        "height": None,
        "durationMs": None,
        "waveform": None,
        "thumbnailUrl": None,
    }
    sent = await send(talk.ana, talk.id, upload["id"], content="See the list")
    assert sent.status_code == 201
    message = sent.json()
    assert (message["type"], message["attachments"]) == ("FILE", [done["attachment"]])
    [_, listed] = (await talk.bo.get(f"/api/conversations/{talk.id}/messages")).json()["items"]
    assert listed == message
    read = await talk.bo.get(done["attachment"]["url"])
    assert (read.status_code, read.content) == (200, content)


async def test_announcing_again_gives_the_upload_as_it_stands(talk: Talk) -> None:
    body = {"clientId": client_id(), "name": "a", "sizeBytes": 10}
    first = await talk.ana.post("/api/attachments", json=body)
    assert first.status_code == 201
    await part(talk.ana, first.json()["id"], 0, b"12345")
    again = await talk.ana.post("/api/attachments", json=body)
    assert again.status_code == 200
    assert again.json() == {**first.json(), "offset": 5}
    for other in ({"name": "b"}, {"sizeBytes": 11}, {"voice": True}):
        refused = await talk.ana.post("/api/attachments", json={**body, **other})
        assert_problem(refused, 409, "client_id_reused")


async def test_a_part_at_another_place_is_told_where_the_upload_ends(talk: Talk) -> None:
    upload = await begun(talk.ana, 10)
    await part(talk.ana, upload["id"], 0, b"1234")
    for offset in (0, 3, 5, 10, 2**53 - 1):
        problem = assert_problem(await part(talk.ana, upload["id"], offset, b"x"), 409, "offset_mismatch")
        assert (problem["offset"], problem["retryable"]) == (4, True)
    assert (await part(talk.ana, upload["id"], 4, b"567890")).json()["ready"]


@pytest.mark.parametrize(
    "query", ["", "?offset=", "?offset=-1", "?offset=x", "?offset=1.5", f"?offset={2**53}"]
)
async def test_a_part_without_a_place_is_invalid(talk: Talk, query: str) -> None:
    upload = await begun(talk.ana, 10)
    path = f"/api/attachments/{upload['id']}{query}"
    assert_problem(await talk.ana.patch(path, content=b"x", headers=RAW), 422, "invalid")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"sizeBytes": 25_000_001}, 413, "too_large"),
        ({"sizeBytes": 30_000_000}, 413, "too_large"),
        ({"sizeBytes": 0}, 422, "invalid"),
        ({"sizeBytes": 0, "voice": True}, 422, "invalid"),
        ({"sizeBytes": -1}, 422, "invalid"),
        ({"sizeBytes": 1.5}, 422, "invalid"),
        ({"sizeBytes": "1"}, 422, "invalid"),
        ({"sizeBytes": 2**60}, 422, "invalid"),
        ({"name": "x" * 256}, 422, "invalid"),
        ({"name": None}, 422, "invalid"),
        ({"clientId": "no uuid"}, 422, "invalid"),
        ({"voice": "yes"}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_taken_is_refused_before_a_byte_of_it_comes(
    web: Web, talk: Talk, body: dict[str, Any], status: int, code: str
) -> None:
    good = {"clientId": client_id(), "name": "a", "sizeBytes": 1}
    problem = assert_problem(await talk.ana.post("/api/attachments", json={**good, **body}), status, code)
    if code == "too_large":
        assert "at most 25000000 bytes" in problem["detail"]
    else:
        assert [each["field"] for each in problem["errors"]] == list(body)[:1]
    assert stored(web) == []
    assert (await talk.ana.post("/api/attachments", json=good)).status_code == 201


async def test_a_part_larger_than_one_request_may_bring_is_refused_unread(talk: Talk) -> None:
    upload = await begun(talk.ana, 20_000_000)
    refused = await part(talk.ana, upload["id"], 0, bytes(MAX_CHUNK_BYTES + 1))
    assert str(MAX_CHUNK_BYTES) in assert_problem(refused, 413, "too_large")["detail"]
    assert refused.headers["connection"] == "close"
    assert (await part(talk.ana, upload["id"], 0, bytes(MAX_CHUNK_BYTES))).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json"},
        {"content-type": "text/plain"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": ""},
        {**RAW, "content-encoding": "gzip"},
    ],
    ids=str,
)
async def test_a_part_is_bytes_and_says_so(talk: Talk, headers: dict[str, str]) -> None:
    upload = await begun(talk.ana, 5)
    path = f"/api/attachments/{upload['id']}?offset=0"
    assert_problem(
        await talk.ana.patch(path, content=b"12345", headers=headers), 415, "unsupported_media_type"
    )
    assert (await part(talk.ana, upload["id"], 0, b"12345")).json()["ready"]


async def test_two_requests_for_one_upload_do_not_mix(talk: Talk) -> None:
    """Which of the two is first is open; that both halves are never mixed is not."""
    upload = await begun(talk.ana, 200_000)
    answers = await asyncio.gather(
        *(part(talk.ana, upload["id"], 0, letter * 200_000) for letter in (b"a", b"b", b"c"))
    )
    by_status = sorted(answer.status_code for answer in answers)
    assert by_status[0] == 200
    assert set(by_status[1:]) <= {409, 503}
    state = (await talk.ana.get(f"/api/attachments/{upload['id']}")).json()
    content = (await talk.ana.get(state["attachment"]["url"])).content
    assert content in (b"a" * 200_000, b"b" * 200_000, b"c" * 200_000)


async def test_an_upload_of_somebody_else_does_not_exist(web: Web, talk: Talk) -> None:
    upload = await begun(talk.ana, 10, CANARY)
    path = f"/api/attachments/{upload['id']}"
    for person in (talk.bo, talk.mallory):
        for answer in (
            await person.get(path),
            await person.delete(path),
            await part(person, upload["id"], 0, b"0123456789"),
            await person.get(path + "/content"),
            await person.get(path + "/thumbnail"),
        ):
            assert CANARY not in answer.text
            assert_problem(answer, 404, "not_found")
    assert (await talk.ana.get(path)).json() == upload
    assert (await talk.ana.get(path + "/content")).status_code == 404, "not finished"
    assert (await part(talk.ana, upload["id"], 0, b"0123456789")).json()["ready"]
    assert (await talk.ana.get(path + "/content")).status_code == 200
    assert_problem(await talk.bo.get(path + "/content"), 404, "not_found")


async def test_an_abandoned_upload_is_gone(web: Web, talk: Talk) -> None:
    half, finished = await begun(talk.ana, 10), await uploaded(talk.ana, encoded(picture(), "PNG"))
    await part(talk.ana, half["id"], 0, b"123")
    assert len(stored(web)) == 3
    for upload_id in (half["id"], finished["id"]):
        path = f"/api/attachments/{upload_id}"
        assert (await talk.ana.delete(path)).status_code == 204
        assert_problem(await talk.ana.get(path), 404, "not_found")
        assert_problem(await talk.ana.delete(path), 404, "not_found")
        assert_problem(await send(talk.ana, talk.id, upload_id), 404, "not_found")
    assert stored(web) == []


async def test_what_was_sent_is_not_abandoned(talk: Talk) -> None:
    [attachment] = (await shown(talk.ana, talk.id, b"text"))["attachments"]
    assert_problem(await talk.ana.delete(f"/api/attachments/{attachment['id']}"), 409, "too_late")
    assert (await talk.bo.get(attachment["url"])).content == b"text"


# what content is


@pytest.mark.parametrize("name", ["holiday.png", "invoice.pdf", "a.jpg.exe", "no extension"])
async def test_the_type_is_what_the_content_is_whatever_the_name_says(talk: Talk, name: str) -> None:
    attachment = await uploaded(talk.ana, HTML, name)
    assert (attachment["kind"], attachment["mediaType"], attachment["name"]) == ("FILE", "text/html", name)
    lying = await uploaded(talk.ana, encoded(picture(), "PNG"), name)
    assert (lying["kind"], lying["mediaType"]) == ("IMAGE", "image/png")


async def test_a_picture_tells_its_size_and_has_a_small_one(talk: Talk) -> None:
    large = encoded(picture(1_600, 400), "PNG")
    message = await shown(talk.ana, talk.id, large, "wide.png")
    assert message["type"] == "IMAGE"
    [attachment] = message["attachments"]
    assert (attachment["width"], attachment["height"]) == (1_600, 400)
    small = await talk.bo.get(attachment["thumbnailUrl"])
    assert small.headers["content-type"] == "image/webp"
    assert small.headers["content-disposition"] == "inline"
    assert len(small.content) < len(large)


@pytest.mark.parametrize("telling", [telling_jpeg, telling_png, telling_webp], ids=lambda make: make.__name__)
async def test_where_a_picture_was_taken_is_gone_from_all_that_is_kept(
    web: Web, talk: Talk, telling: Any
) -> None:
    content = telling()
    assert making.CANARY in content
    [attachment] = (await shown(talk.ana, talk.id, content, "photo"))["attachments"]
    for url in (attachment["url"], attachment["thumbnailUrl"]):
        read = (await talk.bo.get(url)).content
        assert read
        assert making.CANARY not in read
    assert attachment["sizeBytes"] == len((await talk.bo.get(attachment["url"])).content) < len(content)
    assert all(making.CANARY not in path.read_bytes() for path in stored(web))


async def test_an_image_bomb_is_refused_and_nothing_of_it_is_kept(web: Web, talk: Talk) -> None:
    bomb = making.png(60_000, 60_000, b"")
    refused = await sent_parts(talk.ana, bomb, "bomb.png")
    problem = assert_problem(refused, 422, "content_refused")
    assert "expected" in problem["detail"]
    assert stored(web) == []
    upload = await talk.ana.post(
        "/api/attachments", json={"clientId": client_id(), "name": "b", "sizeBytes": len(bomb)}
    )
    upload_id = upload.json()["id"]
    assert_problem(await part(talk.ana, upload_id, 0, bomb), 422, "content_refused")
    assert_problem(await part(talk.ana, upload_id, 0, bomb), 404, "not_found")


@pytest.mark.parametrize("content", [HTML, b"\0" * 100, b"OggS" + b"\0" * 60, encoded(picture(), "PNG")])
async def test_a_voice_message_that_is_none_is_refused(web: Web, talk: Talk, content: bytes) -> None:
    refused = await sent_parts(talk.ana, content, "voice.ogg", voice=True)
    assert_problem(refused, 422, "content_refused")
    assert stored(web) == []


async def test_a_voice_message_tells_how_long_it_is_and_how_it_sounds(talk: Talk, tmp_path: Path) -> None:
    content = recording(tmp_path / "voice.webm", "webm", 1.0).read_bytes()
    message = await shown(talk.ana, talk.id, content, "voice.webm", voice=True)
    assert message["type"] == "VOICE"
    [voice] = message["attachments"]
    assert (voice["kind"], voice["mediaType"]) == ("VOICE", "audio/webm")
    assert 950 <= voice["durationMs"] <= 1_050
    assert len(voice["waveform"]) == 64
    read = await talk.bo.get(voice["url"], headers={"range": "bytes=0-99"})
    assert (read.status_code, len(read.content)) == (206, 100)
    as_file = await uploaded(talk.ana, content, "voice.webm")
    assert as_file["kind"] == "FILE"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        ("/etc/passwd", "_etc_passwd"),
        ("a\r\nSet-Cookie: x=1", "a Set-Cookie_ x=1"),
        ('a"; filename="b.html', "a_; filename=_b.html"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("..", "file"),
        ("", "file"),
        ("şişe 瓶.png", "şişe 瓶.png"),
    ],
)
async def test_a_name_leads_nowhere_and_stays_in_its_header(
    web: Web, talk: Talk, name: str, kept: str
) -> None:
    [attachment] = (await shown(talk.ana, talk.id, b"text", name))["attachments"]
    assert attachment["name"] == kept
    answer = await talk.bo.get(attachment["url"], params={"download": "1"})
    disposition = answer.headers["content-disposition"]
    assert re.fullmatch(
        r"attachment; filename=\"[ -~]*\"; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]*", disposition
    )
    assert "set-cookie" not in answer.headers
    places = {path.relative_to(web.settings.files_dir).parts[0] for path in stored(web)}
    assert places == {"files"}


@pytest.mark.parametrize(("content", "media_type"), [(SVG, "image/svg+xml"), (HTML, "text/html")])
async def test_what_a_browser_could_run_is_only_ever_saved(
    talk: Talk, content: bytes, media_type: str
) -> None:
    message = await shown(talk.ana, talk.id, content, "drawing.svg")
    [attachment] = message["attachments"]
    assert (attachment["kind"], attachment["mediaType"]) == ("FILE", media_type)
    assert (message["type"], attachment["thumbnailUrl"]) == ("FILE", None)
    answer = await talk.bo.get(attachment["url"])
    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert_harmless(answer)
    assert_problem(await talk.bo.get(attachment["url"].replace("content", "thumbnail")), 404, "not_found")


def assert_harmless(answer: httpx.Response) -> None:
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    [policy] = answer.headers.get_list("content-security-policy")
    assert "sandbox" in policy
    assert "script" not in policy
    assert answer.headers.get_list("cross-origin-resource-policy") == ["same-origin"]


# reading


async def test_ranges_conditions_and_head_over_a_real_file(talk: Talk) -> None:
    content = bytes(range(256)) * 2_000
    [attachment] = (await shown(talk.ana, talk.id, content))["attachments"]
    url = attachment["url"]
    whole = await talk.bo.get(url)
    assert whole.headers["cache-control"] == "private, no-cache"
    assert_harmless(whole)
    etag = whole.headers["etag"]
    some = await talk.bo.get(url, headers={"range": "bytes=300000-400099", "if-range": etag})
    assert (some.status_code, some.content) == (206, content[300_000:400_100])
    assert some.headers["content-range"] == f"bytes 300000-400099/{len(content)}"
    last = await talk.bo.get(url, headers={"range": "bytes=-3"})
    assert (last.status_code, last.content) == (206, content[-3:])
    beyond = await talk.bo.get(url, headers={"range": f"bytes={len(content)}-"})
    assert (beyond.status_code, beyond.content) == (416, b"")
    known = await talk.bo.get(url, headers={"if-none-match": etag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
    assert (await talk.bo.get(url, headers={"if-match": '"other"'})).status_code == 412
    head = await talk.bo.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(content)))
    assert head.headers["etag"] == etag


async def test_access_is_asked_at_each_request(web: Web, talk: Talk) -> None:
    message = await shown(talk.ana, talk.id, encoded(picture(), "PNG"))
    [attachment] = message["attachments"]
    etag = (await talk.bo.get(attachment["url"])).headers["etag"]
    assert_problem(await talk.mallory.get(attachment["url"]), 404, "not_found")
    await talk.ana.delete(f"/api/conversations/{talk.id}/messages/{message['id']}")
    for url in (attachment["url"], attachment["thumbnailUrl"]):
        for headers in ({}, {"if-none-match": etag}, {"range": "bytes=0-1"}):
            assert_problem(await talk.bo.get(url, headers=headers), 404, "not_found")
        assert (await talk.bo.head(url)).status_code == 404


# sending


async def test_a_file_of_somebody_else_is_not_sent(web: Web, talk: Talk) -> None:
    of_bo = await uploaded(talk.bo, b"of bo", CANARY)
    mine = await uploaded(talk.ana, b"mine")
    unfinished = await begun(talk.ana, 10)
    for ids in ([of_bo["id"]], [mine["id"], of_bo["id"]], [unfinished["id"]], ["0" * 32]):
        refused = await send(talk.ana, talk.id, *ids)
        assert_problem(refused, 404, "not_found")
        assert CANARY not in refused.text
    assert_problem(await send(talk.ana, talk.id, *([mine["id"]] * 11)), 422, "invalid")
    assert (await talk.ana.get(f"/api/conversations/{talk.id}")).json()["seq"] == 1, "nothing was stored"
    assert (await send(talk.ana, talk.id, mine["id"])).status_code == 201


async def test_ten_files_go_in_one_message_and_in_a_first_one(talk: Talk) -> None:
    files = [await uploaded(talk.ana, b"%d" % number, f"{number}.txt") for number in range(10)]
    body = {
        "recipientId": "cem",
        "clientId": client_id(),
        "content": "All ten",
        "attachments": [each["id"] for each in files],
    }
    started = await talk.ana.post("/api/messages", json=body)
    assert started.status_code == 201
    assert started.json()["message"]["attachments"] == files
    again = await talk.ana.post("/api/messages", json=body)
    assert (again.status_code, again.json()["message"]) == (200, started.json()["message"])


async def test_a_caption_is_edited_and_taken_away_and_deleting_takes_the_files(web: Web, talk: Talk) -> None:
    message = await shown(talk.ana, talk.id, b"text")
    path = f"/api/conversations/{talk.id}/messages/{message['id']}"
    for caption in ("Look", ""):
        edited = await talk.ana.patch(path, json={"content": caption})
        assert edited.status_code == 200
        assert (edited.json()["content"], edited.json()["attachments"]) == (caption, message["attachments"])
    deleted = (await talk.ana.delete(path)).json()
    assert deleted["attachments"] == []
    page = (await talk.bo.get(f"/api/conversations/{talk.id}/attachments")).json()
    assert page == {"items": [], "nextCursor": None}


async def test_files_of_a_conversation_are_listed_by_kind_and_page(talk: Talk) -> None:
    png = encoded(picture(), "PNG")
    sent = [await shown(talk.ana, talk.id, content) for content in (b"one", png, b"two")]
    path = f"/api/conversations/{talk.id}/attachments"
    first = (await talk.bo.get(path, params={"limit": 2})).json()
    rest = (await talk.bo.get(path, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert rest["nextCursor"] is None
    assert [each["messageId"] for each in first["items"] + rest["items"]] == [
        message["id"] for message in reversed(sent)
    ]
    assert first["items"][0] == {
        "attachment": sent[2]["attachments"][0],
        "messageId": sent[2]["id"],
        "seq": sent[2]["seq"],
        "sender": {"id": "ana", "name": "Ana"},
        "createdAt": sent[2]["createdAt"],
    }
    [only] = (await talk.bo.get(path, params={"kind": "IMAGE"})).json()["items"]
    assert only["messageId"] == sent[1]["id"]
    for params in ({"cursor": "x"}, {"kind": "ALL"}, {"limit": 0}, {"limit": 201}):
        assert_problem(await talk.bo.get(path, params=params), 422, "invalid")


# storage


async def test_a_full_disk_is_told_and_what_came_before_is_kept(web: Web, talk: Talk) -> None:
    content = os.urandom(3_000_000)
    upload = await begun(talk.ana, len(content))
    await part(talk.ana, upload["id"], 0, content[:1_000_000])
    # The store's files are smaller than that.
    with files_at_most(2_000_000):
        refused = await part(talk.ana, upload["id"], 1_000_000, content[1_000_000:])
        problem = assert_problem(refused, 507, "storage_full")
        assert problem["retryable"] is True
        said = {"clientId": client_id(), "content": "Still here"}
        assert (await talk.ana.post(f"/api/conversations/{talk.id}/messages", json=said)).status_code == 201
        assert (await talk.ana.get(f"/api/attachments/{upload['id']}")).json()["offset"] == 1_000_000
    done = await part(talk.ana, upload["id"], 1_000_000, content[1_000_000:])
    assert (await talk.ana.get(done.json()["attachment"]["url"])).content == content


async def test_a_disk_that_fills_while_a_file_is_looked_at_is_told_as_that_and_an_empty_part_tries_again(
    web: Web, talk: Talk
) -> None:
    await uploaded(talk.ana, telling_jpeg(), "first.jpg")
    [looking] = [child for child in psutil.Process().children() if "stockent.media.child" in child.cmdline()]
    room = looking.rlimit(psutil.RLIMIT_FSIZE)
    looking.rlimit(psutil.RLIMIT_FSIZE, (50, room[1]))
    content = telling_jpeg()
    upload = await begun(talk.ana, len(content), "second.jpg")
    assert_problem(await part(talk.ana, upload["id"], 0, content), 507, "storage_full")
    state = (await talk.ana.get(f"/api/attachments/{upload['id']}")).json()
    assert (state["offset"], state["ready"]) == (len(content), False)
    looking.rlimit(psutil.RLIMIT_FSIZE, room)
    done = await part(talk.ana, upload["id"], len(content), b"")
    assert (done.status_code, done.json()["ready"]) == (200, True)
