"""What charts over time have in common: rules, the axis of seconds, and latencies as lines."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks, log_ticks, short
from readiness.report.charts.series import Point

WIDTH, LEFT, RIGHT = 760.0, 56.0, 52.0


def rules(ticks: Sequence[float], y: Scale) -> list[str]:
    """A line and a number at each tick."""
    parts: list[str] = []
    for tick in ticks:
        parts.append(svg.line(LEFT, y(tick), WIDTH - RIGHT, y(tick), "grid", "#d5dae0"))
        parts.append(svg.text(LEFT - 8, y(tick) + 4, short(tick), anchor="end"))
    return parts


def seconds_axis(x: Scale, end_s: float, bottom: float, words: str) -> list[str]:
    """Seconds below the panels, and what they count from."""
    ticks = [tick for tick in linear_ticks(end_s, 8) if tick <= end_s]
    parts = [svg.text(x(tick), bottom + 18, short(tick), anchor="middle") for tick in ticks]
    return [*parts, svg.text(WIDTH - RIGHT, bottom + 36, words, anchor="end")]


def latencies(points: Sequence[Point], x: Scale, top: float, bottom: float) -> list[str]:
    """P50, P95 and P99 of the successful requests on a logarithmic scale."""
    series = [[p.p50_ms for p in points], [p.p95_ms for p in points], [p.p99_ms for p in points]]
    values = [value for line in series for value in line if value]
    if not values:
        return [svg.text(LEFT + 8, (top + bottom) / 2, "no request succeeded")]
    ticks = log_ticks(max(min(values), 0.01), max(values))
    y = Scale(ticks[0], ticks[-1], bottom, top, log=True)
    parts = rules(ticks, y)
    parts.append(svg.text(LEFT - 8, top - 10, "ms", anchor="end"))
    for i, line in enumerate(series):
        path = [None if v is None else (x(p.middle_s), y(max(v, y.low))) for p, v in zip(points, line, strict=True)]
        parts.append(svg.path(path, i))
    return parts
