"""Bounds for a share (k of n events), and how many independent events n correlated ones are worth.

Source of the bounds: Clopper & Pearson, Biometrika 26 (1934). Source of the design effect: the ratio estimator's
between-cluster variance, Cochran, Sampling Techniques (3rd ed.), §9A; the clusters are blocks of time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from readiness.stats import beta, mean

MIN_BLOCKS = 5
"""With fewer time blocks the spread between them says nothing, and requests are taken as independent."""
BLOCKS = (20, 10, 6)
"""Numbers of blocks that are tried: correlation that outlasts a short block shows in a longer one."""
NOISE = 1.3
"""A spread between blocks this much above that of independent events is taken for correlation."""
MOST_SCALED = 2.0
"""Few hits know their spread badly: it is scaled up to the allowed number by this factor at most."""
CONFIDENCE = 0.95
_NORMAL = 1.6448536269514722
"""Quantile of the normal distribution at CONFIDENCE."""


def upper(k: float, n: float, confidence: float) -> float:
    """One-sided upper bound (0 to 1) of the share behind k of n; 1.0 when n is 0."""
    return 1.0 if k >= n else beta.inverse(confidence, k + 1, n - k)


def lower(k: float, n: float, confidence: float) -> float:
    """One-sided lower bound (0 to 1) of the share behind k of n; 0.0 when n is 0."""
    return 0.0 if k <= 0 or n <= 0 else beta.inverse(1 - confidence, k, n - k + 1)


def proves_below(k: float, n: float, share: float, confidence: float) -> bool:
    """Whether `upper(k, n, confidence)` is at most `share` (0 to 1), by one evaluation instead of a search."""
    return k < n and beta.cumulative(share, k + 1, n - k) >= confidence


def proves_above(k: float, n: float, share: float, confidence: float) -> bool:
    """Whether `lower(k, n, confidence)` is above `share` (0 to 1)."""
    return k > 0 and beta.cumulative(share, k, n - k + 1) < 1 - confidence


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


def design_effect(blocks: Sequence[tuple[int, int]], allowed: float | None = None) -> float:
    """How many correlated events one independent event is worth, at least 1; `blocks` are (hits, events) in time order.

    Correlated requests (one slow second makes them all slow) carry less evidence than their number says. Where fewer
    hits came than `allowed` (a share), the effect is that of the allowed number: what doubles the hits doubles their
    common part too, so a lucky run would look less correlated than it is.
    """
    found = max(1.0, *(_effect(group(blocks, most)) for most in BLOCKS))
    hits, events = sum(k for k, _ in blocks), sum(n for _, n in blocks)
    if allowed is None or found <= NOISE or not hits:
        return found
    return 1 + (found - 1) * min(max(allowed * events / hits, 1.0), MOST_SCALED)


def _effect(blocks: Sequence[tuple[int, int]]) -> float:
    filled = [(k, n) for k, n in blocks if n]
    hits, events = sum(k for k, _ in filled), sum(n for _, n in filled)
    if len(filled) < MIN_BLOCKS or hits in (0, events):
        return 1.0
    share = hits / events
    between = sum((k - share * n) ** 2 for k, n in filled) * len(filled) / (len(filled) - 1)
    effect = between / (events * share * (1 - share))
    if effect <= NOISE:
        return effect
    # Few blocks know the spread between them badly: Student's t instead of the normal quantile.
    return effect * (mean.student(CONFIDENCE, len(filled) - 1) / _NORMAL) ** 2


def group(blocks: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Neighbouring blocks added up until at most `most` are left."""
    size = max(math.ceil(len(blocks) / most), 1)
    chunks = [blocks[start : start + size] for start in range(0, len(blocks), size)]
    return [(sum(k for k, _ in chunk), sum(n for _, n in chunk)) for chunk in chunks]
