"""Was the measurement window steady, and does a pass depend on its being so?

A mean or percentile of a window that changed its level is true of no moment. Trend and level shift are tested on block
values of two series: the median, and the share of requests slower than nine tenths of the window (its tail).
Ringing alone only says so; a latency that passed loses the pass where the late half alone breaks the limit, or where
the trend would break it within as long again. Windows too short for the tests are held to their late half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from readiness.config.model import Limit
from readiness.judge.generator_health import Suspicion
from readiness.judge.moments import told
from readiness.judge.readings import in_scope, measured_scope, recording_of
from readiness.measurements.histogram import merge
from readiness.measurements.run import Load, Recording, Slice
from readiness.metrics.metric import Kind, Metric
from readiness.stats.steadiness import MIN_TESTED_BLOCKS, Course, course
from readiness.text.numbers import quantity

_MOST_BLOCKS = 20
_MIN_REQUESTS = 20
"""Requests that a block needs; blocks are joined until they have as many."""
LEAST_CHANGE = 1.25
"""A median that changed by a smaller factor is steady enough for any use."""
_LEAST_SHARE = 0.1
"""So is a tail whose share changed by less than this."""
_TAIL = 0.9


@dataclass(frozen=True, slots=True)
class Unsteady:
    """What changed within the window, beyond chance and by an amount that matters."""

    text: str
    rises: bool


def unsteady(load: Load, scope: str | None = None) -> Unsteady | None:
    """The change of the measurement window, worst first; None when it was steady or too short to tell."""
    record = recording_of(one for one in load.endpoints if in_scope(one, scope))
    return _of(record) if record.ok.total else None


def doubtful_pass(load: Load, metric: Metric, scope: str | None, limit: Limit) -> Suspicion | None:
    """Why a latency that kept `limit` over the whole window may not keep it; None where that is settled."""
    if metric.kind not in (Kind.QUANTILE, Kind.MEAN) or metric.unit != "ms":
        return None
    measured = measured_scope(load, scope)
    record = recording_of(one for one in told(load.endpoints, metric) if in_scope(one, measured))
    if len(_blocks(record.slices)) < MIN_TESTED_BLOCKS:
        return _late_half(metric, record, limit)
    found = _of(record) if record.ok.total else None
    if found is None or not found.rises:
        return None
    remedy = "lengthen warm_up until the service has settled, and find out what grows"
    late = record.slices[len(record.slices) // 2 :]
    value = _value(metric, late)
    if value is None or not limit.holds(value):
        shown = quantity(value, "ms", absent="not bounded")
        return Suspicion(f"{found.text}, and its late half alone ({shown}) breaks the limit", remedy, generator=False)
    ahead = _ahead(metric, record)
    if ahead is not None and not limit.holds(ahead):
        return Suspicion(
            f"{found.text}, and at this pace it breaks the limit within as long again", remedy, generator=False
        )
    return None


def _late_half(metric: Metric, record: Recording, limit: Limit) -> Suspicion | None:
    """Of a window too short to tell a change from chance: what the whole proved, its late half must not deny."""
    late = record.slices[len(record.slices) // 2 :]
    requests = sum(part.ok.total + part.failed for part in late)
    value = _value(metric, late)
    if len(record.slices) < 2 or not requests or (value is not None and limit.holds(value)):
        return None
    shown = quantity(value, "ms", absent="not bounded")
    return Suspicion(
        f"its late half alone ({shown}) breaks the limit, and the window is too short to tell growth from chance",
        f"lengthen duration, so that it holds {MIN_TESTED_BLOCKS} blocks of a second and of {_MIN_REQUESTS} requests",
        generator=False,
    )


def _of(record: Recording) -> Unsteady | None:
    blocks = _blocks(record.slices)
    found = _median(blocks)
    return found or _tail(record, blocks)


def _median(blocks: Sequence[Slice]) -> Unsteady | None:
    seen = course([block.ok.quantile_ms(0.5) or 0.0 for block in blocks])
    if seen is None or not seen.unsteady or min(seen.early, seen.late) <= 0:
        return None
    if max(seen.early, seen.late) < LEAST_CHANGE * min(seen.early, seen.late):
        return None
    early, late = quantity(seen.early, "ms"), quantity(seen.late, "ms")
    return Unsteady(f"the median latency {_how(seen)} from {early} to {late}{_when(seen, blocks)}", _rises(seen))


def _tail(record: Recording, blocks: Sequence[Slice]) -> Unsteady | None:
    slow_ms = record.ok.quantile_ms(_TAIL)
    if slow_ms is None:
        return None
    shares = [
        (block.ok.count_over_ms(slow_ms, inclusive=False)[0] + block.failed) / (block.ok.total + block.failed)
        for block in blocks
    ]
    seen = course(shares)
    if seen is None or not seen.unsteady or abs(seen.late - seen.early) < _LEAST_SHARE:
        return None
    early, late = quantity(100 * seen.early, "%"), quantity(100 * seen.late, "%")
    text = f"the share of requests over {quantity(slow_ms, 'ms')} {_how(seen)} from {early} to {late}"
    return Unsteady(text + _when(seen, blocks), _rises(seen))


def _how(seen: Course) -> str:
    if seen.shift_at is not None and not seen.trend:
        return "jumped" if _rises(seen) else "fell at once"
    return "rose" if _rises(seen) else "fell"


def _when(seen: Course, blocks: Sequence[Slice]) -> str:
    if seen.shift_at is None or seen.trend:
        return " in the course of the window"
    return f" at {blocks[seen.shift_at].start_s:.0f} s"


def _rises(seen: Course) -> bool:
    return seen.late > seen.early


def _ahead(metric: Metric, record: Recording) -> float | None:
    """The value after as long again, if it went on as it did; None without a trend."""
    blocks = _blocks(record.slices)
    values = [value for block in blocks if (value := _value(metric, [block])) is not None]
    seen = course(values)
    if seen is None or not seen.trend or seen.slope <= 0:
        return None
    return median(values[-len(values) // 3 :]) + seen.slope * len(values)


def _value(metric: Metric, blocks: Sequence[Slice]) -> float | None:
    ok = merge(*(block.ok for block in blocks))
    if metric.kind is Kind.MEAN:
        return ok.mean_ms
    return ok.quantile_ms(metric.quantile or 1.0, infinite=sum(block.failed for block in blocks))


def _blocks(slices: Sequence[Slice]) -> list[Slice]:
    """At most _MOST_BLOCKS blocks of equal time, each with at least _MIN_REQUESTS; fewer for few requests."""
    if not slices:
        return []
    requests = sum(part.ok.total + part.failed for part in slices)
    wanted = max(min(_MOST_BLOCKS, len(slices), requests // _MIN_REQUESTS), 1)
    start_s = slices[0].start_s
    each_s = (slices[-1].start_s + slices[-1].duration_s - start_s) / wanted
    groups: list[list[Slice]] = [[] for _ in range(wanted)]
    for part in slices:
        middle_s = part.start_s + part.duration_s / 2 - start_s
        groups[min(int(middle_s / each_s), wanted - 1) if each_s else 0].append(part)
    return [
        Slice(
            group[0].start_s,
            sum(part.duration_s for part in group),
            merge(*(part.ok for part in group)),
            sum(part.failed for part in group),
        )
        for group in groups
        if sum(part.ok.total + part.failed for part in group)
    ]
