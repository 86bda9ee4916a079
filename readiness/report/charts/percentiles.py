"""Latency by percentile, on an axis of nines: where does the tail begin, and which endpoint carries it?"""

from __future__ import annotations

import math
from collections import Counter

from readiness.judge import wording
from readiness.judge.verdict import CheckResult, Verdict
from readiness.measurements.histogram import merge
from readiness.measurements.run import Endpoint, Recording, Run
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, log_ticks
from readiness.report.charts.chart import Chart, shorten
from readiness.report.charts.panels import rules
from readiness.text import clean, numbers

_WIDTH, _HEIGHT = 760.0, 320.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 28.0, 28.0, 32.0
_MOST_ENDPOINTS = 5
NINES = (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999)
_LETTER, _TEXT_HEIGHT = 7.5, 15.0
"""Pixels that a letter and a line of a label take at most."""
_STEPS = 24
"""Points per nine; the curve's own resolution, not the data's."""


def draw(verdict: Verdict, run: Run | None) -> Chart | None:
    """The chart, or None when no request succeeded."""
    load = run.load if run else None
    total = _total(load.endpoints) if load else None
    if load is None or total is None or not total.ok.total or total.requests < 2:
        return None
    chosen = sorted(
        (e for e in load.endpoints if e.judged.ok.total), key=lambda e: -(e.judged.ok.quantile_ms(0.99) or 0.0)
    )[:_MOST_ENDPOINTS]
    lines = [("All requests", total)]
    if len(load.endpoints) > 1:
        names = Counter(e.name for e in chosen)
        lines += [(clean(e.name if names[e.name] == 1 else f"{e.name} ({e.scenario})"), e.judged) for e in chosen]
    last = _last_nine(total.requests)
    bounds = [bound for bound in _limits(verdict.checks) if bound[0] <= last]
    values = [v for _, r in lines for q in (0.1, 1.0) if (v := r.ok.quantile_ms(q))] + [b[1] for b in bounds]
    ticks = log_ticks(max(min(values), 0.01), max(values))
    x = Scale(0.0, -math.log10(1 - last), _LEFT, _WIDTH - _RIGHT)
    y = Scale(ticks[0], ticks[-1], _HEIGHT - _BOTTOM, _TOP, log=True)
    shown = tuple(q for q in NINES if q <= last)
    drawing = [
        *_grid(x, y, ticks, shown),
        *(_curve(recording, x, y, last, i) for i, (_, recording) in enumerate(lines)),
    ]
    drawing += _marks(bounds, x, y)
    left_out = sum(1 for e in load.endpoints if e.judged.ok.total) - len(chosen)
    more = f" Left out: {numbers.count(left_out, 'more endpoint')}." if left_out > 0 else ""
    return Chart(
        "percentiles",
        "How slow is the tail?",
        "Latency in ms by percentile, both axes stretched so that the tail can be seen. Failed and unfinished requests "
        "count as slower than any other: a line that stops early meets them, or has too few requests to go on."
        f"{more}",
        svg.picture("percentiles", "Latency by percentile", _describe(total), _WIDTH, _HEIGHT, *drawing),
        tuple(shorten(name, 60) for name, _ in lines),
        ("Requests of", *(f"P{q * 100:g}" for q in shown[1:]), "Max"),
        tuple(_row(name, recording, shown[1:]) for name, recording in lines),
    )


def _total(endpoints: tuple[Endpoint, ...]) -> Recording:
    unfinished = sum(e.judged.in_flight for e in endpoints)
    failed = sum(e.judged.failures for e in endpoints)
    return Recording(ok=merge(*(e.judged.ok for e in endpoints)), failed={"all": failed}, in_flight=unfinished)


def _infinite(recording: Recording) -> int:
    return recording.failures + recording.in_flight


def _last_nine(n: int) -> float:
    """The last tick that so many samples can tell: 1 in 10,000 needs at least 10,000."""
    return max(q for q in NINES if _is_told(q, n))


def _is_told(q: float, n: int) -> bool:
    """Whether `n` samples have one beyond the percentile: none of them tells more than 1 - 1/n."""
    return n * (1 - q) >= 1 - 1e-9


def _curve(recording: Recording, x: Scale, y: Scale, last: float, series: int) -> str:
    points: list[tuple[float, float] | None] = []
    end = min(-math.log10(1 - last), math.log10(max(recording.requests, 1)))
    steps = max(round(end * _STEPS), 1)
    for i in range(1, steps + 1):
        nines = end * i / steps
        value = recording.ok.quantile_ms(max(1 - 10**-nines, 1e-6), infinite=_infinite(recording))
        if value is None:
            break
        points.append((x(nines), y(max(value, y.low))))
    return svg.path(points, series, 2.6 if series == 0 else 1.6)


def _grid(x: Scale, y: Scale, ticks: tuple[float, ...], shown: tuple[float, ...]) -> list[str]:
    parts = rules(ticks, x, y)
    for q in shown:
        at = x(-math.log10(1 - q))
        parts.append(svg.line(at, _TOP, at, _HEIGHT - _BOTTOM, "grid", "#d5dae0"))
        parts.append(svg.text(at, _HEIGHT - _BOTTOM + 18, "" if q == 0 else f"P{q * 100:g}", anchor="middle"))
    parts.append(svg.text(_LEFT - 8, 14, "ms", anchor="end"))
    return parts


def _limits(checks: tuple[CheckResult, ...]) -> list[tuple[float, float, str]]:
    """(quantile, ms, words) of each declared limit on all requests."""
    found = []
    for check in checks:
        quantile = {"latency.p50": 0.5, "latency.p90": 0.9, "latency.p95": 0.95, "latency.p99": 0.99}.get(check.name)
        bound = wording.read(check.pass_limit, "ms")
        if quantile and check.scope is None and bound and bound.value > 0:
            found.append((quantile, bound.value, f"P{quantile * 100:g} {clean(check.pass_limit)}"))
    return found


def _marks(bounds: list[tuple[float, float, str]], x: Scale, y: Scale) -> list[str]:
    """A line for each limit, named above it, or below it where the name before would be met."""
    parts: list[str] = []
    until, level = -math.inf, 0.0
    for quantile, limit_ms, words in bounds:
        at, height = x(-math.log10(1 - quantile)), y(limit_ms)
        half = _LETTER * len(words) / 2
        middle = min(at, _WIDTH - half)
        name_y = height - 6 if middle - half > until or abs(height - 6 - level) > _TEXT_HEIGHT else height + 15
        until, level = middle + half, name_y
        parts.append(svg.limit(at - 22, height, min(at + 22, _WIDTH), height, 2.5))
        parts.append(svg.text(middle, name_y, words, anchor="middle", class_="label limit-label"))
    return parts


def _describe(total: Recording) -> str:
    at = [(q, total.ok.quantile_ms(q, infinite=_infinite(total))) for q in (0.5, 0.95, 0.99)]
    told = (f"P{q * 100:g} {numbers.quantity(v, 'ms', absent=numbers.NOT_BOUNDED)}" for q, v in at)
    return f"Over all {total.requests:,} judged requests: {', '.join(told)}."


def _row(name: str, recording: Recording, shown: tuple[float, ...]) -> tuple[str, ...]:
    infinite = _infinite(recording)
    values = ((q, recording.ok.quantile_ms(q, infinite=infinite)) for q in (*shown, 1.0))
    return (
        name,
        *(
            numbers.quantity(value, "ms", absent=numbers.NOT_BOUNDED)
            if q == 1.0 or _is_told(q, recording.requests)
            else "too few"
            for q, value in values
        ),
    )
