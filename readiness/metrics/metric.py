"""What a metric is."""

from __future__ import annotations

from collections.abc import Sequence
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
    meaning: str
    why: str
    fix: str
    area: str
    """The section of the report: performance, reliability, cache, pool, security, database."""
    unit: str = ""
    """`ms`, `%` (0 to 100), `/s`, or empty for counts and yes/no."""
    better: str = "lower"
    """`lower`, `higher`, or `equal` where only the limit says."""
    kind: Kind = Kind.EXACT
    quantile: float | None = None
    yes_no: bool = False
    """1 is yes, the good answer, and 0 is no: people read the word."""


def percentiles(
    prefix: str, title: str, meaning: str, why: str, fix: str, *, shares: Sequence[float] = (0.5, 0.95, 0.99)
) -> tuple[Metric, ...]:
    """A latency in ms at each of `shares` (0 to 1): `<prefix>p95`, `P95 <title>`; `{percent}` in the meaning is 95."""
    return tuple(
        Metric(
            f"{prefix}p{100 * share:g}",
            f"{'Median' if share == 0.5 else f'P{100 * share:g}'} {title}",
            meaning.format(percent=f"{100 * share:g}"),
            why,
            fix,
            "performance",
            "ms",
            kind=Kind.QUANTILE,
            quantile=share,
        )
        for share in shares
    )
