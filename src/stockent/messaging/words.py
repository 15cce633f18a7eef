"""The words of a text as a search sees them: without case and accents, the same when stored and when asked.

Folding goes character by character and looks at no neighbour, so that each word knows its place in the original.
Whoever changes what comes out here raises the number in `WORDS_VERSION`: stores then index their messages anew.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

#: Names the rules below together with the Unicode tables that they use.
WORDS_VERSION = f"1/{unicodedata.unidata_version}"
#: Characters whose folding is kept ready. Real texts use a few thousand; the bound is for hostile ones.
MAX_REMEMBERED_CHARACTERS = 20_000

#: Letters that no decomposition takes apart. The dotless i of Turkish is everybody's i.
_LOOKALIKES = {
    "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "þ": "th", "æ": "ae", "œ": "oe",
}  # fmt: skip
#: Scripts without spaces between words, and ideographs: each character is a word, several are asked for as a phrase.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u30ff"
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua48f\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\uf900-\ufaff\U00016fe0-\U0001b2ff\U00020000-\U0003ffff]"
)
#: Hangul comes decomposed, and each syllable is a word: it begins with its leading consonant.
_LEADING_JAMO = re.compile("[\u1100-\u115f]")
_WORD = re.compile("[\u1100-\u11ff]+|[^ \u1100-\u11ff]+")
_ASCII_WORD = re.compile("[a-z0-9]+")


class Word(NamedTuple):
    """A folded word and its place in the original: the characters from `start` up to, not including, `end`."""

    text: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """The folded words in their order."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _WORD.findall(text.translate(_FOLDED))


def placed_words(text: str) -> list[Word]:
    """The same words as `words`, each with its place. Accents that follow a letter belong to it."""
    if text.isascii():
        return [Word(match[0], match.start(), match.end()) for match in _ASCII_WORD.finditer(text.lower())]
    pieces = [_FOLDED[ord(char)] for char in text]
    origins = [position for position, piece in enumerate(pieces) for _ in piece]
    found = []
    for match in _WORD.finditer("".join(pieces)):
        end = origins[match.end() - 1] + 1
        while end < len(pieces) and not pieces[end]:
            end += 1
        found.append(Word(match[0], origins[match.start()], end))
    return found


class _Folded(dict[int, str]):
    """Code point → what stands for it: letters and digits, a space for what parts words, nothing for an accent."""

    def __missing__(self, code_point: int) -> str:
        folded = _fold(chr(code_point))
        if len(self) < MAX_REMEMBERED_CHARACTERS:
            self[code_point] = folded
        return folded


_FOLDED = _Folded()


def _fold(char: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return "".join(_fold_decomposed(_LOOKALIKES.get(each, each)) for each in decomposed)


def _fold_decomposed(char: str) -> str:
    category = unicodedata.category(char[0])
    if category[0] == "M":
        return char if _is_vowel_sign(char, category) else ""
    if category == "Cf" and char != "\u200b":
        return ""
    if category[0] not in "LN":
        return " "
    if _UNSPACED.match(char):
        return f" {char} "
    return f" {char}" if _LEADING_JAMO.match(char) else char


def _is_vowel_sign(char: str, category: str) -> bool:
    """Indic vowels are marks and yet no accents; what only picks the shape of the character before it is neither."""
    return (
        category != "Me"
        and not unicodedata.combining(char)
        and not "\ufe00" <= char <= "\ufe0f"
        and not "\U000e0100" <= char <= "\U000e01ef"
        and char != "\u034f"
    )
