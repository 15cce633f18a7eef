"""A histogram's buckets, as Prometheus wants them."""

from __future__ import annotations

from stockent.figures import Histogram


def test_a_value_counts_in_its_own_bucket_and_in_every_larger_one() -> None:
    histogram = Histogram((1.0, 2.5))
    for value in (0.0, 1.0, 1.5, 2.5, 99.0):
        histogram.observe(value)
    assert histogram.buckets() == [("1.0", 2.0), ("2.5", 4.0), ("+Inf", 5.0)]
    assert histogram.total == 104.0


def test_an_empty_histogram_has_all_its_buckets() -> None:
    assert Histogram((1.0,)).buckets() == [("1.0", 0.0), ("+Inf", 0.0)]
