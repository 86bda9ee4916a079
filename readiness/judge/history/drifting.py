"""Does a service get slower, or fail more, from run to run, though no two neighbours differ by much?

Each series (P95, error rate) of the newest comparable runs is tested with `stats.steadiness`: Mann-Kendall with ties
for a trend, its size by Theil-Sen, and Pettitt's test for a shift of level; both are widened for neighbouring runs that
resemble each other. `python -m benchmarks drift` measures how often all of it rings for a service that stays the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from readiness.judge.history.past_run import PastRun
from readiness.stats.steadiness import Course, course

FEWEST_RUNS = 8
MOST_RUNS = 60
"""Older ones say nothing about now."""
DRIFT_CHANCE = 0.005
"""Of a false alarm, for each test of each series by itself."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How one number went over comparable runs, oldest first."""

    name: str
    """`P95` or `error rate`."""
    values: tuple[float, ...]
    """In ms, or as shares."""
    course: Course | None
    """None with fewer than FEWEST_RUNS."""
    since: PastRun | None
    """The first run of a new level; None for a trend all along, or for none."""

    @property
    def found(self) -> bool:
        """Whether it drifts, beyond chance."""
        return self.course is not None and self.course.unsteady

    @property
    def worse(self) -> bool:
        """Whether it drifts upwards: all these numbers should be small."""
        return self.found and self.course is not None and self.course.late > self.course.early

    @property
    def largest_step(self) -> float | None:
        """The largest change between neighbours, as a share of the earlier one; None when that was 0."""
        steps = [abs(b - a) / a if a else None for a, b in pairwise(self.values)]
        known = [step for step in steps if step is not None]
        return max(known) if known and len(known) == len(steps) else None


def comparable(runs: Sequence[PastRun]) -> tuple[PastRun, ...]:
    """The runs that measured something with the target and the plan of the newest one; oldest first.

    Whose plan nobody knows has none: what an older run of another target did is no trend of this one.
    """
    newest = runs[-1] if runs else None
    if newest is None or not newest.plan_hash or not newest.target:
        return ()
    key = (newest.target, newest.plan_hash)
    return tuple(run for run in runs if run.measured and (run.target, run.plan_hash) == key)[-MOST_RUNS:]


def drifts(runs: Sequence[PastRun]) -> tuple[Drift, Drift]:
    """P95 and error rate of comparable runs. A run whose P95 has no bound counts in the error rate alone."""
    bounded = [run for run in runs if run.p95_ms is not None]
    failing = [run for run in runs if run.error_rate is not None]
    return (
        _drift("P95", bounded, [run.p95_ms or 0.0 for run in bounded]),
        _drift("error rate", failing, [run.error_rate or 0.0 for run in failing]),
    )


def _drift(name: str, runs: Sequence[PastRun], values: Sequence[float]) -> Drift:
    found = course(values, DRIFT_CHANCE) if len(values) >= FEWEST_RUNS else None
    since = None
    if found is not None and found.shift_at is not None and _steps(values, found):
        since = runs[found.shift_at]
    return Drift(name, tuple(values), found, since)


def _steps(values: Sequence[float], found: Course) -> bool:
    """Whether two levels describe the series better than one slope, which rings both tests too."""
    assert found.shift_at is not None
    rest = [value - found.slope * index for index, value in enumerate(values)]
    line = sum(abs(one - median(rest)) for one in rest)
    level = sum(abs(one - (found.early if i < found.shift_at else found.late)) for i, one in enumerate(values))
    return level < line
