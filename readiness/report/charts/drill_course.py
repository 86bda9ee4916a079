"""The course of each drill: requests, failures and latency over time, with the fault shaded."""

from __future__ import annotations

from readiness.measurements.run import Drilled, Run
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks
from readiness.report.charts.chart import Chart
from readiness.report.charts.panels import LEFT, RIGHT, WIDTH, latencies, rules, seconds_axis
from readiness.report.charts.series import MOST_POINTS, MOST_SERIES_ROWS, Point, group
from readiness.text import clean, numbers

_HEIGHT = 368.0
_UPPER, _MIDDLE, _LOWER, _BOTTOM = 30.0, 186.0, 224.0, 324.0
"""Top and bottom of the two panels: latency above, requests and failures below."""
_NAME = 40.0
"""Room for the word at the fault."""


def draw_drills(run: Run | None) -> dict[str, Chart]:
    """The chart of each drill that has a course, by the drill's name."""
    drills = run.drills if run else ()
    return {clean(one.name): _draw(f"drill-{index}", one) for index, one in enumerate(drills, 1) if one.series}


def _draw(key: str, drill: Drilled) -> Chart:
    points = group(drill.series, MOST_POINTS)
    x = Scale(0.0, max(points[-1].end_s, drill.end_s or 0.0), LEFT, WIDTH - RIGHT)
    parts = [
        *_fault(drill, x),
        *seconds_axis(x, _BOTTOM, _BOTTOM + 36, "seconds since the window before the fault began"),
        *latencies(points, x, _UPPER, _MIDDLE),
        *_requests(points, x),
    ]
    title = f"Drill {clean(drill.name, 60)}: requests, failures and latency over time"
    return Chart(
        key,
        title,
        "Latency of the successful requests above; answered and failed requests of each second below, in the second in "
        "which they ended. The fault is shaded.",
        svg.picture(key, title, _describe(drill, points), WIDTH, _HEIGHT, *parts),
        ("P50", "P95", "P99", "Answered rightly", "Failed"),
        ("Seconds", "Answered rightly per second", "Failed per second", "P50", "P95", "P99"),
        tuple(_row(point) for point in group(drill.series, MOST_SERIES_ROWS)),
    )


def _fault(drill: Drilled, x: Scale) -> list[str]:
    """The shaded time of the fault, with its name above."""
    if drill.begin_s is None:
        return []
    start, end = x(drill.begin_s), x(drill.end_s if drill.end_s is not None else x.high)
    middle = min(max((start + end) / 2, LEFT + _NAME / 2), WIDTH - RIGHT - _NAME / 2)
    return [
        svg.rect(start, _UPPER, max(end - start, 2), _BOTTOM - _UPPER, "stall", "#f3c9cc"),
        svg.text(middle, _UPPER - 10, "fault", anchor="middle", class_="label stall-label"),
    ]


def _requests(points: tuple[Point, ...], x: Scale) -> list[str]:
    failed = [_failed_per_s(point) for point in points]
    ticks = linear_ticks(max(*(point.ok_per_s for point in points), *failed), 4)
    y = Scale(0.0, ticks[-1], _BOTTOM, _LOWER)
    return [
        *rules(ticks, x, y),
        svg.text(LEFT - 8, _LOWER - 12, "/s", anchor="end"),
        svg.path([(x(point.middle_s), y(point.ok_per_s)) for point in points], 3),
        svg.path([(x(point.middle_s), y(value)) for point, value in zip(points, failed, strict=True)], 4),
    ]


def _failed_per_s(point: Point) -> float:
    lasted_s = point.end_s - point.start_s
    return point.failed / lasted_s if lasted_s > 0 else 0.0


def _describe(drill: Drilled, points: tuple[Point, ...]) -> str:
    worst = max(points, key=_failed_per_s)
    failed = (
        f"Most requests failed at second {worst.middle_s:.0f}, {_failed_per_s(worst):,.1f} per second."
        if worst.failed
        else "No request failed."
    )
    if drill.begin_s is None or drill.end_s is None:
        return failed
    return f"The fault lasted from second {drill.begin_s:.1f} to {drill.end_s:.1f}. {failed}"


def _row(point: Point) -> tuple[str, ...]:
    return (
        f"{point.start_s:,.0f} – {point.end_s:,.0f}",
        f"{point.ok_per_s:,.1f}",
        f"{_failed_per_s(point):,.1f}",
        *(numbers.quantity(value, "ms", absent="–") for value in (point.p50_ms, point.p95_ms, point.p99_ms)),
    )
