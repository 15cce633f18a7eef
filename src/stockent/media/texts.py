"""Text: whether it is any, and which kind by how it begins.

Called by `types.sniff` only. What a browser could run when it is opened (HTML, SVG, XML) is told as that; the doubtful
is plain text.
"""

from __future__ import annotations

import codecs
import csv
import json
import re

#: Looked at for what the text begins with.
_BEGINNING_CHARS = 8_192
_CSV_LINES = 20
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
#: What may stand before the first element, as browsers read it.
_PREAMBLE = re.compile(r"[\s\ufeff]+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(r"<!doctype\s++([\w:.-]++)(?:[^>\[]|\[[^\]]*+\])*+>", re.IGNORECASE)
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)(?=[\s/>])")
#: WHATWG MIME Sniffing, 7.1, and those that run as well.
_HTML = frozenset(
    {
        *(
            "html",
            "head",
            "body",
            "script",
            "iframe",
            "h1",
            "div",
            "font",
            "table",
            "a",
            "style",
            "title",
            "b",
        ),
        *(
            "br",
            "p",
            "meta",
            "link",
            "base",
            "object",
            "embed",
            "form",
            "img",
            "center",
            "span",
            "section",
            "main",
            "noscript",
            "template",
        ),
    }
)
_BEGINNINGS = (
    ("BEGIN:VCARD", "text/vcard"),
    ("BEGIN:VCALENDAR", "text/calendar"),
    ("ISO-10303-21;", "model/step"),
    ("solid ", "model/stl"),
)


def sniff(head: bytes, *, whole: bool) -> str | None:
    """The type of text that `head` begins, None where it is no text. `whole` says that nothing comes after it."""
    text = _decoded(head, whole=whole)
    if not text or _CONTROLS.search(text):
        return None
    return (
        _markup(text)
        or _by_beginning(text)
        or _json(text, whole=whole)
        or _table(text, whole=whole)
        or "text/plain"
    )


def _decoded(head: bytes, *, whole: bool) -> str | None:
    if head.startswith(codecs.BOM_UTF8):
        coding = "utf-8-sig"
    else:
        coding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:
        return codecs.getincrementaldecoder(coding)().decode(head, final=whole)
    except UnicodeDecodeError:
        return None


def _markup(text: str) -> str | None:
    beginning = text[:_BEGINNING_CHARS]
    position = _skipped(beginning, 0)
    named = None
    if doctype := _DOCTYPE.match(beginning, position):
        named = doctype[1].lower()
        position = _skipped(beginning, doctype.end())
    element = _ELEMENT.match(beginning, position)
    root = element[1].lower() if element else named
    if root == "svg" or named == "svg":
        return "image/svg+xml"
    if root in _HTML or named == "html" or beginning.startswith("<!--"):
        return "text/html"
    return "application/xml" if named or text.lstrip().startswith("<?xml") else None


def _skipped(text: str, position: int) -> int:
    while found := _PREAMBLE.match(text, position):
        position = found.end()
    return position


def _by_beginning(text: str) -> str | None:
    return next((media_type for words, media_type in _BEGINNINGS if text.startswith(words)), None)


def _json(text: str, *, whole: bool) -> str | None:
    if not whole or text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return "application/json"


def _table(text: str, *, whole: bool) -> str | None:
    """CSV: the first lines fall into equally many fields, and there are enough of them to be no coincidence."""
    lines = text.splitlines(keepends=True)
    lines = (lines if whole else lines[:-1])[:_CSV_LINES]
    for delimiter, media_type in ((",", "text/csv"), (";", "text/csv"), ("\t", "text/tab-separated-values")):
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        if len(widths) == 1 and (width := widths.pop()) > 1 and width * len(rows) >= 6:
            return media_type
    return None
