"""Bounds for a mean or a rate per second, from the spread between blocks of time.

Source: the ratio estimator's standard error (Cochran, Sampling Techniques, §6.4) with Student's t.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from readiness.stats import beta

MIN_BLOCKS = 3


def bounds(blocks: Sequence[tuple[float, float]], confidence: float) -> tuple[float, float] | None:
    """(low, high) of Σ value / Σ size at one-sided `confidence` each; None with fewer than MIN_BLOCKS blocks.

    `blocks` are (value, size): summed latency and requests for a mean, requests and seconds for a rate.
    """
    filled = [(value, size) for value, size in blocks if size > 0]
    if len(filled) < MIN_BLOCKS:
        return None
    total = sum(size for _, size in filled)
    ratio = sum(value for value, _ in filled) / total
    freedom = len(filled) - 1
    squares = sum((value - ratio * size) ** 2 for value, size in filled)
    error = math.sqrt(squares * len(filled) / freedom) / total
    reach = student(confidence, freedom) * error
    return max(ratio - reach, 0.0), ratio + reach


@cache
def student(confidence: float, freedom: int) -> float:
    """Quantile of Student's t for 0.5 < confidence < 1, through the incomplete beta function."""
    x = beta.inverse(2 * (1 - confidence), freedom / 2, 0.5)
    return math.sqrt(freedom * (1 / x - 1)) if x > 0 else math.inf
