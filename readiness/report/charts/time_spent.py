"""Where the time went, by the service's own Server-Timing: which part of the slowest endpoints is slow?"""

from __future__ import annotations

from dataclasses import dataclass

from readiness.judge.slow_requests import REST, split
from readiness.judge.verdict import Verdict
from readiness.measurements.response_facts import ResponseFacts, TimeParts
from readiness.measurements.run import Run
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks
from readiness.report.charts.chart import Chart, shorten
from readiness.report.charts.panels import upright_rules
from readiness.text import clean, numbers

_WIDTH = 760.0
_LEFT, _RIGHT, _TOP, _ROW, _BOTTOM = 16.0, 40.0, 6.0, 42.0, 26.0
_MOST, _MOST_PARTS = 8, 4


@dataclass(frozen=True, slots=True)
class _Bar:
    """One endpoint: mean ms of its answers, and of each part of them."""

    name: str
    answers: str
    """`slow answers`, or `all answers` where none was slow."""
    samples: int
    total_ms: float
    parts_ms: dict[str, float]


def draw(verdict: Verdict, run: Run | None) -> Chart | None:
    """The chart, or None when no answer carried Server-Timing."""
    load = run.load if run else None
    bars = sorted(filter(None, map(_bar, load.seen if load else ())), key=lambda bar: -bar.total_ms)[:_MOST]
    if not bars:
        return None
    weight: dict[str, float] = {}
    for bar in bars:
        for part, ms in bar.parts_ms.items():
            weight[part] = weight.get(part, 0.0) + ms
    names = sorted((part for part in weight if part != REST), key=lambda part: -weight[part])
    shown = (*names[:_MOST_PARTS], *(["other parts"] if len(names) > _MOST_PARTS else []), REST)
    ticks = linear_ticks(max(bar.total_ms for bar in bars))
    height = _TOP + _ROW * len(bars) + _BOTTOM
    x = Scale(0.0, ticks[-1], _LEFT, _WIDTH - _RIGHT)
    parts = [svg.hatching("time-spent"), *upright_rules(ticks, x, _TOP, height - _BOTTOM)]
    rows = []
    for i, bar in enumerate(bars):
        values = _values(bar, shown)
        parts += _drawn(bar, values, _TOP + _ROW * i + 28, x)
        cells = (numbers.quantity(value, "ms") for value in (bar.total_ms, *values))
        rows.append((bar.name, f"{bar.samples:,} {bar.answers.partition(' ')[0]}", *cells))
    return Chart(
        "time-spent",
        "Where does the time go?",
        "Mean by endpoint, of its slow answers where it had some, else of all, split as the service's own "
        f'Server-Timing header says; "{REST}" is what the header leaves open.',
        svg.picture("time-spent", "Time by part of the service", _describe(bars[0], shown), _WIDTH, height, *parts),
        shown,
        ("Endpoint", "Answers", "Mean", *shown),
        tuple(rows),
        filled=True,
    )


def _bar(seen: ResponseFacts) -> _Bar | None:
    """Of the slow answers where there are some, else of all."""
    slow = bool(seen.slow.samples and seen.slow.parts_ms)
    told: TimeParts = seen.slow if slow else seen.timing
    if not told.samples or not told.parts_ms:
        return None
    parts = {clean(name, 40): ms for name, ms in split(told).items()}
    total_ms = told.total_ms / told.samples
    answers = "slow answers" if slow else "all answers"
    return _Bar(f"{clean(seen.name)} ({clean(seen.scenario)})", answers, told.samples, total_ms, parts)


def _values(bar: _Bar, shown: tuple[str, ...]) -> list[float]:
    others = sum(ms for part, ms in bar.parts_ms.items() if part not in shown)
    return [others if part == "other parts" else bar.parts_ms.get(part, 0.0) for part in shown]


def _drawn(bar: _Bar, values: list[float], middle: float, x: Scale) -> list[str]:
    parts: list[str] = [svg.text(_LEFT, middle - 12, f"{shorten(bar.name, 75)}, {bar.answers}", class_="label name")]
    at_ms = 0.0
    for i, value in enumerate(values):
        start, end = x(at_ms), x(at_ms + value)
        if end > start:
            parts.append(svg.part("time-spent", start, middle - 6, end - start, 12, i))
        at_ms += value
    return parts


def _describe(bar: _Bar, shown: tuple[str, ...]) -> str:
    values = dict(zip(shown, _values(bar, shown), strict=True))
    part, ms = max(values.items(), key=lambda item: item[1])
    of = bar.answers.replace("slow", "its slow")
    return (
        f"The slowest, {bar.name}, took {numbers.quantity(bar.total_ms, 'ms')} in {of}, of which "
        f"{numbers.quantity(ms, 'ms')} in: {part}."
    )
