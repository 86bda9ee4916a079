"""Bounds for how fast a level grows, from readings of it.

The readings are grouped by time, and the mean of what the level gained from group to group, PIECES times, is judged by
the spread of these gains (Student's t). A level that wanders (a random walk) has independent gains, so the bound is
right. One that goes to and fro has gains that cancel, so the bound is wide. One that is reached once (a cache that
fills) is one large gain among small ones, which proves no growth. A line through all readings would call the last two
leaks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from readiness.stats import beta

PIECES = 12


@dataclass(frozen=True, slots=True)
class LevelGrowth:
    """Per second, with one-sided bounds on each side."""

    per_s: float
    low: float
    high: float


def growth(points: Sequence[tuple[float, float]], confidence: float) -> LevelGrowth | None:
    """Growth of a level by (seconds, level) in time order; None where a group has no reading.

    `confidence` is that of each bound.
    """
    if len(points) <= PIECES or points[-1][0] <= points[0][0]:
        return None
    first_s, lasted_s = points[0][0], points[-1][0] - points[0][0]
    groups: list[list[tuple[float, float]]] = [[] for _ in range(PIECES + 1)]
    for point in points:
        groups[min(int((PIECES + 1) * (point[0] - first_s) / lasted_s), PIECES)].append(point)
    if not all(groups):
        return None
    middles = [(fmean(at_s for at_s, _ in group), fmean(level for _, level in group)) for group in groups]
    rates = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(middles)]
    mean = (middles[-1][1] - middles[0][1]) / (middles[-1][0] - middles[0][0])
    spread = math.sqrt(sum((rate - mean) ** 2 for rate in rates) / (PIECES - 1) / PIECES)
    reach = _student(confidence, PIECES - 1) * spread
    return LevelGrowth(mean, mean - reach, mean + reach)


def _student(confidence: float, freedom: int) -> float:
    """The quantile of Student's t, from that of the beta distribution."""
    x = beta.inverse(2 * (1 - confidence), freedom / 2, 0.5)
    return math.sqrt(freedom * (1 / x - 1))
