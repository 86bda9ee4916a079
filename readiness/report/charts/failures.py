"""Failures over time: one bad moment, or all along?"""

from __future__ import annotations

from readiness import numbers
from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks, short
from readiness.report.charts.chart import Chart
from readiness.report.charts.series import MOST_POINTS, MOST_ROWS, group

WIDTH, HEIGHT = 760.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 16.0, 16.0, 160.0


def draw(verdict: Verdict, run: Run | None) -> Chart | None:
    """The chart, or None when nothing failed."""
    load = run.load if run else None
    if load is None or not any(second.failed for second in load.series):
        return None
    points = group(load.series, MOST_POINTS)
    end = max(points[-1].end_s, load.judged_end_s)
    x = Scale(0.0, end, LEFT, WIDTH - RIGHT)
    ticks = linear_ticks(max(point.failed for point in points), 4)
    y = Scale(0.0, ticks[-1], BOTTOM, TOP)
    parts: list[str] = []
    for start, stop in ((0.0, load.judged_start_s), (load.judged_end_s, end)):
        if stop > start:
            parts.append(svg.rect(x(start), TOP, x(stop) - x(start), BOTTOM - TOP, "unjudged", "#eceff2"))
    for tick in ticks:
        parts.append(svg.line(LEFT, y(tick), WIDTH - RIGHT, y(tick), "grid", "#d5dae0"))
        parts.append(svg.text(LEFT - 8, y(tick) + 4, short(tick), anchor="end"))
    parts += [
        svg.text(x(tick), BOTTOM + 18, short(tick), anchor="middle") for tick in linear_ticks(end, 8) if tick <= end
    ]
    parts.append(svg.text(WIDTH - RIGHT, HEIGHT - 6, "seconds since the first user", anchor="end"))
    for point in points:
        if point.failed:
            width = max(x(point.end_s) - x(point.start_s) - 1, 1.5)
            parts.append(
                svg.rect(x(point.start_s), y(point.failed), width, BOTTOM - y(point.failed), "failed", "#a5121f")
            )
    total = sum(second.failed for second in load.series)
    worst = max(points, key=lambda point: point.failed)
    return Chart(
        "failures",
        "When did requests fail?",
        "Failed requests by the second in which they ended; the grey time is shown but never judged.",
        svg.picture(
            "failures",
            "Failed requests over time",
            f"{numbers.count(total, 'request')} failed, most ({worst.failed:,}) around second {worst.middle_s:.0f}.",
            WIDTH,
            HEIGHT,
            *parts,
        ),
        (),
        ("Seconds", "Failed"),
        tuple(
            (f"{p.start_s:,.0f} – {p.end_s:,.0f}", f"{p.failed:,}") for p in group(load.series, MOST_ROWS) if p.failed
        ),
    )
