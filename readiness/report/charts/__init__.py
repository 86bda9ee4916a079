"""Charts: inline SVG drawn here, without script. One chart, one module with `draw`, one line in CHARTS."""

from __future__ import annotations

from collections.abc import Callable

from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.report.charts import (
    database_connections,
    failures,
    heatmap,
    load_steps,
    percentiles,
    ranges,
    time_spent,
    timeline,
)
from readiness.report.charts.chart import Chart

CHARTS: tuple[Callable[[Verdict, Run | None], Chart | None], ...] = (
    ranges.draw,
    percentiles.draw,
    time_spent.draw,
    timeline.draw,
    heatmap.draw,
    failures.draw,
    database_connections.draw,
    load_steps.draw,
)
"""In the order of the report; each gives None when it has nothing to show."""


def draw_all(verdict: Verdict, run: Run | None) -> tuple[Chart, ...]:
    """Every chart that has data."""
    return tuple(chart for draw in CHARTS if (chart := draw(verdict, run)) is not None)
