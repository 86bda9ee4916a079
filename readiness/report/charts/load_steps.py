"""Load against latency, when several heights were held: from where on does it break?"""

from __future__ import annotations

from readiness.judge import wording
from readiness.judge.load_steps import first_broken, largest_inside
from readiness.judge.verdict import StepResult, Verdict
from readiness.measurements.run import Run
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, beside, linear_ticks, log_ticks, short
from readiness.report.charts.chart import Chart
from readiness.report.charts.panels import rules
from readiness.report.status import OUTCOMES
from readiness.text import numbers

_WIDTH, _HEIGHT = 760.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 28.0, 28.0, 252.0


def draw(verdict: Verdict, run: Run | None) -> Chart | None:
    """The chart, or None for a load of one height. `run` is not needed."""
    del run
    steps = sorted(verdict.load_steps, key=lambda step: step.height)
    having = [step for step in steps if step.latency_ms.p50 and step.latency_ms.p99]
    if len(having) < 2:
        return None
    bound = next(
        (wording.read(c.pass_limit, "ms") for c in verdict.checks if c.name == "latency.p95" and c.scope is None), None
    )
    series = [[getattr(step.latency_ms, name) for step in having] for name in ("p50", "p95", "p99")]
    values = [value for line in series for value in line] + ([bound.value] if bound and bound.value > 0 else [])
    ticks = log_ticks(max(min(values), 0.01), max(values))
    across = linear_ticks(having[-1].height, 8)
    x = Scale(0.0, across[-1], _LEFT, _WIDTH - _RIGHT)
    y = Scale(ticks[0], ticks[-1], _BOTTOM, _TOP, log=True)
    parts = rules(ticks, x, y)
    parts += [svg.text(x(tick), _BOTTOM + 18, short(tick), anchor="middle") for tick in across]
    unit = "users" if having[0].unit == "users" else "arrivals per second"
    parts += [
        svg.text(_LEFT - 8, _TOP - 12, "ms", anchor="end"),
        svg.text(_WIDTH - _RIGHT, _HEIGHT - 8, unit, anchor="end"),
    ]
    if bound and bound.value > 0:
        parts.append(svg.limit(_LEFT, y(bound.value), _WIDTH - _RIGHT, y(bound.value)))
        words = f"P95 limit {numbers.limit(bound.value, 'ms')}"
        parts.append(svg.text(_LEFT + 6, beside(y(bound.value), _TOP), words, class_="label limit-label"))
    for i, line in enumerate(series):
        parts.append(svg.path([(x(s.height), y(v)) for s, v in zip(having, line, strict=True)], i))
        parts += [svg.dot(x(s.height), y(v), i, more="dot ") for s, v in zip(having, line, strict=True)]
    for step in having:
        mark = OUTCOMES[step.outcome].shape + (" judged" if step.judged else "")
        parts.append(svg.text(x(step.height), _TOP - 12, mark, anchor="middle", class_="label name"))
    return Chart(
        "steps",
        "From which load on does it break?",
        "Latency of each height that the load was held at; the mark above says whether the limits held there (? is not "
        "proven: neither kept nor broken). Only the judged height decides, and nothing is said of heights between or "
        "beyond.",
        svg.picture("steps", "Latency by load", _describe(having, unit), _WIDTH, _HEIGHT, *parts),
        ("P50", "P95", "P99"),
        ("Load", "Requests", "Failed", "Answered", "P50", "P95", "P99", "Limits"),
        tuple(_row(step, unit) for step in steps),
    )


def _describe(steps: list[StepResult], unit: str) -> str:
    text = f"Largest step inside the limits: {largest_inside(steps)}"
    if bad := first_broken(steps):
        text += f" P95 at {bad.height:,g} {unit}: {numbers.quantity(bad.latency_ms.p95, 'ms')}."
    return text


def _row(step: StepResult, unit: str) -> tuple[str, ...]:
    at = step.latency_ms
    return (
        f"{step.height:,g} {unit}{' (judged)' if step.judged else ''}",
        f"{step.requests:,}",
        f"{step.failures:,}",
        numbers.quantity(step.throughput_per_s, "/s"),
        *(numbers.quantity(value, "ms", absent="–") for value in (at.p50, at.p95, at.p99)),
        OUTCOMES[step.outcome].word,
    )
