"""Two readings of one metric -> how much the second is above the first, with an interval.

The interval of each reading is that of its own run (order statistics for quantiles, Clopper-Pearson for rates,
Student's t between time blocks for means, all on sample sizes corrected for correlation); the two are put together by
MOVER, "method of variance estimates recovery": Zou & Donner, Statistics in Medicine 27 (2008), for shares as Newcombe's
difference (Statistics in Medicine 17, 1998), for latencies and throughput on the logarithm: the answer is a ratio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from readiness.judge.limit_test import bounds
from readiness.judge.readings import Reading
from readiness.metrics.metric import Kind, Metric

POINTS = "points"
RELATIVE = "%"


@dataclass(frozen=True, slots=True)
class Change:
    """Head above base: in percent of base, in percentage points for shares, or in the unit of an exact count.

    `low` and `high` are None where the data give no such end.
    """

    value: float | None
    low: float | None
    high: float | None
    unit: str


def change(base: Reading, head: Reading, metric: Metric, confidence: float) -> Change:
    """The change at one-sided `confidence` for each end; both readings must have been measured."""
    if metric.kind is Kind.EXACT:
        if base.value is None or head.value is None:
            return Change(None, None, None, metric.unit)
        exact = head.value - base.value
        return Change(exact, exact, exact, POINTS if metric.unit == "%" else metric.unit)
    ends = bounds(base, metric, confidence), bounds(head, metric, confidence)
    if metric.unit == "%":
        return _difference(base.value, head.value, *ends)
    return _ratio(base.value, head.value, *ends)


def _difference(base: float | None, head: float | None, base_ends: Ends, head_ends: Ends) -> Change:
    if base is None or head is None:
        return Change(None, None, None, POINTS)
    low, high = _recovered(base, head, base_ends, head_ends)
    return Change(head - base, low, high, POINTS)


def _ratio(base: float | None, head: float | None, base_ends: Ends, head_ends: Ends) -> Change:
    if base is None or head is None or base <= 0 or head <= 0:
        return Change(None, None, None, RELATIVE)

    def log(value: float | None) -> float | None:
        return None if value is None else math.log(value) if value > 0 else -math.inf

    low, high = _recovered(
        math.log(base), math.log(head), (log(base_ends[0]), log(base_ends[1])), (log(head_ends[0]), log(head_ends[1]))
    )
    return Change(100 * (head / base - 1), _percent(low), _percent(high), RELATIVE)


def _percent(logarithm: float | None) -> float | None:
    """A ratio's logarithm as a change in percent; None where it is beyond any sense."""
    return None if logarithm is None or logarithm > 50 else 100 * math.expm1(logarithm)


Ends = tuple[float | None, float | None]


def _recovered(base: float, head: float, base_ends: Ends, head_ends: Ends) -> Ends:
    """Bounds of head - base from the bounds of each."""
    (base_low, base_high), (head_low, head_high) = base_ends, head_ends
    low = high = None
    if head_low is not None and base_high is not None:
        low = head - base - math.hypot(head - head_low, base_high - base)
    if head_high is not None and base_low is not None:
        high = head - base + math.hypot(head_high - head, base - base_low)
    return low, high
