"""The language of a search, such as `steel "per tonne" -scrap dri`, taken apart into terms.

Words must all be there; the last one need only begin so, because it may still be being typed. A phrase in quotes is
met word for word. What has a minus before it must not be there. A word that holds several (`PO-2024/117`, Chinese) is a
phrase. No engine sees more than the words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .errors import invalid
from .words import Word, words

MAX_SEARCH_CHARS = 200
MAX_SEARCH_TERMS = 16
#: A word of fewer characters stands for itself only: too much begins with one letter.
MIN_PREFIX_CHARS = 2

#: A control character is no part of a word that a message could hold, and surrogates cannot be stored.
_BARRED = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
#: Phones make typographic quotes of plain ones.
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″＂", '"'))
#: A quote that is not closed goes to the end of the text.
_PIECE = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


class Term(NamedTuple):
    """Words that stand one after another. `is_prefix`: the last of them need only begin so."""

    words: tuple[str, ...]
    is_prefix: bool = False
    is_excluded: bool = False


def parse(q: str) -> tuple[Term, ...]:
    """Return the terms, at least one of them to be found. Raises `invalid("q", ...)` saying what was expected."""
    if len(q) > MAX_SEARCH_CHARS:
        raise invalid("q", f"expected at most {MAX_SEARCH_CHARS} characters, got {len(q)}")
    if barred := _BARRED.search(q):
        raise invalid("q", f"control character U+{ord(barred[0]):04X} is not allowed")
    pieces = list(_PIECE.finditer(q.translate(_QUOTES)))
    terms = [term for piece in pieces if (term := _term(piece, is_last=piece is pieces[-1])) is not None]
    if len(terms) > MAX_SEARCH_TERMS:
        raise invalid("q", f"expected at most {MAX_SEARCH_TERMS} words and phrases, got {len(terms)}")
    if all(term.is_excluded for term in terms):
        raise invalid("q", "expected at least one word to find: letters or digits, without a minus before it")
    return tuple(terms)


def matches(term: Term, found: Sequence[str]) -> list[int]:
    """Return where the term begins among a text's words."""
    first = term.words[0]
    *whole, last = term.words
    length = len(term.words)
    if length == 1:
        if term.is_prefix:
            return [position for position, word in enumerate(found) if word.startswith(first)]
        return [position for position, word in enumerate(found) if word == first]
    return [
        position
        for position in range(len(found) - length + 1)
        if found[position] == first
        and list(found[position : position + length - 1]) == whole
        and _ends(found[position + length - 1], last, is_prefix=term.is_prefix)
    ]


def ranges(terms: Sequence[Term], placed: Sequence[Word]) -> list[tuple[int, int]]:
    """Return what of a text the terms meet: characters from, up to; in order, and none touching another."""
    found = [word.text for word in placed]
    met = sorted(
        (placed[start].start, placed[start + len(term.words) - 1].end)
        for term in terms
        if not term.is_excluded
        for start in matches(term, found)
    )
    joined: list[tuple[int, int]] = []
    for start, end in met:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _term(piece: re.Match[str], *, is_last: bool) -> Term | None:
    is_excluded = bool(piece["minus"])
    bare = piece["word"]
    found = tuple(words(piece["phrase"] if bare is None else bare))
    if not found:
        return None
    is_prefix = is_last and bare is not None and not is_excluded and len(found[-1]) >= MIN_PREFIX_CHARS
    return Term(found, is_prefix, is_excluded)


def _ends(word: str, last: str, *, is_prefix: bool) -> bool:
    return word.startswith(last) if is_prefix else word == last
