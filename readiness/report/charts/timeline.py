"""Latency and throughput over time: was it steady, and did it break as users came?"""

from __future__ import annotations

from readiness.judge.verdict import Verdict
from readiness.measurements.run import Load, Run, Stall
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks, short
from readiness.report.charts.chart import Chart
from readiness.report.charts.panels import LEFT, RIGHT, WIDTH, latencies, rules, seconds_axis, unjudged
from readiness.report.charts.series import MOST_POINTS, MOST_SERIES_ROWS, Point, group
from readiness.text import numbers

_HEIGHT = 440.0
LABEL = 34.0
UPPER, MIDDLE, LOWER, _BOTTOM = 24.0, 240.0, 278.0, 396.0
"""Top and bottom of the two panels: latency above, throughput and users below."""


def draw(verdict: Verdict, run: Run | None) -> Chart | None:
    """The chart, or None without a time series."""
    load = run.load if run else None
    if load is None or not load.series:
        return None
    points = group(load.series, MOST_POINTS)
    x = Scale(0.0, max(points[-1].end_s, load.judged_end_s), LEFT, WIDTH - RIGHT)
    parts = [
        *_phases(load, x),
        *_stalls(load, x),
        *seconds_axis(x, _BOTTOM, _BOTTOM + 36),
        *latencies(points, x, UPPER, MIDDLE),
        *_throughput(points, x),
    ]
    return Chart(
        "timeline",
        "Was it steady over time?",
        _note(load, len(points)),
        svg.picture(
            "timeline", "Latency, throughput and users over time", _describe(load, points), WIDTH, _HEIGHT, *parts
        ),
        ("P50", "P95", "P99", "Throughput", "Users"),
        ("Seconds", "Users", "Requests per second", "Failed", "P50", "P95", "P99"),
        tuple(_row(point) for point in group(load.series, MOST_SERIES_ROWS)),
    )


def _phases(load: Load, x: Scale) -> list[str]:
    """Shade what is not judged."""
    parts = unjudged(load, x, UPPER, _BOTTOM)
    if load.judged_start_s > 0 and x(load.judged_start_s) - LEFT > 70:
        parts.append(svg.text(LEFT + 4, UPPER - 8, "not judged"))
    parts.append(svg.text(x(load.judged_start_s) + 4, UPPER - 8, "judged"))
    parts.append(svg.line(x(load.judged_start_s), UPPER - 18, x(load.judged_start_s), _BOTTOM, "edge", "#6b7681"))
    return parts


def _throughput(points: tuple[Point, ...], x: Scale) -> list[str]:
    ticks = linear_ticks(max(p.ok_per_s for p in points), 4)
    y = Scale(0.0, ticks[-1], _BOTTOM, LOWER)
    parts = rules(ticks, x, y)
    parts.append(svg.text(LEFT - 8, LOWER - 12, "/s", anchor="end"))
    parts.append(svg.path([(x(p.middle_s), y(p.ok_per_s)) for p in points], 3))
    people = linear_ticks(max(p.users for p in points), 4)
    users = Scale(0.0, people[-1], _BOTTOM, LOWER)
    parts += [svg.text(WIDTH - RIGHT + 8, users(tick) + 4, short(tick)) for tick in people]
    parts.append(svg.text(WIDTH - RIGHT + 8, LOWER - 12, "users"))
    parts.append(svg.path([(x(p.middle_s), users(p.users)) for p in points], 4, 1.4))
    return parts


def _stalls(load: Load, x: Scale) -> list[str]:
    """A band for each gap of the whole service, named where there is room."""
    parts: list[str] = []
    named_until = 0.0
    for stall in _of_the_service(load)[:50]:
        start = x(stall.start_s)
        width = max(x(stall.end_s) - start, 2)
        parts.append(svg.rect(start, UPPER, width, _BOTTOM - UPPER, "stall", "#f3c9cc"))
        middle = min(max(start + width / 2, LEFT + LABEL / 2), WIDTH - RIGHT - LABEL / 2)
        if middle - LABEL / 2 >= named_until:
            parts.append(svg.text(middle, MIDDLE + 16, "stall", anchor="middle", class_="label stall-label"))
            named_until = middle + LABEL / 2
    return parts


def _of_the_service(load: Load) -> list[Stall]:
    return [stall for stall in load.stalls if not stall.endpoint]


def _note(load: Load, points: int) -> str:
    grouped = len(load.series) > points
    each = f" Each point is the worst of {-(-len(load.series) // points)} seconds." if grouped else ""
    stalls = " Red bands are stalls: requests were running and none ended." if _of_the_service(load) else ""
    return (
        f"Successful requests above, throughput and users below; the grey time is shown but never judged.{each}{stalls}"
    )


def _describe(load: Load, points: tuple[Point, ...]) -> str:
    worst = max((p for p in points if p.p99_ms is not None), key=lambda p: p.p99_ms or 0.0, default=None)
    told = (
        f"The slowest P99, {numbers.quantity(worst.p99_ms, 'ms')}, was at second {worst.middle_s:.0f}."
        if worst
        else "No request succeeded."
    )
    return f"{told} {numbers.count(len(_of_the_service(load)), 'stall')}."


def _row(point: Point) -> tuple[str, ...]:
    latencies = (numbers.quantity(v, "ms", absent="–") for v in (point.p50_ms, point.p95_ms, point.p99_ms))
    return (
        f"{point.start_s:,.0f} – {point.end_s:,.0f}",
        f"{point.users:,}",
        f"{point.ok_per_s:,.1f}",
        f"{point.failed:,}",
        *latencies,
    )
