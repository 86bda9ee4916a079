"""Bounds for a share (k of n events), exact for independent events and for events that share a level.

Source of the bounds: Clopper & Pearson, Biometrika 26 (1934).
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

import numpy as np

from readiness.stats import beta

NORMAL = NormalDist()
NODES = 9
"""Of the quadrature over the common level: enough for three digits."""


def upper(k: float, n: float, confidence: float) -> float:
    """One-sided upper bound (0 to 1) of the share behind k of n; 1.0 when n is 0."""
    return 1.0 if k >= n else beta.inverse(confidence, k + 1, n - k)


def lower(k: float, n: float, confidence: float) -> float:
    """One-sided lower bound (0 to 1) of the share behind k of n; 0.0 when n is 0."""
    return 0.0 if k <= 0 or n <= 0 else beta.inverse(1 - confidence, k, n - k + 1)


def proves_below(k: float, n: float, share: float, confidence: float) -> bool:
    """Whether `upper(k, n, confidence)` is at most `share` (0 to 1), by one evaluation instead of a search."""
    return k < n and beta.cumulative(share, k + 1, n - k) >= confidence


def samples_needed(share: float, confidence: float) -> int:
    """Events without a single hit that prove a share below `share`: 59 for 5 %, 299 for 1 % at 95 %."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-share))


def samples_for(hits: int, share: float, confidence: float) -> int:
    """The fewest events that prove a share below `share` (0 to 1) though `hits` of them were hits: 124 for 2 of 5 %."""
    low, high = hits, max(samples_needed(share, confidence), hits + 1)
    while not proves_below(hits, high, share, confidence):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if proves_below(hits, middle, share, confidence) else (middle, high)
    return high


def chance_of_fewer(k: float, n: float, share: float, shift: float) -> float:
    """Probability of `k` hits or fewer of `n` where the true share is `share` (0 to 1): if small, the share is lower.

    `shift` is the standard deviation of a level that all events of the run have in common, in standard deviations of a
    single event's normal score. A level moves the score that a hit needs, so the run's own share is
    Phi(level - z sqrt(1 + shift^2)), which is `share` on average over all runs (the probit-normal mixture).
    """
    if k >= n:
        return 1.0
    return sum(weight * _at_most(k, n, own) for own, weight in _own_shares(share, shift))


def _at_most(k: float, n: float, share: float) -> float:
    return (1 - share) ** n if k == 0 else 1 - beta.cumulative(share, k + 1, n - k)


def chance_of_more(k: float, n: float, share: float, shift: float) -> float:
    """Probability of `k` hits or more of `n` where the true share is `share`: if small, it is higher."""
    if k <= 0:
        return 1.0
    return sum(weight * beta.cumulative(own, k, n - k + 1) for own, weight in _own_shares(share, shift))


def _own_shares(share: float, shift: float) -> list[tuple[float, float]]:
    """The share that a run may have of its own, with weights: the level at the nodes of a Gauss-Hermite quadrature."""
    if shift <= 0:
        return [(share, 1.0)]
    needed = NORMAL.inv_cdf(share) * math.hypot(1, shift)
    return [(NORMAL.cdf(needed + shift * node), weight) for node, weight in _nodes()]


@cache
def _nodes() -> list[tuple[float, float]]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return list(zip(nodes.tolist(), (weights / weights.sum()).tolist(), strict=True))
