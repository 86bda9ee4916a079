"""What comes back at equal intervals: how far a sum over many cycles reaches."""

import numpy as np
import pytest

from readiness.stats.cycles import Cycles, cycles
from readiness.stats.long_run import Floats

BLOCKS, PER_BLOCK = 120, 20


def found(hits: Floats) -> Cycles:
    one = cycles(hits, np.full(hits.size, float(PER_BLOCK)))
    assert one is not None
    return one


def pulses(period: int, sizes: Floats) -> Floats:
    hits = np.zeros(BLOCKS)
    hits[4::period] = sizes[: hits[4::period].size]
    return hits


def test_cycles_that_are_all_alike_reach_as_far_as_one_request_more_or_fewer_in_each() -> None:
    same = found(pulses(10, np.full(12, 8.0)))
    assert (same.count, same.apart, same.part) == (12, 0.0, 0.0)
    assert same.reach(0.95) == pytest.approx(1.645 * 12 / 2, rel=1e-3)


def test_cycles_that_differ_reach_farther_the_fewer_they_are() -> None:
    """Of size 4 to 12 by turns of 6 and of 12 cycles: Student's t with 5 and 11 degrees of freedom."""
    few, many = found(pulses(20, np.tile([4.0, 8, 12], 2))), found(pulses(10, np.tile([4.0, 4, 8, 8, 12, 12], 2)))
    assert (few.count, many.count) == (6, 12)
    assert few.reach(0.95) == pytest.approx(2.015 * np.sqrt(6 * 12.8), rel=0.01)
    assert many.reach(0.95) == pytest.approx(1.796 * np.sqrt(12 * 128 / 11), rel=0.01)


def test_a_part_of_a_cycle_is_there_by_chance() -> None:
    assert found(pulses(10, np.full(12, 8.0))).part == 0
    assert found(pulses(16, np.full(12, 8.0))).part == pytest.approx(8**2 * 0.25, rel=0.2)


def test_successes_are_judged_by_the_failures_among_them() -> None:
    failed = pulses(10, np.full(12, 8.0))
    assert found(failed) == found(PER_BLOCK - failed)


def test_few_cycles_show_nothing() -> None:
    assert cycles(pulses(30, np.full(4, 8.0)), np.full(BLOCKS, 20.0)) is None
    assert cycles(np.arange(12.0), np.full(12, 20.0)) is None
    assert cycles(np.ones(BLOCKS), np.full(BLOCKS, 20.0)) is None


def test_a_sum_over_cycles_lies_beyond_its_reach_as_often_as_the_confidence_leaves() -> None:
    """Pulses of random size, whose expectation is known."""
    generator = np.random.default_rng(1)
    beyond = [
        abs(hits.sum() - 12 * 8) > found(hits).reach(0.95)
        for hits in (pulses(10, generator.poisson(8, 12).astype(float)) for _ in range(400))
    ]
    assert np.mean(beyond) <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / 400)
