"""Words as a search sees them: folding, scripts without spaces, and each word's place in the original."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockent.messaging.words import placed_words, words

#: Where folding changes lengths: accents, ligatures, Turkish, Hangul, kana, ideographs, vowel signs, astral characters.
TRICKY = (
    "aAéE\u0301\u0308ßﬀıİIiœŁﷺ½²①の中價가\u1100\u1161\u11a8ガｶﾞไทยิहिन्दी"
    "👍🏽❤\ufe0f\u200d\u00ad\u200b\U0001d400𠀀 \t\n-_·'\"."
)
TEXTS = st.text(st.one_of(st.sampled_from(TRICKY), st.characters(codec="utf-8")), max_size=40)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zürich", "ZURICH"),
        ("café", "cafe\u0301"),
        ("İstanbul", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("ılık", "ILIK"),
        ("i\u0307yi", "İYİ"),
        ("Straße", "STRASSE"),
        ("Łódź", "lodz"),
        ("smørrebrød", "SMORREBROD"),
        ("œuvre", "oeuvre"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("ﬁnance", "finance"),
        ("가격", unicodedata.normalize("NFD", "가격")),
        ("ガス", "ｶﾞｽ"),
        ("soft\u00adhyphen", "softhyphen"),
        ("Ёлка", "елка"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_two_spellings_of_a_word_are_the_same(one: str, other: str) -> None:
    assert words(one) == words(other) != []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PO-2024/117, 500 kg", ["po", "2024", "117", "500", "kg"]),
        ("棉纱30支", ["棉", "纱", "30", "支"]),
        ("한국제품A가격", ["한", "국", "제", "품", "a", "가", "격"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        ("हिन्दी में", ["हिनदी", "में"]),
        ("snake_case o'clock", ["snake", "case", "o", "clock"]),
        ("👍🏽 ❤️ … !?", []),
        ("", []),
    ],
)
def test_a_text_parts_into_words(text: str, found: list[str]) -> None:
    assert words(text) == [unicodedata.normalize("NFKD", word) for word in found]


def test_different_words_stay_different() -> None:
    spelled = ["list", "last", "中", "国", "가", "각", "हिन", "हन", "1", "2"]
    assert len({tuple(words(word)) for word in spelled}) == len(spelled)


@given(TEXTS)
@example("e\u0301\u0301x")
@example("ﷺ½")
def test_each_word_knows_its_place_in_the_original(text: str) -> None:
    placed = placed_words(text)
    assert [word.text for word in placed] == words(text)
    for word in placed:
        assert 0 <= word.start < word.end <= len(text)
        assert word.text in "".join(words(text[word.start : word.end]))
    starts = [word.start for word in placed]
    assert starts == sorted(starts)


@given(TEXTS)
def test_folding_again_changes_nothing(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)


@given(TEXTS)
def test_composed_and_decomposed_texts_have_the_same_words(text: str) -> None:
    assert words(unicodedata.normalize("NFC", text)) == words(unicodedata.normalize("NFD", text))


@given(TEXTS, TEXTS)
def test_what_stands_before_a_text_does_not_change_its_words(before: str, text: str) -> None:
    assert words(f"{before} {text}") == words(before) + words(text)


@given(TEXTS)
def test_a_word_holds_no_space_and_no_middle_dot(text: str) -> None:
    assert not {" ", "·", '"', "*", "("} & set("".join(words(text)))


def test_an_accent_that_stands_after_its_letter_belongs_to_the_word() -> None:
    [word] = placed_words("cafe\u0301\u0301 ")
    assert (word.start, word.end) == (0, 6)
