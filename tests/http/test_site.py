"""The page's files: what is served, how it is kept, and what is said when it was not built."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest

from stockent.http.site import Site
from tests.http.conftest import Web, assert_problem


@pytest.mark.parametrize("path", ["/", "/c", "/c/01a2", "/c/01a2/m/5", "/index.html"])
async def test_every_address_of_the_page_gives_the_page_and_is_asked_for_again(web: Web, path: str) -> None:
    answer = await (await web.anonymous()).get(path)
    assert answer.status_code == 200
    assert answer.text.startswith("<!doctype html><title>Messages")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


async def test_an_unchanged_file_is_not_sent_again(web: Web) -> None:
    browser = await web.anonymous()
    first = await browser.get("/")
    same = await browser.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert (await browser.get("/", headers={"if-none-match": '"other"'})).status_code == 200


async def test_assets_are_kept_for_ever_and_other_files_for_a_while(web: Web) -> None:
    browser = await web.anonymous()
    asset = await browser.get("/assets/index-a1b2c3.js")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
    picture = await browser.get("/demo/cotton-yarn.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["cache-control"] == "public, max-age=3600"


async def test_text_is_compressed_for_those_who_take_it(web: Web, page_dir: Path) -> None:
    browser = await web.anonymous()
    path = "/assets/index-a1b2c3.js"
    packed = await browser.get(path, headers={"accept-encoding": "gzip"})
    plain = await browser.get(path, headers={"accept-encoding": "identity"})
    refusing = await browser.get(path, headers={"accept-encoding": "gzip;q=0"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refusing.headers
    assert packed.content == plain.content == (page_dir / path[1:]).read_bytes()
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
async def test_a_file_comes_by_each_coding_and_has_an_etag_for_each(
    web: Web, page_dir: Path, coding: str
) -> None:
    browser = await web.anonymous()
    path = "/assets/index-a1b2c3.js"
    packed = await browser.get(path, headers={"accept-encoding": f"gzip;q=0.1, {coding}"})
    same = await browser.get(
        path, headers={"accept-encoding": coding, "if-none-match": packed.headers["etag"]}
    )
    assert packed.headers["content-encoding"] == coding
    assert packed.content == (page_dir / path[1:]).read_bytes()
    assert packed.headers["etag"].endswith(f'-{coding}"')
    assert same.status_code == 304


async def test_of_the_codings_that_a_client_takes_the_smallest_is_sent(web: Web) -> None:
    browser = await web.anonymous()
    path = "/assets/index-a1b2c3.js"
    sizes = {}
    for coding in ("zstd", "br", "gzip", "gzip, br, zstd"):
        answer = await browser.get(path, headers={"accept-encoding": coding})
        sizes[coding] = int(answer.headers["content-length"])
    assert sizes.pop("gzip, br, zstd") == min(sizes.values())


async def test_a_file_that_was_compressed_at_build_is_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_bytes(b"x" * 5_000)
    made = gzip.compress(b"x" * 5_000, 1)
    (tmp_path / "assets" / "a.js.gz").write_bytes(made)
    transport = httpx.ASGITransport(app=Site(tmp_path))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as browser:
        answer = await browser.get("/assets/a.js", headers={"accept-encoding": "gzip"})
        assert int(answer.headers["content-length"]) == len(made)
        assert answer.content == b"x" * 5_000
        assert (await browser.get("/assets/a.js.gz")).status_code == 404


async def test_what_is_not_there_is_a_problem_and_only_reading_is_possible(web: Web) -> None:
    browser = await web.anonymous()
    for path in ("/missing", "/assets/missing.js", "/page/index.html", "/cx"):
        assert_problem(await browser.get(path), 404, "not_found")
    refused = await browser.post("/")
    assert_problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "GET, HEAD"


async def test_a_page_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(app=Site(tmp_path / "nothing"))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as browser:
        answer = await browser.get("/")
        assert answer.status_code == 503
        assert "make page" in answer.text
        assert_problem(await browser.get("/assets/index.js"), 404, "not_found")
