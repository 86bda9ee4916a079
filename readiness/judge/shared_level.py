"""How much the requests behind a share depend on each other: what a level that all share explains, and what is left.

Every latency gets the normal score of its rank (van der Waerden). "Over the limit" is a function of the score, and by
its Hermite expansion it is the share, plus phi(z) times the score, plus a rest that is orthogonal to the score. The
mean score of the run is known well, for every request speaks in it; it moves the share as a shift of the level does.
The rest is what comes in clusters (a burst, a collection of garbage, retries): it makes n requests worth n / `worth`.
Both come from `readiness/stats/long_run.py`. Failed requests are the slowest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from readiness.measurements.histogram import merge
from readiness.measurements.run import Slice
from readiness.stats.cycles import Cycles, cycles
from readiness.stats.long_run import MORE_LIKELY, SURE, LongRun, long_run, reached
from readiness.stats.share import NORMAL

_Floats = npt.NDArray[np.float64]
GRID = 4096
MATTERS = 4.0
"""A level that makes the mean score of a run less certain than so many times its variance by chance: the score explains
22 % of who is over a P95, so from here on the level is as large as chance there (1 / 0.22)."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The normal scores of a record in time blocks."""

    sums: _Floats
    requests: int
    deviation: float
    """Of a single score, below 1 where many latencies are equal."""
    found: LongRun | None
    ahead: float = 0.0
    """How high the mean score, in deviations, may go if the level goes through the run (`long_run.reached`)."""
    behind: float = 0.0
    """How low, below zero."""

    def shift(self, confidence: float) -> float:
        """How far the run's mean score may lie from zero through a common level, in deviations, beyond mere chance."""
        return _shift(self, confidence)

    def farther(self, quantile: float, confidence: float) -> float:
        """How much farther than here a `quantile` (normal score) may lie over all runs, in deviations.

        The level may lie higher than in this run, and over all runs latencies spread more than in this one (the same
        factor as in stats/share.py). Both at once, under each hypothesis of how far a level goes.
        """
        if self.found is None:
            return 0.0
        if self.drifts(confidence):
            return max(self.shift(confidence) * NORMAL.inv_cdf(confidence), self.ahead)
        shifts, at = _beyond_chance(self) / (self.requests * self.deviation), min(confidence, SURE)
        reach = self.found.reach_of(shifts, at, quantile * (np.hypot(1, shifts) - 1))
        return reach * NORMAL.inv_cdf(confidence) / NORMAL.inv_cdf(at)

    @property
    def correlates(self) -> bool:
        """Whether the requests more likely have a level in common than not."""
        return self.found is not None and self.found.correlated > MORE_LIKELY

    def drifts(self, confidence: float) -> bool:
        """Whether a level that matters more likely goes through the whole run than varies within it."""
        if self.found is None or self.found.drift <= MORE_LIKELY:
            return False
        return self.shift(confidence) ** 2 * self.requests > MATTERS


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """The requests over one limit, less what the level explains of them."""

    found: LongRun | None
    single: float
    """Variance of a sum of as many independent requests."""
    by_level: float
    """Share of that variance that the scores explain."""
    share: float = 0.0
    """Of the requests that are over the limit."""
    whole: LongRun | None = None
    """The same with what the scores explain, where the rest correlates more likely than not."""
    cycles: Cycles | None = None
    """Where they more likely come back at equal intervals than not."""

    @property
    def correlate(self) -> bool:
        """Whether the requests more likely correlate than not."""
        return self.found is not None and self.found.correlated > MORE_LIKELY

    @property
    def levels(self) -> bool:
        """Whether they speak for a level, and not only for what correlates inside a block."""
        return self.found is not None and self.found.level > 1

    @property
    def bursts(self) -> bool:
        """Whether they come together at random moments, rather than at equal intervals."""
        return self.correlate and self.found is not None and self.found.regular <= MORE_LIKELY

    def worth(self, confidence: float) -> float:
        """How many requests one independent request is worth; under 1 only where they come back at equal intervals."""
        return _worth(self, confidence)

    def worth_at(self, share: float, confidence: float) -> float:
        """The same where `share` (0 to 1) of the requests were over the limit: a lucky run shows too little of it.

        A level of all scores moves a share by phi(z) (the first term of its Hermite expansion), which adds
        phi(z)^2 / (share (1 - share)) to what a request is worth: more, the larger the share. Only where the requests
        correlate more likely than not; and never less than what was seen.
        """
        seen = self.worth(confidence)
        if not self.correlate or self.cycles:
            return seen
        return 1 + (seen - 1) * max(_moved_by_level(share) / _moved_by_level(self.share), 1.0)


@lru_cache(maxsize=256)
def _shift(level: Level, confidence: float) -> float:
    if level.found is None:
        return 0.0
    at = min(confidence, SURE)
    return level.found.reach_of(_beyond_chance(level), at) / (NORMAL.inv_cdf(at) * level.requests * level.deviation)


def _beyond_chance(level: Level) -> _Floats:
    scales = level.found.scales if level.found else np.zeros(1)
    return np.sqrt(np.maximum(scales**2 - level.requests * level.deviation**2, 0.0)) + 1e-12


@lru_cache(maxsize=256)
def _worth(clusters: Clusters, confidence: float) -> float:
    if clusters.found is None or not clusters.single:
        return 1.0
    at = min(confidence, SURE)
    z = NORMAL.inv_cdf(at)
    if clusters.cycles is not None:
        return (clusters.cycles.reach(at) / z) ** 2 / clusters.single
    own = 1 - clusters.by_level
    beyond = (clusters.found.reach(at) / z) ** 2 / clusters.single - own
    if clusters.whole is not None:
        # A slow request has a high score itself, so a cluster of them that no level makes is seen at `own` of its
        # height. It is at most all that correlates.
        every = (clusters.whole.reach(at) / z) ** 2 / clusters.single - 1
        beyond = max(beyond, min(beyond / own**2, every))
    return max(1 + beyond, 1.0)


def _moved_by_level(share: float) -> float:
    """What a level of all scores explains of the variance of "over the limit" (0 to 1)."""
    return NORMAL.pdf(NORMAL.inv_cdf(share)) ** 2 / (share * (1 - share))


NO_LEVEL = Level(np.zeros(0), 0, 0.0, None)
NO_CLUSTERS = Clusters(None, 0.0, 0.0)


def level_of(slices: Sequence[Slice]) -> Level:
    """The level behind the time blocks of a record."""
    whole = merge(*(block.ok for block in slices))
    failed = sum(block.failed for block in slices)
    counts = np.append(whole.counts, failed).astype(np.float64)
    total = float(counts.sum())
    if not total:
        return NO_LEVEL
    shares, quantiles = _grid()
    scores = np.interp((np.cumsum(counts) - counts / 2) / total, shares, quantiles)
    scores -= float(scores @ counts) / total
    deviation = math.sqrt(float(scores**2 @ counts) / total)
    if not deviation:
        return NO_LEVEL
    places = np.searchsorted(whole.indices, np.concatenate([block.ok.indices for block in slices]))
    owners = np.repeat(np.arange(len(slices)), [block.ok.indices.size for block in slices])
    weights = np.concatenate([block.ok.counts for block in slices]) * scores[places]
    sums = np.bincount(owners, weights, len(slices)) + scores[-1] * np.array([block.failed for block in slices])
    sizes = np.array([block.ok.total + block.failed for block in slices], np.float64)
    least, most, below, above = reached(sums, sizes)
    ahead, behind = most + above * (most - least), below * (most - least) - least
    return Level(
        sums, int(total), deviation, long_run(sums, total * deviation**2), ahead / deviation, behind / deviation
    )


def clusters(blocks: Sequence[tuple[int, int]], level: Level = NO_LEVEL) -> Clusters:
    """The clusters among (hits, events) by time block; with the `level` of the same blocks where there is one."""
    hits, events = np.array(blocks, np.float64).reshape(-1, 2).T
    total, hit = float(events.sum()), float(hits.sum())
    if not 0 < hit < total:
        return NO_CLUSTERS
    share = hit / total
    every, by_level = hits - share * events, 0.0
    series = every
    if level.sums.size == hits.size and level.deviation:
        series = series - NORMAL.pdf(NORMAL.inv_cdf(share)) / level.deviation * level.sums
        by_level = _moved_by_level(share)
    single = total * share * (1 - share)
    found = long_run(series, single * (1 - by_level))
    alike = by_level > 0 and found is not None and found.correlated > MORE_LIKELY
    whole = long_run(every, single) if alike else None
    regular = found is not None and found.regular > MORE_LIKELY
    return Clusters(found, single, by_level, share, whole, cycles(hits, events) if regular else None)


@cache
def _grid() -> tuple[_Floats, _Floats]:
    shares = (np.arange(GRID) + 0.5) / GRID
    return shares, np.array([NORMAL.inv_cdf(float(one)) for one in shares])
