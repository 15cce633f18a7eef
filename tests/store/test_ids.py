"""Ids sort by time and hold what they say; times are RFC 3339; searches fold case and accents."""

from __future__ import annotations

import pytest

from stockent.store.ids import MessageIds, hex_ms, new_id, rfc3339, seq_in
from stockent.store.searching import fold


def test_ids_sort_by_time_and_do_not_repeat() -> None:
    ids = [new_id(1_700_000_000 + n / 1000) for n in range(100)]
    assert ids == sorted(ids)
    assert len({new_id(1_700_000_000) for _ in range(1000)}) == 1000


def test_message_ids_sort_by_time_then_seq_and_do_not_repeat() -> None:
    made = MessageIds()
    ids = [made.new(hex_ms(1_700_000_000), seq) for seq in range(10_000)]
    assert ids == sorted(ids)
    assert len({made.new(hex_ms(1_700_000_000), 1) for _ in range(10_000)}) == 10_000
    assert made.new(hex_ms(1_700_000_000.001), 1) > ids[-1]


def test_a_message_id_tells_its_seq_and_what_is_no_id_tells_none() -> None:
    assert seq_in(MessageIds().new(hex_ms(1_700_000_000), 123_456)) == 123_456
    assert [seq_in(text) for text in ("", "short", "z" * 40)] == [-1, -1, -1]


def test_times_are_utc_with_milliseconds() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000Z"
    assert rfc3339(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"


@pytest.mark.parametrize(
    ("texts", "folded"),
    [
        (("Plain TEXT", None, "two"), "plain text two"),
        (("Zürich", "ÉCOLE"), "zurich ecole"),
        (("Straße",), "strasse"),
        (("ΣΊΣΥΦΟΣ",), "σισυφοσ"),
        ((None,), ""),
    ],
)
def test_folding_drops_case_and_accents(texts: tuple[str | None, ...], folded: str) -> None:
    assert fold(*texts) == folded
