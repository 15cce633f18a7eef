"""The grammar of FILES_URL, the one setting of where files lie. Pure: `config` reads it, `open_blobs` uses it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from stockent.origins import is_host, is_loopback, split_url, url_host

EXAMPLE = "s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-central-1"
DEFAULT_REGION = "us-east-1"
OPTIONS = ("endpoint", "region", "path_style", "links")
MAX_URL_CHARS = 2_048
#: The rules for the names of buckets; capitals are left out on purpose, old buckets with them are not served.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SWITCH = {"true": True, "false": False}


class FilesUrlError(ValueError):
    """What was expected and what came; begins with neither the variable's name nor a secret."""


class S3Place(NamedTuple):
    """`endpoint` is the origin that requests go to, with the bucket in front when not `path_style`.

    `links`: browsers can reach it too, so downloads may be sent there.
    """

    bucket: str
    prefix: str | None
    endpoint: str
    region: str
    path_style: bool
    links: bool


@dataclass(frozen=True, slots=True)
class S3Keys:
    """`session_token` only for keys that are lent for a time."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def parse_files_url(text: str) -> S3Place:
    """Read `s3://bucket/prefix?endpoint=…&region=…&path_style=true&links=false`; all but the bucket may be left out.

    Without an endpoint it is Amazon's of that region. With one, `path_style` is true unless said otherwise: other
    servers seldom have a name for each bucket. `links` is true unless the endpoint is this machine, which no other
    machine's browser reaches. Raises `FilesUrlError`.
    """
    url = split_url(text) if len(text) <= MAX_URL_CHARS else None
    if url is None or url.scheme != "s3" or not url.netloc or url.fragment:
        raise FilesUrlError(f"expected an address such as {EXAMPLE}, got another form")
    if url.username is not None or url.password is not None or url.port is not None:
        raise FilesUrlError(
            "expected only a bucket's name after s3://; keys belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    bucket, prefix = url.netloc, unquote(url.path).strip("/") or None
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise FilesUrlError(
            f"expected a bucket's name of 3 to 63 lower-case letters, digits, - and ., got {bucket[:80]!r}"
        )
    if prefix is not None and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/"))):
        raise FilesUrlError(f"expected a prefix of letters, digits, -, _, ., = and /, got {prefix[:80]!r}")
    return _with_options(bucket, prefix, _options(url.query))


def _options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if unknown := [name for name in options if name not in OPTIONS]:
        raise FilesUrlError(f"expected options among {', '.join(OPTIONS)}, got {unknown[0][:80]!r}")
    if len(options) != len(pairs):
        raise FilesUrlError("expected each option once")
    return options


def _with_options(bucket: str, prefix: str | None, options: dict[str, str]) -> S3Place:
    region = options.get("region", DEFAULT_REGION)
    if not _REGION.fullmatch(region):
        raise FilesUrlError(f"expected a region such as eu-central-1, got {region[:80]!r}")
    given = options.get("endpoint")
    origin = f"https://s3.{region}.amazonaws.com" if given is None else _origin(given)
    # A certificate for *.s3… does not cover a name with a dot in it.
    path_style = _switch(options, "path_style", default=given is not None or "." in bucket)
    links = _switch(options, "links", default=not is_loopback(urlsplit(origin).hostname or ""))
    scheme, _, host = origin.partition("://")
    if not path_style and _is_address(origin):
        raise FilesUrlError("expected path_style=true with an endpoint that is an IP address, got false")
    endpoint = origin if path_style else f"{scheme}://{bucket}.{host}"
    return S3Place(bucket, prefix, endpoint, region, path_style, links)


def _is_address(origin: str) -> bool:
    try:
        ipaddress.ip_address(urlsplit(origin).hostname or "")
    except ValueError:
        return False
    return True


def _switch(options: dict[str, str], name: str, *, default: bool) -> bool:
    if name not in options:
        return default
    if options[name] not in _SWITCH:
        raise FilesUrlError(f"expected {name} to be true or false, got {options[name][:80]!r}")
    return _SWITCH[options[name]]


def _origin(text: str) -> str:
    url = split_url(text)
    if (
        url is None
        or url.scheme not in ("http", "https")
        or not url.hostname
        or not is_host(url.hostname)
        or url.username is not None
        or url.path.strip("/")
        or url.query
        or url.fragment
    ):
        raise FilesUrlError(
            "expected an endpoint such as https://s3.example.com, with no path, got another form"
        )
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise FilesUrlError("expected an https endpoint (http only on this machine), got http")
    port = "" if url.port is None else f":{url.port}"
    return f"{url.scheme}://{url_host(url.hostname)}{port}"
