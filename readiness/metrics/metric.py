"""What a metric is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a metric is judged."""

    QUANTILE = "quantile"  # by the share of requests over the limit
    MEAN = "mean"  # by the spread of time blocks
    RATE = "rate"  # hits of a total, by an exact binomial bound
    EXACT = "exact"  # counts, headers, maxima: no interval


@dataclass(frozen=True, slots=True)
class Metric:
    """The definition of one number."""

    name: str
    title: str
    unit: str
    """`ms`, `%` (0 to 100), `/s`, or empty for counts and yes/no."""
    better: str
    """`lower`, `higher`, or `equal` where only the limit says."""
    kind: Kind
    area: str
    """The section of the report: performance, reliability, cache, pool, security, database."""
    meaning: str
    why: str
    fix: str
    quantile: float | None = None
    yes_no: bool = False
    """1 is yes and 0 is no: people read the word."""
