"""Database connections against their limit over time: did the pool run out?"""

from __future__ import annotations

import re
from dataclasses import replace

from readiness.judge.verdict import Verdict
from readiness.measurements.database import Sessions
from readiness.measurements.run import Run
from readiness.report.charts import svg
from readiness.report.charts.axes import Scale, linear_ticks
from readiness.report.charts.chart import Chart
from readiness.report.charts.panels import rules, seconds_axis
from readiness.text import numbers

_WIDTH, _HEIGHT = 760.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 28.0, 24.0, 172.0
_MOST_POINTS, _MOST_ROWS = 360, 60
_FAR = 4
"""A limit so many times as high as the most connections is named and not drawn."""


def draw(verdict: Verdict, run: Run | None) -> Chart | None:
    """The chart, or None when nobody sampled the sessions more than once."""
    seen = run.database if run else None
    if seen is None or len(seen.sessions) < 2 or seen.limit <= 0:
        return None
    begun_s = run.load.judged_start_s if run and run.load else 0.0
    sessions = tuple(replace(sample, at_s=sample.at_s + begun_s) for sample in seen.sessions)
    samples = _worst_of(sessions, _MOST_POINTS)
    x = Scale(samples[0].at_s, samples[-1].at_s, _LEFT, _WIDTH - _RIGHT)
    pool = _pool(run)
    most = max(pool or 1, *(sample.connected for sample in samples))
    far = seen.limit > _FAR * most  # an axis up to it would press everything else against zero
    ticks = linear_ticks(float(most if far else max(seen.limit, most)), 4)
    y = Scale(0.0, ticks[-1], _BOTTOM, _TOP)
    parts = [*rules(ticks, x, y), *seconds_axis(x, _BOTTOM, _HEIGHT - 8)]
    words = f"limit {seen.limit:,}"
    if not far:
        parts.append(svg.limit(_LEFT, y(seen.limit), _WIDTH - _RIGHT, y(seen.limit)))
    named = svg.text(
        _WIDTH - _RIGHT,
        _TOP - 8 if far else y(seen.limit) - 6,
        f"{words}, above this axis" if far else words,
        anchor="end",
        class_="label limit-label",
    )
    parts.append(named)
    if pool:
        parts.append(svg.limit(_LEFT, y(pool), _WIDTH - _RIGHT, y(pool), 1.0))
        words = f"the service's own pool: {pool:,}"
        parts.append(svg.text(_LEFT + 6, y(pool) - 6, words, class_="label limit-label"))
    lines = ([s.connected for s in samples], [s.active for s in samples], [s.waiting_for_lock for s in samples])
    for i, line in enumerate(lines):
        parts.append(svg.path([(x(s.at_s), y(n)) for s, n in zip(samples, line, strict=True)], i))
    return Chart(
        "connections",
        "Did the connections run out?",
        "Sessions of the database server while the load ran, without readiness's own; the red line is the most that "
        "clients may have, the thin one below it the service's own pool where it says its size.",
        svg.picture(
            "connections", "Database connections over time", _describe(samples, seen.limit), _WIDTH, _HEIGHT, *parts
        ),
        ("Connected", "Active", "Waiting for a lock"),
        ("Seconds", "Connected", "Active", "Idle in transaction", "Waiting for a lock"),
        tuple(_row(sample) for sample in _worst_of(sessions, _MOST_ROWS)),
    )


def _pool(run: Run | None) -> int | None:
    """The most connections that the service's pool may open, as its own statistics say."""
    for measurement in run.measurements if run else ():
        for detail in measurement.details if measurement.metric == "pool.saturation" else ():
            size = re.fullmatch(r"[0-9,]+ of ([0-9,]+)", detail.observed)
            if size:
                return int(size[1].replace(",", ""))
    return None


def _worst_of(samples: tuple[Sessions, ...], most: int) -> list[Sessions]:
    """At most `most` samples: of neighbours the one with the most connections."""
    size = -(-len(samples) // most)
    return [max(samples[i : i + size], key=lambda s: s.connected) for i in range(0, len(samples), size)]


def _describe(samples: list[Sessions], limit: int) -> str:
    busiest = max(samples, key=lambda sample: sample.connected)
    return (
        f"At most {busiest.connected:,} of {limit:,} connections ({numbers.share(busiest.connected, limit)}) were in "
        f"use, at second {busiest.at_s:.0f}; at most {max(s.active for s in samples):,} were active at once."
    )


def _row(sample: Sessions) -> tuple[str, ...]:
    return (
        f"{sample.at_s:,.1f}",
        f"{sample.connected:,}",
        f"{sample.active:,}",
        f"{sample.idle_in_transaction:,}",
        f"{sample.waiting_for_lock:,}",
    )
