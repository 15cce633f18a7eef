"""Content codings: what `Accept-Encoding` asks for, what a media type allows, and bodies that come back whole."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading

import brotli  # type: ignore[import-untyped] # it carries no types
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from stockent.codings import (
    CODINGS,
    IN_THREAD_BYTES,
    MAX_ACCEPTED_CHARS,
    choose,
    encode,
    encode_small,
    is_text,
)

CHOICES = {
    # browsers
    "gzip, deflate, br, zstd": "zstd",
    "gzip, deflate, br": "br",
    "gzip, deflate": "gzip",
    # weights (RFC 9110, section 12.4.2)
    "zstd;q=0.5, br;q=0.9, gzip;q=0.8": "br",
    "zstd;q=0.001,gzip;q=0.002": "gzip",
    "br;q=1.000, zstd;q=0.999": "br",
    "zstd;q=0, br;q=0.0, gzip;q=0.000": None,
    "zstd;q=0, gzip": "gzip",
    "zstd ; q=0.2 , br;Q=0.3": "br",
    # every coding, and none
    "*": "zstd",
    "*;q=0.1": "zstd",
    "*;q=0": None,
    "zstd;q=0, *": "br",
    "gzip;q=0.2, *;q=0.1": "gzip",
    "identity": None,
    "identity, gzip": "gzip",
    "identity;q=0.5, gzip;q=0.4": None,
    "identity;q=0, *;q=0": None,
    "": None,
    # names
    "GZIP": "gzip",
    "x-gzip": "gzip",
    "deflate, compress": None,
    "gzipp, brr": None,
    # what is malformed counts as not accepted
    "gzip;q=2": None,
    "gzip;q=-1": None,
    "gzip;q=0.1234": None,
    "gzip;q=1.001": None,
    "gzip;q=": None,
    "gzip;q=nan": None,
    "gzip;": None,
    "gzip;level=9": None,
    "gzip;q=٠.٥": None,
    ",;=,": None,
    "br;q=high, gzip": "gzip",
    "gzip" + ", br" * MAX_ACCEPTED_CHARS: None,
}


@pytest.mark.parametrize(("accepted", "coding"), CHOICES.items())
def test_the_coding_that_weighs_most_is_chosen(accepted: str, coding: str | None) -> None:
    assert choose(accepted) == coding


def test_of_equals_the_first_that_is_offered_is_chosen() -> None:
    assert choose("gzip, br, zstd", ("br", "gzip")) == "br"
    assert choose("gzip, br, zstd", ("gzip", "br")) == "gzip"
    assert choose("*, identity", ()) is None


@given(st.text(max_size=100))
def test_no_header_is_an_error(accepted: str) -> None:
    assert choose(accepted) in (None, *CODINGS)


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain; charset=UTF-8",
        "TEXT/HTML",
        "text/css",
        "text/javascript",
        "application/json",
        "application/problem+json",
        "application/manifest+json; charset=utf-8",
        "application/javascript",
        "image/svg+xml",
    ],
)
def test_text_gets_smaller(media_type: str) -> None:
    assert is_text(media_type)


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "image/png",
        "audio/ogg",
        "application/octet-stream",
        "application/pdf",
        "application/zip",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/jsonish",
        "font/woff2",
        "text/event-stream",
    ],
)
def test_other_things_are_left_alone(media_type: str) -> None:
    assert not is_text(media_type)


def decode(coding: str, body: bytes) -> bytes:
    if coding == "zstd":
        return zstandard.decompress(body)
    return bytes(brotli.decompress(body)) if coding == "br" else gzip.decompress(body)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [0, 1, 1_024, 100_000, IN_THREAD_BYTES + 1])
async def test_a_coded_body_comes_back_whole(coding: str, size: int) -> None:
    body = (b'{"content":"said again and again"},' * 20_000)[:size]
    noise = os.urandom(size)

    for plain in (body, noise):
        assert decode(coding, await encode(coding, plain)) == plain
    assert decode(coding, encode_small(coding, body)) == body
    if size > 100:
        assert len(encode_small(coding, body)) < size
        assert len(await encode(coding, body)) < size


def test_threads_may_code_beside_each_other() -> None:
    """A compressor of zstandard's may be of one thread at a time only."""
    bodies = [bytes([number]) * IN_THREAD_BYTES * 4 for number in range(4)]
    found: dict[int, bool] = {}

    def work(number: int) -> None:
        coded = [asyncio.run(encode("zstd", bodies[number])) for _ in range(10)]
        found[number] = all(decode("zstd", each) == bodies[number] for each in coded)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(4), True)
