"""Bounds for a share (k of n events), and how many independent events n correlated ones are worth.

Source of the bounds: Clopper & Pearson, Biometrika 26 (1934). Source of the design effect: the ratio estimator's
between-cluster variance, Cochran, Sampling Techniques (3rd ed.), §9A; the clusters are blocks of time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from readiness.stats import beta

MIN_BLOCKS = 5
"""With fewer time blocks the spread between them says nothing, and requests are taken as independent."""
MAX_BLOCKS = 20
"""More, shorter blocks would miss correlation that lasts longer than a block."""


def upper(k: float, n: float, confidence: float) -> float:
    """One-sided upper bound (0 to 1) of the share behind k of n; 1.0 when n is 0."""
    return 1.0 if k >= n else beta.inverse(confidence, k + 1, n - k)


def lower(k: float, n: float, confidence: float) -> float:
    """One-sided lower bound (0 to 1) of the share behind k of n; 0.0 when n is 0."""
    return 0.0 if k <= 0 or n <= 0 else beta.inverse(1 - confidence, k, n - k + 1)


def samples_needed(share: float, confidence: float) -> int:
    """Events without a single hit that prove a share below `share`: 59 for 5 %, 299 for 1 % at 95 %."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-share))


def design_effect(blocks: Sequence[tuple[int, int]]) -> float:
    """How many correlated events one independent event is worth, at least 1; `blocks` are (hits, events) in time order.

    Correlated requests (one slow second makes them all slow) carry less evidence than their number says.
    """
    grouped = group(blocks, MAX_BLOCKS)
    filled = [(k, n) for k, n in grouped if n]
    hits, events = sum(k for k, _ in filled), sum(n for _, n in filled)
    if len(filled) < MIN_BLOCKS or hits in (0, events):
        return 1.0
    share = hits / events
    between = sum((k - share * n) ** 2 for k, n in filled) * len(filled) / (len(filled) - 1)
    return max(between / (events * share * (1 - share)), 1.0)


def group(blocks: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Neighbouring blocks added up until at most `most` are left."""
    size = max(math.ceil(len(blocks) / most), 1)
    chunks = [blocks[start : start + size] for start in range(0, len(blocks), size)]
    return [(sum(k for k, _ in chunk), sum(n for _, n in chunk)) for chunk in chunks]
