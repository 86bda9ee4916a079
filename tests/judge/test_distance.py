"""A percentile far below its limit passes by its distance, also where something else than it moves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from readiness.judge.distance import is_far
from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.run import Recording, Slice

SECONDS = 36


def record(*each_ms: npt.NDArray[np.float64]) -> Recording:
    """The latencies of each second."""
    parts = [Histogram.of_us(np.rint(1000 * ms).astype(np.int64)) for ms in each_ms]
    slices = tuple(Slice(float(at), 1.0, part, 0) for at, part in enumerate(parts))
    return Recording(merge(*parts), slices=slices)


@pytest.mark.parametrize(("slow_rises", "far"), [(1.0, True), (1.4, False)], ids=["fast ones", "all of them"])
def test_fast_requests_that_drift_leave_a_slow_kind_of_request_where_it_is(slow_rises: float, far: bool) -> None:
    """2.3 ms become 3.2 ms; one request in ten takes 184 ms from the first second to the last, or drifts as well."""
    generator = np.random.default_rng(1)
    each = [
        np.append(
            2.3 * 1.4 ** (at / SECONDS) * generator.lognormal(0, 0.2, 45),
            184 * slow_rises ** (at / SECONDS) * generator.lognormal(0, 0.003, 5),
        )
        for at in range(SECONDS)
    ]
    assert is_far(record(*each), 300.0, 0.05, 0, 1000.0, 0.95, reach=1.8, drifts=True) is far


def test_few_independent_samples_reach_below_the_median_and_that_is_a_distance_too() -> None:
    """A hump of three seconds is one independent sample or two: its P95 of 40 ms had no answer at any limit."""
    generator = np.random.default_rng(2)
    seen = record(*(generator.lognormal(0, 0.3, 20) * (35 if 14 <= at < 17 else 7) for at in range(SECONDS)))

    def far(limit_ms: float) -> bool:
        return is_far(seen, limit_ms, 0.05, 0, 2.9, 0.95, reach=0.8, drifts=False)

    assert far(5000.0)
    assert not far(200.0)


def test_what_the_load_generator_was_late_by_is_no_level_of_the_service() -> None:
    """0.8 ms that become 10 ms now and then: a level twelve times as high, or a generator that was late by 5 ms."""
    generator = np.random.default_rng(3)
    seen = record(*(generator.lognormal(0, 0.3, 20) * (10 if at % 9 == 4 else 0.8) for at in range(SECONDS)))

    def far(floor_ms: float) -> bool:
        return is_far(seen, 300.0, 0.05, 0, 100.0, 0.95, reach=2.9, drifts=True, floor_ms=floor_ms)

    assert not far(0.0)
    assert far(5.0)
