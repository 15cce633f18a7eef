"""Tells a signing secret that somebody could guess from one that was generated.

`config` refuses to start with a guessable one: whoever knows the secret can speak as any user. The words and
phrases are those of tutorials, README files and jwt.io; nothing here returns or logs the secret itself.
"""

from __future__ import annotations

import re

MIN_SECRET_BYTES = 32
MAX_SECRET_BYTES = 4_096
MIN_DISTINCT_CHARS = 6
#: What is left of a secret without the words of examples must be at least this long.
MIN_OWN_CHARS = 8
#: A text that is one short piece over and over is no secret, however long it is.
MAX_REPEATED_PIECE_CHARS = 8
SECRET_HINT = "make one with: openssl rand -hex 32"  # noqa: S105

_PHRASES = (
    "changeme",
    "changethis",
    "changeit",
    "changeinproduction",
    "replaceme",
    "replacethis",
    "replacewith",
    "yoursecret",
    "yoursuper",
    "yourjwt",
    "your256bitsecret",
    "yourownsecret",
    "supersecret",
    "insertyour",
    "examplesecret",
    "secretexample",
    "stringsecretatleast256bits",
    "keyboardcat",
    "donotusein",
    "notforproduction",
    "0123456789abcdef0123456789abcdef",
    "abcdefghijklmnopqrstuvwxyz",
)
_WORDS = re.compile(
    "secret|password|passw0rd|passphrase|change|replace|default|example|placeholder|production|private|insecure"
    "|super|token|jwt|key|your|here|please|this|that|must|long|very|random|string|enough|characters|value"
    "|bits|bit|bytes|byte|hs256|hmac|256|the|for|and|with|app|my|me|is|in|be|at|to|an|a"
)


def weakness(secret: str) -> str | None:
    """Return why `secret` must not sign tokens, or None when it may."""
    try:
        size_bytes = len(secret.encode())
    except UnicodeEncodeError:
        return "expected UTF-8 text, got other bytes"
    if size_bytes < MIN_SECRET_BYTES:
        return f"expected at least {MIN_SECRET_BYTES} bytes, got {size_bytes}"
    if size_bytes > MAX_SECRET_BYTES:
        return f"expected at most {MAX_SECRET_BYTES} bytes, got {size_bytes}"
    if len(set(secret)) < MIN_DISTINCT_CHARS or _is_repetition(secret):
        return "expected a random secret, got a repeated pattern"
    if _is_example(secret):
        return "expected a secret of your own, got a known example"
    return None


def _is_repetition(secret: str) -> bool:
    """Whether a piece of a few characters makes the whole text; the last one may be cut short."""
    sizes = range(1, MAX_REPEATED_PIECE_CHARS + 1)
    return any(secret[size:] == secret[:-size] for size in sizes)


def _is_example(secret: str) -> bool:
    letters = re.sub(r"[^a-z0-9]", "", secret.lower())
    if any(phrase in letters for phrase in _PHRASES):
        return True
    return len(_WORDS.sub("", letters)) < MIN_OWN_CHARS
