"""Whether a quantile keeps its limit by its distance from it, which counts alone do not see.

A distance is one of logarithms of latencies. A normal score is worth as much of it as from the median to the quantile.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from readiness.judge.readings import over
from readiness.measurements.histogram import merge
from readiness.measurements.run import Recording
from readiness.stats import share
from readiness.stats.long_run import DRIFT_TIMES, way_of

NEAR = 0.2
"""A limit is far only where next to nothing, this part of what may be, is near it: distance jumps no gap."""
_LEAST_MS = 0.001
_RANGE_OF_FIVE = 2.326
"""Expected range of as many (DRIFT_TIMES) normal values (Tippett, Biometrika 17, 1925)."""


def is_far(
    record: Recording,
    limit_ms: float,
    allowed: float,
    most: float,
    n: float,
    confidence: float,
    *,
    reach: float,
    drifts: bool,
    floor_ms: float = 0.0,
) -> bool:
    """Whether the quantile of all but the `allowed` share (0 to 1) is proven to be below the limit by its distance.

    `most` requests are over the limit, and all are worth `n` independent ones. These leave a share over some latency
    open; where it is more than the allowed one, the latency of the allowed share lies farther out. So it does over all
    runs, by `reach` scores (`Level.farther`); if the level `drifts` through the run, the quantile itself shows how far.
    `floor_ms` comes on top of each latency: so late was the load generator itself, and that is no level of the service.
    """
    needed, median_ms = share.NORMAL.inv_cdf(1 - allowed), record.ok.quantile_ms(0.5)
    quantile_ms = record.ok.quantile_ms(1 - allowed)
    if not median_ms or not quantile_ms:
        return False
    score = math.log((quantile_ms + floor_ms) / (median_ms + floor_ms)) / needed
    way = reach * score
    if drifts:
        way = min(way, _way_ahead(record, 1 - allowed, floor_ms))
    hits: float = most
    for _ in range(3):
        left = share.upper(hits * n / record.requests, n, confidence)
        if not 0 < left < 1:
            return False
        missing = max(needed - share.NORMAL.inv_cdf(1 - left), 0.0)
        nearer_ms = (limit_ms + floor_ms) * math.exp(-math.hypot(missing * score, way)) - floor_ms
        again = over(record, nearer_ms, inclusive=True)[1]
        if again > NEAR * allowed * record.requests:
            return False
        if again == hits:
            return True
        hits = again
    return False


def _way_ahead(record: Recording, quantile: float, floor_ms: float) -> float:
    """How much higher (as a logarithm) the quantile may go that goes through the run, less what chance makes of fifths.

    Where slow requests are of another kind than most are, a drift of most does not move the quantile at all; and a
    short hump moves the quantile of its fifth farther than it moves the scores. So the nearer one of the two is meant.
    """
    at = np.linspace(0, len(record.slices), DRIFT_TIMES + 1).astype(int).tolist()
    logs = []
    for begin, end in pairwise(at):
        fifth = record.slices[begin:end]
        ok = merge(*(block.ok for block in fifth))
        latency_ms = ok.quantile_ms(quantile, infinite=sum(block.failed for block in fifth))
        if not latency_ms or not math.isfinite(latency_ms):
            return math.inf
        logs.append(math.log(latency_ms + floor_ms))
    off = math.sqrt(quantile * (1 - quantile) * DRIFT_TIMES / record.requests)
    around = [record.ok.quantile_ms(min(max(part, off), 1.0)) or 0.0 for part in (quantile - off, quantile + off)]
    low, high = (math.log(max(latency_ms, _LEAST_MS) + floor_ms) for latency_ms in around)
    by_chance = _RANGE_OF_FIVE * (high - low) / 2
    seen = max(logs) - min(logs)
    sure = math.sqrt(max(1 - (by_chance / seen) ** 2, 0.0)) if seen else 0.0
    whole = math.log(max(record.ok.quantile_ms(quantile) or 0.0, _LEAST_MS) + floor_ms)
    return sure * (max(max(logs) - whole, 0.0) + way_of(np.array(logs))[1] * seen)
