"""FILES_URL: what it says, and what it may not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockent.files import FilesUrlError, S3Keys, S3Place, open_blobs, parse_files_url


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            "s3://bucket",
            S3Place(
                "bucket",
                None,
                "https://bucket.s3.us-east-1.amazonaws.com",
                "us-east-1",
                path_style=False,
                links=True,
            ),
        ),
        (
            "s3://bucket/a/b/?region=eu-central-1",
            S3Place(
                "bucket",
                "a/b",
                "https://bucket.s3.eu-central-1.amazonaws.com",
                "eu-central-1",
                path_style=False,
                links=True,
            ),
        ),
        (
            "s3://dotted.bucket",
            S3Place(
                "dotted.bucket",
                None,
                "https://s3.us-east-1.amazonaws.com",
                "us-east-1",
                path_style=True,
                links=True,
            ),
        ),
        (
            "s3://bucket/x?endpoint=https://s3.example.com:9000/",
            S3Place("bucket", "x", "https://s3.example.com:9000", "us-east-1", path_style=True, links=True),
        ),
        (
            "s3://bucket?endpoint=https%3A%2F%2Fs3.example.com&path_style=false&links=false",
            S3Place(
                "bucket", None, "https://bucket.s3.example.com", "us-east-1", path_style=False, links=False
            ),
        ),
        (
            "s3://bucket?endpoint=http://127.0.0.1:9000",
            S3Place("bucket", None, "http://127.0.0.1:9000", "us-east-1", path_style=True, links=False),
        ),
        (
            "s3://bucket?endpoint=http://[::1]:9000&links=true",
            S3Place("bucket", None, "http://[::1]:9000", "us-east-1", path_style=True, links=True),
        ),
    ],
)
def test_an_address_names_the_bucket_and_where_it_is(text: str, place: S3Place) -> None:
    assert parse_files_url(text) == place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected an address such as s3://bucket/prefix"),
        ("/var/files", "expected an address such as s3://"),
        ("https://s3.example.com/bucket", "expected an address such as s3://"),
        ("s3:///prefix", "expected an address such as s3://"),
        ("s3://bucket#part", "expected an address such as s3://"),
        ("s3://bu cket", "expected an address such as s3://"),
        ("s3://bücket", "expected an address such as s3://"),
        ("s3://bucket/" + "x" * 3_000, "expected an address such as s3://"),
        ("s3://key:hidden@bucket", "AWS_ACCESS_KEY_ID"),
        ("s3://bucket:9000/x", "only a bucket's name"),
        ("s3://Bucket", "expected a bucket's name"),
        ("s3://ab", "expected a bucket's name"),
        ("s3://a..b", "expected a bucket's name"),
        ("s3://bucket/a/../b", "expected a prefix"),
        ("s3://bucket/a%2f..%2fb", "expected a prefix"),
        ("s3://bucket/a//b", "expected a prefix"),
        ("s3://bucket/a%00b", "expected a prefix"),
        (
            "s3://bucket?endpiont=https://x",
            "expected options among endpoint, region, path_style, links, got 'endpiont'",
        ),
        ("s3://bucket?region=a&region=b", "expected each option once"),
        ("s3://bucket?region=", "expected a region such as"),
        ("s3://bucket?region=eu/../x", "expected a region such as"),
        ("s3://bucket?path_style=yes", "expected path_style to be true or false, got 'yes'"),
        ("s3://bucket?endpoint=http://127.0.0.1:9000&path_style=false", "expected path_style=true"),
        ("s3://bucket?endpoint=https://[2001:db8::1]&path_style=false", "expected path_style=true"),
        ("s3://bucket?links=1", "expected links to be true or false, got '1'"),
        ("s3://bucket?endpoint=http://s3.example.com", "http only on this machine"),
        ("s3://bucket?endpoint=http://127.0.0.1.example.com", "http only on this machine"),
        ("s3://bucket?endpoint=s3.example.com", "expected an endpoint such as https://"),
        ("s3://bucket?endpoint=ftp://s3.example.com", "expected an endpoint such as https://"),
        ("s3://bucket?endpoint=https://u:hidden@s3.example.com", "expected an endpoint such as https://"),
        ("s3://bucket?endpoint=https://s3.example.com/path", "expected an endpoint such as https://"),
        ("s3://bucket?endpoint=", "expected an endpoint such as https://"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(text: str, expected: str) -> None:
    with pytest.raises(FilesUrlError) as refusal:
        parse_files_url(text)
    assert expected in str(refusal.value)
    assert "hidden" not in str(refusal.value)


@given(st.text(max_size=200) | st.text(max_size=100).map("s3://bucket?endpoint=http://".__add__))
def test_any_text_is_a_place_or_a_clear_refusal(text: str) -> None:
    try:
        shown = parse_files_url(text).endpoint
    except FilesUrlError as refusal:
        shown = str(refusal)
    assert shown.startswith(("expected ", "https://", "http://localhost", "http://127.", "http://[::1]"))


def test_an_s3_address_needs_keys_and_secrets_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises(FilesUrlError, match="AWS_SECRET_ACCESS_KEY"):
        open_blobs(parse_files_url("s3://bucket"), None, tmp_path)
    assert "hidden" not in repr(S3Keys("access", "hidden", "hidden"))
