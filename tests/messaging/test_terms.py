"""The language of a search: what is taken apart how, what is refused, and what a term meets in a text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.terms import MAX_SEARCH_CHARS, MAX_SEARCH_TERMS, Term, matches, parse, ranges
from stockent.messaging.words import placed_words, words
from tests.messaging.test_words import TEXTS, TRICKY


def refusal(q: str) -> str:
    with pytest.raises(MessagingError) as caught:
        parse(q)
    assert caught.value.code is Code.INVALID
    assert [error.field for error in caught.value.errors] == ["q"]
    return caught.value.message


@pytest.mark.parametrize(
    ("q", "terms"),
    [
        ("steel", [Term(("steel",), is_prefix=True)]),
        ("Steel COIL", [Term(("steel",)), Term(("coil",), is_prefix=True)]),
        ('"steel coil"', [Term(("steel", "coil"))]),
        ("“steel coil” dri", [Term(("steel", "coil")), Term(("dri",), is_prefix=True)]),
        ('price "per tonne', [Term(("price",)), Term(("per", "tonne"))]),
        ("steel -scrap", [Term(("steel",)), Term(("scrap",), is_excluded=True)]),
        (
            '-"hot rolled" steel',
            [Term(("hot", "rolled"), is_excluded=True), Term(("steel",), is_prefix=True)],
        ),
        ("PO-2024/117", [Term(("po", "2024", "117"), is_prefix=True)]),
        ("棉纱", [Term(("棉", "纱"))]),
        ("x", [Term(("x",))]),
        ("steel !", [Term(("steel",))]),
        ("- steel", [Term(("steel",), is_prefix=True)]),
        ("steel*", [Term(("steel",), is_prefix=True)]),
        ("NEAR(a b) OR c^ text:d", None),
        ("e-mail", [Term(("e", "mail"), is_prefix=True)]),
    ],
)
def test_a_search_is_taken_apart(q: str, terms: list[Term] | None) -> None:
    if terms is None:
        assert [term.words for term in parse(q)] == [("near", "a"), ("b",), ("or",), ("c",), ("text", "d")]
    else:
        assert list(parse(q)) == terms


@pytest.mark.parametrize(
    "q", ['"', "-", "''", "👍🏽", "...", '""', "-steel", "-a -b", "\u0301", "*", "()", " "]
)
def test_without_a_word_to_find_it_is_refused(q: str) -> None:
    assert "at least one word" in refusal(q)


@pytest.mark.parametrize("q", ["a\0b", "\x1b[31m", "a\x7f", "\ud800"])
def test_control_characters_are_refused_by_name(q: str) -> None:
    assert "control character U+" in refusal(q)


def test_a_search_has_limits() -> None:
    assert len(parse(" ".join(["ab"] * MAX_SEARCH_TERMS))) == MAX_SEARCH_TERMS
    assert f"at most {MAX_SEARCH_TERMS} words and phrases, got 17" in refusal(" ".join(["ab"] * 17))
    assert parse("a" * MAX_SEARCH_CHARS)
    assert f"at most {MAX_SEARCH_CHARS} characters, got 100000" in refusal("a" * 100_000)


@given(st.text(st.sampled_from('ab"-* “”()\u0301棉\0' + TRICKY), max_size=60))
def test_whatever_is_typed_gives_terms_or_a_refusal(q: str) -> None:
    try:
        terms = parse(q)
    except MessagingError:
        return
    assert any(not term.is_excluded for term in terms)
    assert all(term.words and words(" ".join(term.words)) == list(term.words) for term in terms)


@pytest.mark.parametrize(
    ("q", "places"),
    [
        ("one", [0, 3]),
        ("thre", [2]),
        ('"thre"', []),
        ('"one two"', [0, 3]),
        ('"two one"', []),
        ("one/tw", [0, 3]),
        ('"one two three"', [0]),
        ("four", []),
    ],
)
def test_a_term_meets_words_in_their_order(q: str, places: list[int]) -> None:
    [term] = parse(q)
    assert matches(term, ["one", "two", "three", "one", "two"]) == places


def marked(q: str, text: str) -> list[str]:
    return [text[start:end] for start, end in ranges(parse(q), placed_words(text))]


@pytest.mark.parametrize(
    ("q", "text", "places"),
    [
        ("cafe", "Le Cafe\u0301s, café!", ["Cafe\u0301s", "café"]),
        ("ilik istan", "İSTANBUL ılık", ["İSTANBUL", "ılık"]),
        ("棉纱", "30支棉纱 棉 纱", ["棉纱", "棉 纱"]),
        ('"棉纱" 纱支', "棉纱支", ["棉纱支"]),
        ("strasse", "👍🏽 Straße", ["Straße"]),
        ('"steel coil"', "steel, coil; coil steel", ["steel, coil"]),
        ("steel -coil", "steel coil", ["steel"]),
        ("aa", "aa aa-aa", ["aa", "aa", "aa"]),
    ],
)
def test_what_is_met_is_marked(q: str, text: str, places: list[str]) -> None:
    assert marked(q, text) == places


@given(TEXTS, st.data())
def test_a_word_of_a_text_is_always_marked_in_it(text: str, data: st.DataObject) -> None:
    placed = placed_words(text)
    if not placed:
        return
    word = data.draw(st.sampled_from(placed))
    met = ranges([Term((word.text,))], placed)
    assert any(start <= word.start and word.end <= end for start, end in met)
    assert all(end < start for (_, end), (start, _) in pairwise(met))
