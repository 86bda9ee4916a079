"""Range bars: which endpoints are over their limit, from the median to the slowest hundredth?"""

from __future__ import annotations

from readiness.judge import wording
from readiness.judge.verdict import CheckResult, EndpointResult, Verdict
from readiness.measurements.run import Run
from readiness.measurements.scopes import bare
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, log_ticks
from readiness.report.charts.chart import Chart, shorten
from readiness.report.charts.panels import upright_rules
from readiness.text import clean, numbers

_WIDTH = 760.0
_LEFT, _RIGHT, _TOP, _ROW, _BOTTOM = 16.0, 40.0, 6.0, 42.0, 26.0
_MOST = 20


def draw(verdict: Verdict, run: Run | None) -> Chart | None:
    """The chart, or None when no endpoint has latencies. `run` is not needed."""
    having = [e for e in verdict.endpoints if e.latency_ms.p50 and e.latency_ms.p99]
    if not having:
        return None
    shown = sorted(having, key=lambda e: -(e.latency_ms.p99 or 0.0))[:_MOST]
    bounds = [_limit(e, verdict.checks) for e in shown]
    values = [v for e in shown for v in (e.latency_ms.p50, e.latency_ms.p99) if v] + [b for b in bounds if b]
    ticks = log_ticks(max(min(values), 0.01), max(values))
    height = _TOP + _ROW * len(shown) + _BOTTOM
    x = Scale(ticks[0], ticks[-1], _LEFT, _WIDTH - _RIGHT, log=True)
    parts = [svg.hatching("ranges"), *upright_rules(ticks, x, _TOP, height - _BOTTOM)]
    for i, (endpoint, bound) in enumerate(zip(shown, bounds, strict=True)):
        parts += _bar(endpoint, bound, _TOP + _ROW * i + 28, x)
    more = f" The slowest {_MOST} of {len(having):,} endpoints are drawn." if len(having) > _MOST else ""
    return Chart(
        "ranges",
        "Which endpoints are over the limit?",
        "Each bar reaches from the median to P99 of the successful requests; the upright tick is P95, the red line the "
        f"P95 limit that covers the endpoint, its own or that of all requests. Hatched bars are over it.{more}",
        svg.picture("ranges", "Latency range by endpoint", _describe(shown, bounds), _WIDTH, height, *parts),
        (),
        ("Endpoint", "P50", "P95", "P99", "P95 limit"),
        tuple(_row(e, b) for e, b in zip(shown, bounds, strict=True)),
    )


def _limit(endpoint: EndpointResult, checks: tuple[CheckResult, ...]) -> float | None:
    """The P95 limit on the endpoint, else on its scenario, else on everything."""
    by_scope = {check.scope: check.pass_limit for check in checks if check.name == "latency.p95"}
    for scope in (endpoint.name, bare(endpoint.name), endpoint.scenario, None):
        if scope in by_scope:
            bound = wording.read(by_scope[scope], "ms")
            return bound.value if bound and bound.value > 0 else None
    return None


def _named(endpoint: EndpointResult) -> str:
    """With its scenario: several may ask the same endpoint."""
    return f"{clean(endpoint.name)} ({clean(endpoint.scenario)})"


def _over(endpoint: EndpointResult, bound: float | None) -> bool:
    return bound is not None and (endpoint.latency_ms.p95 or 0.0) >= bound


def _bar(endpoint: EndpointResult, bound: float | None, middle: float, x: Scale) -> list[str]:
    at = endpoint.latency_ms
    p50, p95, p99 = at.p50 or 0.0, at.p95 or 0.0, at.p99 or 0.0
    over = _over(endpoint, bound)
    name = _named(endpoint)
    parts: list[str] = [
        svg.text(_LEFT, middle - 12, shorten(name, 90), class_="label name"),
        svg.rect(
            x(p50),
            middle - 6,
            max(x(p99) - x(p50), 2),
            12,
            "bar over" if over else "bar",
            "#e8a0a6" if over else "#9dbce6",
        ),
        *([svg.hatched("ranges", x(p50), middle - 6, max(x(p99) - x(p50), 2), 12)] if over else []),
        svg.line(x(p95), middle - 8, x(p95), middle + 8, "tick", "#1b1f24", stroke_width=3.0),
    ]
    if bound is not None:
        parts.append(svg.limit(x(bound), middle - 8, x(bound), middle + 10))
    return parts


def _describe(shown: list[EndpointResult], bounds: list[float | None]) -> str:
    over = sum(_over(e, b) for e, b in zip(shown, bounds, strict=True))
    worst = shown[0]
    return (
        f"{over} of {len(shown)} endpoints have a P95 at or over their limit. Longest P99: {_named(worst)} with "
        f"{numbers.quantity(worst.latency_ms.p99, 'ms')}."
    )


def _row(endpoint: EndpointResult, bound: float | None) -> tuple[str, ...]:
    at = endpoint.latency_ms
    cells = (numbers.quantity(value, "ms", apart_from=bound) for value in (at.p50, at.p95, at.p99))
    return (_named(endpoint), *cells, "none" if bound is None else numbers.limit(bound, "ms"))
