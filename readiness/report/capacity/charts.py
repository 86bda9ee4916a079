"""Load against latency, and load against throughput with the fitted law."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.judge import wording
from readiness.judge.capacity.attempt import Attempt
from readiness.judge.capacity.capacity import Capacity
from readiness.report.capacity.sheet import TRIAL_FINDINGS, headline, height, unit
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, beside, linear_ticks, log_ticks, short
from readiness.report.charts.chart import Chart
from readiness.report.charts.panels import rules
from readiness.text import numbers

_WIDTH, _HEIGHT = 760.0, 320.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 28.0, 44.0, 272.0
CURVE_POINTS = 60


def draw_all(capacity: Capacity) -> tuple[Chart, ...]:
    """Every chart that has data."""
    rising = sorted(capacity.attempts, key=lambda one: (one.height, one.proof))
    return tuple(chart for draw in (_latencies, _throughput) if (chart := draw(capacity, rising)) is not None)


def _last_words(rising: Sequence[Attempt]) -> list[Attempt]:
    """One attempt for each height: a proof comes after the trials, and stands for them."""
    return list({one.height: one for one in rising}.values())


def _latencies(capacity: Capacity, rising: Sequence[Attempt]) -> Chart | None:
    having = [one for one in _last_words(rising) if one.latency_ms.p50 and one.latency_ms.p95 and one.latency_ms.p99]
    if len(having) < 2:
        return None
    limit = next((wording.read(bound.limit, "ms") for bound in capacity.bounds if bound.check == "latency.p95"), None)
    series = [[float(getattr(one.latency_ms, name)) for one in having] for name in ("p50", "p95", "p99")]
    values = [value for line in series for value in line] + ([limit.value] if limit and limit.value > 0 else [])
    ticks = log_ticks(max(min(values), 0.01), max(values))
    y = Scale(ticks[0], ticks[-1], _BOTTOM, _TOP, log=True)
    x = _across(having)
    parts = _frame(capacity, having, x, y, ticks, "ms")
    if limit and limit.value > 0:
        parts.append(svg.limit(_LEFT, y(limit.value), _WIDTH - _RIGHT, y(limit.value)))
        words = f"P95 limit {numbers.limit(limit.value, 'ms')}"
        parts.append(svg.text(_LEFT + 6, beside(y(limit.value), _TOP), words, class_="label limit-label"))
    for i, line in enumerate(series):
        parts.append(svg.path([(x(one.height), y(v)) for one, v in zip(having, line, strict=True)], i))
    return Chart(
        "latencies",
        "From which load on does it break?",
        "Latency at each load that was held; the mark above says whether the limits held there. The shaded band is the "
        "answer. Latency is on a logarithmic axis. Nothing is said of loads beyond the last mark.",
        svg.picture("latencies", "Latency by load", f"Capacity: {headline(capacity)}.", _WIDTH, _HEIGHT, *parts),
        ("P50", "P95", "P99"),
        ("Load", "For", "Limits", "Requests", "Failed", "P50", "P95", "P99"),
        tuple(_latency_row(capacity, one) for one in rising),
    )


def _throughput(capacity: Capacity, rising: Sequence[Attempt]) -> Chart | None:
    having = [(one, one.throughput_per_s) for one in rising if one.throughput_per_s]
    if len({one.height for one, _ in having}) < 2:
        return None
    law = capacity.scalability
    x = _across([one for one, _ in having])
    curve = []
    if law is not None:
        last = having[-1][0].height
        loads = (last * i / CURVE_POINTS for i in range(1, CURVE_POINTS + 1))
        curve = [(users, law.throughput_per_s(users)) for users in loads]
    ticks = linear_ticks(max([rate for _, rate in having] + [rate for _, rate in curve]))
    y = Scale(0.0, ticks[-1], _BOTTOM, _TOP)
    parts = _frame(capacity, [one for one, _ in having], x, y, ticks, "answered per second")
    drawn = [(one.height, one.throughput_per_s or 0.0) for one in _last_words([one for one, _ in having])]
    parts.append(svg.path([(x(users), y(rate)) for users, rate in drawn], 0))
    parts += [
        svg.tag("circle", cx=x(one.height), cy=y(rate), r=3.0, class_="f0", fill=svg.LINES[0]) for one, rate in having
    ]
    if curve:
        parts.append(svg.path([(x(users), y(rate)) for users, rate in curve], 1))
    if law is not None and law.knee is not None and x.low <= law.knee.value <= x.high:
        at = x(law.knee.value)
        parts.append(svg.limit(at, _TOP, at, _BOTTOM, None, "4 4"))
        parts.append(svg.text(at - 6, _BOTTOM - 8, f"knee {law.knee.value:,.0f}", anchor="end", class_="label"))
    return Chart(
        "throughput",
        "How much comes back for more load?",
        "Successful requests per second at each load, and the fitted law. Where the line bends, extra users only add "
        "waiting.",
        svg.picture("throughput", "Throughput by load", _told(capacity), _WIDTH, _HEIGHT, *parts),
        ("Measured", "Universal Scalability Law") if curve else ("Measured",),
        ("Load", "For", "Answered", "By the law"),
        tuple(
            (
                height(capacity, one.height),
                "proof" if one.proof else "trial",
                numbers.quantity(rate, "/s"),
                numbers.quantity(law.throughput_per_s(one.height), "/s") if law else "–",
            )
            for one, rate in having
        ),
    )


def _across(having: Sequence[Attempt]) -> Scale:
    """From 0, so that a service that gives twice as much for twice the load is a straight line."""
    return Scale(0.0, linear_ticks(having[-1].height, 8)[-1], _LEFT, _WIDTH - _RIGHT)


def _frame(
    capacity: Capacity, having: Sequence[Attempt], x: Scale, y: Scale, ticks: Sequence[float], what: str
) -> list[str]:
    """The answer's band, grid, labels and the finding above each height."""
    parts: list[str] = []
    low, high = capacity.answer.low, capacity.answer.high
    if low is not None:
        end = x(high) if high is not None else x(low)
        parts.append(
            svg.tag(
                "rect",
                x=x(low) - 2,
                y=_TOP,
                width=end - x(low) + 4,
                height=_BOTTOM - _TOP,
                class_=svg.fill_class(2),
                fill=svg.LINES[2],
                fill_opacity="0.15",
            )
        )
    parts += rules(ticks, x, y)
    parts.append(svg.text(8, 14, what))
    parts.append(svg.text(_WIDTH - _RIGHT, _HEIGHT - 8, unit(capacity), anchor="end"))
    for tick in linear_ticks(having[-1].height, 8):
        parts.append(svg.line(x(tick), _BOTTOM, x(tick), _BOTTOM + 4, "grid", "#d5dae0"))
        parts.append(svg.text(x(tick), _BOTTOM + 18, short(tick), anchor="middle"))
    marked = -99.0
    for one in _last_words(having):
        at = x(one.height)
        if at > marked + 12:
            parts.append(
                svg.text(at, _TOP - 10, TRIAL_FINDINGS[one.finding].shape, anchor="middle", class_="label name")
            )
            marked = at
    return parts


def _told(capacity: Capacity) -> str:
    peak = capacity.peak
    if peak is None:
        return "Nothing was answered."
    most = numbers.quantity(peak.throughput_per_s, "/s")
    return f"At most {most} were answered, at {height(capacity, peak.height)}."


def _latency_row(capacity: Capacity, one: Attempt) -> tuple[str, ...]:
    return (
        height(capacity, one.height),
        "proof" if one.proof else "trial",
        TRIAL_FINDINGS[one.finding].word,
        f"{one.requests:,}",
        f"{one.failures:,}",
        *(
            numbers.quantity(value, "ms", absent="–")
            for value in (one.latency_ms.p50, one.latency_ms.p95, one.latency_ms.p99)
        ),
    )
