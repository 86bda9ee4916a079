"""Was a window steady? Tests of a series of block values for a trend and for a shift of level.

Trend: Mann (Econometrica 13, 1945) and Kendall, with the correction for ties; its size by Theil and Sen (1968).
Shift: Pettitt (Applied Statistics 28, 1979). Both assume independent blocks; neighbouring blocks of a load are not, so
the variance is widened by the lag-one correlation that is left after the change (Yue & Wang, Water Resources Management
18, 2004). tests/stats/test_steadiness.py shows the rate of false alarms by simulation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

MIN_TESTED_BLOCKS = 6
"""With fewer even a perfect order happens by chance too often."""
CHANCE = 0.01
"""Of a false alarm, for each test of each series."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a series went."""

    trend: bool
    """Whether it rose or fell all along, beyond chance."""
    shift_at: int | None
    """Where the level shifted beyond chance: the first block of the new level."""
    slope: float
    """Change per block (median of all pairs)."""
    early: float
    late: float
    """Median of the first and of the second half; after a shift, before and after it."""

    @property
    def unsteady(self) -> bool:
        """Whether either test rings."""
        return self.trend or self.shift_at is not None


def course(values: Sequence[float], chance: float = CHANCE) -> Course | None:
    """The course of a series in time order; None when it is too short to tell."""
    n = len(values)
    if n < MIN_TESTED_BLOCKS:
        return None
    slope = median((values[j] - values[i]) / (j - i) for i in range(n) for j in range(i + 1, n))
    widening = _widening([value - slope * index for index, value in enumerate(values)])
    trending = _mann_kendall(values, widening) < chance
    at, probability = _pettitt(values)
    shift_at = at if probability < chance else None
    middle = shift_at if shift_at is not None else n // 2
    return Course(trending, shift_at, slope, median(values[:middle]), median(values[middle:]))


def _mann_kendall(values: Sequence[float], widening: float) -> float:
    """Two-sided probability of so much order by chance."""
    n = len(values)
    score = sum(_sign(values[j] - values[i]) for i in range(n) for j in range(i + 1, n))
    ties = [values.count(value) for value in set(values)]
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18 * widening
    if variance <= 0 or score == 0:
        return 1.0
    return math.erfc((abs(score) - 1) / math.sqrt(variance) / math.sqrt(2))


def _pettitt(values: Sequence[float]) -> tuple[int, float]:
    """The likeliest place of a shift (first index after it), and the probability of such a one by chance."""
    n = len(values)
    statistics = [abs(sum(_sign(values[i] - values[j]) for i in range(at) for j in range(at, n))) for at in range(1, n)]
    most = max(statistics)
    at = statistics.index(most) + 1
    before, after = median(values[:at]), median(values[at:])
    widening = _widening([value - (before if index < at else after) for index, value in enumerate(values)])
    return at, min(2 * math.exp(-6 * most**2 / widening / (n**3 + n**2)), 1.0)


def _widening(residuals: Sequence[float]) -> float:
    """How much wider the variance is than that of independent blocks, at least 1."""
    n, mean = len(residuals), fmean(residuals)
    spread = sum((value - mean) ** 2 for value in residuals)
    if spread == 0:
        return 1.0
    lag_one = sum((a - mean) * (b - mean) for a, b in pairwise(residuals)) / spread
    lag_one = min(max(lag_one + 1 / n, 0.0), 0.9)  # the estimate is biased downwards by about 1/n
    return 1 + 2 * sum((1 - k / n) * lag_one**k for k in range(1, n))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
