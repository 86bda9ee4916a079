"""Bounds for a mean or a rate per second, from blocks of time that may depend on each other.

The sum of (value - mean * size) over the blocks is a sum over the run: its reach is that of `long_run`. A skewed sum
is studentised by a spread that moves with it, so that the upper bound must reach farther and the lower less far: the
correction by the third moment is that of Johnson (J. American Statistical Association 73, 1978) and Hall (Annals of
Statistics 20, 1992). The interval is that of the logarithm, in which a mean of positive values is nearer to normal.
Upwards it is that of the part above the least block: what every block takes does not vary, and would hide how much the
rest does. It goes no farther than the likelihood of one burst, and never less far than the one above zero. Where the
largest values carry the whole sum even this is too short; docs/explanation/evidence.md says how often.

A level of logarithms that lies s higher or lower by chance from run to run also spreads all values by s: over all runs
the mean is exp(s^2 / 2) times that of a run at its middle. This comes on top under each hypothesis of s.

Where the blocks are skewed to the right beyond chance, and not at equal intervals, bursts come on top. The upper end is
where the likelihood of as many but longer bursts ends (stats/bursts.py).

Where a level more likely goes through the whole run than varies within it, the run has seen one piece of its way. The
interval then holds every fifth of it, and how far the level may go from there (`long_run.reached`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from readiness.stats.bursts import bursts_in, least_times
from readiness.stats.long_run import MIN_BLOCKS as MIN_BLOCKS
from readiness.stats.long_run import MORE_LIKELY, MOST_BLOCKS, SURE, Floats, LongRun, grouped, long_run, reached
from readiness.stats.share import NORMAL

_FEW = 12
"""Blocks of this number are longer than what correlates their values."""
_FAR = 100.0
"""On the logarithm: as good as no bound."""


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
    if ratio <= 0:
        return 0.0, ratio + reach * max(1 + skew, 0.0)
    floor, wider = _least(values, sizes), max(1 + skew, 1e-9)
    low = ratio * math.exp(-reach * max(1 - skew, 0.0) / ratio)
    one_burst = floor + (ratio - floor) * least_times(1, confidence)
    ends = [_upper(found, ratio, base, total, wider, confidence) for base in (0.0, floor)]
    high = max(ends[0], min(ends[1], one_burst))
    if skewed and found.regular <= MORE_LIKELY:
        longer = (one.hits * (least_times(one.count, confidence) - 1) for one in bursts_in(series))
        high = max(high, ratio + max(longer, default=0.0) / total)
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


def _upper(found: LongRun, ratio: float, base: float, total: float, wider: float, confidence: float) -> float:
    """The upper end by the logarithm of the part above `base`."""
    z, at = NORMAL.inv_cdf(confidence), min(confidence, SURE)
    spreads = found.scales / ((ratio - base) * total)
    above = found.reach_of(spreads * wider, at, spreads**2 / 2) / NORMAL.inv_cdf(at) * z
    return base + (ratio - base) * math.exp(min(above, _FAR))


def _least(values: Floats, sizes: Floats) -> float:
    """The mean of the least block, of those that hold anything; below the mean of all."""
    summed, held = grouped(values, MOST_BLOCKS), grouped(sizes, MOST_BLOCKS)
    found = float((summed[held > 0] / held[held > 0]).min())
    return found if 0 < found < values.sum() / sizes.sum() else 0.0


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
