"""Student's t and the ratio estimator's bounds."""

import pytest

from readiness.stats import mean


@pytest.mark.parametrize(("freedom", "t"), [(1, 6.3138), (3, 2.3534), (10, 1.8125), (30, 1.6973)])
def test_students_quantile_equals_the_printed_tables(freedom: int, t: float) -> None:
    assert mean.student(0.95, freedom) == pytest.approx(t, abs=1e-4)


def test_equal_blocks_leave_no_doubt() -> None:
    low, high = mean.bounds([(100.0, 10.0)] * 4, 0.95) or (0.0, 0.0)
    assert [low, high] == pytest.approx([10.0, 10.0])


def test_two_blocks_are_too_few() -> None:
    assert mean.bounds([(100.0, 10.0), (120.0, 10.0)], 0.95) is None


def test_spread_widens_the_bounds_around_the_ratio() -> None:
    low, high = mean.bounds([(80.0, 10.0), (120.0, 10.0), (100.0, 10.0)], 0.95) or (0.0, 0.0)
    assert low < 10.0 < high
    assert high - 10.0 == pytest.approx(2.92 * (800 * 3 / 2) ** 0.5 / 30, rel=1e-3)
