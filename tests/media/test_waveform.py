"""The waveform is as long as it is asked to be, whatever the recording's length."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockent.media.waveform import Waveform

RATE = 800


def drawn(samples: list[int], count: int = 4, step: int = 1_000) -> list[int]:
    waveform = Waveform(RATE)
    for start in range(0, len(samples), step):
        waveform.add(array("h", samples[start : start + step]))
    return waveform.values(count)


def test_the_loudest_part_is_100_and_others_are_in_proportion() -> None:
    assert drawn([100] * 80 + [-1_000] * 80 + [0] * 80 + [500] * 80) == [10, 100, 0, 50]


def test_silence_is_flat() -> None:
    assert drawn([20] * 800) == [0, 0, 0, 0]


def test_nothing_is_flat() -> None:
    assert drawn([]) == [0, 0, 0, 0]


def test_the_loudest_sample_has_its_place() -> None:
    assert drawn([-32_768] * 320) == [100, 100, 100, 100]


def test_a_recording_shorter_than_its_waveform_is_stretched() -> None:
    assert drawn([1_000] * 8 + [500] * 8) == [100, 100, 50, 50]


def test_silence_is_put_where_nothing_was_recorded() -> None:
    waveform = Waveform(RATE)
    waveform.add(array("h", [1_000] * 80))
    waveform.pad_to(300)
    waveform.add(array("h", [1_000] * 80))

    assert waveform.values(4) == [100, 0, 0, 100]


@given(
    samples=st.lists(st.integers(-32_768, 32_767), max_size=200),
    step=st.integers(1, 50),
    count=st.integers(1, 70),
)
def test_it_does_not_matter_in_which_pieces_the_samples_come(
    samples: list[int], step: int, count: int
) -> None:
    values = drawn(samples, count, step)

    assert values == drawn(samples, count)
    assert len(values) == count
    assert all(0 <= value <= 100 for value in values)


@pytest.mark.parametrize("length", [1, 7, 8, 9])
def test_a_last_piece_that_is_not_full_counts(length: int) -> None:
    assert drawn([1_000] * length) == [100, 100, 100, 100]
