"""What charts have in common: rules, the axis of seconds, what is not judged, and latencies as lines."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.measurements.run import Load
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks, log_ticks, short
from readiness.report.charts.series import Point

WIDTH, LEFT, RIGHT = 760.0, 56.0, 52.0


def rules(ticks: Sequence[float], x: Scale, y: Scale, gap: float = 8.0) -> list[str]:
    """A line over the whole of `x` at each tick of `y`, and its number `gap` pixels beside it."""
    parts: list[str] = []
    for tick in ticks:
        parts.append(svg.line(x.start, y(tick), x.end, y(tick), "grid", "#d5dae0"))
        parts.append(svg.text(x.start - gap, y(tick) + 4, short(tick), anchor="end"))
    return parts


def seconds_axis(x: Scale, bottom: float, words_at: float, words: str = "seconds since the first user") -> list[str]:
    """Seconds below what ends at `bottom`, and what they count from."""
    ticks = [tick for tick in linear_ticks(x.high, 8) if x.low <= tick <= x.high]
    parts = [svg.text(x(tick), bottom + 18, short(tick), anchor="middle") for tick in ticks]
    return [*parts, svg.text(x.end, words_at, words, anchor="end")]


def unjudged(load: Load, x: Scale, top: float, bottom: float) -> list[str]:
    """Shade before and after the measurement window."""
    return [
        svg.rect(x(start), top, x(end) - x(start), bottom - top, "unjudged", "#eceff2")
        for start, end in ((0.0, load.judged_start_s), (load.judged_end_s, x.high))
        if end > start
    ]


def upright_rules(ticks: Sequence[float], x: Scale, top: float, bottom: float) -> list[str]:
    """A line and a number at each tick of an axis in ms below bars."""
    parts: list[str] = []
    for tick in ticks:
        parts.append(svg.line(x(tick), top, x(tick), bottom, "grid", "#d5dae0"))
        words = short(tick) if tick != ticks[-1] else f"{short(tick)} ms"
        parts.append(svg.text(x(tick), bottom + 18, words, anchor="middle"))
    return parts


def latencies(points: Sequence[Point], x: Scale, top: float, bottom: float) -> list[str]:
    """P50, P95 and P99 of the successful requests on a logarithmic scale."""
    series = [[p.p50_ms for p in points], [p.p95_ms for p in points], [p.p99_ms for p in points]]
    values = [value for line in series for value in line if value]
    if not values:
        return [svg.text(LEFT + 8, (top + bottom) / 2, "no request succeeded")]
    ticks = log_ticks(max(min(values), 0.01), max(values))
    y = Scale(ticks[0], ticks[-1], bottom, top, log=True)
    parts = rules(ticks, x, y)
    parts.append(svg.text(LEFT - 8, top - 10, "ms", anchor="end"))
    for i, line in enumerate(series):
        path = [None if v is None else (x(p.middle_s), y(max(v, y.low))) for p, v in zip(points, line, strict=True)]
        parts.append(svg.path(path, i))
    return parts
