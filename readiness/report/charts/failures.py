"""Failures over time by class: one bad moment, or all along, and of what kind?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run, Second
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks
from readiness.report.charts.chart import Chart
from readiness.report.charts.panels import rules, seconds_axis, unjudged
from readiness.report.charts.series import MOST_POINTS, MOST_SERIES_ROWS, Point, group
from readiness.text import clean, numbers

_WIDTH, _HEIGHT = 760.0, 200.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 16.0, 16.0, 160.0
MOST_CLASSES = 5
_OTHER = "other"


def draw(verdict: Verdict, run: Run | None) -> Chart | None:
    """The chart, or None when nothing failed."""
    load = run.load if run else None
    if load is None or not any(second.failed for second in load.series):
        return None
    points = group(load.series, MOST_POINTS)
    x = Scale(0.0, max(points[-1].end_s, load.judged_end_s), _LEFT, _WIDTH - _RIGHT)
    ticks = linear_ticks(max(point.failed for point in points), 4)
    y = Scale(0.0, ticks[-1], _BOTTOM, _TOP)
    parts = [
        svg.hatching("failures"),
        *unjudged(load, x, _TOP, _BOTTOM),
        *rules(ticks, x, y),
        *seconds_axis(x, _BOTTOM, _HEIGHT - 6),
    ]
    names = _names(load.series)
    for point in points:
        parts += _stack(point, names, x, y)
    total = sum(second.failed for second in load.series)
    worst = max(points, key=lambda point: point.failed)
    return Chart(
        "failures",
        "When did requests fail, and how?",
        "Failed requests by class and by the second in which they ended; the grey time is shown but never judged.",
        svg.picture(
            "failures",
            "Failed requests over time",
            f"{numbers.count(total, 'request')} failed, most ({worst.failed:,}) around second {worst.middle_s:.0f}: "
            f"{', '.join(f'{n:,} × {clean(name)}' for name, n in worst.classes.items()) or 'class not recorded'}.",
            _WIDTH,
            _HEIGHT,
            *parts,
        ),
        names,
        ("Seconds", "Failed", *names),
        tuple(
            (f"{p.start_s:,.0f} – {p.end_s:,.0f}", f"{p.failed:,}", *(f"{n:,}" for n in _counts(p, names)))
            for p in group(load.series, MOST_SERIES_ROWS)
            if p.failed
        ),
        filled=True,
    )


def _names(series: Sequence[Second]) -> tuple[str, ...]:
    """The classes, most frequent first; the rare ones, and failures without a class, as one."""
    total: Counter[str] = Counter()
    for second in series:
        total.update(second.classes)
    known = [clean(name) for name, _ in total.most_common(MOST_CLASSES)]
    whole = len(total) <= MOST_CLASSES and total.total() == sum(second.failed for second in series)
    return tuple(known) if whole else (*known, _OTHER)


def _counts(point: Point, names: tuple[str, ...]) -> list[int]:
    by_name = {clean(name): n for name, n in point.classes.items()}
    counts = [by_name.get(name, 0) for name in names]
    if names[-1] == _OTHER:
        counts[-1] = point.failed - sum(counts[:-1])
    return counts


def _stack(point: Point, names: tuple[str, ...], x: Scale, y: Scale) -> list[str]:
    width = max(x(point.end_s) - x(point.start_s) - 1, 1.5)
    parts: list[str] = []
    below = 0
    for i, n in enumerate(_counts(point, names)):
        if n:
            top = y(below + n)
            parts.append(svg.part("failures", x(point.start_s), top, width, y(below) - top, i))
        below += n
    return parts
