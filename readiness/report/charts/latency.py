"""The chart of the first screen: P50 and P95 over time, with the limits as lines. Small, and without a table."""

from __future__ import annotations

from markupsafe import Markup

from readiness.judge import wording
from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks, log_ticks, short
from readiness.report.charts.panels import rules, unjudged
from readiness.report.charts.series import group
from readiness.text import numbers

_WIDTH, _HEIGHT = 430.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 10.0, 20.0, 28.0
_MOST_POINTS = 180
_CLOSE = 13.0
"""Pixels between two lines of text."""
_LIMITS = (("latency.p95", "P95"), ("latency.p99", "P99"))
_LINES = ((0, "P50"), (1, "P95"))


def over_time(verdict: Verdict, run: Run | None) -> Markup | None:
    """The picture; None without a time series that has latencies."""
    load = run.load if run else None
    points = group(load.series, _MOST_POINTS) if load and load.series else ()
    values = [v for p in points for v in (p.p50_ms, p.p95_ms) if v]
    if load is None or not values:
        return None
    limits = _limits(verdict)
    ticks = log_ticks(
        max(min([*values, *(at for _, at in limits)]), 0.01), max([*values, *(at for _, at in limits)]), 6
    )
    x = Scale(0.0, max(points[-1].end_s, load.judged_end_s), _LEFT, _WIDTH - _RIGHT)
    y = Scale(ticks[0], ticks[-1], _HEIGHT - _BOTTOM, _TOP, log=True)
    parts = [*unjudged(load, x, _TOP, _HEIGHT - _BOTTOM), *rules(ticks, x, y, gap=6)]
    parts += [
        svg.text(x(tick), _HEIGHT - _BOTTOM + 16, f"{short(tick)} s", anchor="middle" if tick else "start")
        for tick in linear_ticks(x.high, 6)
        if tick <= x.high
    ]
    for i, (series, _) in enumerate(_LINES):
        line = [(p.p50_ms, p.p95_ms)[i] for p in points]
        path = [None if v is None else (x(p.middle_s), y(max(v, y.low))) for p, v in zip(points, line, strict=True)]
        parts.append(svg.path(path, series))
    parts += _limit_lines(limits, y)
    parts += _legend()
    return svg.picture("first", "Latency over time", _describe(verdict, limits), _WIDTH, _HEIGHT, *parts)


def _legend() -> list[str]:
    parts: list[str] = [svg.text(_LEFT - 6, 12, "ms", anchor="end")]
    for i, (series, name) in enumerate(_LINES):
        at = _LEFT + 4 + 62 * i
        parts += [svg.path([(at, 8), (at + 24, 8)], series), svg.text(at + 29, 12, name)]
    parts.append(svg.text(_WIDTH - _RIGHT, 12, "grey: not judged", anchor="end"))
    return parts


def _limits(verdict: Verdict) -> list[tuple[str, float]]:
    found = []
    for name, label in _LIMITS:
        for check in verdict.checks:
            bound = wording.read(check.pass_limit, "ms")
            if (check.name, check.scope) == (name, None) and bound and bound.value > 0:
                found.append((f"{label} limit", bound.value))
    return found


def _limit_lines(limits: list[tuple[str, float]], y: Scale) -> list[str]:
    """The lower limit is named below its line, the higher one above: they never meet."""
    parts: list[str] = []
    for i, (name, limit_ms) in enumerate(sorted(limits, key=lambda one: one[1])):
        at = y(limit_ms)
        above = (i > 0 or len(limits) == 1) and at - _CLOSE > _TOP
        parts.append(svg.limit(_LEFT, at, _WIDTH - _RIGHT, at, 1.6, "6 3"))
        if i == 0 or above:
            text = svg.text(_LEFT + 4, at - 4 if above else at + _CLOSE, name, class_="label limit-label")
            parts.append(text)
        elif i == 1:  # no room above: below its line, at the other end
            text = svg.text(_WIDTH - _RIGHT - 4, at + _CLOSE, name, anchor="end", class_="label limit-label")
            parts.append(text)
    return parts


def _describe(verdict: Verdict, limits: list[tuple[str, float]]) -> str:
    found = verdict.key_numbers
    over_all = numbers.quantity(found.p95_ms, "ms", absent=numbers.NOT_BOUNDED) if found else numbers.NOT_MEASURED
    said = "; ".join(f"{name} {numbers.limit(at, 'ms')}" for name, at in limits)
    return f"P50 and P95 of each second. P95 of the whole measurement window: {over_all}. {said or 'No limit'}."
