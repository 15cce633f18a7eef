"""The answer to a request for a file: ranges, conditions, names, and headers that make it harmless."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockent.files.serving import (
    SECURITY_HEADERS,
    Answer,
    File,
    content_disposition,
    content_type,
    etag_of,
    plan,
)
from stockent.messaging.file_names import safe_name

BLOB_ID = "0198f00dcafe" + "a" * 20
ETAG = f'"{BLOB_ID}"'


def file(size_bytes: int = 1_000, media_type: str = "image/png", name: str | None = "a.png") -> File:
    return File(BLOB_ID, size_bytes, media_type, name)


def ask(range_: str | None = None, *, size: int = 1_000, method: str = "GET", **headers: str) -> Answer:
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if range_ is not None:
        given_headers["range"] = range_
    return plan(file(size), given_headers, method=method)


# whole


def test_the_whole_file_comes_with_its_type_size_name_and_validator() -> None:
    answer = ask()
    assert (answer.status, answer.start, answer.end) == (200, 0, 1_000)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Length"] == "1000"
    assert answer.headers["Content-Disposition"] == "inline; filename=\"a.png\"; filename*=UTF-8''a.png"
    assert answer.headers["ETag"] == etag_of(BLOB_ID) == ETAG
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "Content-Range" not in answer.headers


def test_head_tells_what_get_would_and_sends_nothing() -> None:
    answer = ask("bytes=0-9", method="HEAD")
    assert (answer.status, answer.headers) == (200, ask().headers)
    assert answer.start == answer.end


# ranges (RFC 9110 14.1.2, 14.2)


@pytest.mark.parametrize(
    ("range_", "start", "end"),
    [
        ("bytes=0-499", 0, 500),
        ("bytes=500-999", 500, 1_000),
        ("bytes=-500", 500, 1_000),
        ("bytes=990-", 990, 1_000),
        ("bytes=0-0", 0, 1),
        ("bytes=-1", 999, 1_000),
        ("bytes=0-", 0, 1_000),
        ("bytes=999-5000", 999, 1_000),
        ("bytes=-5000", 0, 1_000),
        ("BYTES=5-6", 5, 7),
        ("bytes= 5-6 ", 5, 7),
        ("bytes=0005-0000000000000000000000006", 5, 7),
        ("bytes=1-" + "9" * 5_000, 1, 1_000),
        ("bytes=-" + "9" * 5_000, 0, 1_000),
    ],
)
def test_a_range_gives_those_bytes(range_: str, start: int, end: int) -> None:
    answer = ask(range_)
    assert (answer.status, answer.start, answer.end) == (206, start, end)
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/1000"
    assert answer.headers["Content-Length"] == str(end - start)
    assert answer.headers["ETag"] == ETAG


@pytest.mark.parametrize(
    "range_", ["bytes=1000-", "bytes=1000-1000", "bytes=-0", "bytes=" + "9" * 5_000 + "-"]
)
def test_a_range_beyond_the_end_is_told_the_size(range_: str) -> None:
    answer = ask(range_)
    assert (answer.status, answer.start, answer.end) == (416, 0, 0)
    assert answer.headers["Content-Range"] == "bytes */1000"
    assert "Content-Disposition" not in answer.headers


@pytest.mark.parametrize(
    "range_",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5",
        "bytes=9-5",
        "bytes=a-b",
        "bytes=0x1-0x2",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=٣-٤",
        "bytes=1 -2",
        "items=0-5",
        "bytes=0-1,5-6",
        "bytes=0-1,",
        "bytes=" + ",".join(["0-"] * 10_000),
    ],
)
def test_a_range_that_is_none_or_many_gives_the_whole_file(range_: str) -> None:
    answer = ask(range_)
    assert (answer.status, answer.start, answer.end) == (200, 0, 1_000)
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize("range_", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=7-9"])
def test_an_empty_file_has_no_ranges(range_: str) -> None:
    answer = ask(range_, size=0)
    assert (answer.status, answer.start, answer.end) == (200, 0, 0)
    assert answer.headers["Content-Length"] == "0"


@given(
    st.text(max_size=60)
    | st.from_regex(r"bytes=[0-9 ]{0,22}-[0-9 ]{0,22}", fullmatch=True)
    | st.builds("bytes={}-{}".format, st.integers(0, 40), st.integers(0, 40)),
    st.integers(0, 30),
)
@example("bytes=-0", 0)
def test_no_range_header_raises_or_reads_out_of_bounds(range_: str, size: int) -> None:
    answer = ask(range_, size=size)
    assert answer.status in (200, 206, 416)
    assert 0 <= answer.start <= answer.end <= size
    assert answer.headers["Content-Length"] == str(answer.end - answer.start)
    if answer.status == 206:
        assert answer.end > answer.start
        assert answer.headers["Content-Range"] == f"bytes {answer.start}-{answer.end - 1}/{size}"


@given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 10))
def test_a_range_gives_what_a_slice_would(first: int, last: int, size: int) -> None:
    content = bytes(range(size))
    answer = ask(f"bytes={first}-{last}", size=size)
    if first > last:
        assert answer.status == 200
    else:
        assert content[answer.start : answer.end] == content[first : last + 1]
        assert answer.status == (206 if first < size else 416)


# conditions (RFC 9110 13)


@pytest.mark.parametrize(
    "known", [ETAG, f"W/{ETAG}", "*", f'"other", {ETAG}', f'"a,b",W/{ETAG}', f" {ETAG} "]
)
def test_who_has_it_already_is_told_so(known: str) -> None:
    for range_ in (None, "bytes=0-5", "bytes=5000-"):
        answer = ask(range_, if_none_match=known)
        assert (answer.status, answer.start, answer.end) == (304, 0, 0)
        assert answer.headers["ETag"] == ETAG
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert not {"Content-Length", "Content-Type", "Content-Range"} & set(answer.headers)


@pytest.mark.parametrize(
    "known", ["", '"other"', BLOB_ID, f'"{BLOB_ID}', f'"{BLOB_ID} "', "garbage", '"', "W/"]
)
def test_who_has_something_else_gets_the_file(known: str) -> None:
    assert ask(if_none_match=known).status == 200


@pytest.mark.parametrize(
    ("validator", "status"),
    [
        (ETAG, 206),
        (f" {ETAG} ", 206),
        (f"W/{ETAG}", 200),
        ('"other"', 200),
        ("Tue, 24 Nov 2026 13:54:20 GMT", 200),
        ("", 200),
    ],
)
def test_a_part_is_only_for_who_has_the_rest_of_the_same_file(validator: str, status: int) -> None:
    assert ask("bytes=5-", if_range=validator).status == status


def test_if_match_wants_the_same_file_strongly() -> None:
    assert ask(if_match=ETAG).status == ask(if_match="*").status == 200
    assert ask(if_match='"other"').status == ask(if_match=f"W/{ETAG}").status == 412


@given(
    st.dictionaries(st.sampled_from(["range", "if-range", "if-match", "if-none-match"]), st.text(max_size=80))
)
def test_no_condition_raises(headers: dict[str, str]) -> None:
    assert plan(file(), headers).status in (200, 206, 304, 412, 416)


# harmless


@pytest.mark.parametrize(
    "answer",
    [
        ask(),
        ask("bytes=0-1"),
        ask("bytes=5000-"),
        ask(if_none_match="*"),
        ask(if_match='"x"'),
        ask(method="HEAD"),
    ],
    ids=lambda answer: str(answer.status),
)
def test_every_answer_carries_what_keeps_a_browser_from_running_it(answer: Answer) -> None:
    assert SECURITY_HEADERS.items() <= answer.headers.items()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert not any("script-src" in part or "allow-scripts" in part for part in policy)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-cache", "access is checked at each request"


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"])
def test_a_picture_is_shown_in_place_unless_a_download_is_asked_for(media_type: str) -> None:
    shown = plan(file(media_type=media_type.upper() + "; x=y"), {})
    assert shown.headers["Content-Disposition"].startswith("inline;")
    assert shown.headers["Content-Type"] == media_type
    saved = plan(file(media_type=media_type), {}, download=True)
    assert saved.headers["Content-Disposition"].startswith("attachment;")
    assert saved.headers["Content-Type"] == media_type


@pytest.mark.parametrize(
    "media_type", ["application/pdf", "audio/ogg", "audio/webm", "audio/mp4", "video/mp4", "video/webm"]
)
def test_what_no_sandbox_can_show_keeps_its_type_and_is_saved_when_opened(media_type: str) -> None:
    headers = plan(file(media_type=f"{media_type}; codecs=opus"), {}).headers
    assert headers["Content-Type"] == media_type
    assert headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    "media_type",
    [
        "text/html",
        "image/svg+xml",
        "application/xhtml+xml",
        "text/xml",
        "text/javascript",
        "text/css",
        "application/x-msdownload",
        "application/zip",
        "text/html; x=image/png",
        "image/png\r\nX: y",
        "image/png, text/html",
        "",
    ],
)
def test_every_other_type_is_saved_and_called_plain_bytes(media_type: str) -> None:
    headers = plan(file(media_type=media_type), {}).headers
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["Content-Type"] == content_type(media_type) == "application/octet-stream"


def test_text_is_told_to_be_utf_8() -> None:
    assert (
        content_type("text/plain") == content_type("text/plain; charset=utf-7") == "text/plain; charset=utf-8"
    )


# names (RFC 6266, RFC 8187)

HEADER = re.compile(
    r"(inline|attachment); filename=\"([ !#$&'()*+,\-.0-9:;<=>?@A-Z\[\]^_`a-z{|}~]+)\"; "
    r"filename\*=UTF-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+)"
)


@given(st.text(st.characters(codec=None), max_size=300), st.booleans())
@example("a\"; filename*=UTF-8''evil.exe; x=\"", False)
@example("a\r\nSet-Cookie: x=1", True)
@example("invoice\u202efdp.exe", False)
@example("100%41.txt", False)
def test_any_name_gives_one_line_of_ascii_that_reads_back_as_the_name(name: str, inline: bool) -> None:
    header = content_disposition(name, inline=inline)
    parts = HEADER.fullmatch(header)
    assert parts is not None, header
    assert unquote(parts[3], encoding="utf-8", errors="strict") == safe_name(name)
    assert parts[1] == ("inline" if inline else "attachment")


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Şişe.pdf", "Sise.pdf"), ("报价.pdf", "__.pdf"), ("100%41.txt", "100_41.txt"), ("ﬁne.txt", "fine.txt")],
)
def test_who_cannot_read_the_full_name_gets_a_plain_one(name: str, plain: str) -> None:
    assert f'filename="{plain}"' in content_disposition(name, inline=False)


def test_a_file_without_a_name_needs_none() -> None:
    assert content_disposition(None, inline=True) == "inline"
