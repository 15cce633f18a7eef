"""Request bodies: what is malformed, what is invalid, what is too much, and that none of it is a fault of ours."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest

from stockent.http.bodies import MAX_BODY_BYTES
from tests.http.conftest import Talk, assert_problem, client_id

JSON = {"content-type": "application/json"}
GOOD = f'{{"clientId": "{client_id()}", "content": "hello"}}'.encode()

MALFORMED = {
    "nothing": b"",
    "not JSON": b"hello",
    "cut off": b'{"content": "he',
    "two values": b'{"content": "a"} {}',
    "NaN": b'{"content": NaN}',
    "Infinity": b'{"content": -Infinity}',
    "a number beyond doubles": b'{"content": 1e999}',
    "an integer of 5,000 digits": b'{"content": ' + b"7" * 5_000 + b"}",
    "duplicate keys": b'{"content": "a", "content": "b"}',
    "duplicate keys within": b'{"x": [{"a": 1, "a": 2}]}',
    "a lone surrogate": b'{"content": "\\ud800"}',
    "bad UTF-8": b'{"content": "\xff"}',
    "UTF-16": '{"content": "a"}'.encode("utf-16"),
    "a NUL": b'{"content": "a\\u0000b"}',
    "a NUL in a key": b'{"a\\u0000": 1}',
    "a NUL in a list": b'{"x": ["\\u0000"]}',
    "100,000 levels": b'{"content": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 levels, open": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_not_plain_json_is_malformed_and_never_stored(talk: Talk, body: bytes) -> None:
    path = f"/api/conversations/{talk.id}/messages"
    assert_problem(await talk.ana.post(path, content=body, headers=JSON), 400, "malformed")
    assert len((await talk.ana.get(path)).json()["items"]) == 1
    assert (await talk.ana.post(path, content=GOOD, headers=JSON)).status_code == 201


async def test_an_escaped_backslash_before_u0000_is_text(talk: Talk) -> None:
    body = GOOD.replace(b"hello", b"C:\\\\u0000")
    sent = await talk.ana.post(f"/api/conversations/{talk.id}/messages", content=body, headers=JSON)
    assert sent.json()["content"] == "C:\\u0000"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/json, text/plain",
    ],
)
async def test_json_under_another_media_type_is_refused(talk: Talk, content_type: str | None) -> None:
    path = f"/api/conversations/{talk.id}/messages"
    headers = {} if content_type is None else {"content-type": content_type}
    refused = await talk.ana.post(path, content=GOOD, headers=headers)
    assert_problem(refused, 415, "unsupported_media_type")
    for good in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        sent = await talk.ana.post(path, content=GOOD, headers={"content-type": good})
        assert sent.status_code in (200, 201)


async def test_a_compressed_body_is_refused_without_being_inflated(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/messages"
    bomb = gzip.compress(b"[" * 10_000_000)
    assert len(bomb) < MAX_BODY_BYTES
    refused = await talk.ana.post(path, content=bomb, headers={**JSON, "content-encoding": "gzip"})
    assert_problem(refused, 415, "unsupported_media_type")
    larger = b"x" * (MAX_BODY_BYTES + 1)
    refused = await talk.ana.post(path, content=larger, headers={**JSON, "content-encoding": "gzip"})
    assert_problem(refused, 413, "too_large")


async def test_a_body_over_the_limit_is_refused_whether_its_length_is_told_or_not(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/messages"
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 100 * MAX_BODY_BYTES:
            read += 65_536
            yield b" " * 65_536

    told = await talk.ana.post(path, content=GOOD + b" " * MAX_BODY_BYTES, headers=JSON)
    assert_problem(told, 413, "too_large")
    assert told.headers["connection"] == "close"
    assert_problem(await talk.ana.post(path, content=endless(), headers=JSON), 413, "too_large")
    assert read < 2 * MAX_BODY_BYTES
    fits = GOOD + b" " * (MAX_BODY_BYTES - len(GOOD))
    assert (await talk.ana.post(path, content=fits, headers=JSON)).status_code in (200, 201)


async def test_every_wrong_field_is_named_with_what_was_expected(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/messages"
    body = assert_problem(
        await talk.ana.post(path, json={"clientId": "x", "content": 1, "type": 5}), 422, "invalid"
    )
    assert [error["field"] for error in body["errors"]] == ["clientId", "content", "type"]
    assert "expected `str`, got `int`" in body["errors"][1]["message"]
    assert "regex" in body["errors"][0]["message"]


async def test_numbers_are_not_read_out_of_text(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/read"
    assert_problem(await talk.bo.put(path, json={"seq": "1"}), 422, "invalid")
    assert (await talk.bo.put(path, json={"seq": 1})).status_code == 200


async def test_unknown_fields_are_ignored(talk: Talk) -> None:
    path = f"/api/conversations/{talk.id}/messages"
    body = {"clientId": client_id(), "content": "from a newer client", "importance": "high"}
    assert (await talk.ana.post(path, json=body)).status_code == 201
