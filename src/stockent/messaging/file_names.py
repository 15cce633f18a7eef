"""The names of files, as they are stored, shown and sent: what a sender typed, made harmless and otherwise kept.

A name never leads anywhere (it is text, not a path), shows its true extension at its end, and fits every file system.
"""

from __future__ import annotations

import re
import unicodedata

#: What most file systems hold, less room for the " (1)" of a browser.
MAX_NAME_BYTES = 200
#: A longer one is no extension that somebody would look at; it is cut with the rest.
MAX_EXTENSION_BYTES = 20
#: What is looked at of a name, at its start and at its end, however long it came.
MAX_GIVEN_CHARS = 4_096
UNNAMED = "file"
_JOINERS = "\u200c\u200d"
#: Windows drops dots and spaces at the end, and with them an extension; a dot in front hides the file.
_NOT_AT_AN_END = ". " + _JOINERS
#: Letters by category that show as nothing: a row of them would push the extension out of sight.
_BLANKS = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0"), " ")
#: Separators of paths, and what Windows refuses.
_REFUSED = re.compile(r'[/\\:*?"<>|]')
#: Names that mean devices on Windows, with any extension.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)


def safe_name(given: str) -> str:
    """Return `given` in one line, without path separators, invisible or direction-changing characters.

    Letters of every script and emoji stay. The extension stays what it was and where it was: last. A name that is
    too long is cut in its middle, before the extension. Idempotent; never empty.
    """
    if len(given) > MAX_GIVEN_CHARS:
        given = given[: MAX_GIVEN_CHARS // 2] + given[-MAX_GIVEN_CHARS // 2 :]
    name = unicodedata.normalize("NFC", given.translate(_BLANKS))
    name = "".join(char for char in name if _is_visible(char))
    name = _REFUSED.sub("_", " ".join(name.split()))
    name = name.strip(_NOT_AT_AN_END)
    if _DEVICE.match(name):
        name = "_" + name
    return unicodedata.normalize("NFC", _cut(name)) or UNNAMED


def _is_visible(char: str) -> bool:
    """White space counts: it becomes one space. Joiners are letters' business in Persian, Hindi and emoji."""
    category = unicodedata.category(char)
    return char.isspace() or char in _JOINERS or category not in ("Cc", "Cf", "Cs", "Co", "Cn")


def _cut(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > MAX_EXTENSION_BYTES:
        stem, dot, extension = name, "", ""
    room_bytes = MAX_NAME_BYTES - len((dot + extension).encode())
    return stem.encode()[:room_bytes].decode(errors="ignore").rstrip(_NOT_AT_AN_END) + dot + extension
