"""Pace: how the users of a closed load took turns, which is what decides how much their waiting hides.

A user of a closed load that waits for a slow answer does not send the requests that it would have sent meanwhile, so
the slow time is under-represented (coordinated omission).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from readiness.measurements.histogram import BUCKETS, EMPTY, Histogram, bucket_of, highest_us, merge

AT_TARGETS_SOCKET = "at the target's socket"
"""Part of the doubt of users that waited there in no request: that is neither their fault nor the load generator's."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The iterations (one task and its wait) of some users of one scenario in the measurement window."""

    scenario: str
    users: int
    """Users of the scenario."""
    watched: int
    """Those whose iterations are counted here."""
    iterations: int
    unpaused: int
    """Iterations after which no time was left to wait: the task took longer than the pace, or there is no pace."""
    interval: Histogram = EMPTY
    """Time from the end of one iteration to the end of the next, in microseconds."""


def merge_in_time(parts: Iterable[Pace]) -> tuple[Pace, ...]:
    """Parts of the same users one after the other: one for each scenario."""
    found: dict[str, Pace] = {}
    for part in parts:
        before = found.get(part.scenario)
        if before is None:
            found[part.scenario] = part
            continue
        found[part.scenario] = Pace(
            part.scenario,
            max(before.users, part.users),
            max(before.watched, part.watched),
            before.iterations + part.iterations,
            before.unpaused + part.unpaused,
            merge(before.interval, part.interval),
        )
    return tuple(found[name] for name in sorted(found))


def merge_workers(parts: Iterable[Pace]) -> tuple[Pace, ...]:
    """The same time seen by several load generators, each with users of its own: one for each scenario."""
    found: dict[str, Pace] = {}
    for part in parts:
        before = found.get(part.scenario, Pace(part.scenario, 0, 0, 0, 0))
        found[part.scenario] = Pace(
            part.scenario,
            before.users + part.users,
            before.watched + part.watched,
            before.iterations + part.iterations,
            before.unpaused + part.unpaused,
            merge(before.interval, part.interval),
        )
    return tuple(found[name] for name in sorted(found))


def corrected(histogram: Histogram, interval_us: float) -> Histogram:
    """The histogram with the requests that waiting users left out: of one that took v, others at v - i, v - 2·i … ≥ i.

    `interval_us` is the expected interval i between two requests of one user. Source: HdrHistogram,
    `AbstractHistogram.copyCorrectedForCoordinatedOmission`; that rule, bucket by bucket.
    """
    if not histogram.total or interval_us < 1:
        return histogram
    weights = np.zeros(BUCKETS, np.int64)
    weights[histogram.indices] = histogram.counts
    sum_us, min_us = histogram.sum_us, histogram.min_us
    for bucket, count in zip(histogram.indices.tolist(), histogram.counts.tolist(), strict=True):
        value_us = min(highest_us(bucket), histogram.max_us)
        missing = int(value_us // interval_us) - 1
        if missing < 1:
            continue
        values_us = np.rint(value_us - interval_us * np.arange(1, missing + 1)).astype(np.int64)
        weights += count * np.bincount(bucket_of(values_us), minlength=BUCKETS)
        sum_us += count * int(values_us.sum())
        min_us = min(min_us, int(values_us[-1]))
    indices = np.flatnonzero(weights)
    counts = weights[indices]
    return Histogram(indices.astype(np.int64), counts, int(counts.sum()), sum_us, min_us, histogram.max_us)
