"""How slowly and how far the level of all latencies wanders in a run, and what that costs a share in the tail.

A slow second makes all its requests slow. That shows in the whole distribution long before it shows among the few
requests over a limit, so it is looked for in normal scores (van der Waerden): every latency is replaced by the normal
quantile of its rank. The variance of their mean by time block is known well, and a common level reaches the tail by the
efficiency of a quantile, phi(z)^2 / (p (1 - p)). Correlation that outlasts a block is extrapolated as an AR(1) process
of the blocks' levels, at the upper end of what its lag-one correlation may be (bias: Kendall, Biometrika 41, 1954).
`benchmarks/verdicts.py` shows how often the outcome is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from readiness.stats import mean

MIN_BLOCKS = 5
BLOCKS = (40, 20, 10, 6)
"""Numbers of blocks that are tried: the more, the shorter the correlation that shows."""
LONGEST = 0.93
"""A lag-one correlation that may be above this is longer than the run can resolve: the level proves nothing."""
ENDLESS = 1e9
MANY_BLOCKS = 20
"""From so many on their lag-one correlation is known well."""
MEAN_SHARE = 0.8
"""No more of the levels' variance than this is taken to be in the mean of the run."""
GRID = 4096
_NORMAL = NormalDist()

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _View:
    """The scores in blocks of one length."""

    correlation: float
    """Between the scores of two events of one block, 0 to 1."""
    effect: float
    """Design effect of the mean score, with what outlasts the block."""


@dataclass(frozen=True, slots=True)
class Wander:
    """What the blocks of one run say; `STILL` where there are too few of them."""

    views: tuple[_View, ...] = ()

    def effect(self, allowed: float) -> float:
        """How many events one independent event is worth, for a share near `allowed`; at least 1."""
        z = _NORMAL.inv_cdf(allowed)
        density = _NORMAL.pdf(z) ** 2
        spread = allowed * (1 - allowed)
        first, second = density / spread, z * z * density / 2 / spread
        effects = (1 + max(view.effect - 1, 0.0) * (first + second * view.correlation) for view in self.views)
        return max(effects, default=1.0)


STILL = Wander()


def scores(ranks_below: Floats, counts: Floats, total: float) -> Floats:
    """Normal scores of tied groups: `ranks_below` events lie under each group of `counts` of all `total`."""
    shares, quantiles = _grid()
    return np.interp((ranks_below + counts / 2) / total, shares, quantiles)


def of_blocks(sums: Sequence[float], sizes: Sequence[int], variance: float) -> Wander:
    """The wander behind blocks in time order: the sum of the scores (mean 0) and the events of each.

    `variance` is that of a single score, below 1 where many latencies are equal.
    """
    filled = [(score, size) for score, size in zip(sums, sizes, strict=True) if size]
    if len(filled) < MIN_BLOCKS or variance <= 0:
        return STILL
    values, events = np.array(filled, np.float64).T
    views: list[_View] = []
    seen: set[int] = set()
    for most in BLOCKS:
        length = math.ceil(values.size / most)
        edges = np.arange(0, values.size, length)
        if edges.size >= MIN_BLOCKS and length not in seen:
            seen.add(length)
            views += _views(np.add.reduceat(values, edges), np.add.reduceat(events, edges), variance)
    return Wander(tuple(views))


def _views(values: Floats, events: Floats, variance: float) -> list[_View]:
    blocks, total = values.size, float(events.sum())
    off = values - values.sum() / total * events
    squares = float((off**2).sum())
    if squares <= 0:
        return []
    effect = squares * blocks / (blocks - 1) / (total * variance)
    size = total / blocks
    # Few blocks know the spread between them badly: Student's t instead of the normal quantile.
    wider = effect * (mean.student(0.95, blocks - 1) / _NORMAL.inv_cdf(0.95)) ** 2
    found = [_View(_within((wider - 1) / size), wider)]
    lag_one = float((off[1:] * off[:-1]).sum()) / squares
    positive = max(lag_one, 0.0)
    at_zero, slope = (0.7, 1.0) if blocks >= MANY_BLOCKS else (0.0, 1.3)
    margin = (at_zero + slope * positive) * math.sqrt(max(1 - lag_one**2, 0.0) / blocks)
    most = lag_one + (1 + 3 * positive) / blocks + margin
    endless = most > LONGEST and effect > 1  # blocks that differ less than chance has it have no common level
    longer = ENDLESS if endless else max((1 + min(most, LONGEST)) / (1 - min(most, LONGEST)), 1.0)
    if blocks >= MANY_BLOCKS:
        # The spread was taken around this run's own mean, which wandered along: it is too small by longer / blocks.
        longer /= 1 - min(longer / blocks, MEAN_SHARE)
    found.append(_View(_within((effect - 1) / size), effect * longer))
    return found


def _within(correlation: float) -> float:
    return min(max(correlation, 0.0), 1.0)


@cache
def _grid() -> tuple[Floats, Floats]:
    shares = (np.arange(GRID) + 0.5) / GRID
    return shares, np.array([_NORMAL.inv_cdf(float(one)) for one in shares])
