"""Universal Scalability Law: X(N) = λN / (1 + σ(N - 1) + κN(N - 1)).

Source: N. J. Gunther, Guerrilla Capacity Planning (Springer, 2007), chapters 4 to 6. λ is the throughput of one user, σ
the share of work that waits for others (contention), κ the cost of keeping them consistent (coherency).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_HEIGHTS = 5
"""Different heights: three parameters, and something left to see how well they fit."""
_RESAMPLES = 400
_SEED = 7
_TINY = 1e-12

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parameter:
    """An estimate with its bounds."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scalability:
    """A fitted law."""

    per_user_per_s: Parameter
    """λ: requests per second of one user alone."""
    contention: Parameter
    """σ."""
    coherency: Parameter
    """κ."""
    knee: Parameter | None
    """The number of users at which throughput is largest; None when it is not within what was measured."""
    confidence: float
    """Two-sided, of each interval."""
    worst_residual: float
    """Largest relative distance of a point from the law."""

    def throughput_per_s(self, users: float) -> float:
        """X(N)."""
        values = (self.per_user_per_s.value, self.contention.value, self.coherency.value)
        return float(_law(np.array([users]), np.array(values))[0])


def fit(points: Sequence[tuple[float, float]], confidence: float = 0.95) -> Scalability | None:
    """The law through (users, requests per second); None with fewer than LEAST_HEIGHTS different heights.

    Least squares of relative residuals with σ, κ ≥ 0; they are linear in the law's inverse, so this is exact.
    Intervals: percentiles of a residual bootstrap (Efron & Tibshirani, An Introduction to the Bootstrap, §9.4), seeded,
    with residuals widened for the parameters that were fitted.
    """
    usable = sorted((n, x) for n, x in points if n > 0 and x > 0)
    if len({n for n, _ in usable}) < LEAST_HEIGHTS:
        return None
    n = np.array([one for one, _ in usable])
    x = np.array([one for _, one in usable])
    best = _solve(n, x)
    fitted = _law(n, best)
    residuals = x / fitted - 1
    spread = residuals * math.sqrt(len(n) / max(len(n) - 3, 1))
    random = np.random.default_rng(_SEED)
    drawn = np.array(
        [_solve(n, fitted * np.maximum(1 + random.choice(spread, len(n)), 0.01)) for _ in range(_RESAMPLES)]
    )
    edges = [(1 - confidence) / 2, (1 + confidence) / 2]
    lows, highs = np.quantile(drawn, edges, axis=0)
    parameters = [
        Parameter(float(value), float(min(low, value)), float(max(high, value)))
        for value, low, high in zip(best, lows, highs, strict=True)
    ]
    per_user, contention, coherency = parameters
    return Scalability(
        per_user_per_s=per_user,
        contention=contention,
        coherency=coherency,
        knee=_knee(best, drawn, float(n[-1]), edges),
        confidence=confidence,
        worst_residual=float(np.max(np.abs(residuals))),
    )


def _knee(best: Array, drawn: Array, most: float, edges: list[float]) -> Parameter | None:
    """N* = √((1 - σ) / κ), where it lies within the heights that were measured."""
    at = _peak(best)
    if not 1 <= at <= most:
        return None
    low, high = np.quantile(np.minimum([_peak(one) for one in drawn], most), edges)
    return Parameter(at, float(min(low, at)), float(max(high, at)))


def _peak(parameters: Array) -> float:
    _, sigma, kappa = parameters
    return math.sqrt(max(1 - sigma, 0.0) / kappa) if kappa > _TINY else math.inf


def _law(n: Array, parameters: Array) -> Array:
    rate, sigma, kappa = parameters
    return np.asarray(rate * n / (1 + sigma * (n - 1) + kappa * n * (n - 1)), dtype=np.float64)


def _solve(n: Array, x: Array) -> Array:
    """The best of the fits in which σ, κ, both or neither are held at 0, among those that are not negative."""
    fits = [_refine(n, x, free) for free in ((0, 1, 2), (0, 1), (0, 2), (0,))]
    allowed = [one for one in fits if one[0] > 0 and one[1] >= 0 and one[2] >= 0]
    return min(allowed, key=lambda one: float(np.sum((x / _law(n, one) - 1) ** 2)))


def _refine(n: Array, x: Array, free: tuple[int, ...]) -> Array:
    """Σ (x/X - 1)² at its least: with a = 1/λ, b = σ/λ, c = κ/λ, x/X = x(a + b(N - 1) + cN(N - 1))/N is linear."""
    columns = np.column_stack([np.ones_like(n), n - 1, n * (n - 1)])[:, free]
    found = np.zeros(3)
    found[list(free)] = np.linalg.lstsq(columns * (x / n)[:, None], np.ones_like(n), rcond=None)[0]
    a = found[0] if found[0] > 0 else np.nan
    return np.array([1 / a, found[1] / a, found[2] / a])
