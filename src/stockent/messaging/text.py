"""What a person may write: the rules for content, titles, search texts and a subject's free data.

Each function returns the text as it is to be stored, or raises `invalid` saying what was expected and what
came.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from .errors import invalid
from .models import (
    MAX_CONTENT_CHARS,
    MAX_SUBJECT_DATA_BYTES,
    MAX_SUBJECT_DATA_DEPTH,
    MAX_TITLE_CHARS,
    Subject,
)

#: C0 controls and DEL, and surrogates, which no encoder can store. A message may hold line breaks and tabs.
_BARRED_IN_CONTENT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BARRED_IN_LINE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
#: Not `//host` or `/\host`, which name another site and look like a path; nothing that a reader would not see.
_ADDRESS = re.compile(
    r"(https?://|/(?![/\\]))[^\s\\\x00-\x1f\x7f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]*"
)


def content(text: str, *, may_be_empty: bool = False) -> str:
    """Trim a message's text. A Windows line break becomes a plain one. A caption `may_be_empty`."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if barred := _BARRED_IN_CONTENT.search(text):
        raise invalid("content", f"control character U+{ord(barred[0]):04X} is not allowed")
    text = text.strip()
    if not text and not may_be_empty:
        raise invalid("content", f"expected 1 to {MAX_CONTENT_CHARS} characters after trimming, got none")
    if len(text) > MAX_CONTENT_CHARS:
        raise invalid(
            "content", f"expected at most {MAX_CONTENT_CHARS} characters after trimming, got {len(text)}"
        )
    return text


def line(field: str, text: str | None) -> str | None:
    """Trim a title or another text of one line; a blank one is none."""
    if text is None:
        return None
    if barred := _BARRED_IN_LINE.search(text):
        raise invalid(field, f"control character U+{ord(barred[0]):04X} is not allowed")
    text = text.strip()
    if len(text) > MAX_TITLE_CHARS:
        raise invalid(field, f"expected at most {MAX_TITLE_CHARS} characters, got {len(text)}")
    return text or None


def subject(given: Subject | None) -> Subject | None:
    if given is None:
        return None
    title = line("subject.title", given.title)
    if title is None:
        raise invalid("subject.title", f"expected 1 to {MAX_TITLE_CHARS} characters, got none")
    for name, address in (("url", given.url), ("imageUrl", given.image_url)):
        if address is not None and not is_address(address):
            raise invalid(f"subject.{name}", "expected an http or https address, or a path of this site")
    if given.data is not None:
        _check_data(given.data)
    return msgspec.structs.replace(given, title=title)


def is_address(text: str) -> bool:
    """Whether it leads to the web or to a path of this site, and to nothing that a page would run."""
    return _ADDRESS.fullmatch(text) is not None


def _check_data(data: dict[str, Any]) -> None:
    if not _depth_within(data, MAX_SUBJECT_DATA_DEPTH):
        raise invalid("subject.data", f"nested deeper than {MAX_SUBJECT_DATA_DEPTH} levels")
    try:
        encoded = msgspec.json.encode(data)
    except (OverflowError, UnicodeEncodeError, TypeError) as error:
        raise invalid("subject.data", "holds a value that JSON cannot carry") from error
    if len(encoded) > MAX_SUBJECT_DATA_BYTES:
        raise invalid(
            "subject.data", f"expected at most {MAX_SUBJECT_DATA_BYTES} bytes of JSON, got {len(encoded)}"
        )
    # Twice: a text may hold a backslash and "u0000" behind it.
    if b"\\u0000" in encoded and _holds_nul(data):
        raise invalid("subject.data", "control character U+0000 is not allowed")


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))


def _depth_within(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    if levels == 0:
        return False
    return all(
        _depth_within(each, levels - 1) for each in (value.values() if isinstance(value, dict) else value)
    )
