"""How well a message meets a search: BM25 without what it takes from all other messages, and newer before older.

Every match holds all the words, so how rare each is hardly tells them apart; counting that anew for each search costs
as much as there are matches. What is left: how often the words stand there, whole or only begun, in how short a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from stockent.messaging.terms import Term, matches
from stockent.messaging.words import words

# BM25's usual constants; the length is the mean of messages in B2B conversations, roughly.
K1 = 1.2
B = 0.75
TYPICAL_WORDS = 12
#: A word that only begins as was asked counts this much of a whole one.
BEGUN_SHARE = 0.6
#: A message of this moment weighs double one of long ago; half of that advantage is gone after so many days.
HALF_LIFE_DAYS = 30.0


class Candidate(NamedTuple):
    key: int
    content: str
    names: str
    created_at: str


def rank(candidates: Sequence[Candidate], terms: Sequence[Term], at: datetime) -> list[tuple[float, int]]:
    """Return (score, key), best first, the newer first among equals. The same input gives the same, on any page."""
    found = [term for term in terms if not term.is_excluded]
    scored = [(_relevance(each, found) * _freshness(each, at), each.key) for each in candidates]
    return sorted(scored, reverse=True)


def _relevance(candidate: Candidate, terms: Sequence[Term]) -> float:
    text = words(candidate.content)
    if candidate.names:
        text += ["", *words(candidate.names)]
    norm = K1 * (1 - B + B * len(text) / TYPICAL_WORDS)
    return sum(times * (K1 + 1) / (times + norm) for times in (_times(term, text) for term in terms))


def _times(term: Term, text: Sequence[str]) -> float:
    places = matches(term, text)
    if not term.is_prefix:
        return len(places)
    last = len(term.words) - 1
    whole = sum(text[place + last] == term.words[last] for place in places)
    return whole + BEGUN_SHARE * (len(places) - whole)


def _freshness(candidate: Candidate, at: datetime) -> float:
    age_days = max(0.0, (at - datetime.fromisoformat(candidate.created_at)).total_seconds() / 86_400)
    return float(1 + 2 ** (-age_days / HALF_LIFE_DAYS))
