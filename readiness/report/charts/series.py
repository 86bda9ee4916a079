"""The time series, grouped so that a long run still fits a drawing and a table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from readiness.measurements.run import Second

MOST_POINTS = 360
MOST_SERIES_ROWS = 60


@dataclass(frozen=True, slots=True)
class Point:
    """Some seconds as one: rates are means, percentiles and users the largest."""

    start_s: float
    end_s: float
    users: int
    ok_per_s: float
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    classes: Mapping[str, int]

    @property
    def middle_s(self) -> float:
        """Where the point is drawn."""
        return (self.start_s + self.end_s) / 2


def group(series: Sequence[Second], most: int) -> tuple[Point, ...]:
    """At most `most` points over the whole series."""
    size = max(math.ceil(len(series) / most), 1)
    return tuple(_point(series[i : i + size]) for i in range(0, len(series), size))


def _point(part: Sequence[Second]) -> Point:
    lasted = sum(second.duration_s for second in part)
    return Point(
        part[0].at_s,
        part[-1].at_s + part[-1].duration_s,
        max(second.users for second in part),
        sum(second.ok for second in part) / lasted if lasted > 0 else 0.0,
        sum(second.failed for second in part),
        _largest(second.p50_ms for second in part),
        _largest(second.p95_ms for second in part),
        _largest(second.p99_ms for second in part),
        _classes(part),
    )


def _classes(part: Sequence[Second]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for second in part:
        total.update(second.classes)
    return dict(total.most_common())


def _largest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
