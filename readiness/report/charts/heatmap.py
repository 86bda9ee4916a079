"""Latency heat map over time: did all requests slow down, or only some, and when?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from readiness.judge.verdict import Verdict
from readiness.measurements.histogram import Histogram, bucket_of, merge
from readiness.measurements.run import Endpoint, Run
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, log_ticks
from readiness.report.charts.chart import Chart
from readiness.report.charts.panels import rules, seconds_axis
from readiness.text import numbers

_WIDTH, _HEIGHT = 760.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 16.0, 24.0, 252.0
MOST_COLUMNS, MOST_BANDS, _MOST_ROWS = 60, 24, 20
SHADES = (0.01, 0.05, 0.15, 0.35)
"""A cell is one shade darker from each of these shares of its column on."""


@dataclass(frozen=True, slots=True)
class _Column:
    """The successful requests that ended in some seconds."""

    start_s: float
    end_s: float
    ok: Histogram


def draw(verdict: Verdict, run: Run | None) -> Chart | None:
    """The chart, or None without time blocks."""
    load = run.load if run else None
    columns = _columns(load.endpoints, MOST_COLUMNS) if load else ()
    if len(columns) < 2:
        return None
    whole = merge(*(column.ok for column in columns))
    ticks = log_ticks(max(whole.min_us / 1000, 0.01), max(whole.max_us / 1000, 0.02))
    edges = np.geomspace(ticks[0], ticks[-1], MOST_BANDS + 1)
    x = Scale(columns[0].start_s, columns[-1].end_s, _LEFT, _WIDTH - _RIGHT)
    y = Scale(ticks[0], ticks[-1], _BOTTOM, _TOP, log=True)
    parts = [
        *(part for column in columns for part in _cells(column, edges, x, y)),
        *rules(ticks, x, y),
        svg.text(_LEFT - 8, _TOP - 10, "ms", anchor="end"),
        *seconds_axis(x, _BOTTOM, _HEIGHT - 8),
    ]
    bands = ticks if ticks[-1] >= whole.max_us / 1000 else (*ticks, whole.max_us / 1000)
    return Chart(
        "heatmap",
        "Did all requests slow down, or only some?",
        "Successful requests of the measurement window: the darker a cell, the larger the share of the requests that "
        f"ended then (from {', '.join(f'{100 * share:g} %' for share in SHADES)} on).",
        svg.picture("heatmap", "Latency over time as a heat map", _describe(columns), _WIDTH, _HEIGHT, *parts),
        (),
        ("Seconds", "Requests", *(f"to {numbers.limit(high, 'ms')}" for high in bands[1:])),
        tuple(_row(column, np.array(bands)) for column in _columns(load.endpoints if load else (), _MOST_ROWS)),
    )


def _columns(endpoints: Sequence[Endpoint], most: int) -> tuple[_Column, ...]:
    """All endpoints added up by time block, neighbours joined until at most `most` are left."""
    by_start: dict[float, list[tuple[float, Histogram]]] = {}
    for endpoint in endpoints:
        for block in endpoint.judged.slices:
            by_start.setdefault(block.start_s, []).append((block.start_s + block.duration_s, block.ok))
    blocks = [
        _Column(start_s, max(end_s for end_s, _ in group), merge(*(ok for _, ok in group)))
        for start_s, group in sorted(by_start.items())
    ]
    size = -(-len(blocks) // most) if blocks else 1
    joined = (blocks[i : i + size] for i in range(0, len(blocks), size))
    columns = tuple(_Column(part[0].start_s, part[-1].end_s, merge(*(one.ok for one in part))) for part in joined)
    return columns if any(column.ok.total for column in columns) else ()


def _counts(ok: Histogram, edges_ms: np.ndarray) -> list[int]:
    """Requests between each two neighbouring edges; what lies outside is counted at the end."""
    if not ok.total:
        return [0] * (len(edges_ms) - 1)
    at = np.searchsorted(bucket_of(np.rint(edges_ms[1:-1] * 1000).astype(np.int64)), ok.indices, side="right")
    return [int(n) for n in np.bincount(at, weights=ok.counts, minlength=len(edges_ms) - 1)]


def _cells(column: _Column, edges_ms: np.ndarray, x: Scale, y: Scale) -> list[str]:
    parts: list[str] = []
    for i, n in enumerate(_counts(column.ok, edges_ms)):
        if not n:
            continue
        shade = sum(n / column.ok.total >= share for share in SHADES)
        top, bottom = y(float(edges_ms[i + 1])), y(float(edges_ms[i]))
        left, right = x(column.start_s), x(column.end_s)
        parts.append(svg.rect(left, top, max(right - left - 0.5, 1), bottom - top, f"heat h{shade}", _FILLS[shade]))
    return parts


_FILLS = ("#dbe7f8", "#b5cdf0", "#7fa8e2", "#4a80cf", "#1c4f9e")


def _describe(columns: Sequence[_Column]) -> str:
    filled = [column for column in columns if column.ok.total]
    worst = max(filled, key=lambda column: column.ok.quantile_ms(0.95) or 0.0)
    best = min(filled, key=lambda column: column.ok.quantile_ms(0.95) or 0.0)
    told = (
        f"{numbers.quantity(one.ok.quantile_ms(0.95), 'ms')} from second {one.start_s:.0f} to {one.end_s:.0f}"
        for one in (best, worst)
    )
    return f"P95 went from {' up to '.join(told)}."


def _row(column: _Column, bands_ms: np.ndarray) -> tuple[str, ...]:
    cells = (f"{n:,}" for n in _counts(column.ok, bands_ms))
    return (f"{column.start_s:,.0f} – {column.end_s:,.0f}", f"{column.ok.total:,}", *cells)
