"""Bounds of means and rates per second."""

import numpy as np
import pytest

from readiness.stats import mean


def test_equal_blocks_leave_no_doubt() -> None:
    low, high = mean.bounds([(100.0, 10.0)] * 6, 0.95) or (0.0, 0.0)
    assert [low, high] == pytest.approx([10.0, 10.0])


@pytest.mark.parametrize("each", [0.1, 0.3, 1 / 3, 0.7, 12.3, 56.32, 0.001])
def test_what_only_rounding_tells_apart_is_equal(each: float) -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        blocks = [(each * size, float(size)) for size in generator.integers(1, 10, int(generator.integers(6, 60)))]
        low, high = mean.bounds(blocks, 0.95) or (0.0, 0.0)
        assert [low, high] == pytest.approx([each, each])


def test_four_blocks_are_too_few() -> None:
    assert mean.bounds([(100.0, 10.0), (120.0, 10.0)] * 2, 0.95) is None


def test_empty_blocks_do_not_count() -> None:
    assert mean.bounds([(100.0, 10.0), (0.0, 0.0)] * 4, 0.95) is None


def test_a_one_sided_bound_is_missed_by_one_run_in_twenty_at_most() -> None:
    generator = np.random.default_rng(3)
    missed = np.zeros(2)
    for _ in range(300):
        sizes = generator.poisson(20, 60) + 1.0
        values = [float(generator.exponential(10.0, int(size)).sum()) for size in sizes]
        low, high = mean.bounds(list(zip(values, sizes, strict=True)), 0.95) or (0.0, 0.0)
        missed += [low > 10, high < 10]
    assert max(missed) <= 300 * 0.05 + 2 * (300 * 0.05 * 0.95) ** 0.5


def test_what_every_request_takes_does_not_hide_how_the_rest_varies() -> None:
    """Decision 71: a base on top of each block moves the upper end by as much."""
    generator = np.random.default_rng(4)
    tail = np.exp(1.5 * generator.standard_normal(60))
    ends = [(mean.bounds([(base + one, 1.0) for one in tail], 0.95) or (0.0, 0.0))[1] - base for base in (0.0, 1000.0)]
    assert ends[1] == pytest.approx(ends[0])


@pytest.mark.parametrize("confidence", [0.6, 0.75, 0.8, 0.95, 0.99])
def test_the_upper_end_leaves_room_at_every_confidence(confidence: float) -> None:
    """At 75 % and less the likelihood of one burst excludes nothing, so that it may not be the only bound."""
    blocks = [(20 + 5 * abs(float(one)), 1.0) for one in np.random.default_rng(1).standard_normal(60)]
    high = (mean.bounds(blocks, confidence) or (0.0, 0.0))[1]
    assert high > sum(value for value, _ in blocks) / 60 * 1.005


def test_a_few_huge_values_push_the_upper_bound_out_more_than_the_lower() -> None:
    blocks = [(10.0, 1.0)] * 57 + [(400.0, 1.0)] * 3
    low, high = mean.bounds(blocks, 0.95) or (0.0, 0.0)
    middle = sum(value for value, _ in blocks) / 60
    assert high - middle > 1.5 * (middle - low)
