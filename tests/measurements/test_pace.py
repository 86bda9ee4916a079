"""The correction for coordinated omission is HdrHistogram's, and brings back what waiting users left out."""

import numpy as np
import pytest

from readiness.measurements.histogram import EMPTY, Histogram
from readiness.measurements.pace import Pace, corrected, merge_in_time, merge_workers


def histogram(*values_ms: float) -> Histogram:
    return Histogram.of_us(np.rint(np.array(values_ms) * 1000).astype(np.int64))


def test_a_long_wait_stands_for_the_requests_that_it_held_back() -> None:
    fixed = corrected(histogram(5, 100), 20_000)
    assert fixed.total == 2 + 4  # 80, 60, 40, 20 ms
    assert (fixed.max_us, fixed.min_us) == (100_000, 5000)
    assert fixed.sum_us == pytest.approx(305_000, rel=0.001)


def test_nothing_is_added_below_the_interval_or_without_one() -> None:
    seen = histogram(5, 19.9, 39)
    assert corrected(seen, 20_000).total == 3
    assert corrected(seen, 0) is seen
    assert corrected(EMPTY, 1000) is EMPTY


def test_it_agrees_with_the_hdrhistogram_package_on_every_percentile() -> None:
    hdrh = pytest.importorskip("hdrh.histogram")
    random = np.random.default_rng(3)
    values_us = random.lognormal(9, 1.2, 3000).astype(np.int64)
    theirs = hdrh.HdrHistogram(1, 3_600_000_000, 3)
    for value in values_us.tolist():
        theirs.record_value(value)
        left = value - 10_000
        while left >= 10_000:  # recordSingleValueWithExpectedInterval of the Java original, word for word
            theirs.record_value(left)
            left -= 10_000
    ours = corrected(Histogram.of_us(values_us), 10_000)
    assert ours.total == pytest.approx(theirs.get_total_count(), rel=0.002)
    for q in (0.5, 0.9, 0.95, 0.99):
        ms = ours.quantile_ms(q)
        assert ms is not None
        low, high = (theirs.get_value_at_percentile(100 * (q + step)) for step in (-0.002, 0.002))
        assert 0.998 * low <= ms * 1000 <= 1.002 * high


def test_it_finds_the_truth_behind_a_stall_that_users_waited_out() -> None:
    # One user, a request every 10 ms, answers of 1 ms, a stall of 2 s in 10 s: a fifth of the time nobody is served.
    seen = histogram(*[1.0] * 800, 2000.0)
    truth = histogram(*[1.0] * 800, *[2000.0 - 10 * k for k in range(200)])
    fixed = corrected(seen, 10_000)
    for q in (0.5, 0.9, 0.95, 0.99):
        expected = truth.quantile_ms(q)
        assert expected is not None
        assert fixed.quantile_ms(q) == pytest.approx(expected, rel=0.01)
    measured = seen.quantile_ms(0.99)
    assert measured is not None
    assert measured < 1.01


def test_parts_of_the_same_users_add_up() -> None:
    (whole,) = merge_in_time([Pace("shop", 5, 5, 2, 1, histogram(1, 2)), Pace("shop", 6, 6, 1, 0, histogram(3))])
    assert (whole.users, whole.iterations, whole.unpaused, whole.interval.total) == (6, 3, 1, 3)


def test_users_of_several_engines_add_up() -> None:
    (whole,) = merge_workers([Pace("shop", 5, 5, 2, 1, histogram(1, 2)), Pace("shop", 6, 4, 1, 0, histogram(3))])
    assert (whole.users, whole.watched, whole.iterations, whole.interval.total) == (11, 9, 3, 3)
