"""Bounds for a mean or a rate per second, from blocks of time that may depend on each other.

The sum of (value - mean * size) over the blocks is a sum over the run: its reach is that of `long_run`. A skewed sum is
studentised by a spread that moves with it, so that the upper bound must reach farther and the lower less far: the
correction by the third moment is that of Johnson (J. American Statistical Association 73, 1978) and Hall (Annals of
Statistics 20, 1992). The interval is that of the logarithm, in which a mean of positive values is nearer to normal.
Where the largest values carry the whole sum even this is too short; docs/explanation/evidence.md says how often.

Where the blocks are skewed to the right beyond chance, every block has at least what the least one has, and bursts come
on top. c bursts of exponential length vary by sqrt(2 / c), which tells c, and the upper end is where the likelihood of
as many but longer bursts ends (stats/bursts.py).

Where a level more likely goes through the whole run than varies within it, the run has seen one piece of its way. The
interval then holds every fifth of it, and how far the level may go from there (`long_run.reached`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from readiness.stats.bursts import least_times
from readiness.stats.long_run import MIN_BLOCKS as MIN_BLOCKS
from readiness.stats.long_run import MORE_LIKELY, SURE, Floats, grouped, long_run, reached
from readiness.stats.share import NORMAL

_FEW = 12
"""Blocks of this number are longer than what correlates their values."""
_ROUNDING = 1e-9
"""Blocks that are all alike differ by less than this share, from rounding alone, and that has no shape."""


def bounds(blocks: Sequence[tuple[float, float]], confidence: float) -> tuple[float, float] | None:
    """(low, high) of Σ value / Σ size at one-sided `confidence` each; None with fewer than MIN_BLOCKS blocks.

    `blocks` are (value, size) in time order: summed latency and requests for a mean, requests and seconds for a rate.
    """
    values, sizes = _columns(blocks)
    total = float(sizes.sum())
    if np.count_nonzero(sizes) < MIN_BLOCKS:
        return None
    ratio = float(values.sum()) / total
    series = values - ratio * sizes
    found = long_run(series)
    if found is None:
        return ratio, ratio
    z, at = NORMAL.inv_cdf(confidence), min(confidence, SURE)
    reach = found.reach(at) / NORMAL.inv_cdf(at) * z / total
    skew, skewed = _skew(series)
    skew *= (2 * z * z + 1) / (6 * z)
    below, above = reach * max(1 - skew, 0.0), reach * max(1 + skew, 0.0)
    if ratio <= 0:
        return 0.0, ratio + above
    low, high = ratio * math.exp(-below / ratio), ratio * math.exp(above / ratio)
    on_top = ratio - float(np.min(values[sizes > 0] / sizes[sizes > 0]))
    if skewed and on_top > _ROUNDING * ratio:
        count = max(2 * (z * on_top / max(above, 1e-300)) ** 2, 1.0)
        high = ratio + on_top * (least_times(count, confidence) - 1)
    if found.drift <= MORE_LIKELY:
        return low, high
    least, most, below, above = reached(values, sizes)
    way = most / least if least > 0 else math.inf
    return min(low, least / way**below), max(high, most * way**above)


def drifts(blocks: Sequence[tuple[float, float]]) -> bool:
    """Whether the level of the blocks more likely goes through the whole run than varies within it."""
    values, sizes = _columns(blocks)
    found = long_run(values - values.sum() / max(sizes.sum(), 1e-9) * sizes)
    return found is not None and found.drift > MORE_LIKELY


def _columns(blocks: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
    values, sizes = np.array(blocks, np.float64).reshape(-1, 2).T
    return values, sizes


def _skew(series: Floats) -> tuple[float, bool]:
    """Skewness of the sum, from single blocks or from longer ones, whose values depend less: the larger.

    And whether it is to the right, beyond what chance makes of symmetrical blocks (standard error sqrt(6 / n)).
    """
    found, beyond = [0.0], False
    for most in (series.size, _FEW):
        blocks = grouped(series, most)
        squares = float((blocks**2).sum())
        found += [float((blocks**3).sum()) / squares**1.5] if squares else []
        beyond |= found[-1] * blocks.size > NORMAL.inv_cdf(0.95) * math.sqrt(6)
    return max(found, key=abs), beyond
