"""P95, error rate and score of comparable runs, oldest at the left; a new level is marked where it begins."""

from __future__ import annotations

from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks
from readiness.report.charts.chart import Chart
from readiness.report.charts.panels import rules
from readiness.report.history.sheet import HistorySheet
from readiness.text import numbers

_WIDTH, _HEIGHT = 760.0, 420.0
_LEFT, _RIGHT = 56.0, 16.0
_UPPER = (196.0, 26.0)
_MIDDLE = (290.0, 232.0)
_LOWER = (390.0, 326.0)
"""Bottom and top of the panels."""


def draw(page: HistorySheet) -> Chart | None:
    """The chart; None with fewer than two runs."""
    runs = page.compared
    if len(runs) < 2:
        return None
    x = Scale(0.0, float(len(runs) - 1), _LEFT + 8, _WIDTH - _RIGHT - 8)
    across = Scale(0.0, 1.0, _LEFT, _WIDTH - _RIGHT)
    p95 = [run.p95_ms for run in runs]
    failed = [None if run.error_rate is None else 100 * run.error_rate for run in runs]
    parts: list[str] = []
    for series, (values, (bottom, top), label) in enumerate(
        (
            (p95, _UPPER, "P95, ms"),
            (failed, _MIDDLE, "Failed requests, %"),
            ([run.score for run in runs], _LOWER, "Score, of 100"),
        )
    ):
        most = 5 if series == 0 else 2
        ticks = _ticks([value for value in values if value is not None], most, from_zero=series > 0)
        y = Scale(ticks[0], ticks[-1], bottom, top)
        parts += rules(ticks, across, y)
        parts.append(svg.text(_LEFT, top - 10, label, class_="label name"))
        points = [None if value is None else (x(i), y(value)) for i, value in enumerate(values)]
        parts.append(svg.path(points, series))
        parts += [svg.dot(*at, series, 2.5) for at in points if at is not None]
        since = page.drifts[series].since if series < len(page.drifts) else None
        if since is not None:
            at = x(runs.index(since)) if since in runs else x(0)
            parts.append(svg.limit(at, bottom, at, top, 1.6, "6 3"))
    parts += [
        svg.text(_LEFT, _HEIGHT - 10, numbers.utc(runs[0].at)[:10]),
        svg.text(_WIDTH - _RIGHT, _HEIGHT - 10, numbers.utc(runs[-1].at)[:10], anchor="end"),
    ]
    return Chart(
        "trend",
        "Does it drift from run to run?",
        "Comparable runs (same target, plan and scenarios), oldest at the left, the same distance for each. A gap is a "
        "run whose P95 has no bound. A dashed red line marks the first run of a new level.",
        svg.picture("trend", "P95, error rate and score by run", _describe(page), _WIDTH, _HEIGHT, *parts),
        ("P95", "Failed", "Score"),
        ("Run", "P95", "Failed", "Score"),
        tuple(
            (
                f"{numbers.utc(run.at)} {run.run_id}",
                numbers.quantity(run.p95_ms, "ms", absent="not bounded"),
                numbers.share(run.failed or 0, run.requests or 0),
                "–" if run.score is None else f"{run.score:.1f}",
            )
            for run in runs
        ),
    )


def _ticks(values: list[float], most: int, *, from_zero: bool) -> tuple[float, ...]:
    """Round numbers around the values; a share starts at 0."""
    high = max(values, default=0.0)
    if from_zero or not values or max(values) > 4 * min(values):
        return linear_ticks(high, most)
    ticks = linear_ticks(high, 2 * most)
    return tuple(tick for i, tick in enumerate(ticks) if i + 1 == len(ticks) or ticks[i + 1] > 0.95 * min(values))


def _describe(page: HistorySheet) -> str:
    return " ".join(text for _, text in page.trend)
