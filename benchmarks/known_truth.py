"""True quantiles and means of latencies, in closed form: mixtures of log-normal ones, and Pareto."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

NORMAL = NormalDist()
MEDIAN_MS = 20.0


@dataclass(frozen=True)
class Part:
    """Log-normal latencies, later by `shift_ms`: a part of a mixture."""

    weight: float
    median_ms: float
    sigma: float
    shift_ms: float = 0.0

    def over(self, limit_ms: float) -> float:
        """Share (0 to 1) over the limit."""
        left_ms = limit_ms - self.shift_ms
        return 1.0 if left_ms <= 0 else NORMAL.cdf(-math.log(left_ms / self.median_ms) / self.sigma)


@dataclass(frozen=True)
class Mixture:
    """The latency of a single request, whatever the others are."""

    parts: tuple[Part, ...]

    def quantile_ms(self, q: float) -> float:
        """By bisection."""
        low, high = 0.0, 1e6
        for _ in range(80):
            middle = (low + high) / 2
            over = sum(part.weight * part.over(middle) for part in self.parts)
            low, high = (middle, high) if over > 1 - q else (low, middle)
        return high

    @property
    def mean_ms(self) -> float:
        """Exact."""
        return sum(part.weight * (part.median_ms * math.exp(part.sigma**2 / 2) + part.shift_ms) for part in self.parts)


@dataclass(frozen=True)
class Pareto:
    """Latencies of MEDIAN_MS at least, with a tail that falls as a power; the mean is known for an exponent over 1."""

    exponent: float

    def quantile_ms(self, q: float) -> float:
        """Closed form."""
        return float(MEDIAN_MS * (1 - q) ** (-1 / self.exponent))

    @property
    def mean_ms(self) -> float:
        """Closed form."""
        return MEDIAN_MS * self.exponent / (self.exponent - 1)
